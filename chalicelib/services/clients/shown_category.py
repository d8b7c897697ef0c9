"""The category of a client as it is shown: as it is recorded, and where nothing is recorded yet as it is
worked out. It is right from the first minute of a local day, while the record of what time changes follows
at the hour of the day's touches."""

from datetime import date

from chalicelib.domain.clients.categories import OVERDUE, POTENTIAL
from chalicelib.domain.clients.client_plan import salon_zone, today_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.kept_category import (
    category_alone,
    category_since,
    is_overdue,
    must_look,
    present_category,
)
from chalicelib.domain.clients.rhythm import rhythm_of
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.next_booking import next_booking
from chalicelib.services.shared.world import World


def shown_category(
    client: Client, directory: Directory, world: World, has_booking: bool | None = None
) -> str:
    """The category by the calendar of the salon that the client visited last. has_booking: whether a booking
    is ahead; None: it is looked up where it decides and is not known."""
    now, by = world.now(), directory.rules.categories
    today = today_of(client, directory, now)
    if not is_overdue(client, by, today):
        return category_alone(client, by, today)
    if has_booking is not None:
        return category_alone(client, by, today, booked=has_booking or client.booked_on == today)
    if client.category is None or must_look(client, by, today):
        found = next_booking(client, world.store, now) is not None
        return category_alone(client, by, today, booked=found)
    return present_category(client, by, today, has_booking=False)


def shown_since(client: Client, directory: Directory, world: World, shown: str) -> date | None:
    """The local date since when the client has had the shown category."""
    by, today = directory.rules.categories, today_of(client, directory, world.now())
    if shown == client.category:
        return client.category_since
    if shown == POTENTIAL:
        return local_date(client.created_at, salon_zone(client, directory))
    if client.category is not None and shown in OVERDUE:
        rhythm = rhythm_of(client, by)
        return rhythm.lost_on if shown == "lost" else rhythm.at_risk_on
    return category_since(client, by, today, shown)
