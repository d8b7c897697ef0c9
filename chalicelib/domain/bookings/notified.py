"""What the client of a booking was notified of. Pure."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, has_notified, notified_occurrences
from chalicelib.domain.shared.touches import Touch, with_touches


def was_notified_of_another_start(booking: Booking) -> bool:
    """Whether its client was notified of it last at another start, or in another salon, than it has now."""
    start_since = booking.moves if booking.start_since is None else booking.start_since
    before = [each for each in notified_occurrences(booking) if each < booking.moves]
    return bool(before) and max(before) < start_since


def with_booking_touches(booking: Booking, touches: Iterable[Touch]) -> Booking:
    """The booking with these touches in place of its touches of the same kinds. What its client was notified
    of stays known when the touch of a later occurrence takes the place of the touch that told it."""
    for touch in touches:
        former = booking.touches.get(touch.kind)
        gives_way = former is not None and former.occurrence < touch.occurrence
        if former is not None and gives_way and has_notified(former):
            known = max(former.occurrence, booking.notified_occurrence or 0)
            booking = replace(booking, notified_occurrence=known)
        booking = with_touches(booking, touch)
    return booking


def notified_of_start(booking: Booking, starts_at: datetime) -> Booking:
    """The booking whose client was notified of this start. Small moves count from there."""
    return replace(booking, last_notified_start=None if starts_at == booking.starts_at else starts_at)
