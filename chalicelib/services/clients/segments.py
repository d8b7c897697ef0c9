"""Whether a client belongs to a segment now."""

from datetime import datetime

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.client_plan import salon_zone
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.segment_members import matches
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.shared.world import World

BATCH_SIZE = 200
"""How many clients a slice of a walk looks at, so that no shard waits longer for it than some seconds."""


_BOOKINGS_ASKED = 50


def is_member(world: World, segment: Segment, client: Client, directory: Directory, now: datetime) -> bool:
    """Whether the client belongs to the segment at that instant."""
    return matches(
        segment,
        client,
        local_date(now, salon_zone(client, directory)),
        has_booking=lambda: next_booking(client, world.store, now) is not None,
        services_had=lambda: _services_had(world, client),
        sources=directory.sources,
        by=directory.rules.categories,
    )


def _services_had(world: World, client: Client) -> frozenset[str]:
    """The services of the client's latest visits, by id."""
    latest = world.store.bookings_of_client(client.network_id, client.id, limit=_BOOKINGS_ASKED)
    visits = [booking for booking in latest.items if booking.status is Status.COMPLETED]
    return frozenset(line.service_id for booking in visits for line in booking.lines)
