"""The bookings of a client follow the client's clock: quiet hours are read on it."""

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.clients.clients import Client
from chalicelib.services.shared.world import World

MOST_PLANNED = 50
"""Most upcoming bookings that are planned again within the request. A later one is planned by the former
clock until it wakes."""


def plan_bookings_again(world: World, client: Client) -> None:
    """Plans the client's upcoming bookings by the client's clock, as it is to be. It comes before the client
    is saved: a crash in between leaves pointers that are checked when they are due. Raises SaveConflict."""
    now, directory = world.now(), world.directory(client.network_id)
    ahead = world.store.bookings_of_client(
        client.network_id, client.id, since=now, newest_first=False, limit=MOST_PLANNED
    )
    for booking in ahead.items:
        if not booking.is_upcoming or booking.salon_id not in directory.salons:
            continue
        planned = with_wake(booking, directory, client, now)
        if planned.wake != booking.wake:
            (saved,) = world.store.save(planned)
            world.wake_if_due(saved)
