"""The clients who are due for something at the present hour: who they are, and what brought them there."""

from datetime import date, datetime, time, timedelta
from random import Random

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Line, Review, Status, stepped
from chalicelib.domain.clients.categories import lost_from
from chalicelib.domain.clients.clients import Consent
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.network import Service
from chalicelib.domain.shared.touches import Purpose, TouchKind
from chalicelib.domain.shared.zones import local_date, local_instant
from infra.demo.year.client_history import RECEPTION, ClientHistory
from infra.demo.year.data import client_id
from infra.demo.year.habits import DESK, Habits
from infra.demo.year.rules import ASKED_HOURS_BEFORE

SOON = timedelta(hours=2)
GRANTED_DAYS_AGO = 60
RHYTHM_DAYS, RISK_DAYS_AFTER = 30, 38
"""Who came each 30 days is at risk from the 38th day on (domain/clients/categories.py)."""

STAGES = (
    ("confirm", 12),          # is to be asked now whether they come tomorrow
    ("remind", 10),           # has an appointment in an hour
    ("in_the_chair", 6),      # is being served: reception of those salons will complete the visit
    ("unconfirmed", 3),       # was asked, has not answered, and is due in two hours: the salon is told
    ("thank", 8),             # left two hours ago
    ("praised", 3),           # left two hours ago and has rated the visit already
    ("thank_once", 3),        # left two hours ago, after two appointments: one visit, one message
    ("missed", 4),            # did not come two days ago, and reception says so only now
    ("invite", 12),           # wants it again by now
    ("not_asked", 3),         # wants it again, but never agreed to invitations
    ("booked_again", 3),      # wants it again, and has made an appointment
    ("birthday", 6),          # in a week; half of them by e-mail
    ("invite_birthday", 3),   # wants it again, and has a birthday: one message of marketing a week
    ("at_risk", 8),           # came each month, and has not this time
    ("lost", 8),              # came two months ago
    ("expiring", 6),          # has points that expire in two weeks
    ("warned_late", 2),       # has points that expire in three days, and was never told
    ("written_often", 3),     # has such points, too, but got three messages yesterday
    ("expired", 3),           # had points until last midnight
    ("comes_often", 2),       # is being served, and has been here in each of the last three months
)  # fmt: skip
"""What the first clients are due for at the present hour, and how many of them."""


def staged(network_id: str, stage: str) -> list[str]:
    """The ids of the clients who are due for that."""
    stages = [each for each, count in STAGES for _ in range(count)]
    return [client_id(network_id, number) for number, each in enumerate(stages) if each == stage]


class Staged(Habits):
    """A client who is due for something at the present hour. `slot`: the last full five minutes."""

    def __init__(self, history: ClientHistory, slot: datetime, rng: Random) -> None:
        super().__init__(history, rng)
        self._slot = slot
        # long enough ago to have been here before, short enough not to be a regular
        history.client = replace(history.client, created_at=slot - timedelta(days=200))

    def run(self, stage: str) -> None:
        getattr(self, f"_{stage}")()

    # --- what they are made of

    def _upcoming(self, starts_at: datetime, *leave: TouchKind, salon_told: bool = True) -> None:
        made_at = self._slot - timedelta(days=self.rng.randint(2, 9), minutes=self.rng.randint(0, 300))
        booking = self.history.book(starts_at, made_at, self.lines(), self.rng.choice(DESK))
        self.history.leave = frozenset(leave)
        asked = starts_at < self._slot + timedelta(hours=20) and salon_told
        self.history.keep(booking, confirmed=asked and self.rng.random() < 0.6, salon_told=salon_told)

    def _visit(self, closed_at: datetime, lines: tuple[Line, ...], review: Review | None = None) -> None:
        minutes = sum(line.minutes for line in lines)
        starts_at = closed_at - timedelta(minutes=minutes + 5)
        booking = self.history.book(starts_at, starts_at - timedelta(days=4), lines, self.rng.choice(DESK))
        self.history.came(booking, closed_at, self.bill(booking, closed_at), review)

    def _visit_on(self, day: date) -> None:
        """At noon, for something that nobody is invited to again."""
        noon = local_instant(day, time(12), self.history.salon.timezone)
        self._visit(noon, self.lines(self._any(again=False)))

    def _any(self, *, again: bool) -> Service:
        every = sorted(self.history.directory.services.values(), key=lambda service: service.name)
        if again:
            return self.rng.choice([s for s in every if 0 < (s.repeat_after_days or 0) < 60])
        return self.rng.choice([s for s in every if s.repeat_after_days is None])

    def _agreed(self, *channels: str) -> None:
        agreed = (
            Consent(each, Purpose.MARKETING, True, self._slot, RECEPTION, "asked at the desk")
            for each in channels
        )
        self.history.client = replace(self.history.client, consents=tuple(agreed))

    def _today(self) -> date:
        """The latest day whose hour for such messages has come."""
        zone, hour = self.history.salon.timezone, time(self.history.directory.rules.messages.day_touch_hour)
        day = local_date(self._slot, zone)
        return day if local_instant(day, hour, zone) <= self._slot else day - timedelta(days=1)

    def _born(self, days_ahead: int) -> None:
        day = self._today() + timedelta(days=days_ahead)
        self.history.client = replace(self.history.client, birth_date=day.replace(year=1992))
        self.history.leave = frozenset({TouchKind.BIRTHDAY})

    def _points_until(self, days_ahead: int) -> None:
        day = self._today() + timedelta(days=days_ahead)
        self._visit_on(self._today() - timedelta(days=20))
        expires_at = day_end(day, self.history.directory.zone)
        at = self._slot - timedelta(days=GRANTED_DAYS_AGO)
        self.history.given(EntryKind.GRANT, 100, "gift for a season", at, expires_at)

    # --- about an appointment

    def _confirm(self) -> None:
        self._upcoming(self._slot + timedelta(hours=ASKED_HOURS_BEFORE), TouchKind.CONFIRM_REQUEST)

    def _remind(self) -> None:
        self._upcoming(self._slot + timedelta(hours=1), TouchKind.CONTROL_REMINDER)

    def _unconfirmed(self) -> None:
        cut_off = timedelta(hours=self.history.directory.rules.messages.confirm_cutoff_hours_before)
        self._upcoming(self._slot + cut_off, salon_told=False)

    def _thank(self) -> None:
        self.history.leave = frozenset({TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE})
        self._visit(self._slot - SOON, self.lines())

    def _praised(self) -> None:
        self.history.leave = frozenset({TouchKind.BONUS_NOTICE})
        self._visit(self._slot - SOON, self.lines(), self.review(self._slot - timedelta(hours=1)))

    def _thank_once(self) -> None:
        """Both were paid for together, when all was done."""
        self._thank()
        first = self.history.bookings[0]
        earlier = self.history.book(
            first.starts_at - timedelta(minutes=20), first.made_at, first.lines, str(first.source)
        )
        self.history.came(earlier, self._slot - SOON, self.bill(earlier, self._slot - SOON))

    def _missed(self) -> None:
        self._agreed("sms")
        starts_at = self._slot - timedelta(days=2)
        booking = self.history.book(starts_at, starts_at - timedelta(days=3), self.lines(), "phone")
        self.history.leave = frozenset({TouchKind.NO_SHOW_INVITATION})
        self.history.keep(stepped(booking, Status.NO_SHOW, self._slot))

    def _in_the_chair(self) -> None:
        self._visit(self._slot - timedelta(days=self.rng.randint(30, 55)), self.lines())
        self._upcoming(self._slot - timedelta(minutes=40))

    # --- about themselves

    def _invite(self, *, agreed: bool = True) -> None:
        """One visit, just as long ago as its service keeps."""
        self._agreed(*(["sms"] if agreed else []))
        service = self._any(again=True)
        starts_at = self._slot - timedelta(days=service.repeat_after_days or 0)
        self._visit(starts_at + timedelta(minutes=service.minutes + 5), self.lines(service))

    def _not_asked(self) -> None:
        self._invite(agreed=False)

    def _booked_again(self) -> None:
        self._invite()
        self._upcoming(self._slot + timedelta(days=self.rng.randint(3, 9)))

    def _birthday(self) -> None:
        self._agreed("sms", "email")
        self._visit_on(self._today() - timedelta(days=20))
        self._born(days_ahead=self.history.directory.rules.messages.birthday_days_before)

    def _invite_birthday(self) -> None:
        """The greeting could wait for the week to be over, but the birthday does not."""
        self._invite()
        self._born(days_ahead=self.history.directory.rules.messages.birthday_days_before - 1)

    def _at_risk(self) -> None:
        self._agreed("sms")
        last = self._today() - timedelta(days=RISK_DAYS_AFTER)
        for gaps in (2, 1, 0):
            self._visit_on(last - timedelta(days=gaps * RHYTHM_DAYS))
        self.history.leave = frozenset({TouchKind.AT_RISK})

    def _lost(self) -> None:
        self._agreed("sms")
        today = self._today()
        ago = next(days for days in range(50, 80) if lost_from(today - timedelta(days=days)) <= today)
        self._visit_on(today - timedelta(days=ago))
        self.history.leave = frozenset({TouchKind.WIN_BACK})

    def _expiring(self) -> None:
        self._points_until(days_ahead=max(self.history.directory.rules.messages.bonus_expiry_days_before))
        self.history.leave = frozenset({TouchKind.BONUS_EXPIRY})

    def _warned_late(self) -> None:
        self._points_until(days_ahead=min(self.history.directory.rules.messages.bonus_expiry_days_before))
        self.history.leave = frozenset({TouchKind.BONUS_EXPIRY})

    def _written_often(self) -> None:
        """Of the first warning they were told; the second would be the fourth message within a week."""
        self._warned_late()
        self.history.leave = frozenset()
        self.history.warned_until(self._slot - timedelta(days=5))
        self.history.leave = frozenset({TouchKind.BONUS_EXPIRY})
        for hours in (20, 24, 28):
            self.history.written(TouchKind.REVIEW_REQUEST, self._slot - timedelta(hours=hours))

    def _expired(self) -> None:
        self._points_until(days_ahead=-1)

    # --- about points at the desk

    def _comes_often(self) -> None:
        """Today's visit brings a coupon and a gift for months running, and there are points to pay with."""
        today = self._today()
        last_month = today.replace(day=1) - timedelta(days=1)
        month_before = last_month.replace(day=1) - timedelta(days=1)
        for day in sorted(
            (month_before.replace(day=15), last_month.replace(day=15), today - timedelta(days=8))
        ):
            self._visit_on(day)
        self.history.given(EntryKind.GRANT, 200, "gift for a season", self._slot - timedelta(days=3))
        self._upcoming(self._slot - timedelta(minutes=40))
