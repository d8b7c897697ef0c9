"""The rules for who may change a booking: a key that reaches the booking, or the client by a link or a
reply."""

from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.actors import BY_CLIENT
from chalicelib.domain.shared.errors import DomainError, ErrorKind, conflict, forbidden


class LinkVisitor(Struct, frozen=True):
    """The person who opened the link in a message. Whoever holds the address acts as the client.

    client_id: for whom the link was made. The booking may be another client's by now: then the visitor may
    neither see nor change it.
    """

    network_id: str
    client_id: str

    @property
    def actor(self) -> str:
        return BY_CLIENT


class ReplyAuthor(Struct, frozen=True):
    """The client who replied to a message about a booking. Nothing more is checked: the message was about
    that booking."""

    network_id: str
    client_id: str | None

    @property
    def actor(self) -> str:
        return BY_CLIENT


Requester = Access | LinkVisitor | ReplyAuthor
"""Everybody who can request a change of a booking."""


MAX_LINK_CHANGES = 10
"""How often the links of a booking's client may change what the client can set again and again: the wish for
another time, the points set aside, the review."""


def counted_change(requester: Requester, before: Booking, after: Booking) -> Booking:
    """The changed booking, on which the change counts if the visitor of a link made it. Raises
    TOO_MANY_CHANGES."""
    if not isinstance(requester, LinkVisitor) or after == before:
        return after
    if before.link_changes >= MAX_LINK_CHANGES:
        raise DomainError(
            ErrorKind.TOO_MANY,
            "TOO_MANY_CHANGES",
            f"A client changes a booking at most {MAX_LINK_CHANGES} times by a link; call the salon.",
            most=MAX_LINK_CHANGES,
        )
    return replace(after, link_changes=before.link_changes + 1)


def reaches_booking(access: Access, booking: Booking) -> bool:
    """A specialist reaches their own bookings, a partner those of its source, others those of their
    salons."""
    if access.role is Role.SPECIALIST:
        return any(line.staff_id == access.staff_id for line in booking.lines)
    if access.role is Role.PARTNER:
        return booking.source == access.source
    return access.reaches_salon(booking.salon_id)


def ensure_reaches_booking(access: Access, booking: Booking) -> None:
    """Raises FORBIDDEN for a booking that the key does not reach."""
    if not reaches_booking(access, booking):
        raise forbidden("This key does not reach that booking.", booking_id=booking.id)


def ensure_may_change(requester: Requester, booking: Booking, now: datetime) -> None:
    """Raises FORBIDDEN for a booking that a key does not reach, and WRONG_STATUS for a link's visitor once
    the visit has begun."""
    if isinstance(requester, Access):
        ensure_reaches_booking(requester, booking)
    elif isinstance(requester, LinkVisitor) and booking.is_upcoming and booking.starts_at <= now:
        raise conflict("WRONG_STATUS", "This visit has begun.", status=booking.status.value)
