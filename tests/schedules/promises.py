"""What a salon is promised of its messages (docs/product.md, Touches, Rules of messages, Complaints), held
against all that its providers took and all that its log says."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.client_plan import birthday_in
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.prices import PART_MICROS
from chalicelib.domain.messages.spending import MICROS_A_CENT
from chalicelib.domain.networks.network import Salon
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Plan, Purpose, Touch, TouchKind, TouchState, is_over, touch_of
from chalicelib.domain.shared.zones import local_date
from infra.testkit.builders import NETWORK
from tests.schedules.days import CLIENTS, DIES, Days, Taken, Truth

Kind = TouchKind
Group = tuple[str, TouchKind, int]
"""One touch of one occurrence: the item, the kind, the occurrence."""

# What follows is said once more, and not taken from the code that is on trial.
GRACE, WEEK, BATCH_SIZE = timedelta(minutes=3), timedelta(days=7), timedelta(hours=1)
ONE_ACT, SOON = timedelta(minutes=1), timedelta(minutes=30)
ESSENTIAL = frozenset({Kind.NOTICE, Kind.CONFIRM_REQUEST, Kind.CONTROL_REMINDER})
MUST_ARRIVE = ESSENTIAL - {Kind.NOTICE}
_THANKS = frozenset({Kind.REVIEW_REQUEST, Kind.BONUS_NOTICE})
_UNLESS_BOOKED = frozenset({Kind.NO_SHOW_INVITATION, Kind.REPEAT_INVITATION, Kind.AT_RISK, Kind.WIN_BACK})
MARKETING = _UNLESS_BOOKED | {Kind.BIRTHDAY, Kind.CAMPAIGN}


def broken(days: Days) -> list[str]:
    """Every promise that was not kept; empty when all were."""
    held = Held(days)
    return [
        *held.every_send_is_logged(),
        *held.copies(),
        *held.what_is_no_longer_so(),
        *held.out_of_time(),
        *held.quiet_hours(),
        *held.without_consent(),
        *held.what_rules_forbid(),
        *held.notices_of_one_act(),
        *held.over_cap(),
        *held.over_budget(),
        *held.unfinished(),
        *held.log_against_itself(),
    ]


class Held:
    def __init__(self, days: Days) -> None:
        self.days = days
        self.sends = [taken for taken in days.taken if taken.answer != "throttled" and taken.id in days.log]
        self.groups: dict[Group, list[Taken]] = {}
        for taken in self.sends:
            self.groups.setdefault(group_of(days.log[taken.id]), []).append(taken)

    def _line(self, taken: Taken) -> Message:
        return self.days.log[taken.id]

    def _rules(self, taken: Taken, truth: Truth | None = None) -> MessageRules:
        truth = truth or taken.truth
        booking = truth.bookings.get(self._line(taken).booking_id or "")
        services = [each.service_id for each in booking.lines] if booking else []
        return truth.directory.messages_for(self._salon(taken, truth).id, services)

    def _zone(self, taken: Taken) -> str:
        client = taken.truth.clients[taken.outgoing.client_id]
        return client.timezone or self._salon(taken, taken.truth).timezone

    def _salon(self, taken: Taken, truth: Truth) -> Salon:
        booking = truth.bookings.get(self._line(taken).booking_id or "")
        if booking is not None:
            return truth.directory.salons[booking.salon_id]
        return truth.speaker(taken.outgoing.client_id)

    def _booking(self, taken: Taken) -> Booking | None:
        return taken.truth.bookings.get(self._line(taken).booking_id or "")

    def _firsts(self) -> list[Taken]:
        """The first message of each touch that may have arrived, in the order of time."""
        found = (next((s for s in sends if s.may_have_arrived), None) for sends in self.groups.values())
        return sorted((each for each in found if each is not None), key=lambda taken: taken.at)

    # --- each promise

    def every_send_is_logged(self) -> Iterator[str]:
        for taken in self.days.taken:
            if taken.answer != "throttled" and taken.id not in self.days.log:
                yield f"{_say(taken)}: sent, and there is no line of it"

    def copies(self) -> Iterator[str]:
        """Once; again only through another channel when the first failed or did not arrive in time, or, if it
        must arrive and nobody knows, after the grace time, once."""
        for group, sends in self.groups.items():
            doubts = 0
            for before, after in pairwise(sends):
                why = self._why_again(before, after)
                doubts += why == "doubt"
                if why not in ("failed", "late", "doubt") or doubts > 1:
                    yield f"{_say(after)}: a copy of {_say(before)} ({why}) of {group}"
            arrived = [each.channel for each in sends if each.may_have_arrived and not self._failed(each)]
            for channel in set(arrived):
                if arrived.count(channel) > (2 if doubts else 1):
                    yield f"{group}: {arrived.count(channel)} copies by {channel}"

    def _why_again(self, before: Taken, after: Taken) -> str:
        """What justified the attempt after the one before."""
        other = before.channel != after.channel
        reported, lost = self._reported(before, after), before.id in self.days.lost
        if reported is MessageState.DELIVERED:
            return "it was delivered"
        if reported is MessageState.FAILED and (other or not lost):
            return "failed" if other else "it failed by this channel"
        if before.answer in ("unknown", DIES) or lost:
            if after.outgoing.kind not in MUST_ARRIVE:
                return "its fate was unknown"
            return "doubt" if after.at - before.at >= GRACE else "within the grace time"
        if before.answer in ("failed", "bad_address"):
            return "failed" if other else "it failed by this channel"
        waited = any(before.at + wait <= after.at for wait in self._waits(before, after))
        return "late" if waited and other else "it was sent"

    def _failed(self, taken: Taken) -> bool:
        """Whether a receipt ever told so."""
        reported = self.days.reported.get(taken.id)
        return reported is not None and reported.state is MessageState.FAILED

    def _reported(self, taken: Taken, later: Taken) -> MessageState | None:
        """What was known by receipt of the one before the other was made."""
        reported = self.days.reported.get(taken.id)
        if reported is None:
            return None
        known = reported.came if reported.state is MessageState.FAILED else reported.taken
        return reported.state if known is not None and known < later.sweep else None

    def _waits(self, before: Taken, after: Taken) -> list[timedelta]:
        """How long the channel might take, by all rules that held until the next attempt."""
        truths = [t for t in self.days.truths if before.at <= t.at <= after.at]
        steps = [
            step
            for truth in [before.truth, *truths]
            for step in self._rules(before, truth).cascade(Kind(before.outgoing.kind))
        ]
        return [step.wait for step in steps if step.channel == before.channel and step.wait]

    def what_is_no_longer_so(self) -> Iterator[str]:
        """Nothing is said of a cancelled booking but that the salon has cancelled it; nothing of an old
        start, of a visit taken back; nor is anybody invited who has booked."""
        for taken in self.sends:
            kind, booking, line = Kind(taken.outgoing.kind), self._booking(taken), self._line(taken)
            _, starts_at, expiring = taken.outgoing.worded.text.split("|")
            if line.booking_id is not None and booking is None:
                yield f"{_say(taken)}: about a booking that there is not"
            if booking is not None and starts_at not in self._starts(taken, booking):
                yield f"{_say(taken)}: tells {starts_at}, it is {booking.starts_at}"
            if booking is not None and not _fits(kind, booking):
                yield f"{_say(taken)}: the booking is {booking.status}"
            if kind in _UNLESS_BOOKED and taken.truth.upcoming(line.client_id, taken.at):
                yield f"{_say(taken)}: invites a client who has booked"
            if kind is Kind.BONUS_EXPIRY:
                lots = taken.truth.accounts[line.client_id].lots
                usable = sum(lot.remaining for lot in lots if lot.is_available(taken.at) and lot.expires_at)
                if not 0 < int(expiring) <= usable:
                    yield f"{_say(taken)}: warns of {expiring} points, {usable} can be used"

    def _starts(self, taken: Taken, booking: Booking) -> list[str]:
        """The starts that the message may name: a notice of several bookings names the first of them."""
        others = [name.partition(":")[0] for name in self._line(taken).tells_of]
        known = [taken.truth.bookings[each] for each in others if each in taken.truth.bookings]
        return [each.starts_at.isoformat() for each in (booking, *known)]

    def out_of_time(self) -> Iterator[str]:
        for group, sends in self.groups.items():
            for taken in sends:
                first, last = self._useful(taken)
                if taken.at >= last:
                    yield f"{_say(taken)}: too late, it was of use until {last}"
                if taken.at < first and taken is sends[0]:
                    yield f"{_say(taken)}: too early, it is due at {first} ({group})"

    def _useful(self, taken: Taken) -> tuple[datetime, datetime]:
        rules, kind, booking = self._rules(taken), Kind(taken.outgoing.kind), self._booking(taken)
        hour = timedelta(hours=1)
        if booking is None:
            return self._useful_for_client(taken, rules, kind)
        if kind is Kind.NOTICE:
            return booking.made_at, booking.starts_at
        if kind is Kind.CONFIRM_REQUEST:
            first = booking.starts_at - rules.confirm_request_hours_before * hour
            return max(first, booking.made_at), booking.starts_at - rules.confirm_cutoff_hours_before * hour
        if kind is Kind.CONTROL_REMINDER:
            due = booking.starts_at - timedelta(minutes=rules.control_reminder_minutes_before)
            first = rules.quiet_hours.last_loud_before(due, self._zone(taken))
            return max(first, booking.made_at), booking.starts_at
        assert booking.closed_at is not None
        if kind in _THANKS:
            due = booking.closed_at + timedelta(minutes=rules.review_request_minutes_after)
            return due, due + booking_plan.THANKS_USEFUL
        return booking.closed_at, max(booking.closed_at, booking.starts_at) + timedelta(days=10)

    def _useful_for_client(
        self, taken: Taken, rules: MessageRules, kind: TouchKind
    ) -> tuple[datetime, datetime]:
        line, zone = self._line(taken), self._zone(taken)
        client = taken.truth.clients[line.client_id]
        if kind is Kind.BIRTHDAY and client.birth_date is not None:
            day, today = birthday_in(line.occurrence, client.birth_date), local_date(taken.at, zone)
            first = day - timedelta(days=rules.birthday_days_before)
            return (taken.at if today >= first else taken.at + WEEK), (
                taken.at if today > day else taken.at + WEEK
            )
        if kind is Kind.BONUS_EXPIRY:
            day, offset = divmod(line.occurrence, 1000)
            counted_until = date.fromordinal(day + offset + 1)
            today = local_date(taken.at, zone)
            return (taken.at if today.toordinal() >= day else taken.at + WEEK), (
                taken.at if today >= counted_until else taken.at + WEEK
            )
        return client.created_at, taken.at + WEEK

    def quiet_hours(self) -> Iterator[str]:
        """Nobody is woken at night but by the answer to what they have just done."""
        for taken in self.sends:
            quiet, zone, booking = self._rules(taken).quiet_hours, self._zone(taken), self._booking(taken)
            answers = taken.outgoing.kind == Kind.NOTICE and booking is not None
            told_of = (booking.closed_at or booking.made_at) if booking is not None else taken.at
            if answers and taken.at - told_of < BATCH_SIZE:
                continue
            if _is_quiet(quiet, taken.at.astimezone(ZoneInfo(zone)).time()):
                yield f"{_say(taken)}: within quiet hours {quiet.start}-{quiet.end} {zone}"

    def without_consent(self) -> Iterator[str]:
        """Service messages go unless refused, marketing where it is allowed."""
        for taken in self.sends:
            marketing = taken.outgoing.kind in MARKETING
            purpose = Purpose.MARKETING if marketing else Purpose.SERVICE
            consent = taken.truth.clients[taken.outgoing.client_id].consent(taken.channel, purpose)
            needed = marketing and taken.truth.directory.rules.messages.marketing_needs_consent
            if not (consent.granted if consent is not None else not needed):
                yield f"{_say(taken)}: no consent to {purpose} by {taken.channel}"
            if taken.outgoing.marketing != marketing:
                yield f"{_say(taken)}: the provider is told the wrong purpose"

    def what_rules_forbid(self) -> Iterator[str]:
        for taken in self.sends:
            rules, kind = self._rules(taken), Kind(taken.outgoing.kind)
            if rules.is_off(kind):
                yield f"{_say(taken)}: switched off"
            if taken.channel not in [step.channel for step in rules.cascade(kind)]:
                yield f"{_say(taken)}: not a channel of this kind"
            percent = rules.holdout_percent.get(kind, 0)
            if kind in MARKETING and is_held_out(NETWORK, taken.outgoing.client_id, kind, percent):
                yield f"{_say(taken)}: held out"

    def notices_of_one_act(self) -> Iterator[str]:
        """A client gets one notice a minute: what is done at once is told together. What begins soon does not
        wait. What a worker sent and died over is not known to the next one."""
        notices = [each for each in self._firsts() if each.outgoing.kind == Kind.NOTICE]
        for number, taken in enumerate(notices):
            booking = self._booking(taken)
            if booking is None or booking.starts_at - taken.at <= SOON:
                continue
            for before in notices[:number]:
                same_client = before.outgoing.client_id == taken.outgoing.client_id
                failed = self._reported(before, taken) is MessageState.FAILED
                at_once = taken.at - before.at < ONE_ACT and same_client and not failed
                if at_once and self._was_known(before, taken) and taken is self.groups[self._group(taken)][0]:
                    yield f"{_say(taken)}: a minute after {_say(before)} has not gone by"

    def _group(self, taken: Taken) -> Group:
        return group_of(self._line(taken))

    def over_cap(self) -> Iterator[str]:
        """Touches that may have reached the client in any seven days. What a worker sent and died over is not
        known to the next one until it counts as lost."""
        capped = [each for each in self._firsts() if each.outgoing.kind not in ESSENTIAL]
        for taken in capped:
            rules = self._rules(taken)
            week = [each for each in capped if self._counts(each, taken)]
            marketing = [each for each in week if each.outgoing.kind in MARKETING]
            if len(week) > rules.weekly_cap:
                yield f"{_say(taken)}: number {len(week)} of the week, {rules.weekly_cap} are allowed"
            if taken.outgoing.kind in MARKETING and len(marketing) > rules.weekly_marketing_cap:
                yield f"{_say(taken)}: number {len(marketing)} of the week's marketing"

    def _counts(self, each: Taken, now: Taken) -> bool:
        if each is now:
            return True
        failed = self._reported(each, now) is MessageState.FAILED
        same_client = each.outgoing.client_id == now.outgoing.client_id
        in_time = now.at - WEEK < each.at <= now.at
        return same_client and in_time and not failed and self._was_known(each, now)

    def _was_known(self, each: Taken, now: Taken) -> bool:
        """Whether the log told of the one before the other was decided on."""
        logged_in = self.days.logged_in[each.id]
        return (each.at < now.at and (logged_in == each.sweep or logged_in < now.sweep)) or (
            each.sweep == now.sweep and logged_in == each.sweep and each.id not in self.days.lost
        )  # fmt: skip

    def over_budget(self) -> Iterator[str]:
        """Counted from the moment at which the network had a budget. A push costs nothing."""
        spent: dict[str, int] = {}
        for taken in sorted(self.sends, key=lambda taken: taken.at):
            cents = taken.truth.directory.rules.messages.monthly_budget_usd_cents
            is_free = taken.channel == "push" or taken.outgoing.kind in ESSENTIAL
            if cents is None or not taken.may_have_arrived or is_free:
                continue
            month = month_name(taken.at)
            spent[month] = spent.get(month, 0) + PART_MICROS[taken.channel]
            if spent[month] > cents * MICROS_A_CENT:
                yield f"{_say(taken)}: {spent[month]} spent in {month}, {cents} cents are allowed"

    # --- in the end

    def unfinished(self) -> Iterator[str]:
        """All that was due came to an end, and says so."""
        truth, days = self.days.truths[-1], self.days
        for item, plans in _planned(truth, days.now):
            for plan in plans:
                touch = touch_of(item.touches, plan)
                over = self._rules_stand_since() < plan.until <= days.now
                if plan.reason is None and over and not (_is_settled(touch) or is_over(item.touches, plan)):
                    yield f"{item.id} {plan.kind} {plan.occurrence}: was due at {plan.at}, and is {touch}"
            for touch in item.touches.values():
                waits = touch.again_at is not None and touch.again_at > days.now
                if touch.state is TouchState.SENDING or (touch.state is TouchState.AWAITING and not waits):
                    yield f"{item.id}: still {touch}"
            if item.wake is not None and item.wake.at <= days.now:
                yield f"{item.id}: does not come to rest: {item.wake} {item.trouble}"

    def _rules_stand_since(self) -> datetime:
        """Rules that are set later do not call for anything in the past."""
        last = self.days.truths[-1].directory.network.rules_version
        return min(t.at for t in self.days.truths if t.directory.network.rules_version == last)

    def log_against_itself(self) -> Iterator[str]:
        lines: dict[Group, list[Message]] = {}
        for message in self.days.log.values():
            lines.setdefault(group_of(message), []).append(message)
            if message.state is MessageState.SENDING:
                yield f"{message.id} {message.kind}: still being sent"
            if message.state in (MessageState.SKIPPED, MessageState.UNKNOWN) and not message.reason:
                yield f"{message.id} {message.kind}: {message.state} for no reason"
        for group, found in lines.items():
            skips = [message for message in found if message.state is MessageState.SKIPPED]
            skips = [each for each in skips if not self._was_told_in_vain(each)]
            forgotten = [skip for skip in skips if self.days.logged_in[skip.id] in self.days.crashed]
            if len(skips) > 1 + len(forgotten) or (len(skips) > len(forgotten) and len(found) > 1):
                yield f"{group}: skipped, and also {[(m.state, m.reason) for m in found]}"
        yield from self._touches_without_lines(lines)

    def _was_told_in_vain(self, skip: Message) -> bool:
        """Whether the message of another booking told of it, and failed: then it may be told again."""
        name = f"{skip.booking_id}:{skip.occurrence}:"
        failed = (each for each in self.days.log.values() if each.state is MessageState.FAILED)
        return skip.reason == "same_act" and any(
            told.startswith(name) for each in failed for told in each.tells_of
        )

    def _touches_without_lines(self, lines: Mapping[Group, list[Message]]) -> Iterator[str]:
        truth = self.days.truths[-1]
        for item, _ in _planned(truth, self.days.now):
            for touch in item.touches.values():
                found = {message.state for message in lines.get((item.id, touch.kind, touch.occurrence), [])}
                if touch.state in _SAID and not found & _SAID[touch.state]:
                    yield f"{item.id}: {touch}, and the log has {found or 'nothing'}"


_SAID = {
    TouchState.SENT: {MessageState.SENT, MessageState.DELIVERED, MessageState.FAILED},
    TouchState.FAILED: {MessageState.FAILED},
    TouchState.UNKNOWN: {MessageState.UNKNOWN, MessageState.DELIVERED, MessageState.FAILED},
    TouchState.SKIPPED: {MessageState.SKIPPED},
}


def group_of(message: Message) -> Group:
    return message.booking_id or message.client_id, message.kind, message.occurrence


def _planned(truth: Truth, now: datetime) -> Iterator[tuple[object, tuple[Plan, ...]]]:
    directory = truth.directory
    for booking in truth.bookings.values():
        zone = truth.clients[booking.client_id or ""].timezone or directory.salons[booking.salon_id].timezone
        rules = directory.messages_for(booking.salon_id, [line.service_id for line in booking.lines])
        yield booking, booking_plan.plans(booking, rules, zone, now)
    for client_id in CLIENTS:
        client, account = truth.clients[client_id], truth.accounts[client_id]
        salon = truth.speaker(client_id)
        zone, rules = client.timezone or salon.timezone, directory.messages_for(salon.id)
        yield client, client_plan.plans(client, rules, zone, now)
        yield account, account_plan.plans(account, rules, zone, directory.zone, now)


def _is_settled(touch: Touch | None) -> bool:
    final = (TouchState.SENT, TouchState.SKIPPED, TouchState.FAILED, TouchState.UNKNOWN)
    return touch is not None and touch.state in final


def _fits(kind: TouchKind, booking: Booking) -> bool:
    status = booking.status
    if kind is Kind.NOTICE and status is Status.CANCELLED:
        return booking.tell_cancelled
    if kind is Kind.CONFIRM_REQUEST:
        return status is Status.BOOKED
    if kind in ESSENTIAL:
        return status in (Status.BOOKED, Status.CONFIRMED)
    return status is (Status.COMPLETED if kind in _THANKS else Status.NO_SHOW)


def _is_quiet(quiet: QuietHours, clock: time) -> bool:
    if quiet.start <= quiet.end:
        return quiet.start <= clock < quiet.end
    return not quiet.end <= clock < quiet.start


def _say(taken: Taken) -> str:
    return f"{taken.at:%Y-%m-%d %H:%M} {taken.outgoing.kind} by {taken.channel} ({taken.answer})"
