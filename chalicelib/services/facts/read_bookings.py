"""Read the bookings to come of a salon from its index, as they are now."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from chalicelib.domain.facts.packed_bookings import client_and_instant
from chalicelib.domain.facts.recorded_visits import booked_on, zone_of_salon
from chalicelib.domain.facts.visit_facts import BookingToCome
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.services.facts.read_visits import READ_AT_ONCE
from chalicelib.services.shared.world import World

UNCLOSED_DAYS = 7
"""How many days after its start a booking that nobody has closed or cancelled still counts as held."""


def bookings_held(world: World, network_id: str, salon_ids: Iterable[str]) -> Iterator[BookingToCome]:
    """The bookings of these salons that clients hold now, each salon's by its own date; as
    `bookings_to_come`."""
    directory, now = world.directory(network_id), world.now()
    for salon_id in salon_ids:
        since = local_date(now, zone_of_salon(directory, salon_id)) - timedelta(days=UNCLOSED_DAYS)
        yield from bookings_to_come(world, network_id, salon_id, since)


def bookings_to_come(world: World, network_id: str, salon_id: str, since: date) -> Iterator[BookingToCome]:
    """The salon's bookings that start on this local day or later, and are neither closed nor cancelled. Where
    the index does not tell whose they are, the bookings are read: an earlier release saved them last. Raises
    Unreadable for such a booking that cannot be read."""
    zone_name = zone_of_salon(world.directory(network_id), salon_id)
    unpacked_ids: list[str] = []
    start = day_start(since, zone_name)
    for booking_id, indexed in world.store.bookings_to_come(network_id, salon_id, start):
        if indexed.facts:
            client, at = client_and_instant(indexed)
            on = None if at is None else local_date(at, zone_name)
            yield _to_come(salon_id, booking_id, client, indexed.at, on, zone_name)
        else:
            unpacked_ids.append(booking_id)
    for place in range(0, len(unpacked_ids), READ_AT_ONCE):
        for each in world.store.bookings(network_id, unpacked_ids[place : place + READ_AT_ONCE], whole=True):
            if each.is_upcoming:
                on = booked_on(each, zone_name)
                yield _to_come(salon_id, each.id, each.client_id, each.starts_at, on, zone_name)


def _to_come(
    salon_id: str,
    booking_id: str,
    client_id: str | None,
    starts_at: datetime,
    booked: date | None,
    zone_name: str,
) -> BookingToCome:
    return BookingToCome(
        salon=salon_id,
        booking=booking_id,
        client=client_id,
        starts_on=local_date(starts_at, zone_name),
        booked_on=booked,
    )
