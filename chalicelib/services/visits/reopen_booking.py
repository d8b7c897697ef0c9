"""Open a closed booking again; a completed visit is reversed."""

from functools import partial

from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.networks.access import Access
from chalicelib.services.bookings.change_booking import save_changed
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.shared.world import World
from chalicelib.services.visits.reverse_visit import reversal


def reopen(world: World, access: Access, booking_id: str) -> Booking:
    """The booking back to booked. A completed visit is reversed with its points, by entries that undo its
    own. What the client was notified of for the same start is not sent again. Raises NOT_FOUND, FORBIDDEN."""
    return world.retrying(partial(_reopen_once, world, access, booking_id))


def _reopen_once(world: World, access: Access, booking_id: str) -> Booking:
    booking = get_booking(world, access, booking_id)
    if booking.status is not Status.COMPLETED:
        return save_changed(world, booking, stepped(booking, Status.BOOKED, world.now()))
    saved = world.store.save(*reversal(world, booking, Status.BOOKED, access.actor))[0]
    world.wake_if_due(saved)
    return saved
