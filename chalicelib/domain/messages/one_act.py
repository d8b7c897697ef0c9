"""Notices of one act: ten dates booked at once, or a wrong move put right, make one or two messages. The
first goes at once; what follows within `ONE_ACT` is gathered into one message that tells the last word."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from chalicelib.domain.messages.caps import may_have_arrived
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.shared.touches import ONE_ACT, TouchKind

GATHERED = "gathered"
"""The reason of a notice that waits, since its client got one a moment ago."""

BEGINS_SOON = timedelta(minutes=30)
"""A notice of what begins so soon does not wait."""

MOST_GATHERED = 30
"""Most bookings of which one message tells."""


class Named(Struct, frozen=True):
    """A booking's notice that the message of another booking tells. starts_at: the start that it names."""

    booking_id: str
    occurrence: int
    starts_at: datetime


def named(booking_id: str, occurrence: int, starts_at: datetime) -> str:
    """The name of a booking's notice in the message that tells of it, too."""
    return f"{booking_id}:{occurrence}:{int(starts_at.timestamp())}"


def names_of(message: Message) -> Iterator[Named]:
    for name in message.tells_of:
        booking_id, occurrence, start = name.split(":")
        yield Named(booking_id, int(occurrence), datetime.fromtimestamp(int(start), UTC))


def start_told_by(
    log: Iterable[Message], booking_id: str, occurrence: int, *, in_trial: bool
) -> datetime | None:
    """The start (UTC) that the latest message about another booking of the act has told of this one; None: no
    message did."""
    found = [
        (message.recorded_at, name.starts_at)
        for message in log
        if message.tells_of and may_have_arrived(message, in_trial=in_trial)
        for name in names_of(message)
        if (name.booking_id, name.occurrence) == (booking_id, occurrence)
    ]
    return max(found)[1] if found else None


def gathers_until(
    log: Iterable[Message], client_id: str, now: datetime, until: datetime, *, in_trial: bool
) -> datetime | None:
    """The instant (UTC) until which the notice waits for others of the same act; None: it goes at once.

    log: other messages; until: when the notice is of no use any more.
    """
    notices = [each for each in log if each.kind is TouchKind.NOTICE and each.client_id == client_id]
    sent = [each.recorded_at for each in notices if may_have_arrived(each, in_trial=in_trial)]
    if not sent or until - now <= BEGINS_SOON:
        return None
    gathered = max(sent) + ONE_ACT
    return gathered if gathered > now else None
