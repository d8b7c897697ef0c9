"""The messages that touches make in the log: one for each attempt and one for each skip. The id follows from
the touch, so that each is found again."""

from datetime import datetime

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.caps import DAY
from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind, TouchState
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.ports import Store

FINAL = {
    MessageState.SENT: TouchState.SENT,
    MessageState.DELIVERED: TouchState.SENT,
    MessageState.FAILED: TouchState.FAILED,
    MessageState.UNKNOWN: TouchState.UNKNOWN,
    MessageState.SENDING: TouchState.UNKNOWN,
}
"""The state of a touch whose last attempt made a message of that state."""


def message_of_touch(subject: Subject, plan: Plan, touch: Touch, at: datetime) -> Message:
    """The message of an attempt or a skip, before its outcome. at: the instant with which its id begins."""
    cascade = subject.rules.cascade(plan.kind)
    return Message(
        network_id=subject.item.network_id,
        id=message_id(subject.item.id, plan.kind, plan.occurrence, touch.attempt, at),
        client_id=subject.client.id,
        salon_id=subject.salon.id,
        kind=plan.kind,
        channel=touch.channel or cascade[min(touch.step, len(cascade) - 1)].channel,
        state=MessageState.SENDING,
        planned_at=plan.at,
        recorded_at=at,
        occurrence=plan.occurrence,
        booking_id=subject.booking_id,
        campaign_id=subject.campaign_id,
        tells_of=subject.tells_of if plan.kind is TouchKind.NOTICE else (),
    )


def messages_reaching(store: Store, client: Client, since: datetime) -> list[Message]:
    """The client's messages since then, also those that the client got as a source of a merge, and those that
    reached the same phone or e-mail about clients who share it."""
    log = store.messages_since(client.network_id, client.id, since)
    for former in client.former:
        if former.at > since - DAY:  # a source gets no more messages once it is merged
            log = [*log, *store.messages_since(client.network_id, former.id, since)]
    addresses = {client.phone, client.email} - {None}
    for sharing_id in client.contact_of:
        shared = store.messages_since(client.network_id, sharing_id, since)
        log = [*log, *(each for each in shared if each.to in addresses)]
    return log


def recorded_message(subject: Subject, touch: Touch, store: Store) -> Message | None:
    """The message of a touch's latest attempt; None: it was not recorded."""
    return store.get(
        Message, network_id=subject.item.network_id, client_id=subject.client.id, id=_id(subject, touch)
    )


def message_id_of_kind(subject: Subject, kind: TouchKind | None) -> str | None:
    """The id of the message that the item's touch of a kind makes."""
    return _id(subject, subject.item.touches[kind]) if kind is not None else None


def _id(subject: Subject, touch: Touch) -> str:
    return message_id(subject.item.id, touch.kind, touch.occurrence, touch.attempt, touch.at)
