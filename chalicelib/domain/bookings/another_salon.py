"""A booking that moves to another salon. Pure."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status, next_occurrence


def in_another_salon(booking: Booking, salon_id: str, currency: str, now: datetime) -> Booking:
    """The booking in another salon: its client is notified again, and a confirmation no longer counts."""
    return replace(
        next_occurrence(booking, now),
        salon_id=salon_id,
        currency=currency,
        start_since=None,
        made_at=now,
        move_wish=None,
        status=Status.BOOKED if booking.status is Status.CONFIRMED else booking.status,
    )
