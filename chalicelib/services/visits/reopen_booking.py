"""Open a closed booking again; a completed visit is reversed."""

from functools import partial

from chalicelib.domain.bookings.authors import party_of, with_author, with_author_of_step, without_author
from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.bookings.facts import Fact
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
    booking, by, now = get_booking(world, access, booking_id), party_of(access.actor), world.now()
    if booking.status is not Status.COMPLETED:
        after = with_author_of_step(booking, stepped(booking, Status.BOOKED, now), by, now)
        return save_changed(world, booking, after, access.actor)
    reopened = with_author(without_author(booking, Fact.PAID), by, now, Fact.STATUS)
    saved = world.store.save(*reversal(world, reopened, Status.BOOKED, access.actor))[0]
    world.wake_if_due(saved)
    return saved
