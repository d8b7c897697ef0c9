"""A year of the demo's network, up to the present hour, and the clients who are due for something right now:
to them the deployed functions will write. Pure; the same for the same set-up, instant and seed.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from chalicelib.domain.bookings import Booking, Line, Review, Status, stepped
from chalicelib.domain.clients import Consent
from chalicelib.domain.ledger import Account, EntryKind
from chalicelib.domain.network import Directory, Salon, Service, Staff
from chalicelib.domain.programme import quote
from chalicelib.domain.touches import Purpose, TouchKind
from chalicelib.domain.zones import local_date, local_instant
from chalicelib.services.complete_visit import Bill
from chalicelib.services.make_links import Links
from infra.demo.data import CLIENTS, SEED, Person, client_id, person, price_in
from infra.demo.life import RECEPTION, Life

SOON = timedelta(hours=2)
DESK = ("walk-in", "phone", "instagram", "site")
PRAISE = {
    "ru": ("Всё понравилось!", "Спасибо, приду ещё.", "Мастер золотые руки", ""),
    "ro": ("Totul a fost super!", "Multumesc, revin.", "Recomand cu drag", ""),
    "en": ("Lovely as always!", "Thank you, see you soon.", "Highly recommended", ""),
}
STAGES = (
    ("confirm", 14),       # has an appointment at this time tomorrow
    ("remind", 12),        # has one in an hour
    ("thank", 10),         # left two hours ago
    ("praised", 4),        # left two hours ago and has rated the visit already
    ("invite", 16),        # wants it again by now
    ("not_asked", 4),      # wants it again, but never agreed to invitations
    ("booked_again", 4),   # wants it again, and has made an appointment
    ("in_the_chair", 6),   # is being served: reception will complete the visit
)  # fmt: skip
"""What the first clients are due for at the present hour, and how many of them."""


def staged(network_id: str, stage: str) -> list[str]:
    """The ids of the clients who are due for that."""
    stages = [each for each, count in STAGES for _ in range(count)]
    return [client_id(network_id, number) for number, each in enumerate(stages) if each == stage]



class History:
    """The whole network's year up to `now`; the same for the same set-up, instant and seed."""

    def __init__(
        self, directory: Directory, links: Links, now: datetime, clients: int = CLIENTS, seed: int = SEED
    ) -> None:
        self._directory, self._links, self._now = directory, links, now
        self._clients, self._seed = clients, seed
        self._salons = sorted(directory.salons.values(), key=lambda salon: salon.timezone)
        self._slot = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        self._stages = [stage for stage, count in STAGES for _ in range(count)]

    def lives(self) -> Iterator[list[Any]]:
        """What is to be laid out, client by client."""
        for number in range(self._clients):
            rng = Random(f"{self._seed} {number}")
            # of twenty clients nine come in Chisinau, seven in Moscow, four in New York
            america, chisinau, moscow = self._salons
            salon = chisinau if number % 20 < 9 else moscow if number % 20 < 16 else america
            someone = person(
                self._directory.network.network_id, number, salon.id, salon.timezone, self._now, rng
            )
            stage = self._stages[number] if number < len(self._stages) else None
            life = self._begun(someone, salon)
            if stage is None:
                _Year(life, someone, rng).run()
            else:
                _Staged(life, self._slot, rng).run(stage)
            yield life.values()

    def _begun(self, someone: Person, salon: Salon) -> Life:
        account = Account(network_id=someone.client.network_id, client_id=someone.client.id)
        return Life(self._directory, self._links, salon, self._now, someone.client, account)


class _Habits:
    """What this client takes, of whom, and what it comes to."""

    def __init__(self, life: Life, rng: Random) -> None:
        self.life, self.rng = life, rng
        directory, salon = life.directory, life.salon
        offered = sorted((s for s in directory.services.values() if not s.unreviewed), key=lambda s: s.name)
        known = (s for s in directory.staff.values() if salon.id in s.salon_ids and not s.unreviewed)
        staff = sorted(known, key=lambda s: s.name)
        self.services: list[Service] = rng.sample(offered, k=rng.randint(1, 3))
        self.staff: list[Staff] = [rng.choice(staff)] * 4 + staff

    def lines(self, *services: Service) -> tuple[Line, ...]:
        rng, salon = self.rng, self.life.salon
        wanted = services or rng.sample(self.services, k=min(len(self.services), 1 + (rng.random() < 0.3)))
        with_whom = rng.choice(self.staff).id
        return tuple(
            Line(service.id, service.minutes, with_whom, price_in(salon.currency, service))
            for service in wanted
        )

    def bill(self, booking: Booking, at: datetime) -> Bill:
        """Every fourth visit is paid in part with points; some take goods along, some leave a tip."""
        rng = self.rng
        goods = booking.total_minor // 4 // 100 * 100 if rng.random() < 0.1 else 0
        paid = booking.total_minor + goods
        tip = paid // 10 // 100 * 100 if rng.random() < 0.3 else 0
        points = 0
        if rng.random() < 0.25:
            points = quote(self.life.account, paid, self.life.directory.rules.bonuses, at).points
        return Bill(paid_minor=paid, goods_minor=goods, tip_minor=tip, redeem_points=points)

    def review(self, at: datetime) -> Review:
        words = self.rng.choice(PRAISE[self.life.client.language or "en"])
        return Review(self.rng.choices((5, 4, 3, 2), weights=(75, 17, 5, 3))[0], words, at)


class _Year(_Habits):
    """A client who comes as they use to, until today or until they stay away."""

    def __init__(self, life: Life, someone: Person, rng: Random) -> None:
        super().__init__(life, rng)
        self._gap_days = someone.gap_days
        self._until = someone.client.created_at + timedelta(days=someone.stays_days)

    def run(self) -> None:
        life, rng, now = self.life, self.rng, self.life.now
        if rng.random() < 0.1:
            life.given(EntryKind.GRANT, rng.choice((30, 50, 100)), "welcome", life.client.created_at)
        wanted_on = life.client.created_at + timedelta(days=rng.randint(1, 5))
        comes = self._until > life.client.created_at
        while comes and wanted_on < min(self._until, now + timedelta(days=21)):
            starts_at = self._at_a_quarter(wanted_on)
            made_at = starts_at - timedelta(days=rng.randint(1, 14), minutes=rng.randint(0, 600))
            if made_at >= now:
                break
            booking = life.book(starts_at, made_at, self.lines(), rng.choice(DESK))
            self._ended(booking)
            if booking.ends_at > now or not self._gap_days:
                break
            wanted_on = starts_at + timedelta(days=self._gap_days * rng.uniform(0.8, 1.25))
        life.invited_until(now)

    def _at_a_quarter(self, about: datetime) -> datetime:
        """A quarter of an hour in the salon's working day."""
        zone = self.life.salon.timezone
        clock = time(self.rng.randint(9, 18), self.rng.choice((0, 15, 30, 45)))
        return local_instant(local_date(about, zone), clock, zone)

    def _ended(self, booking: Booking) -> None:
        """How the appointment came out: most come, some call it off, a few just stay away."""
        life, rng, now = self.life, self.rng, self.life.now
        drawn = rng.random()
        if drawn < 0.06:
            told_at = booking.starts_at - timedelta(hours=rng.randint(3, 40))
            if booking.made_at < told_at <= now:
                life.keep(stepped(booking, Status.CANCELLED, told_at, "client called"))
                return
        closed_at = booking.ends_at + timedelta(minutes=rng.randint(2, 20))
        if closed_at > now:
            confirmed = booking.starts_at - timedelta(hours=20) < now and rng.random() < 0.6
            life.keep(booking, confirmed=confirmed)
        elif drawn < 0.09:
            life.keep(stepped(booking, Status.NO_SHOW, closed_at))
        else:
            review = self.review(closed_at + SOON) if rng.random() < 0.2 and closed_at + SOON < now else None
            life.came(booking, closed_at, self.bill(booking, closed_at), review)


class _Staged(_Habits):
    """A client who is due for something at the present hour. `slot`: the last full five minutes."""

    def __init__(self, life: Life, slot: datetime, rng: Random) -> None:
        super().__init__(life, rng)
        self._slot = slot
        # long enough ago to have been here once, short enough not to be a regular
        life.client = replace(life.client, created_at=slot - timedelta(days=200))

    def run(self, stage: str) -> None:
        getattr(self, f"_{stage}")()

    def _upcoming(self, starts_at: datetime, *leave: TouchKind) -> None:
        made_at = self._slot - timedelta(days=self.rng.randint(2, 9), minutes=self.rng.randint(0, 300))
        booking = self.life.book(starts_at, made_at, self.lines(), self.rng.choice(DESK))
        self.life.leave = frozenset(leave)
        asked = starts_at < self._slot + timedelta(hours=20)
        self.life.keep(booking, confirmed=asked and self.rng.random() < 0.6)

    def _visit(self, closed_at: datetime, lines: tuple[Line, ...], review: Review | None = None) -> None:
        minutes = sum(line.minutes for line in lines)
        starts_at = closed_at - timedelta(minutes=minutes + 5)
        booking = self.life.book(starts_at, starts_at - timedelta(days=4), lines, self.rng.choice(DESK))
        self.life.came(booking, closed_at, self.bill(booking, closed_at), review)

    def _confirm(self) -> None:
        self._upcoming(self._slot + timedelta(hours=24), TouchKind.CONFIRM_REQUEST)

    def _remind(self) -> None:
        self._upcoming(self._slot + timedelta(hours=1), TouchKind.CONTROL_REMINDER)

    def _thank(self) -> None:
        self.life.leave = frozenset({TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE})
        self._visit(self._slot - SOON, self.lines())

    def _praised(self) -> None:
        self.life.leave = frozenset({TouchKind.BONUS_NOTICE})
        self._visit(self._slot - SOON, self.lines(), self.review(self._slot - timedelta(hours=1)))

    def _in_the_chair(self) -> None:
        self._visit(self._slot - timedelta(days=self.rng.randint(30, 60)), self.lines())
        self._upcoming(self._slot - timedelta(minutes=40))

    def _invite(self, *, agreed: bool = True) -> None:
        """One visit, just as long ago as its service keeps."""
        consents = (Consent("sms", Purpose.MARKETING, True, self._slot, RECEPTION, "asked at the desk"),)
        self.life.client = replace(self.life.client, consents=consents if agreed else ())
        again = [s for s in self.life.directory.services.values() if 0 < (s.repeat_after_days or 0) < 100]
        service = self.rng.choice(sorted(again, key=lambda service: service.name))
        starts_at = self._slot - timedelta(days=service.repeat_after_days or 0)
        self._visit(starts_at + timedelta(minutes=service.minutes + 5), self.lines(service))

    def _not_asked(self) -> None:
        self._invite(agreed=False)

    def _booked_again(self) -> None:
        self._invite()
        self._upcoming(self._slot + timedelta(days=self.rng.randint(3, 9)))
