"""Confirm a visit. One message asked the client about all bookings of the visit, so one answer confirms
all."""

from chalicelib.domain.bookings.booking_access import Requester
from chalicelib.domain.bookings.booking_plan import asked_to_confirm
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.same_visit import other_bookings_of_visit
from chalicelib.services.bookings.step_booking import confirm
from chalicelib.services.shared.world import World


def confirm_visit(world: World, requester: Requester, booking_id: str) -> Booking:
    """Confirms the booking, and the other bookings of its visit that the request was about: those made before
    the request went out. A repetition changes nothing. Raises NOT_FOUND, WRONG_STATUS for the named
    booking."""
    named = confirm(world, requester, booking_id)
    asked = asked_to_confirm(named)
    if asked is None or named.client_id is None:
        return named
    salon = directory_for(world, named).salons[named.salon_id]
    for other in other_bookings_of_visit(named, salon, world.store):
        if other.status is Status.BOOKED and other.made_at <= asked.at:
            confirm(world, requester, other.id)
    return named
