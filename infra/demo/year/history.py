"""A year of the demo's network, up to the present hour, and the clients who are due for something right now:
to them the deployed functions will write. Pure; the same for the same set-up, instant and seed.
"""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random
from typing import Any

from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.clients.categories import lost_from
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState
from chalicelib.domain.shared.zones import local_date, local_instant
from chalicelib.services.shared.links import Links
from infra.demo.year.client_history import ClientHistory
from infra.demo.year.data import CLIENTS, SEED, Person, person
from infra.demo.year.habits import DESK, Habits
from infra.demo.year.rules import lived_by
from infra.demo.year.stages import STAGES, Staged
from infra.demo.year.true_effects import WON_BACK_DAYS, percent_won_back

SOON = timedelta(hours=2)


class History:
    """The whole network's year up to `now`; the same for the same set-up, instant and seed."""

    def __init__(
        self, directory: Directory, links: Links, now: datetime, clients: int = CLIENTS, seed: int = SEED
    ) -> None:
        self._directory, self._links, self._now = lived_by(directory), links, now
        self._clients, self._seed = clients, seed
        self._salons = sorted(directory.salons.values(), key=lambda salon: salon.timezone)
        self._slot = now.replace(minute=now.minute // 5 * 5, second=0, microsecond=0)
        self._stages = [stage for stage, count in STAGES for _ in range(count)]

    def client_histories(self) -> Iterator[list[Any]]:
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
            history = self._begun(someone, salon)
            if stage is None:
                _Year(history, someone, rng).run()
            else:
                Staged(history, self._slot, rng).run(stage)
            yield history.values()

    def _begun(self, someone: Person, salon: Salon) -> ClientHistory:
        account = Account(network_id=someone.client.network_id, client_id=someone.client.id)
        return ClientHistory(self._directory, self._links, salon, self._now, someone.client, account)


class _Year(Habits):
    """A client who comes as they use to, until today or until a visit after which they stay away."""

    def __init__(self, history: ClientHistory, someone: Person, rng: Random) -> None:
        super().__init__(history, rng)
        self._gap_days = someone.gap_days

    def run(self) -> None:
        history, rng, now = self.history, self.rng, self.history.now
        if rng.random() < 0.1:
            history.given(EntryKind.GRANT, rng.choice((30, 50, 100)), "welcome", history.client.created_at)
        earliest = history.client.created_at
        wanted_on = earliest + timedelta(days=rng.randint(1, 5))
        comes = self._gap_days > 0
        while comes and wanted_on < now + timedelta(days=21):
            starts_at = self._at_a_quarter(wanted_on)
            made_at = starts_at - timedelta(days=rng.randint(1, 14), minutes=rng.randint(0, 600))
            made_at = max(made_at, earliest)
            if made_at >= now:
                break
            booking = history.book(starts_at, made_at, self.lines(), rng.choice(DESK))
            self._ended(booking)
            comes = booking.ends_at <= now and self.comes_again(history.bookings[-1])
            wanted_on = starts_at + timedelta(days=self._gap_days * rng.uniform(0.8, 1.25))
            if not comes and booking.ends_at <= now and (touch := self._win_back()) is not None:
                comes = rng.random() * 100 < percent_won_back(written_to=touch.state is TouchState.SENT)
                earliest = touch.at + timedelta(days=1)
                wanted_on = touch.at + timedelta(days=rng.randint(*WON_BACK_DAYS))
        history.invited_until(now)

    def _win_back(self) -> Touch | None:
        """The touch that asks a client who stays away to come again; None while they are not lost."""
        last = self.history.client.last_visit_on
        if last is None:
            return None
        lost_on = lost_from(last) + timedelta(days=1)
        until = local_instant(lost_on, time(), self.history.salon.timezone)
        if until > self.history.now:
            return None
        touch = self.history.lapses_until(until).get(TouchKind.WIN_BACK)
        return touch if touch is not None and touch.occurrence == last.toordinal() else None

    def _at_a_quarter(self, about: datetime) -> datetime:
        """A quarter of an hour in the salon's working day."""
        zone = self.history.salon.timezone
        clock = time(self.rng.randint(9, 18), self.rng.choice((0, 15, 30, 45)))
        return local_instant(local_date(about, zone), clock, zone)

    def _ended(self, booking: Booking) -> None:
        """How the appointment came out: most come, some call it off, a few just stay away."""
        history, rng, now = self.history, self.rng, self.history.now
        drawn = rng.random()
        if drawn < 0.06:
            told_at = booking.starts_at - timedelta(hours=rng.randint(3, 40))
            if booking.made_at < told_at <= now:
                history.keep(stepped(booking, Status.CANCELLED, told_at, "client called"))
                return
        closed_at = booking.ends_at + timedelta(minutes=rng.randint(2, 20))
        if closed_at > now:
            confirmed = booking.starts_at - timedelta(hours=20) < now and rng.random() < 0.6
            history.keep(booking, confirmed=confirmed)
        elif drawn < 0.09:
            history.keep(stepped(booking, Status.NO_SHOW, closed_at))
        else:
            review = self.review(closed_at + SOON) if rng.random() < 0.2 and closed_at + SOON < now else None
            history.came(booking, closed_at, self.bill(booking, closed_at), review)
