"""Read a booking that somebody names by its id."""

from chalicelib.domain.bookings.booking_access import ensure_reaches_booking
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import missing
from chalicelib.services.shared.world import World


def read_booking(world: World, network_id: str, booking_id: str) -> Booking:
    """Raises NOT_FOUND."""
    booking = world.store.get(Booking, network_id=network_id, id=booking_id)
    if booking is None:
        raise missing("booking", booking_id)
    return booking


def get_booking(world: World, access: Access, booking_id: str) -> Booking:
    """The booking, if this key reaches it. Raises NOT_FOUND, FORBIDDEN."""
    booking = read_booking(world, access.network_id, booking_id)
    ensure_reaches_booking(access, booking)
    return booking
