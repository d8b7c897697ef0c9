"""Bookings ahead of overdue clients: such a client is neither at risk nor lost. Whether there is one is
looked up once, when the client becomes overdue; from then on each booking is followed as it is saved. Of
clients who are not overdue nothing is read or written."""

from collections.abc import Collection, Sequence
from datetime import date

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.client_plan import salon_zone, today_of, with_wake
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.kept_category import is_overdue, must_look
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def booked_day(
    world: World, client: Client, directory: Directory, *, but: Collection[str] = ()
) -> date | None:
    """The local day of the client's next booking, today's included; None: no booking is ahead. but: the ids
    of bookings that do not count."""
    zone = salon_zone(client, directory)
    since = day_start(local_date(world.now(), zone), zone)
    found = next_booking(client, world.store, since, only=lambda booking: booking.id not in but)
    return local_date(found.starts_at, zone) if found is not None else None


def with_look_ahead(world: World, client: Client, directory: Directory) -> tuple[Client, bool | None]:
    """The client with the category of today, and whether a booking is ahead, which was looked up only where
    it decides the category; None: it was not looked up."""
    today = today_of(client, directory, world.now())
    if not must_look(client, directory.rules.categories, today):
        return client, None
    found = booked_day(world, client, directory)
    booked = replace(client, booked_on=found or client.booked_on)
    return with_wake(booked, directory, world.now(), looked=True), found is not None


def followed(
    world: World,
    client: Client | None,
    directory: Directory,
    before: Booking | None,
    after: Booking,
    beside: Sequence[Storable] = (),
) -> list[Client]:
    """The client with what a booking that is made, moved or ended means for their category, to be saved with
    that booking; empty for nearly all: those who are not overdue.

    client: perhaps as they were a second ago. before: None of a new booking, or of one that was another
    client's. beside: what else is saved; a client who is among it is answered with both changes.
    """
    by, now = directory.rules.categories, world.now()
    if client is None or not is_overdue(client, by, today_of(client, directory, now)):
        return []
    client_id, zone, today = client.id, salon_zone(client, directory), today_of(client, directory, now)
    had = _day_ahead(before, zone, today)
    has = _day_ahead(after, zone, today) if after.client_id == client_id else None
    if had == has or _is_known(client, had, today):
        return []
    others = (each for each in beside if isinstance(each, Client) and each.id == client_id)
    client = next(others, None) or world.store.get(Client, network_id=after.network_id, id=client_id)
    if client is None or client.category is None or not is_overdue(client, by, today):
        return []
    if _is_known(client, had, today):
        return []
    if has is not None:
        wanted = replace(client, booked_on=has)
        changed = with_wake(wanted, directory, now, CategoryCause.BOOKING)
    else:
        wanted = replace(client, booked_on=booked_day(world, client, directory, but=(after.id,)))
        changed = with_wake(wanted, directory, now, CategoryCause.BOOKING_OFF, looked=True)
    return [changed] if changed != client else []


def _is_known(client: Client, had: date | None, today: date) -> bool:
    """Whether another booking is ahead anyway. had: the day that the booking had."""
    return client.booked_on is not None and client.booked_on >= today and client.booked_on != had


def _day_ahead(booking: Booking | None, zone: str, today: date) -> date | None:
    """The booking's local day, if it is ahead."""
    if booking is None or not booking.is_upcoming:
        return None
    day = local_date(booking.starts_at, zone)
    return day if day >= today else None
