"""Send what is due of a booking or a client: claim, one attempt, record, resolve (docs/messages.md has the
states).

The claim is the item's own version: of two workers one wins. The pointer stays due until the touch is
resolved, so that a crash at any point is found by the next sweep, which then trusts the record, or, without
one, calls the touch unknown.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.clients import may_send
from chalicelib.domain.links import Link, LinkPurpose
from chalicelib.domain.message_facts import MessageFacts
from chalicelib.domain.messages import Message, MessageState, Outcome, Outgoing, message_id
from chalicelib.domain.sms import alphabet, parts
from chalicelib.domain.touches import (
    ATTEMPTS_MOST,
    MARKETING,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    due_at,
    may_try_again,
    purpose_of,
)
from chalicelib.domain.waking import Trouble
from chalicelib.services.make_links import Links
from chalicelib.services.ports import SaveConflict, Sender
from chalicelib.services.subjects import Subject
from chalicelib.services.world import CONFLICT_TRIES, World

Texts = Callable[[str, str, MessageFacts], str]
"""kind, language, facts -> the text of a message."""

REVIEW, BONUS = TouchKind.REVIEW_REQUEST, TouchKind.BONUS_NOTICE
_LINKS = {REVIEW: LinkPurpose.REVIEW, BONUS: None, TouchKind.REPEAT_INVITATION: None}
_WITH_STOP = frozenset({REVIEW, BONUS, TouchKind.REPEAT_INVITATION})


@dataclass(frozen=True, slots=True)
class Sending:
    """What sending needs besides the world. count: told of every message's state, for the metrics."""

    world: World
    sender: Sender
    links: Links
    texts: Texts
    count: Callable[[str], None] = lambda metric: None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One touch that is to be sent, and the message that it makes. rides: it goes along in another's text."""

    plan: Plan
    touch: Touch
    message: Message
    rides: bool = False

    @property
    def as_it_was(self) -> Touch:
        """The touch before a second attempt that came to nothing."""
        return replace(self.touch, state=TouchState.UNKNOWN, attempt=self.touch.attempt - 1)


def send_due(sending: Sending, subject: Subject) -> None:
    """Does all that is due of a subject. Raises SaveConflict when another worker has it, Throttled when the
    channel is too busy."""
    world = sending.world
    now = world.now()
    due = [plan for plan in subject.open_plans(now) if due_at(plan, subject.touched(plan.kind)) <= now]
    resolved = [_recovered(sending, subject, touch, now) for touch in _lost(subject, due)]
    known = {touch.kind: touch for touch in resolved}
    going: list[Attempt] = []
    for plan in due:
        before = known.get(plan.kind) or subject.touched(plan.kind)
        if before is not None and not may_try_again(before):
            continue
        reason = _reason_to_skip(sending, subject, plan, before, now)
        if reason is None:
            going.append(_attempt(sending, subject, plan, before, now))
        elif before is None:
            resolved.append(_skipped(sending, subject, plan, reason, now))
        else:
            resolved.append(replace(before, attempt=ATTEMPTS_MOST))  # no second attempt then
    undone: list[TouchKind] = []
    throttled = ""
    if going:
        worded = _bundled(sending, subject, going, now)
        subject = _claim(sending, subject, worded, resolved, now)
        for attempt, outcome in _made(sending, subject, worded, now):
            if not outcome.throttled:
                resolved.append(_recorded(sending, attempt, outcome, world.now()))
                continue
            throttled = outcome.reason or "throttled"
            if attempt.touch.attempt == 1:
                undone.append(attempt.plan.kind)
            else:
                resolved.append(attempt.as_it_was)
    _resolve(world, subject, resolved, undone, subject.item.trouble if throttled else None)
    if throttled:
        raise Throttled(throttled)


class Throttled(Exception):
    """The channel took nothing: the item is to back off, as if nothing had been tried."""


# --- what a crash has left


def _lost(subject: Subject, due: Sequence[Plan]) -> list[Touch]:
    """Touches claimed so long ago that their worker is gone."""
    touched = (subject.touched(plan.kind) for plan in due)
    return [touch for touch in touched if touch is not None and touch.state is TouchState.SENDING]


def _recovered(sending: Sending, subject: Subject, touch: Touch, now: datetime) -> Touch:
    """What became of it: what the record says, else nobody can know, which is recorded."""
    id = _message_id(subject, touch.kind, touch.attempt, touch.at)
    record = sending.world.store.message(subject.item.network_id, subject.client.id, id)
    if record is not None:
        state = TouchState.SENT if record.state is MessageState.DELIVERED else TouchState(record.state.value)
        return replace(touch, state=state, reason=record.reason)
    message = _message(subject, touch.kind, touch.attempt, touch.at, touch.at)
    _save_record(sending, replace(message, state=MessageState.UNKNOWN, reason="worker_lost"))
    return replace(touch, state=TouchState.UNKNOWN, reason="worker_lost")


# --- deciding


def _reason_to_skip(
    sending: Sending, subject: Subject, plan: Plan, before: Touch | None, now: datetime
) -> str | None:
    client, rules = subject.client, sending.world.directory(subject.item.network_id).rules.messages
    if now >= plan.until:
        return "too_late"
    if not client.phone:
        return "no_phone"
    if not may_send(client, sending.sender.channel, purpose_of(plan.kind), rules.marketing_needs_consent):
        return "no_consent"
    if before is not None and rules.quiet_hours.holds(now, subject.zone):
        return "quiet_hours"
    return subject.held_back(plan, sending.world.store, now)


def _skipped(sending: Sending, subject: Subject, plan: Plan, reason: str, now: datetime) -> Touch:
    """A skip is a line of the log like any other. Its id begins with the planned instant: a second try finds
    it there."""
    message = _message(subject, plan.kind, 0, plan.at, plan.at)
    _save_record(sending, replace(message, state=MessageState.SKIPPED, reason=reason))
    return Touch(plan.kind, TouchState.SKIPPED, now, subject.occurrence, reason=reason)


def _attempt(sending: Sending, subject: Subject, plan: Plan, before: Touch | None, now: datetime) -> Attempt:
    number = before.attempt + 1 if before is not None else 1
    touch = Touch(plan.kind, TouchState.SENDING, now, subject.occurrence, attempt=number)
    message = _message(subject, plan.kind, number, now, plan.at)
    return Attempt(plan, touch, replace(message, channel=sending.sender.channel, to=subject.client.phone))


def _message_id(subject: Subject, kind: TouchKind, attempt: int, at: datetime) -> str:
    return message_id(subject.item.id, kind, subject.occurrence, attempt, at)


def _message(subject: Subject, kind: TouchKind, attempt: int, at: datetime, planned_at: datetime) -> Message:
    return Message(
        network_id=subject.item.network_id,
        id=_message_id(subject, kind, attempt, at),
        client_id=subject.client.id,
        salon_id=subject.salon.id,
        kind=kind,
        channel="sms",
        state=MessageState.SENDING,
        planned_at=planned_at,
        recorded_at=at,
        booking_id=subject.booking_id,
    )


# --- claim, one attempt, record, resolve


def _claim(
    sending: Sending, subject: Subject, going: Sequence[Attempt], resolved: Sequence[Touch], now: datetime
) -> Subject:
    """Writes down what is about to be sent; from here on nobody else sends it. It comes last of all that may
    fail before the attempt, since what fails behind it has an unknown fate."""
    store = sending.world.store
    if not subject.link_is_kept:
        store.save(_link_of(sending, subject, now))
    (claimed,) = store.save(subject.claimed([*resolved, *(attempt.touch for attempt in going)]))
    return subject.with_item(claimed)


def _link_of(sending: Sending, subject: Subject, now: datetime) -> Link:
    item = subject.item
    useful_from = getattr(item, "starts_at", now)
    return sending.links.link(item.network_id, subject.client.id, subject.booking_id, max(useful_from, now))


def _bundled(sending: Sending, subject: Subject, going: Sequence[Attempt], now: datetime) -> list[Attempt]:
    """The attempts with their texts. The bonus notice goes along with a review request: one SMS, two
    touches."""
    kinds = {attempt.plan.kind for attempt in going}
    together = {REVIEW, BONUS} <= kinds
    link = _link_of(sending, subject, now)
    directory = sending.world.directory(subject.item.network_id)
    language = subject.client.language or directory.network.language
    balance = None
    if BONUS in kinds:
        balance = sending.world.store.account(subject.item.network_id, subject.client.id).balance
    texts: dict[TouchKind, str] = {}
    for kind in sorted(kinds, key=lambda kind: kind is BONUS):
        plan = next(attempt.plan for attempt in going if attempt.plan.kind is kind)
        purpose = _LINKS.get(kind, LinkPurpose.BOOKING)
        facts = replace(
            subject.facts(plan, now),
            link=sending.links.url(link, purpose) if purpose else None,
            stop_link=sending.links.url(link, LinkPurpose.STOP) if kind in _WITH_STOP else None,
            with_bonus=together,
            points_balance=balance,
        )
        texts[kind] = sending.texts(kind.value, language, facts)
    carrier = next((a.message.id for a in going if a.plan.kind is REVIEW), None) if together else None
    return [_worded(attempt, texts, carrier) for attempt in going]


def _worded(attempt: Attempt, texts: dict[TouchKind, str], carrier: str | None) -> Attempt:
    kind = attempt.plan.kind
    rides = carrier is not None and kind is BONUS
    text = texts[REVIEW if rides else kind]
    message = replace(
        attempt.message,
        text=text,
        alphabet=alphabet(text),
        parts=0 if rides else parts(text),
        with_message=carrier if rides else None,
    )
    return replace(attempt, message=message, rides=rides)


def _made(
    sending: Sending, subject: Subject, attempts: Sequence[Attempt], now: datetime
) -> list[tuple[Attempt, Outcome]]:
    """One attempt for each message; what rides along shares the fate of what carries it."""
    outcomes: dict[str, Outcome] = {}
    for attempt in attempts:
        if not attempt.rides:
            outcomes[attempt.message.id] = sending.sender.send(
                Outgoing(
                    message_id=attempt.message.id,
                    to=str(subject.client.phone),
                    text=attempt.message.text,
                    useful_seconds=max(int((attempt.plan.until - now).total_seconds()), 5),
                    marketing=attempt.plan.kind in MARKETING,
                )
            )
    return [(attempt, outcomes[attempt.message.with_message or attempt.message.id]) for attempt in attempts]


def _recorded(sending: Sending, attempt: Attempt, outcome: Outcome, now: datetime) -> Touch:
    sent_at = now if outcome.state is MessageState.SENT else None
    record = replace(
        attempt.message,
        state=outcome.state,
        reason=outcome.reason,
        provider_id=outcome.provider_id,
        sent_at=sent_at,
    )
    _save_record(sending, record)
    return replace(attempt.touch, state=TouchState(outcome.state.value), reason=outcome.reason)


def _save_record(sending: Sending, message: Message) -> None:
    with suppress(SaveConflict):  # it was recorded before a crash: what stands is the truth
        sending.world.store.save(message)
    sending.count(f"Messages{message.state.value.capitalize()}")


def _resolve(
    world: World,
    subject: Subject,
    touches: Sequence[Touch],
    undone: Sequence[TouchKind],
    trouble: Trouble | None,
) -> None:
    """Marks the touches as done and sets the next pointer, on the item as it stands now: it may have been
    moved or cancelled while we were sending."""
    current: Subject | None = subject
    for _ in range(CONFLICT_TRIES):
        if current is None:
            return
        try:
            world.store.save(current.settled(touches, undone, trouble, world.now()))
            return
        except SaveConflict:
            current = current.reread(world.store)
    raise SaveConflict(subject.item)
