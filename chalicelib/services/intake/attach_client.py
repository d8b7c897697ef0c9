"""Attach a client to the bookings that waited for them: a site had named the client by nothing but its own
id.

A module of its own, so that the function which wakes items does not load all that ingesting needs.
"""

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import site_client
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.booked_ahead import followed
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def attach_waiting(world: World, connection: Connection, site_client_id: str) -> list[Booking]:
    """Gives its client to each booking that waits for this client of the site; their notices go out."""
    network_id = connection.network_id
    waiting = world.store.bookings_waiting(network_id, connection.id, site_client_id)
    attached = [attach_client(world, booking) for booking in waiting]
    return [booking for booking in attached if booking is not None]


def attach_client(world: World, booking: Booking) -> Booking | None:
    """The booking with its client, saved. None while the site has not reported who the client is, and where
    somebody else changed the booking at the same moment."""
    client = _awaited_client(world, booking)
    if client is None:
        return None
    attached = replace(booking, client_id=client.id, waiting_for=None)
    if attached.status is Status.COMPLETED:  # the visit counts from now on: nobody knew whose it was
        from chalicelib.services.visits.complete_visit import reported_completion

        values = reported_completion(world, attached, client, None, f"connection:{booking.connection_id}")
    else:
        directory = directory_for(world, booking)
        planned = with_wake(attached, directory, client, world.now())
        values = (planned, *followed(world, client, directory, None, planned))
    try:
        saved = world.store.save(*values)[0]
    except SaveConflict:
        return None
    world.wake_if_due(saved)
    return saved


def _awaited_client(world: World, booking: Booking) -> Client | None:
    if booking.waiting_for is None or booking.connection_id is None:
        return None
    network_id, kind = booking.network_id, site_client(booking.connection_id)
    client_id = world.store.alias(network_id, kind, booking.waiting_for)
    if client_id is None:
        return None
    return surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))
