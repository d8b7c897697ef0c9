"""Send what is due of a subject: claim, one attempt, record, resolve (docs/messages.md has the states).

The claim is the item's own version: of two workers one wins. The pointer stays due until the touch is
resolved, so that a crash at any point is found by the next sweep, which then trusts the record, or, without
one, calls the touch unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.clients.clients import DeadAddress
from chalicelib.domain.messages.messages import Message, MessageState, Outcome
from chalicelib.domain.shared.touches import (
    ESSENTIAL,
    MAX_DOUBTS,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    is_open,
    may_try_again,
    open_plans,
    touch_of,
)
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.clients.suppress_address import suppress_address
from chalicelib.services.messages.decide_touch import Case, Check, Route, find_route, verdict
from chalicelib.services.messages.message_log import id_of_kind, line_of, record_of
from chalicelib.services.messages.sending import LOST, Sending, put_on_record
from chalicelib.services.messages.subjects import Subject, claimed, settled
from chalicelib.services.messages.word_touch import Draft, drafted, outgoing
from chalicelib.services.shared.ports import SaveConflict

_FINAL = {
    MessageState.SENT: TouchState.SENT,
    MessageState.DELIVERED: TouchState.SENT,
    MessageState.FAILED: TouchState.FAILED,
    MessageState.UNKNOWN: TouchState.UNKNOWN,
    MessageState.SENDING: TouchState.UNKNOWN,
}


class Standing(Struct, frozen=True):
    """What became of a touch so far. final: what it is if nothing more is done about it; None if nothing was
    sent yet."""

    touch: Touch | None
    final: Touch | None = None


class Attempt(Struct, frozen=True):
    """One touch that is to be sent. before: as it stood until now; had: what the item had of its kind, be it
    of an older occurrence."""

    plan: Plan
    touch: Touch
    route: Route
    before: Standing
    draft: Draft
    had: Touch | None


class Round(Struct):
    """One wake of a subject: what was resolved, and what was left as if never tried (the claimed touch, and
    what stood before it)."""

    sending: Sending
    subject: Subject
    now: datetime
    resolved: list[Touch] = field(default_factory=list)
    undone: list[tuple[Touch, Touch | None]] = field(default_factory=list)
    throttled: str = ""


class Throttled(Exception):
    """The channel took nothing: the item is to back off, as if nothing had been tried."""


def send_due(sending: Sending, subject: Subject) -> None:
    """Does all that is due of a subject. Raises SaveConflict when another worker has it, Throttled when the
    channel is too busy."""
    now, store = sending.world.now(), sending.world.store
    plans = open_plans(subject.plans(now), subject.item.touches, now)
    due = [plan for plan in plans if due_at(plan, touch_of(subject.item.touches, plan)) <= now]
    round = Round(sending, subject.prepared(store, due, now), now)
    going = _affordable(round, _decided(round, due))
    if going:
        try:
            _claim(round, going)
        except Exception:
            _put_back(round, going)
            raise
        for attempt, outcome in _made(round, going):
            _take_down(round, attempt, outcome)
    _resolve(round)
    if round.throttled:
        raise Throttled(round.throttled)


# --- what stands


def _standing(round: Round, plan: Plan) -> Standing:
    """What became of the touch, by its record where that knows more than the item."""
    touch = touch_of(round.subject.item.touches, plan)
    if touch is None or touch.state is TouchState.DEFERRED:
        _make_room(round, plan)
        return Standing(touch)
    record = record_of(round.subject, touch, round.sending.world.store)
    if record is None and touch.state is TouchState.SENDING:
        _record_loss(round, plan, touch)
    state = _FINAL[record.state] if record is not None else TouchState.UNKNOWN
    reason = record.reason if record is not None else LOST
    doubted = touch.state is not TouchState.UNKNOWN and state is TouchState.UNKNOWN
    final = replace(touch, state=state, reason=reason, again_at=None, doubts=touch.doubts + doubted)
    if record is not None and record.state is MessageState.DELIVERED:
        return Standing(final, final)
    if state is TouchState.FAILED:
        return Standing(replace(final, state=TouchState.AWAITING, again_at=round.now), final)
    if state is TouchState.SENT:
        waits = touch if touch.state is TouchState.AWAITING else _sent(round, plan, final)
        return Standing(waits, final)
    return Standing(final, final)


def _record_loss(round: Round, plan: Plan, touch: Touch) -> None:
    """A claim without a record: nobody can know what became of it, which is a line of the log too."""
    message = line_of(round.subject, plan, touch, touch.at)
    put_on_record(round.sending, replace(message, state=MessageState.UNKNOWN, reason=LOST))


def _make_room(round: Round, plan: Plan) -> None:
    """What is on its way for an old start gives way to the new one; should its worker be dead, the log still
    knows of it."""
    gone = round.subject.item.touches.get(plan.kind)
    if gone is not None and gone.state is TouchState.SENDING and gone.occurrence < plan.occurrence:
        _record_loss(round, Plan(gone.kind, gone.at, gone.at, occurrence=gone.occurrence), gone)


def _sent(round: Round, plan: Plan, touch: Touch) -> Touch:
    """Sent: for good, or until it is known not to have arrived in time, where another channel may follow.

    The channel of what is sent for good is told by its record alone: items are billed by their size.
    """
    cascade = round.subject.rules.cascade(touch.kind)
    wait = cascade[touch.step].wait if touch.step < len(cascade) else None
    if not wait or isinstance(find_route(_case(round, plan, touch)), Check):
        return replace(touch, channel=None)
    return replace(touch, state=TouchState.AWAITING, again_at=touch.at + wait)


# --- deciding


def _case(
    round: Round, plan: Plan, before: Touch | None, going: Mapping[TouchKind, str] = MappingProxyType({})
) -> Case:
    sending = round.sending
    return Case(round.subject, plan, before, sending.world.store, round.now, sending.senders.keys(), going)


def _decided(round: Round, due: Sequence[Plan]) -> list[Attempt]:
    """What is to be sent now; all else is resolved: skipped, put off, or left at what it came to."""
    going: list[tuple[Plan, Standing, Route]] = []
    for plan in due:
        standing = _standing(round, plan)
        if standing.final is not None and not _goes_on(standing.touch, plan, round.now):
            round.resolved.append(standing.touch or standing.final)
            continue
        case = _case(round, plan, standing.touch, {each.kind: by.channel for each, _, by in going})
        found = verdict(case)
        if isinstance(found, Check):
            round.resolved.append(_not_now(round, plan, standing, found))
        else:
            going.append((plan, standing, found))
    if not going:
        return []
    drafts = drafted(round.sending, round.subject, [(plan, chosen) for plan, _, chosen in going], round.now)
    had = round.subject.item.touches.get
    return [
        Attempt(plan, _touch(round, plan, before, to), to, before, drafts[plan.kind], had(plan.kind))
        for plan, before, to in going
    ]


def _goes_on(touch: Touch | None, plan: Plan, now: datetime) -> bool:
    """Whether an attempt may follow what stands, now."""
    if touch is None or touch.state is TouchState.DEFERRED:
        return True
    if touch.state is TouchState.AWAITING:
        return touch.again_at is None or touch.again_at <= now
    return may_try_again(touch) and plan.at <= now and is_open(touch, now, plan.until)


def _not_now(round: Round, plan: Plan, standing: Standing, stopped: Check) -> Touch:
    if stopped.until is not None:
        put_off = Touch(plan.kind, TouchState.DEFERRED, round.now, plan.occurrence, attempt=0)
        before = standing.touch or put_off
        return replace(before, again_at=stopped.until, reason=stopped.reason)
    if standing.final is not None:
        return _left(standing.final)
    return _skipped(round, plan, stopped.reason or "skipped")


def _left(final: Touch) -> Touch:
    """What it is, with nothing more to be tried about it."""
    return replace(final, doubts=MAX_DOUBTS + 1) if final.state is TouchState.UNKNOWN else final


def _skipped(round: Round, plan: Plan, reason: str) -> Touch:
    """A skip is a line of the log like any other. Its id begins with the planned instant: a second try finds
    it there."""
    touch = Touch(plan.kind, TouchState.SKIPPED, round.now, plan.occurrence, attempt=0, reason=reason)
    message = line_of(round.subject, plan, touch, plan.at)
    put_on_record(round.sending, replace(message, state=MessageState.SKIPPED, reason=reason))
    return touch


def _touch(round: Round, plan: Plan, standing: Standing, chosen: Route) -> Touch:
    before = standing.touch if standing.final is not None else None
    return Touch(
        plan.kind,
        TouchState.SENDING,
        round.now,
        plan.occurrence,
        attempt=before.attempt + 1 if before else 1,
        step=chosen.step,
        doubts=before.doubts if before else 0,
        channel=chosen.channel,
    )


def _affordable(round: Round, attempts: Sequence[Attempt]) -> list[Attempt]:
    """Those that the budget allows; what rides along in another's text goes or stays with it."""
    going: list[Attempt] = []
    refused: set[TouchKind] = set()
    directory, budgets = round.subject.directory, round.sending.budgets
    for attempt in attempts:
        kind, draft = attempt.plan.kind, attempt.draft
        if draft.rides_on in refused or not budgets.take(
            directory, draft.micros, round.now, essential=kind in ESSENTIAL
        ):
            refused.add(kind)
            round.resolved.append(
                _not_now(round, attempt.plan, attempt.before, Check("budget", None, "budget"))
            )
        else:
            going.append(attempt)
    return going


def _put_back(round: Round, going: Sequence[Attempt]) -> None:
    """Nothing was attempted, so nothing was spent."""
    for attempt in going:
        essential = attempt.plan.kind in ESSENTIAL
        round.sending.budgets.put_back(
            round.subject.directory, attempt.draft.micros, round.now, essential=essential
        )


# --- claim, one attempt, record, resolve


def _claim(round: Round, going: Sequence[Attempt]) -> None:
    """Writes down what is about to be sent; from here on nobody else sends it. It comes last of all that may
    fail before the attempt, since what fails behind it has an unknown fate."""
    sending, subject = round.sending, round.subject
    sending.links.keep(sending.world.store, going[0].draft.link, round.now, sure=subject.link_is_kept)
    (item,) = sending.world.store.save(
        claimed(subject, [*round.resolved, *(attempt.touch for attempt in going)])
    )
    round.subject = subject.with_item(item)


def _made(round: Round, attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Outcome]]:
    """One attempt for each message, told before the next is made, so that what was sent is on record by then;
    what rides along shares the fate of what carries it, which comes first."""
    outcomes: dict[TouchKind, Outcome] = {}
    for attempt in attempts:
        kind = attempt.plan.kind
        if attempt.draft.rides_on is None:
            sender = round.sending.senders[attempt.route.channel]
            message = line_of(round.subject, attempt.plan, attempt.touch, attempt.touch.at)
            outcomes[kind] = sender.send(
                outgoing(round.subject, attempt.draft, attempt.plan, attempt.route, message.id, round.now)
            )
        yield attempt, outcomes[attempt.draft.rides_on or kind]


def _take_down(round: Round, attempt: Attempt, outcome: Outcome) -> None:
    """Puts an attempt's outcome on record, or takes it back where the channel was too busy to take it."""
    if outcome.throttled:
        round.throttled = outcome.reason or "throttled"
        _put_back(round, [attempt])
        if attempt.before.touch is None:
            round.undone.append((attempt.touch, attempt.had))
        else:
            round.resolved.append(attempt.before.touch)
        return
    if outcome.state is MessageState.FAILED:
        _put_back(round, [attempt])
    now = round.sending.world.now()
    put_on_record(round.sending, _record(round, attempt, outcome, now))
    if outcome.bad_address:
        _bury(round, attempt.route, outcome.reason or "refused", now)
    round.resolved.append(_came_to(round, attempt, outcome))


def _came_to(round: Round, attempt: Attempt, outcome: Outcome) -> Touch:
    touch = replace(attempt.touch, state=_FINAL[outcome.state], reason=outcome.reason)
    if outcome.state is MessageState.UNKNOWN:
        return replace(touch, doubts=touch.doubts + 1)
    if outcome.state is MessageState.FAILED and not attempt.route.last:
        return replace(touch, state=TouchState.AWAITING, again_at=round.now)
    return _sent(round, attempt.plan, touch) if outcome.state is MessageState.SENT else touch


def _record(round: Round, attempt: Attempt, outcome: Outcome, now: datetime) -> Message:
    draft = attempt.draft
    message = line_of(round.subject, attempt.plan, attempt.touch, attempt.touch.at)
    return replace(
        message,
        channel=attempt.route.channel,
        to=attempt.route.address,
        state=outcome.state,
        reason=outcome.reason,
        provider_id=outcome.provider_id,
        text=draft.worded.text,
        alphabet=draft.alphabet,
        parts=0 if draft.rides_on else draft.parts,
        cost_micros=None if draft.rides_on or outcome.state is MessageState.FAILED else draft.micros,
        with_message=id_of_kind(round.subject, draft.rides_on),
        carries=id_of_kind(round.subject, draft.carries),
        sent_at=now if outcome.state is MessageState.SENT else None,
    )


def _bury(round: Round, chosen: Route, reason: str, now: datetime) -> None:
    client, dead = round.subject.client, DeadAddress(chosen.channel, chosen.address, reason, now)
    with suppress(SaveConflict):  # it will be found dead again
        suppress_address(round.sending.world, client.network_id, client.id, dead)


def _resolve(round: Round) -> None:
    """Marks the touches as done and sets the next pointer, on the item as it stands now: it may have been
    moved or cancelled while we were sending."""
    world = round.sending.world
    trouble: Trouble | None = round.subject.item.trouble if round.throttled else None
    current: Subject | None = round.subject
    for _ in world.tries():
        if current is None:
            return
        try:
            world.store.save(settled(current, round.resolved, round.undone, trouble, world.now()))
            return
        except SaveConflict:
            current = current.reread(world.store)
    raise SaveConflict(round.subject.item)
