"""A message: one touch through one channel, as the log has it, and what a channel answers."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.touches import TouchKind


class MessageState(StrEnum):
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class Message(Struct, frozen=True, kw_only=True):
    """One entry of the log: an attempt, or a skip with its reason.

    planned_at     when the touch was due (UTC); recorded_at: when it was decided, with which the id begins.
    with_message   the id of the message that carries this one; that message names this one in `carries`.
    tells_of       of a notice: the other bookings of the same act that it tells of (`one_act.named`).
    cost_micros    millionths of a US dollar: the expected cost until `charged`, then the price.
    told_at        when the channel last reported on the message.
    """

    network_id: str
    id: str
    client_id: str
    salon_id: str | None = None
    kind: TouchKind
    channel: str
    state: MessageState
    planned_at: datetime
    recorded_at: datetime
    to: str | None = None
    text: str = ""
    parts: int = 0
    alphabet: str | None = None
    reason: str | None = None
    provider_id: str | None = None
    booking_id: str | None = None
    sent_at: datetime | None = None
    with_message: str | None = None
    carries: str | None = None
    campaign_id: str | None = None
    occurrence: int = 0
    cost_micros: int | None = None
    charged: bool = False
    told_at: datetime | None = None
    tells_of: tuple[str, ...] = ()
    version: int = 0


class MessageSummary(Struct, frozen=True):
    """A message as the index has it, by which costs are counted without reading the log."""

    kind: str
    state: str
    channel: str
    parts: int
    cost_micros: int
    charged: bool


RANK = {
    MessageState.SENDING: 0,
    MessageState.UNKNOWN: 1,
    MessageState.SENT: 2,
    MessageState.FAILED: 3,
    MessageState.DELIVERED: 4,
}
"""A receipt changes a state only to one of a higher rank: receipts come twice and out of order."""


class Worded(Struct, frozen=True):
    """The text of a message, for any channel.

    text           the whole text of an SMS, a WhatsApp message or a push; an e-mail's plain text.
    subject, html  an e-mail's.
    parameters     the values in the order of the placeholders, for WhatsApp, which keeps the template.
    registered_as  the name of that template; None: the message's kind.
    """

    text: str
    subject: str | None = None
    html: str | None = None
    parameters: tuple[str, ...] = ()
    registered_as: str | None = None


class Outgoing(Struct, frozen=True, kw_only=True):
    """A message that a sender is to send.

    network_id, client_id, message_id   our ids, which the channels return in their events where they can.
    to               phone (E.164), e-mail address or endpoint of a device, by channel.
    useful_seconds   how long the message is worth delivering.
    identity         the network's own sender (phone, pool, address), if it has one.
    stop_url         marketing: one tap there stops it (List-Unsubscribe, RFC 8058).
    in_conversation  WhatsApp: the client wrote within the last 24 hours, so that free text is allowed.
    """

    network_id: str
    client_id: str
    message_id: str
    kind: str
    language: str
    to: str
    worded: Worded
    useful_seconds: int
    marketing: bool = False
    identity: str | None = None
    link: str | None = None
    stop_url: str | None = None
    in_conversation: bool = False


class Outcome(Struct, frozen=True):
    """The result of one attempt: sent, failed (not to be repeated), unknown (it may have arrived), or
    throttled (surely not sent: try later). bad_address: every message to this address will fail."""

    state: MessageState
    provider_id: str | None = None
    reason: str | None = None
    throttled: bool = False
    bad_address: bool = False


def message_id(item_id: str, kind: TouchKind, occurrence: int, attempt: int, at: datetime) -> str:
    """The id of a touch's message. It follows from the touch, so that recording twice makes one message, and
    the message is found without a search."""
    return time_ordered("msg", at, digest(item_id, kind, str(occurrence), str(attempt), length=10))
