"""Plan a booking: every write that changes a booking sets the pointer that its new state asks for."""



from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Directory
from chalicelib.services.shared.world import World


def directory_for(world: World, booking: Booking) -> Directory:
    """The network's set-up, with the booking's salon in it."""
    return world.directory(booking.network_id, lambda known: booking.salon_id in known.salons)


def replanned(world: World, booking: Booking) -> Booking:
    """The booking with its pointer. The client is read for the time zone."""
    client_id, now = booking.client_id, world.now()
    client = (
        world.store.get(Client, network_id=booking.network_id, id=client_id, fresh=False)
        if client_id
        else None
    )
    return with_wake(booking, directory_for(world, booking), client, now)
