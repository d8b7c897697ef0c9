"""A message: one touch through one channel, as it stands in the log, and what a channel answers."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.ids import digest, time_ordered
from chalicelib.domain.touches import TouchKind


class MessageState(StrEnum):
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One line of the log. Skips are lines too, with their reason. planned_at: when the touch was due;
    recorded_at: when it was decided, the instant that the id begins with."""

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


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What a sender is given. message_id: ours, returned in delivery events where the channel can.
    useful_seconds: how long the message is worth delivering."""

    message_id: str
    to: str
    text: str
    useful_seconds: int
    marketing: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: sent, failed (never to be tried again), unknown (nobody can say), or
    throttled (surely not sent: try later)."""

    state: MessageState
    provider_id: str | None = None
    reason: str | None = None
    throttled: bool = False


def message_id(item_id: str, kind: TouchKind, occurrence: int, attempt: int, at: datetime) -> str:
    """The id of a touch's message follows from the touch: recorded twice, it is one line, found without
    a search."""
    return time_ordered("msg", at, digest(item_id, kind, str(occurrence), str(attempt), length=10))
