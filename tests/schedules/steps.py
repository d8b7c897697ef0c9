"""What may happen on a salon's days, as values that Hypothesis makes up and takes apart again."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from hypothesis import strategies as st

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import ChannelStep, MessageChanges, Override
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import MARKETING, TouchKind
from chalicelib.services.bookings import book, step_booking
from chalicelib.services.clients import consents, register_client
from chalicelib.services.loyalty import post_bonus
from chalicelib.services.networks import set_rules
from chalicelib.services.visits.complete_visit import complete
from infra.testkit.builders import NETWORK, a_visit_bill, access
from infra.testkit.failing_calls import Calls, Failure
from tests.schedules.days import CLIENTS, DIES, OUTCOMES, SALONS, SERVICES, Days


class Step(Protocol):
    def take(self, days: Days) -> None: ...


# --- at the desk


@dataclass(frozen=True)
class Book:
    client: int
    salon: int
    ahead: timedelta
    services: tuple[int, ...] = (0,)

    def take(self, days: Days) -> None:
        lines = [book.WantedLine(service_id=SERVICES[each]) for each in self.services]
        booking = days.driver.book(
            days.now + self.ahead, client=CLIENTS[self.client], salon_id=SALONS[self.salon], lines=lines
        )
        days.booking_ids.append(booking.id)


@dataclass(frozen=True)
class OfBooking:
    """A step that a booking takes, if its status allows it."""

    what: str
    number: int

    def take(self, days: Days) -> None:
        if days.booking_ids:
            booking_id = days.booking_ids[self.number % len(days.booking_ids)]
            _DONE[self.what](days, days.driver.booking(booking_id))


def _completed(days: Days, booking: Booking) -> Any:
    """On its day, since it is refused before."""
    return complete(days.driver.world, access(), booking.id, a_visit_bill(booking.currency))


_DONE: dict[str, Callable[[Days, Booking], Any]] = {
    "confirm": lambda days, booking: days.driver.confirm(booking),
    "cancel": lambda days, booking: days.driver.cancel(booking),
    "complete": lambda days, booking: _completed(days, booking),
    "reopen": lambda days, booking: days.driver.reopen(booking),
    "no_show": lambda days, booking: step_booking.mark_no_show(days.driver.world, access(), booking.id),
}


@dataclass(frozen=True)
class Move:
    number: int
    by: timedelta

    def take(self, days: Days) -> None:
        if days.booking_ids:
            booking = days.driver.booking(days.booking_ids[self.number % len(days.booking_ids)])
            days.driver.move(booking, booking.starts_at + self.by)


@dataclass(frozen=True)
class Grant:
    """Points that expire after so many days."""

    client: int
    expires_in: int

    def take(self, days: Days) -> None:
        on = days.now.date() + timedelta(days=self.expires_in)
        gift = post_bonus.PostingByHand(kind="grant", points=50, reason="gift", expires_on=on)
        post_bonus.post_by_hand(days.driver.world, access(), CLIENTS[self.client], gift)


@dataclass(frozen=True)
class Spend:
    client: int

    def take(self, days: Days) -> None:
        client_id = CLIENTS[self.client]
        points = days.store.account(NETWORK, client_id).available(days.now)
        spent = post_bonus.PostingByHand(kind="redeem", points=points, reason="spent")
        post_bonus.post_by_hand(days.driver.world, access(), client_id, spent)


@dataclass(frozen=True)
class Say:
    """A client allows or refuses a purpose on a channel."""

    client: int
    channel: str
    purpose: str
    granted: bool

    def take(self, days: Days) -> None:
        consents.set_consents(
            days.driver.world, NETWORK, CLIENTS[self.client], [(self.channel, self.purpose)],
            consents.Statement("asked", "key:test"), granted=self.granted,
        )  # fmt: skip


@dataclass(frozen=True)
class Born:
    """A client's birthday becomes known: so many days from now."""

    client: int
    in_days: int

    def take(self, days: Days) -> None:
        day = days.now.date() + timedelta(days=self.in_days)
        born = date(1990, day.month, min(day.day, 28))
        register_client.change_client(days.driver.world, access(), CLIENTS[self.client], {"birth_date": born})


@dataclass(frozen=True)
class SetRules:
    messages: tuple[tuple[str, Any], ...]
    overrides: tuple[Override, ...] | None = None

    def take(self, days: Days) -> None:
        version = days.store.get(Network, network_id=NETWORK).rules_version
        set_rules.set_rules(
            days.driver.world,
            access(),
            version,
            messages=dict(self.messages),
            bonuses={},
            overrides=self.overrides,
        )


# --- providers


@dataclass(frozen=True)
class Answers:
    """What the providers answer next."""

    answers: tuple[str, ...]

    def take(self, days: Days) -> None:
        days.answers.extend(self.answers)


@dataclass(frozen=True)
class Tell:
    """The provider tells what became of a message that it took."""

    number: int
    delivered: bool

    def take(self, days: Days) -> None:
        open_ones = [each for each in days.taken if each.may_have_arrived and each.id not in days.reported]
        if not open_ones:
            return
        attempt = open_ones[-1 - self.number % len(open_ones)]
        state = MessageState.DELIVERED if self.delivered else MessageState.FAILED
        receipt = Receipt(network_id=NETWORK, client_id=attempt.outgoing.client_id, message_id=attempt.id,
                          state=state, at=days.now)  # fmt: skip
        days.tell(receipt)


# --- time


@dataclass(frozen=True)
class Live:
    """Time passes as it should."""

    span: timedelta

    def take(self, days: Days) -> None:
        days.live_until(days.now + self.span)


@dataclass(frozen=True)
class Outage:
    """Time passes without sweeps, and then one comes, or several at once."""

    span: timedelta
    sweeps: int = 1

    def take(self, days: Days) -> None:
        days.clock.now += self.span
        for _ in range(self.sweeps):
            days.sweep()


@dataclass(frozen=True)
class Crash:
    """A worker wakes the next due item; one of its calls fails, or the worker dies in it."""

    call: int
    failure: Failure

    def take(self, days: Days) -> None:
        at = days.next_wake_at()
        if at is not None:
            days.clock.now = max(days.now, min(at, days.now + timedelta(days=3)))
            days.sweep(Calls(self.call, self.failure))


# --- made up


def _minutes(*each: int) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([timedelta(minutes=minutes) for minutes in each])


HOUR, DAY = 60, 24 * 60
_numbers = st.integers(0, 5)
_clients = st.sampled_from([0, 0, 0, 1, 2])
_booked = st.builds(
    Book,
    client=_clients,
    salon=st.sampled_from([0, 0, 1, 2]),
    ahead=st.integers(1, 6 * 24 * 6).map(lambda tens: timedelta(minutes=10 * tens)),
    services=st.sampled_from([(0,), (0,), (1,), (0, 1)]),
)
_desk = st.one_of(
    st.builds(OfBooking, what=st.sampled_from(sorted(_DONE)), number=_numbers),
    st.builds(OfBooking, what=st.sampled_from(["complete", "complete", "no_show"]), number=_numbers),
    st.builds(Move, number=_numbers, by=_minutes(-3 * HOUR, -5, 5, 9, 10, 45, HOUR, 5 * HOUR, DAY, 6 * DAY)),
)
_client_said = st.one_of(
    st.builds(
        Say,
        client=_clients,
        channel=st.sampled_from(["sms", "email", "push", "whatsapp"]),
        purpose=st.sampled_from(["service", "marketing"]),
        granted=st.booleans(),
    ),
    st.builds(Born, client=_clients, in_days=st.integers(-3, 60)),
    st.builds(Grant, client=_clients, expires_in=st.integers(1, 30)),
    st.builds(Spend, client=_clients),
)
_providers = st.one_of(
    st.builds(
        Answers,
        st.lists(st.sampled_from([*OUTCOMES, "failed", "unknown", DIES]), min_size=1, max_size=5).map(tuple),
    ),
    st.builds(Tell, number=_numbers, delivered=st.booleans()),
)
_spans = _minutes(1, 2, 3, 4, 15, 40, 2 * HOUR, 6 * HOUR, 11 * HOUR, DAY, 2 * DAY, 4 * DAY, 9 * DAY)
_time = st.one_of(
    st.builds(Live, _spans),
    st.builds(Live, _minutes(DAY, 2 * DAY, 5 * DAY, 20 * DAY, 33 * DAY)),
    st.builds(Outage, _spans, sweeps=st.integers(1, 3)),
)
_crashes = st.builds(Crash, call=st.integers(0, 30), failure=st.sampled_from([*Failure]))

_PUSH, _SMS = ChannelStep("push", 30), ChannelStep("sms")
_cascades = st.sampled_from(
    [
        (_SMS,),
        (_PUSH, _SMS),
        (ChannelStep("whatsapp", 60), ChannelStep("email"), _SMS),
        (ChannelStep("email"), _SMS),
        (ChannelStep("sms", 15), ChannelStep("email", 600)),
        (ChannelStep("sms"), ChannelStep("push")),
    ]
)
_quiet = st.sampled_from(
    [
        QuietHours(),
        QuietHours(time(22), time(7)),
        QuietHours(time(13), time(15)),
        QuietHours(time(9), time(9)),
        QuietHours(time(18), time(12)),
        QuietHours(time(1, 30), time(2, 30)),
    ]
)
_rules = {
    "enabled": st.sampled_from([True, True, True, False]),
    "off": st.lists(st.sampled_from(list(TouchKind)), max_size=3, unique=True).map(tuple),
    "confirm_request_hours_before": st.sampled_from([3, 12, 24, 48]),
    "confirm_cutoff_hours_before": st.sampled_from([0, 1, 2]),
    "control_reminder_minutes_before": st.sampled_from([15, 60, 240]),
    "review_request_minutes_after": st.sampled_from([10, 120, 900]),
    "no_show_invitation_days_after": st.sampled_from([1, 2]),
    "birthday_days_before": st.sampled_from([1, 7, 20]),
    "bonus_expiry_days_before": st.sampled_from([(14, 3), (3,), (7, 2, 1)]),
    "day_touch_hour": st.sampled_from([0, 8, 11, 23]),
    "quiet_hours": _quiet,
    "marketing_needs_consent": st.booleans(),
    "weekly_cap": st.integers(1, 3),
    "weekly_marketing_cap": st.integers(0, 2),
    "monthly_budget_usd_cents": st.sampled_from([None, 0, 5, 12, 40]),
    "channels": _cascades,
    "channels_of": st.dictionaries(
        st.sampled_from([TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE, TouchKind.NOTICE]),
        _cascades,
        max_size=2,
    ),
    "holdout_percent": st.dictionaries(
        st.sampled_from(sorted(MARKETING)), st.sampled_from([50, 100]), max_size=2
    ),
}
_overrides = st.one_of(
    st.none(),
    st.builds(
        lambda quiet, minutes: (
            Override(
                salon_id="sal_york",
                changes=MessageChanges(quiet_hours=quiet, control_reminder_minutes_before=minutes),
            ),
        ),
        _quiet,
        st.sampled_from([None, 30]),
    ),
)
_set_rules = st.builds(
    SetRules,
    st.lists(st.sampled_from(sorted(_rules)), min_size=1, max_size=3, unique=True).flatmap(
        lambda names: st.tuples(*(st.tuples(st.just(name), _rules[name]) for name in names))
    ),
    _overrides,
)

_steps: st.SearchStrategy[Step] = st.one_of(
    _booked, _desk, _desk, _client_said, _providers, _time, _time, _set_rules
)
begins = st.sampled_from(
    [
        datetime(2026, 3, 27, 8, tzinfo=UTC),  # two nights before clocks go forward in Chisinau
        datetime(2026, 10, 23, 12, tzinfo=UTC),  # two nights before they go back
        datetime(2026, 3, 6, 17, tzinfo=UTC),  # forward in New York
        datetime(2026, 10, 30, 20, tzinfo=UTC),  # back in New York
        datetime(2026, 11, 23, 8, tzinfo=UTC),
        datetime(2026, 12, 20, 18, 50, tzinfo=UTC),  # ten minutes before the night, and over the new year
    ]
)


@dataclass(frozen=True)
class Schedule:
    begin: datetime
    steps: tuple[Step, ...]

    def lived(self, days: Days, settle_days: int = 70) -> Days:
        for step in self.steps:
            with suppress(DomainError):
                step.take(days)
            days.look()
        days.settle(settle_days)
        return days


def schedules(most: int, *, crashes: bool = True) -> st.SearchStrategy[Schedule]:
    """A booking, and then whatever may happen."""
    some = st.one_of(_steps, _crashes) if crashes else _steps
    rest = st.lists(some, min_size=most // 3, max_size=most)
    return st.builds(lambda begin, first, rest: Schedule(begin, (first, *rest)), begins, _booked, rest)
