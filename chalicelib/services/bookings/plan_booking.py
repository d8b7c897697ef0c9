"""Plan a booking: every write that changes a booking sets the pointer that its new state asks for."""

from collections.abc import Mapping

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Directory, Service, Staff
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.services.shared.world import World


def directory_for(world: World, booking: Booking) -> Directory:
    """The network's set-up, with all in it that the booking names. What another process added a moment ago
    makes this one read the set-up again."""
    return world.directory(booking.network_id, lambda known: _has_all_of(booking, known))


def _has_all_of(booking: Booking, known: Directory) -> bool:
    """Whether the set-up has the booking's salon, services and specialists. One that cannot be read is there:
    another reading would not help."""
    return booking.salon_id in known.salons and all(
        _has(known.services, line.service_id) and (line.staff_id is None or _has(known.staff, line.staff_id))
        for line in booking.lines
    )


def _has(part: Mapping[str, Service] | Mapping[str, Staff], each_id: str) -> bool:
    return (isinstance(part, PartlyReadable) and each_id in part.unreadable) or each_id in part


def replanned(world: World, booking: Booking) -> Booking:
    """The booking with its pointer. The client is read for the time zone."""
    return replanned_with_client(world, booking)[0]


def replanned_with_client(world: World, booking: Booking) -> tuple[Booking, Client | None]:
    """The booking with its pointer, and its client, perhaps as they were a second ago."""
    client_id, now = booking.client_id, world.now()
    client = (
        world.store.get(Client, network_id=booking.network_id, id=client_id, fresh=False)
        if client_id
        else None
    )
    return with_wake(booking, directory_for(world, booking), client, now), client
