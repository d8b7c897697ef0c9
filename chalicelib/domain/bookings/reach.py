"""Which bookings a key reaches."""

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import forbidden


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
