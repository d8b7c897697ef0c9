"""Plans alone, thousands of them: whatever the rules, the zone and the hour, and whatever becomes of the
attempts, each touch is made once, in its time and out of the night, and every item comes to rest.

The engine is played by a few lines here; on trial are the pure functions that say what is due and when.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking, Status, moved, stepped
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, Due, VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, EntryKind, Lot
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import (
    IN_FLIGHT,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    open_plans,
    touch_of,
    with_touches,
)
from chalicelib.domain.shared.zones import zone as zone_of
from infra.testkit.builders import NETWORK, a_booking, a_client
from tests.profile import tries

MUST_ARRIVE = {TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER}
GRACE = timedelta(minutes=3)
MAX_WAKES = 80
YEARS = datetime(2026, 1, 1, tzinfo=UTC)

minutes = st.integers(0, 2 * 365 * 24 * 60)
instants = st.one_of(
    minutes.map(lambda each: YEARS + timedelta(minutes=each)),
    st.builds(
        lambda night, after: night + timedelta(minutes=after),
        st.sampled_from(
            [
                datetime(2026, 3, 28, 12, tzinfo=UTC),  # clocks go forward in Chisinau
                datetime(2026, 10, 24, 12, tzinfo=UTC),  # and back
                datetime(2026, 3, 7, 17, tzinfo=UTC),  # New York
                datetime(2026, 10, 31, 17, tzinfo=UTC),
            ]
        ),
        st.integers(0, 36 * 60),
    ),
)
zones = st.sampled_from(
    ["Europe/Chisinau", "Europe/Moscow", "America/New_York", "Asia/Kathmandu", "Pacific/Kiritimati",
     "Australia/Lord_Howe"]
)  # fmt: skip
clocks = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))
small_hours = st.builds(time, st.integers(0, 4), st.sampled_from([0, 15, 30, 45]))


def _quiet_minutes(quiet: QuietHours) -> int:
    return ((quiet.end.hour - quiet.start.hour) * 60 + quiet.end.minute - quiet.start.minute) % (24 * 60)


quiets = st.one_of(
    st.just(QuietHours()),
    st.builds(QuietHours, clocks, clocks),
    st.builds(QuietHours, small_hours, small_hours),
    st.builds(QuietHours, st.just(time(21)), small_hours),
).filter(lambda quiet: _quiet_minutes(quiet) <= 23 * 60)
rules = st.builds(
    MessageRules,
    off=st.lists(st.sampled_from(list(TouchKind)), max_size=2).map(tuple),
    confirm_request_hours_before=st.integers(3, 72),
    confirm_cutoff_hours_before=st.integers(0, 2),
    control_reminder_minutes_before=st.integers(5, 24 * 60),
    review_request_minutes_after=st.integers(1, 2 * 24 * 60),
    no_show_invitation_days_after=st.integers(1, 14),
    birthday_days_before=st.integers(1, 60),
    bonus_expiry_days_before=st.lists(st.integers(1, 40), min_size=1, max_size=4, unique=True).map(tuple),
    day_touch_hour=st.integers(0, 23),
    quiet_hours=quiets,
)
fates = st.lists(
    st.sampled_from(["sent", "sent", "failed", "unknown", "lost", "deferred", "late"]), max_size=12
)


@dataclass
class Player:
    """Wakes an item whenever it asks for it, and lets an attempt come to whatever is its fate. `late`: the
    sweep comes hours after its time."""

    plans: Callable[[Any, datetime], Sequence[Plan]]
    next_wake: Callable[[Any, datetime], Any]
    quiet: QuietHours
    zone: str
    fates: list[str]
    attempts: list[tuple[Plan, datetime, str]] = field(default_factory=list)

    def play(self, item: Any, now: datetime, until: datetime) -> Any:
        for _ in range(MAX_WAKES):
            wake = self.next_wake(item, now)
            if wake is None or wake.at > until:
                return item
            now = max(now, wake.at)
            if self.fates and self.fates[0] == "late":
                self.fates.pop(0)
                now += timedelta(hours=5)
            item = self._woken(item, now)
        raise AssertionError(f"never comes to rest: {self.next_wake(item, now)}")

    def _woken(self, item: Any, now: datetime) -> Any:
        plans = self.plans(item, now)
        self._check(plans)
        for plan in open_plans(plans, item.touches, now):
            touch = touch_of(item.touches, plan)
            if due_at(plan, touch) <= now:
                item = with_touches(item, self._made(plan, touch, now))
        if isinstance(item, Account):
            return settled(item, now)[0]
        moves = getattr(item, "moves", None)
        return replace(item, unconfirmed_told=moves) if moves is not None else item

    def _check(self, plans: Sequence[Plan]) -> None:
        for plan in plans:
            if plan.reason is None and plan.kind is not TouchKind.NOTICE:
                assert not is_quiet(self.quiet, plan.at, self.zone), plan
            assert plan.reason is not None or plan.at < plan.until, plan

    def _made(self, plan: Plan, touch: Touch | None, now: datetime) -> Touch:
        doubts = touch.doubts if touch else 0
        if touch is not None and touch.state in IN_FLIGHT:
            touch = replace(touch, state=TouchState.UNKNOWN, doubts=doubts + 1, again_at=None)
            if touch.kind not in MUST_ARRIVE or touch.doubts > 1 or plan.at > now:
                return touch
        made = Touch(plan.kind, TouchState.SENT, now, plan.occurrence, doubts=touch.doubts if touch else 0)
        if now >= plan.until:
            return replace(touch or made, state=TouchState.UNKNOWN if touch else TouchState.SKIPPED, doubts=2)
        if plan.kind is not TouchKind.NOTICE and is_quiet(self.quiet, now, self.zone):
            again = self.quiet.ends_after(now, self.zone)
            if again >= plan.until:
                return replace(touch or made, state=TouchState.SKIPPED, doubts=2)
            state = touch.state if touch else TouchState.DEFERRED
            return replace(touch or made, state=state, again_at=again)
        return self._attempted(plan, made, now)

    def _attempted(self, plan: Plan, made: Touch, now: datetime) -> Touch:
        fate = self.fates.pop(0) if self.fates else "sent"
        if fate == "deferred" and now + timedelta(hours=7) < plan.until:
            return replace(made, state=TouchState.DEFERRED, again_at=now + timedelta(hours=7))
        self.attempts.append((plan, now, fate))
        if fate == "lost":
            return replace(made, state=TouchState.SENDING)
        if fate == "unknown":
            return replace(made, state=TouchState.UNKNOWN, doubts=made.doubts + 1)
        return replace(made, state=TouchState.FAILED if fate == "failed" else TouchState.SENT)

    def kept(self, since: datetime) -> None:
        """Each once, but for what must arrive and of which nobody knew; nothing early, late or at night."""
        first: dict[tuple[TouchKind, int], tuple[datetime, str]] = {}
        for plan, at, fate in self.attempts:
            assert since <= at < plan.until
            assert plan.at <= at
            if plan.kind is not TouchKind.NOTICE:
                assert not is_quiet(self.quiet, at, self.zone)
            touch = (plan.kind, plan.occurrence)
            if touch in first:
                before, ended = first.pop(touch)
                assert plan.kind in MUST_ARRIVE
                assert ended in ("lost", "unknown")
                assert at - before >= GRACE
            else:
                assert touch not in {(p.kind, p.occurrence) for p, t, _ in self.attempts if t < at}
                first[touch] = (at, fate)


def is_quiet(quiet: QuietHours, at: datetime, zone: str) -> bool:
    """Said once more, apart from the code on trial."""
    clock = at.astimezone(zone_of(zone)).time()
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return not quiet.end <= clock < quiet.start


def player(plan_of: Any, rules: MessageRules, zone: str, fates: list[str]) -> Player:
    return Player(
        lambda item, now: plan_of.plans(item, rules, zone, now),
        lambda item, now: plan_of.next_wake(item, rules, zone, now),
        rules.quiet_hours,
        zone,
        fates,
    )


@given(
    start=instants,
    ahead=st.integers(0, 20 * 24 * 60),
    move=st.one_of(st.none(), st.tuples(st.integers(0, 100), st.integers(-3 * 24 * 60, 3 * 24 * 60))),
    end=st.sampled_from([None, Status.CANCELLED, Status.COMPLETED, Status.NO_SHOW]),
    closed_late=st.integers(-60, 9 * 24 * 60),
    rules=rules,
    zone=zones,
    fates=fates,
)
@tries(few=1_200, many=100_000)
def test_whatever_becomes_of_a_booking(
    start: datetime, ahead: int, move: tuple[int, int] | None, end: Status | None, closed_late: int,
    rules: MessageRules, zone: str, fates: list[str],
) -> None:  # fmt: skip
    made_at = start - timedelta(minutes=ahead)
    booking: Booking = a_booking(starts_at=start, made_at=made_at, earned_points=5)
    played = player(booking_plan, rules, zone, fates)
    if move is not None:
        moved_at = made_at + (start - made_at) * move[0] / 100
        booking = played.play(booking, made_at, moved_at)
        to = max(start + timedelta(minutes=move[1]), moved_at + timedelta(minutes=1))
        booking = moved(booking, to, moved_at, timedelta(minutes=10))
    closed_at = booking.ends_at + timedelta(minutes=closed_late)
    closed_at = max(closed_at, booking.made_at + timedelta(minutes=1))
    if end is not None:
        booking = played.play(booking, booking.made_at, closed_at)
        sent = len(played.attempts)
        booking = stepped(booking, end, closed_at)
    booking = played.play(booking, closed_at if end else booking.made_at, start + timedelta(days=60))
    played.kept(made_at)
    if end is Status.CANCELLED:
        assert len(played.attempts) == sent, "something was said of a cancelled booking"
    if end is None:
        assert set(booking.touches) | set(rules.off) >= {
            plan.kind for plan in booking_plan.plans(booking, rules, zone, start) if plan.reason is None
        }


@given(
    now=instants,
    born=st.one_of(st.none(), st.dates(date(1940, 1, 1), date(2010, 12, 31))),
    visits=st.lists(st.integers(0, 200), max_size=6, unique=True),
    dues=st.lists(st.integers(-40, 60), max_size=3),
    rules=rules,
    zone=zones,
    fates=fates,
)
@tries(few=1_200, many=100_000)
def test_whatever_becomes_of_a_client(
    now: datetime, born: date | None, visits: list[int], dues: list[int], rules: MessageRules, zone: str,
    fates: list[str],
) -> None:  # fmt: skip
    days = sorted((now.date() - timedelta(days=ago) for ago in visits), reverse=True)
    client: Client = a_client(
        created_at=now - timedelta(days=300),
        birth_date=born,
        visits_count=len(days),
        recent_visits=tuple(VisitDay(day, "sal_centru") for day in days),
        due=tuple(Due(f"srv_{n}", now + timedelta(days=each), "bkg_1") for n, each in enumerate(dues)),
    )
    played = player(client_plan, rules, zone, fates)
    client = played.play(client, now, now + timedelta(days=500))
    played.kept(client.created_at)
    greeted = [plan.occurrence for plan, _, _ in played.attempts if plan.kind is TouchKind.BIRTHDAY]
    assert len(greeted) == len(set(greeted)) <= 3
    for kind in (TouchKind.AT_RISK, TouchKind.WIN_BACK):
        assert sum(plan.kind is kind for plan, _, _ in played.attempts) <= 1


@given(
    now=instants,
    lots=st.lists(st.tuples(st.integers(0, 90 * 24), st.integers(0, 60)), min_size=1, max_size=5),
    rules=rules,
    zone=zones,
    fates=fates,
)
@tries(few=600, many=50_000)
def test_whatever_becomes_of_points(
    now: datetime, lots: list[tuple[int, int]], rules: MessageRules, zone: str, fates: list[str]
) -> None:
    """Each lot: in how many hours it expires, and how many days ago it was granted."""
    account = Account(
        network_id=NETWORK,
        client_id="cli_1",
        balance=10 * len(lots),
        lots=tuple(_lot(number, now, *each) for number, each in enumerate(lots)),
    )
    played = Player(
        lambda item, now: account_plan.plans(item, rules, zone, "Europe/Moscow", now),
        lambda item, now: account_plan.next_wake(item, rules, zone, "Europe/Moscow", now),
        rules.quiet_hours,
        zone,
        fates,
    )
    left = played.play(account, now, now + timedelta(days=200))
    assert (left.balance, left.lots) == (0, ())
    played.kept(now - timedelta(days=60))
    made = [plan.occurrence for plan, _, _ in played.attempts]
    assert made == sorted(set(made))


def _lot(number: int, now: datetime, hours: int, ago: int) -> Lot:
    granted_at = now - timedelta(days=ago)
    return Lot(number, granted_at, granted_at, now + timedelta(hours=hours), 10, EntryKind.GRANT)
