"""Record what a network in trial would send: each message with its address, text and expected cost, as a
skip. Nothing leaves, no link is kept, and no budget is spent."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.networks.trial import TrialSum, with_messages
from chalicelib.domain.shared.touches import IN_TRIAL, Plan, Touch, TouchKind, TouchState
from chalicelib.services.messages.decide_touch import Route
from chalicelib.services.messages.message_log import message_of_touch
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.messages.word_touch import MessageContent
from chalicelib.services.networks.count_in_trial import tally_of
from chalicelib.services.networks.go_live import is_in_trial
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Rehearsed = tuple[Plan, Route, MessageContent]
"""A touch that would be sent now, by which route, with which content."""

_TRIES = 20
"""All workers of a network in trial count in one item."""


def as_it_goes(sending: Sending, subject: Subject) -> tuple[Sending, Subject]:
    """Both as they are needed for what is due now. In trial, links lead nowhere. A network that went live a
    moment ago is live for this subject, too."""
    network_id = subject.item.network_id
    if not subject.directory.network.trial:
        return sending, subject
    if is_in_trial(sending.world, network_id):
        return replace(sending, links=sending.links.leading_nowhere()), subject
    live: Subject = replace(subject, directory=sending.world.directory(network_id))  # type: ignore[type-var]  # each subject is a Struct, which a protocol cannot say
    return sending, live


def record_in_trial(
    sending: Sending, subject: Subject, rehearsed: Sequence[Rehearsed], now: datetime
) -> list[Touch]:
    """The touches, skipped on record. The records and the tally that counts them are saved together, so that
    a repetition after a crash counts nothing twice. Raises SaveConflict when too many count at once."""
    skips = [
        Touch(plan.kind, TouchState.SKIPPED, now, plan.occurrence, attempt=0, reason=IN_TRIAL)
        for plan, _, _ in rehearsed
    ]
    ids = {plan.kind: _id(subject, plan) for plan, _, _ in rehearsed}
    messages = [_record(subject, touch, each, ids) for touch, each in zip(skips, rehearsed, strict=True)]
    _save_counted(sending.world, messages)
    for _ in messages:
        sending.count(f"Messages{MessageState.SKIPPED.value.capitalize()}")
    return skips


def _id(subject: Subject, plan: Plan) -> str:
    """As of every skip: it begins with the planned instant, so that a repetition finds the same record."""
    return message_id(subject.item.id, plan.kind, plan.occurrence, 0, plan.at)


def _record(subject: Subject, touch: Touch, rehearsed: Rehearsed, ids: dict[TouchKind, str]) -> Message:
    plan, route, content = rehearsed
    return replace(
        message_of_touch(subject, plan, touch, plan.at),
        channel=route.channel,
        to=route.address,
        state=MessageState.SKIPPED,
        reason=IN_TRIAL,
        text=content.worded.text,
        alphabet=content.alphabet,
        parts=0 if content.carried_by else content.parts,
        cost_micros=None if content.carried_by else content.micros,
        with_message=ids[content.carried_by] if content.carried_by else None,
        carries=ids[content.carries] if content.carries else None,
    )


def _save_counted(world: World, messages: Sequence[Message]) -> None:
    """Saves the messages that are not in the log yet, with the tally that counts them."""
    left = list(messages)
    for _ in world.tries(_TRIES):
        if not left:
            return
        network_id = left[0].network_id
        tally = tally_of(world, network_id)
        sums = (
            TrialSum(each.kind.value, each.channel, 1, each.parts, each.cost_micros or 0)
            for each in left
            if each.with_message is None
        )
        try:
            world.store.save(*left, with_messages(tally, sums))
            return
        except SaveConflict:
            left = [each for each in left if not _is_recorded(world, each)]
    raise SaveConflict(messages[0])


def _is_recorded(world: World, message: Message) -> bool:
    found = world.store.get(
        Message, network_id=message.network_id, client_id=message.client_id, id=message.id
    )
    return found is not None
