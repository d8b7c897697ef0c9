"""Send what is due of a subject: claim, one attempt, record, resolve (docs/messages.md has the states).

The claim is a save with the item's own version: of two workers one wins. The pointer stays due until the
touch is resolved. So the next sweep finds a crash at any point. That sweep trusts the record; without a
record, it marks the touch as unknown.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import DeadAddress
from chalicelib.domain.messages.messages import Message, MessageState, Outcome
from chalicelib.domain.messages.one_act import Named, names_of
from chalicelib.domain.messages.spending import Cost
from chalicelib.domain.shared.touches import (
    ESSENTIAL,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    given_up,
    goes_on,
    open_plans,
    touch_of,
)
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.bookings.same_act import free_notices
from chalicelib.services.clients.suppress_address import suppress_address
from chalicelib.services.messages.about_booking import AboutBooking
from chalicelib.services.messages.budgets import cost_of
from chalicelib.services.messages.decide_touch import Case, Check, Route, find_route, stopped_by, verdict
from chalicelib.services.messages.message_log import (
    FINAL,
    message_id_of_kind,
    message_of_touch,
    recorded_message,
)
from chalicelib.services.messages.record_in_trial import as_it_goes, record_in_trial
from chalicelib.services.messages.sending import LOST, Sending, Throttled, notify_held_back, record_message
from chalicelib.services.messages.subjects import Subject, claim_touches, settle_touches
from chalicelib.services.messages.word_touch import MessageContent, outgoing, readable_contents, unreadable
from chalicelib.services.shared.ports import SaveConflict


class TouchProgress(Struct, frozen=True):
    """What became of a touch so far.

    touch  the touch as the next attempt finds it; None: the item has no touch of this occurrence.
    final  the touch if no further attempt is made; None: nothing was sent yet.
    tells_of  the notices of other bookings that the last message told of.
    """

    touch: Touch | None
    final: Touch | None = None
    tells_of: tuple[Named, ...] = ()


class Attempt(Struct, frozen=True):
    """One touch that is to be sent.

    touch     the touch as the claim stores it.
    before    its progress until now.
    replaced  the item's touch of this kind before the claim, possibly of an older occurrence.
    """

    plan: Plan
    touch: Touch
    route: Route
    before: TouchProgress
    content: MessageContent
    replaced: Touch | None


class SendRun(Struct):
    """One wake of a subject.

    resolved   touches that are decided.
    undone     claims to be withdrawn, as if nothing was tried: the claimed touch, and the touch before the
               claim.
    throttled  why the channel took nothing; "": it did.
    told_start the start that its client was told by the message of another booking, or in trial.
    tells_of   the notices of other bookings that the last message of its notice told of.
    """

    sending: Sending
    subject: Subject
    now: datetime
    resolved: list[Touch] = field(default_factory=list)
    undone: list[tuple[Touch, Touch | None]] = field(default_factory=list)
    throttled: str = ""
    told_start: datetime | None = None
    tells_of: tuple[Named, ...] = ()


def send_due(sending: Sending, subject: Subject, *, ends_wake: bool = True) -> None:
    """Does all that is due of a subject. Raises SaveConflict when another worker has the item, and Throttled
    when the channel is too busy. In trial it is recorded instead, and nothing is sent. ends_wake: no step of
    the wake follows, so that the item has no trouble any more."""
    sending, subject = as_it_goes(sending, subject)
    now, store = sending.world.now(), sending.world.store
    plans = open_plans(subject.plans(now), subject.item.touches, now)
    due = [plan for plan in plans if due_at(plan, touch_of(subject.item.touches, plan)) <= now]
    run = SendRun(sending, subject.prepared(store, due, now), now)
    decided = _decide(run, due)
    if subject.directory.network.trial:
        rehearsed = [(each.plan, each.route, each.content) for each in decided]
        run.resolved += record_in_trial(sending, run.subject, rehearsed, now)
        if isinstance(subject.item, Booking) and any(plan.kind in ESSENTIAL for plan, _, _ in rehearsed):
            run.told_start = subject.item.starts_at
        decided = []
    going = _affordable(run, decided)
    if going:
        try:
            going = _claim(run, going)
        except Exception:
            _release_budget(run, going)
            raise
        for attempt, outcome in _send_all(run, going):
            _record_outcome(run, attempt, outcome)
    if any(each.kind is TouchKind.NOTICE and each.state is TouchState.FAILED for each in run.resolved):
        free_notices(sending.world, run.subject.item.network_id, run.tells_of)
    if ends_wake or run.resolved or run.undone:
        _resolve(run, ends_wake=ends_wake)
    if run.throttled:
        raise Throttled(run.throttled)


# --- what became of earlier attempts


def _progress(run: SendRun, plan: Plan) -> TouchProgress:
    """What became of the touch. The log's record counts where it knows more than the item."""
    touch = touch_of(run.subject.item.touches, plan)
    if touch is None or touch.state is TouchState.DEFERRED:
        _supersede_older(run, plan)
        return TouchProgress(touch)
    record = recorded_message(run.subject, touch, run.sending.world.store)
    if record is None and touch.state is TouchState.SENDING:
        _record_loss(run, plan, touch)
    state = FINAL[record.state] if record is not None else TouchState.UNKNOWN
    reason = record.reason if record is not None else LOST
    doubted = touch.state is not TouchState.UNKNOWN and state is TouchState.UNKNOWN
    final = replace(touch, state=state, reason=reason, again_at=None, doubts=touch.doubts + doubted)
    if record is not None and record.state is MessageState.DELIVERED:
        return TouchProgress(final, final)
    names = tuple(names_of(record)) if record else ()
    if state is TouchState.FAILED:
        return TouchProgress(replace(final, state=TouchState.AWAITING, again_at=run.now), final, names)
    if state is TouchState.SENT:
        waits = touch if touch.state is TouchState.AWAITING else _sent(run, plan, final)
        return TouchProgress(waits, final, names)
    return TouchProgress(final, final)


def _record_loss(run: SendRun, plan: Plan, touch: Touch) -> None:
    """Records a claim without a record as a message whose fate is unknown."""
    message = message_of_touch(run.subject, plan, touch, touch.at)
    record_message(run.sending, replace(message, state=MessageState.UNKNOWN, reason=LOST))


def _supersede_older(run: SendRun, plan: Plan) -> None:
    """Records a claim of an older occurrence as lost before the plan's claim takes its place: its worker may
    be dead, and then only the log knows of it."""
    older = run.subject.item.touches.get(plan.kind)
    if older is not None and older.state is TouchState.SENDING and older.occurrence < plan.occurrence:
        _record_loss(run, Plan(older.kind, older.at, older.at, occurrence=older.occurrence), older)


def _sent(run: SendRun, plan: Plan, touch: Touch) -> Touch:
    """The touch after it was sent. Where another channel may follow, it waits for the receipt of a delivery.

    Otherwise it is final, and only its record names its channel: items are billed by their size.
    """
    cascade = run.subject.rules.cascade(touch.kind)
    wait = cascade[touch.step].wait if touch.step < len(cascade) else None
    if not wait or isinstance(find_route(_case(run, plan, touch)), Check):
        return replace(touch, channel=None)
    return replace(touch, state=TouchState.AWAITING, again_at=touch.at + wait)


# --- deciding


def _case(
    run: SendRun, plan: Plan, before: Touch | None, going: Mapping[TouchKind, str] = MappingProxyType({})
) -> Case:
    sending = run.sending
    return Case(run.subject, plan, before, sending.world.store, run.now, sending.senders.keys(), going)


def _decide(run: SendRun, due: Sequence[Plan]) -> list[Attempt]:
    """The attempts to be made now. Every other touch is resolved: skipped, put off, or left as it is."""
    going: list[tuple[Plan, TouchProgress, Route]] = []
    for plan in due:
        progress = _progress(run, plan)
        if progress.final is not None and not goes_on(progress.touch, plan, run.now):
            run.resolved.append(progress.touch or progress.final)
            continue
        if progress.tells_of and isinstance(run.subject, AboutBooking):
            run.tells_of = progress.tells_of
            run.subject = run.subject.telling_again(progress.tells_of, run.sending.world.store, run.now)
        case = _case(run, plan, progress.touch, {each.kind: by.channel for each, _, by in going})
        found = verdict(case)
        if isinstance(found, Check):
            run.resolved.append(_put_off_or_skip(run, plan, progress, found))
        else:
            going.append((plan, progress, found))
    routes = [(plan, chosen) for plan, _, chosen in going]
    contents = readable_contents(run.sending, run.subject, routes, run.now)
    held = [(plan, progress) for plan, progress, _ in going if plan.kind not in contents]
    run.resolved += [_put_off_or_skip(run, plan, progress, unreadable(run.now)) for plan, progress in held]
    current = run.subject.item.touches.get
    return [
        Attempt(
            plan,
            _touch_in_flight(run, plan, progress, chosen),
            chosen,
            progress,
            contents[plan.kind],
            current(plan.kind),
        )
        for plan, progress, chosen in going
        if plan.kind in contents
    ]


def _put_off_or_skip(run: SendRun, plan: Plan, progress: TouchProgress, stopped: Check) -> Touch:
    notify_held_back(run.sending, run.subject, stopped.reason or "", run.now)
    if stopped.until is not None:
        put_off = Touch(plan.kind, TouchState.DEFERRED, run.now, plan.occurrence, attempt=0)
        before = progress.touch or put_off
        return replace(before, again_at=stopped.until, reason=stopped.reason)
    if progress.final is not None:
        return given_up(progress.final)
    run.told_start = stopped.told_start or run.told_start
    return _skipped(run, plan, stopped.reason or "skipped")


def _skipped(run: SendRun, plan: Plan, reason: str) -> Touch:
    """Skips the touch and records the skip in the log. The record's id begins with the planned instant, so
    that a repetition finds the same record."""
    touch = Touch(plan.kind, TouchState.SKIPPED, run.now, plan.occurrence, attempt=0, reason=reason)
    message = message_of_touch(run.subject, plan, touch, plan.at)
    record_message(run.sending, replace(message, state=MessageState.SKIPPED, reason=reason, tells_of=()))
    return touch


def _touch_in_flight(run: SendRun, plan: Plan, progress: TouchProgress, chosen: Route) -> Touch:
    before = progress.touch if progress.final is not None else None
    return Touch(
        plan.kind,
        TouchState.SENDING,
        run.now,
        plan.occurrence,
        attempt=before.attempt + 1 if before else 1,
        step=chosen.step,
        doubts=before.doubts if before else 0,
        channel=chosen.channel,
    )


def _affordable(run: SendRun, attempts: Sequence[Attempt]) -> list[Attempt]:
    """The attempts that the bounds allow. A carried touch shares the fate of the message that carries it."""
    going: list[Attempt] = []
    refused: dict[TouchKind, str] = {}
    for attempt in attempts:
        if attempt.content.carried_by is None:
            reason = run.sending.budgets.take(run.subject.directory, _cost(run, attempt), run.now)
        else:
            reason = refused.get(attempt.content.carried_by)
        if reason is None:
            going.append(attempt)
            continue
        refused[attempt.plan.kind] = reason
        stopped = stopped_by(_case(run, attempt.plan, attempt.before.touch), reason)
        run.resolved.append(_put_off_or_skip(run, attempt.plan, attempt.before, stopped))
    return going


def _cost(run: SendRun, attempt: Attempt) -> Cost:
    return cost_of(run.subject, attempt.plan.kind, attempt.route.channel, attempt.content.micros)


def _release_budget(run: SendRun, going: Sequence[Attempt]) -> None:
    """Gives back what was taken from the budget for attempts that were not made."""
    for attempt in going:
        if attempt.content.carried_by is None:
            run.sending.budgets.put_back(run.subject.directory, _cost(run, attempt), run.now)


# --- claim, one attempt, record, resolve


def _claim(run: SendRun, going: list[Attempt]) -> list[Attempt]:
    """Saves the touches as in flight: from here on no other worker sends them. It is the last step that may
    fail before the attempt, since a failure after it leaves the fate of the touches unknown: so the records
    are prepared here. Returns the attempts with the link under the id that it is kept by."""
    store, subject, worded = run.sending.world.store, run.subject, going[0].content.link
    link = run.sending.links.keep(store, worded, run.now, sure=subject.link_is_kept)
    if link.id != worded.id:
        routes = [(attempt.plan, attempt.route) for attempt in going]
        contents = readable_contents(run.sending, subject, routes, run.now, link)
        going = [replace(attempt, content=contents[attempt.plan.kind]) for attempt in going]
    touches = [*run.resolved, *(attempt.touch for attempt in going)]
    store.prepare(*(message_of_touch(subject, each.plan, each.touch, each.touch.at) for each in going))
    run.subject = subject.with_item(store.save(claim_touches(subject, touches, link.number))[0])
    return going


def _send_all(run: SendRun, attempts: Sequence[Attempt]) -> Iterator[tuple[Attempt, Outcome]]:
    """Makes one attempt for each message. Yields each outcome before the next attempt, so that the caller
    records it first. A carried touch has the outcome of the message that carries it, which comes first."""
    outcomes: dict[TouchKind, Outcome] = {}
    for attempt in attempts:
        kind = attempt.plan.kind
        if attempt.content.carried_by is None:
            sender = run.sending.senders[attempt.route.channel]
            message = message_of_touch(run.subject, attempt.plan, attempt.touch, attempt.touch.at)
            outcomes[kind] = sender.send(
                outgoing(run.subject, attempt.content, attempt.plan, attempt.route, message.id, run.now)
            )
        yield attempt, outcomes[attempt.content.carried_by or kind]


def _record_outcome(run: SendRun, attempt: Attempt, outcome: Outcome) -> None:
    """Records an attempt's outcome, or withdraws the claim where the channel was too busy."""
    if outcome.throttled:
        run.throttled = outcome.reason or "throttled"
        _release_budget(run, [attempt])
        if attempt.before.touch is None:
            run.undone.append((attempt.touch, attempt.replaced))
        else:
            run.resolved.append(attempt.before.touch)
        return
    if outcome.state is MessageState.FAILED:
        _release_budget(run, [attempt])
    now = run.sending.world.now()
    record_message(run.sending, _record(run, attempt, outcome, now))
    if outcome.bad_address:
        _suppress_address(run, attempt.route, outcome.reason or "refused", now)
    run.resolved.append(_touch_after(run, attempt, outcome))


def _touch_after(run: SendRun, attempt: Attempt, outcome: Outcome) -> Touch:
    touch = replace(attempt.touch, state=FINAL[outcome.state], reason=outcome.reason)
    if outcome.state is MessageState.UNKNOWN:
        return replace(touch, doubts=touch.doubts + 1)
    if outcome.state is MessageState.FAILED and not attempt.route.last:
        return replace(touch, state=TouchState.AWAITING, again_at=run.now)
    return _sent(run, attempt.plan, touch) if outcome.state is MessageState.SENT else touch


def _record(run: SendRun, attempt: Attempt, outcome: Outcome, now: datetime) -> Message:
    content = attempt.content
    message = message_of_touch(run.subject, attempt.plan, attempt.touch, attempt.touch.at)
    return replace(
        message,
        channel=attempt.route.channel,
        to=attempt.route.address,
        state=outcome.state,
        reason=outcome.reason,
        provider_id=outcome.provider_id,
        text=content.worded.text,
        alphabet=content.alphabet,
        parts=0 if content.carried_by else content.parts,
        cost_micros=None if content.carried_by or outcome.state is MessageState.FAILED else content.micros,
        with_message=message_id_of_kind(run.subject, content.carried_by),
        carries=message_id_of_kind(run.subject, content.carries),
        sent_at=now if outcome.state is MessageState.SENT else None,
    )


def _suppress_address(run: SendRun, chosen: Route, reason: str, now: datetime) -> None:
    client, dead = run.subject.client, DeadAddress(chosen.channel, chosen.address, reason, now)
    with suppress(SaveConflict):  # the next message finds the address bad again
        suppress_address(run.sending.world, client.network_id, client.id, dead)


def _resolve(run: SendRun, *, ends_wake: bool) -> None:
    """Marks the touches as done and sets the next pointer, on the current item: it may have been moved or
    cancelled during the sending."""
    world, save = run.sending.world, run.sending.world.store.save
    trouble: Trouble | None = None if ends_wake and not run.throttled else run.subject.item.trouble
    current: Subject | None = run.subject
    for _ in world.tries():
        if current is None:
            return
        try:
            save(settle_touches(current, run.resolved, run.undone, trouble, world.now(), run.told_start))
            return
        except SaveConflict:
            current = current.reread(world.store)
    raise SaveConflict(run.subject.item)
