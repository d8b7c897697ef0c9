"""Decide whether a due touch is made now, through which channel, or why not. There is one list of checks in
one order. The sender stops at the first check that does not pass; an explanation shows all of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from zlib import crc32

from msgspec import Struct, field

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.addresses import address_of
from chalicelib.domain.clients.clients import may_send
from chalicelib.domain.messages.allowed_numbers import COUNTRY, NUMBER_TYPE, PHONE_CHANNELS, refusal
from chalicelib.domain.messages.caps import DAY, PRESSING, WEEK, counts, full_notices, is_capped, over_cap
from chalicelib.domain.messages.carried_touches import carried_by
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.one_act import GATHERED, gathers_until, start_told_by
from chalicelib.domain.networks.rules import ChannelStep
from chalicelib.domain.shared.holdout import HELD_OUT, is_held_out
from chalicelib.domain.shared.touches import (
    ESSENTIAL,
    MARKETING,
    ONE_ACT,
    SAME_ACT,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    comes_at_any_hour,
    purpose_of,
)
from chalicelib.services.messages.message_log import messages_reaching
from chalicelib.services.messages.subjects import Subject, zone_of
from chalicelib.services.shared.ports import Store

_OF_DAY = frozenset({"network_daily_cap", "network_daily_usd_cents", "deployment_daily_cap"})
"""Bounds of a day that messages which no booking needs can meet."""
LONGEST_HOLD, SHORTEST_HOLD = timedelta(hours=1), timedelta(minutes=5)
"""How long a message that a bound holds back waits, at most and at least, until it is decided anew."""


class Check(Struct, frozen=True):
    """One rule, and whether the touch passes it.

    rule     the rule's name; value: what the rule says, as data.
    reason   the stable code of why the touch does not pass; None: it passes.
    until    when to decide again (UTC); None: the touch is not made at all.
    told_start  the start of the booking that a message of another booking has told the client.
    """

    rule: str
    value: object = None
    reason: str | None = None
    until: datetime | None = None
    told_start: datetime | None = None

    @property
    def passed(self) -> bool:
        return self.reason is None


class Route(Struct, frozen=True):
    """The step of the cascade, by its position, with its channel and the client's address there. last: no
    later step reaches the client."""

    step: int
    channel: str
    address: str
    last: bool


class Case(Struct, frozen=True):
    """A touch that is due.

    before    the touch as the last attempt left it; None: nothing was tried.
    channels  the channels by which messages can leave at all.
    going     the kinds that are sent in the same wake, with their channels.
    """

    subject: Subject
    plan: Plan
    before: Touch | None
    store: Store
    now: datetime
    channels: Collection[str]
    going: Mapping[TouchKind, str] = field(default_factory=dict)


def verdict(case: Case) -> Route | Check:
    """The route by which the touch is made now, or the first check that stops it."""
    found = find_route(case)
    return next((check for check in checks(case, found) if not check.passed), found)


def checks(case: Case, found: Route | Check) -> Iterator[Check]:
    """The checks in their order. Each is made only when the caller asks for it, since the later ones read.

    found: what `find_route` answers for the case.
    """
    plan = case.plan
    late = case.now >= plan.until
    yield Check("useful_until", plan.until, "too_late" if late else None)
    if plan.kind in MARKETING:
        yield _held_out(case)
    yield _channels(case, None) if isinstance(found, Route) else found
    if not comes_at_any_hour(plan, case.now):
        yield _quiet(case)
    held = case.subject.held_back(plan, case.store, case.now)
    yield _later(case, "situation", None, held.reason if held else None, held.until if held else None)
    is_carried = isinstance(found, Route) and carried_by(plan.kind, found.channel, case.going) is not None
    if is_capped(plan.kind) and not is_carried:
        yield _cap(case)
    if plan.kind is TouchKind.NOTICE and isinstance(found, Route):
        yield from _notices(case, found)


def find_route(case: Case) -> Route | Check:
    """The next step of the cascade that reaches the client, or the check of channels that did not pass."""
    cascade, before = case.subject.rules.cascade(case.plan.kind), case.before
    steps, first, tried = list(enumerate(cascade)), _first_step(before), _channel_tried(before, cascade)
    found = [_step(case, n, step.channel) for n, step in steps if n >= first and step.channel != tried]
    if before is not None and before.state is TouchState.UNKNOWN:
        found += [_step(case, n, step.channel) for n, step in steps if step.channel == tried]
    usable = [each for each in found if isinstance(each, Route)]
    if usable:
        chosen = usable[0]
        return Route(chosen.step, chosen.channel, chosen.address, last=len(usable) == 1)
    return _channels(case, _most_telling([each for each in found if isinstance(each, str)]))


def _channels(case: Case, reason: str | None) -> Check:
    value = [step.channel for step in case.subject.rules.cascade(case.plan.kind)]
    if reason == COUNTRY and _waits_for_country(case):
        again = min(case.now + DAY, case.plan.until - SHORTEST_HOLD)
        return _later(case, "channels", value, reason, again if again > case.now else None)
    return Check("channels", value, reason)


def _waits_for_country(case: Case) -> bool:
    """Whether the touch waits until the owner allows the country of the client's number. A campaign does not:
    it would not end before its last day. Nothing of a trial is made up for."""
    return case.plan.kind is not TouchKind.CAMPAIGN and not case.subject.directory.network.trial


def _first_step(before: Touch | None) -> int:
    """The position of the first step that may be tried: the one after the last attempt's."""
    if before is None or before.state is TouchState.DEFERRED:
        return 0
    return before.step + 1


def _channel_tried(before: Touch | None, cascade: Sequence[ChannelStep]) -> str | None:
    """The channel of the last attempt. A touch names it, since the cascade may have changed since then."""
    if before is None or before.state is TouchState.DEFERRED:
        return None
    return before.channel or (cascade[before.step].channel if before.step < len(cascade) else None)


def _step(case: Case, number: int, channel: str) -> Route | str:
    client = case.subject.client
    if channel not in case.channels:
        return "no_channel"
    known = {"email": client.email, "push": client.devices or None}.get(channel, client.phone)
    if not known:
        return "no_phone" if channel in PHONE_CHANNELS else "no_address"
    address = address_of(client, channel)
    if address is None:
        return "dead_address"
    refused = refusal(case.subject.directory, channel, address)
    if refused is not None:
        return refused
    needs_consent = case.subject.directory.rules.messages.marketing_needs_consent
    if not may_send(client, channel, purpose_of(case.plan.kind), needs_consent):
        return "no_consent"
    return Route(number, channel, address, last=False)


_TELLING = ("no_consent", NUMBER_TYPE, COUNTRY, "dead_address", "no_phone", "no_address", "no_channel")


def _most_telling(reasons: Collection[str]) -> str:
    return min(reasons, key=_TELLING.index, default="no_other_channel")


def _held_out(case: Case) -> Check:
    client, kind = case.subject.client, case.plan.kind
    percent = case.subject.rules.holdout_percent.get(kind, 0)
    out = is_held_out(client.network_id, client.id, kind, percent)
    return Check("holdout_percent", percent, HELD_OUT if out else None)


def _quiet(case: Case) -> Check:
    quiet, zone = case.subject.rules.quiet_hours, zone_of(case.subject)
    value = f"{quiet.start:%H:%M}-{quiet.end:%H:%M} {zone}"
    if not quiet.holds(case.now, zone):
        return Check("quiet_hours", value)
    return _later(case, "quiet_hours", value, "quiet_hours", quiet.ends_after(case.now, zone))


def _cap(case: Case) -> Check:
    """Whether the client's caps allow one more message. Earlier messages of this very touch do not count: a
    second channel repeats their text, or replaces a message that failed."""
    rules = case.subject.rules
    value = {"weekly_cap": rules.weekly_cap, "weekly_marketing_cap": rules.weekly_marketing_cap}
    log = _log(case, WEEK)
    in_trial = case.subject.directory.network.trial
    others = [each for each in log if counts(each, in_trial=in_trial) and not _is_of(case, each)]
    recent = [(each.kind, each.recorded_at) for each in others if each.recorded_at > case.now - WEEK]
    messages = (kind for kind, channel in case.going.items() if not carried_by(kind, channel, case.going))
    going = [kind for kind in messages if is_capped(kind)]
    over = over_cap(case.plan.kind, [*recent, *((kind, case.now) for kind in going)], rules)
    return Check("caps", value) if over is None else _later(case, "caps", value, *over)


def _notices(case: Case, found: Route) -> Iterator[Check]:
    """Whether the notice is told together with others of the same act, and whether the phone may get one more
    today. What cannot wait has a higher bound: a cancellation, or a visit that begins too soon. The first
    notice of a new client needs no look at the log, which is empty."""
    item, rules, most = case.subject.item, "daily_notice_cap", case.subject.rules.daily_notice_cap
    is_first = isinstance(item, Booking) and item.of_new_client and item.moves == 0
    if is_first and not case.subject.client.contact_of:
        yield Check("one_act", ONE_ACT.seconds)
        if found.channel in PHONE_CHANNELS:
            yield Check(rules, most)
        return
    log = [each for each in _log(case, DAY) if not _is_of(case, each)]
    yield _of_one_act(case, log)
    if found.channel in PHONE_CHANNELS:
        within_cap = _notices_of_phone(case, log, found.address, most)
        pressing = within_cap.until is None or (isinstance(item, Booking) and item.status is Status.CANCELLED)
        if within_cap.passed or not pressing:
            yield within_cap
        else:
            yield _notices_of_phone(case, log, found.address, most * PRESSING)


def _notices_of_phone(case: Case, log: Sequence[Message], phone: str, most: int) -> Check:
    in_trial, rule = case.subject.directory.network.trial, "daily_notice_cap"
    until = full_notices(log, phone, most, case.now, in_trial=in_trial)
    return _later(case, rule, most, rule if until is not None else None, until)


def _of_one_act(case: Case, log: Sequence[Message]) -> Check:
    """A notice waits for a minute after another one of its client, and goes along with those that wait, too.
    Another attempt does not wait."""
    plan, before, in_trial = case.plan, case.before, case.subject.directory.network.trial
    if before is not None and before.state is not TouchState.DEFERRED:
        return Check("one_act", ONE_ACT.seconds)
    starts_at = start_told_by(log, case.subject.booking_id or "", plan.occurrence, in_trial=in_trial)
    if starts_at is not None:
        return Check("one_act", ONE_ACT.seconds, SAME_ACT, told_start=starts_at)
    until = gathers_until(log, case.subject.client.id, case.now, plan.until, in_trial=in_trial)
    return _later(case, "one_act", ONE_ACT.seconds, GATHERED if until is not None else None, until)


def _log(case: Case, period: timedelta) -> list[Message]:
    return messages_reaching(case.store, case.subject.client, case.now - period)


def stopped_by(case: Case, reason: str) -> Check:
    """The check of a touch that a bound does not allow. What is over the month's budget is not made, but for
    what a booking needs; all else waits.

    It is decided anew after an hour, or sooner towards its end, since a bound may be lifted at any time. What
    no booking needs, such as a campaign, waits for the next day of the bound: a decision an hour for each of
    its recipients would be as many writes.
    """
    if case.plan.kind not in ESSENTIAL:
        if reason == "budget":
            return Check(reason, None, reason)
        tomorrow = _early_tomorrow(case)
        if reason in _OF_DAY and tomorrow < case.plan.until:
            return _later(case, reason, None, reason, tomorrow)
    wait = min(max((case.plan.until - case.now) / 2, SHORTEST_HOLD), LONGEST_HOLD)
    return _later(case, reason, None, reason, case.now + wait)


def _early_tomorrow(case: Case) -> datetime:
    """An instant of the first hour of tomorrow (UTC). Clients have different ones, so that not all come at
    once."""
    midnight = (case.now + DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(seconds=crc32(case.subject.client.id.encode()) % 3600)


def _is_of(case: Case, message: Message) -> bool:
    plan, subject = case.plan, case.subject
    touch = (plan.kind, plan.occurrence, subject.booking_id, subject.campaign_id)
    return (message.kind, message.occurrence, message.booking_id, message.campaign_id) == touch


def _later(case: Case, rule: str, value: object, reason: str | None, until: datetime | None) -> Check:
    """A check that may pass later: at `until`, or after the quiet hours in which `until` falls. If that is
    too late for the touch, the check never passes."""
    if reason is not None and until is not None:
        if not comes_at_any_hour(case.plan, until):
            until = case.subject.rules.quiet_hours.ends_after(until, zone_of(case.subject))
        if until >= case.plan.until:
            until = None
    return Check(rule, value, reason, until)
