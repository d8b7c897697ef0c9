"""A message: one touch through one channel, as it stands in the log, and what a channel answers."""

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
    """One line of the log. Skips are lines too, with their reason.

    planned_at     when the touch was due; recorded_at: when it was decided, the instant that the id begins
                   with.
    with_message   the message in whose text this one went along; that one `carries` this one.
    cost_micros    millionths of a US dollar: what it was taken to cost when it was sent, and, once `charged`,
                   what it did cost.
    told_at        when the channel last told what became of it.
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
    version: int = 0


class MessageSummary(Struct, frozen=True):
    """What the index tells of a message, so that what was spent is counted without reading the log."""

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
"""What is told of a message takes it to a higher rank only: receipts come twice and out of order."""


class Worded(Struct, frozen=True):
    """What is said, for any channel. text: all that an SMS, a WhatsApp message or a push says. subject, html:
    an e-mail's. parameters: the values in the order of the template's placeholders, for channels that keep
    the template themselves (WhatsApp)."""

    text: str
    subject: str | None = None
    html: str | None = None
    parameters: tuple[str, ...] = ()


class Outgoing(Struct, frozen=True, kw_only=True):
    """What a sender is given.

    network_id, client_id, message_id   ours: returned in delivery events by the channels that can.
    to               phone (E.164), e-mail address or endpoint of a device, as the channel asks.
    useful_seconds   how long the message is worth delivering.
    identity         whom the message comes from, where the network has its own: phone, pool, address.
    stop_url         marketing: one tap there stops it (List-Unsubscribe, RFC 8058).
    in_conversation  WhatsApp: the client wrote within the last 24 hours, so that free text may go.
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
    """What one attempt came to: sent, failed (never to be tried again), unknown (nobody can say), or
    throttled (surely not sent: try later). bad_address: it will fail there always."""

    state: MessageState
    provider_id: str | None = None
    reason: str | None = None
    throttled: bool = False
    bad_address: bool = False


def message_id(item_id: str, kind: TouchKind, occurrence: int, attempt: int, at: datetime) -> str:
    """The id of a touch's message follows from the touch: recorded twice, it is one line, found without
    a search."""
    return time_ordered("msg", at, digest(item_id, kind, str(occurrence), str(attempt), length=10))
