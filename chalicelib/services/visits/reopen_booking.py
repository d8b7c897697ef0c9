"""Open a closed booking again; a completed one is taken back first."""

from contextlib import suppress
from datetime import datetime

from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.bookings.change_booking import change_one, read_allowed
from chalicelib.services.shared.world import Allow, World
from chalicelib.services.visits.reverse_visit import take_back


class _CompletedMeanwhile(Exception):
    """It is to be taken back."""


def reopen(world: World, network_id: str, booking_id: str, allow: Allow, actor: str) -> Booking:
    """Back to booked. A completed visit is taken back with its bonuses, by reversing entries. What the client
    was told of the same start is not told again."""

    def change(booking: Booking, now: datetime) -> Booking:
        if booking.status is Status.COMPLETED:
            raise _CompletedMeanwhile
        return stepped(booking, Status.BOOKED, now)

    for _ in world.tries():
        booking = read_allowed(world, network_id, booking_id, allow)
        if booking.status is Status.COMPLETED:
            return take_back(world, booking, Status.BOOKED, actor)
        with suppress(_CompletedMeanwhile):
            return change_one(world, network_id, booking_id, allow, change)
    raise conflict("TRY_AGAIN", "Somebody else changed this booking at the same moment; try again.")
