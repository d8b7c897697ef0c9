"""Plan a client: set their pointer as their present state asks, in every write that changes it."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import next_wake
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.bonus_rules import birthday_gift
from chalicelib.domain.networks.network import Directory, Salon

ZONE_OF_NOWHERE = "UTC"
"""Of a network that has no salon yet."""


def with_wake(client: Client, directory: Directory, now: datetime) -> Client:
    """The client with their pointer as their present state asks."""
    salon = salon_of(client, directory)
    rules = directory.messages_for(salon.id) if salon else directory.rules.messages
    gives = birthday_gift(directory.rules.bonuses) is not None
    wake = next_wake(client, rules, zone_of(client, directory), now, gives_birthday=gives)
    return replace(client, wake=wake)


def salon_of(client: Client, directory: Directory) -> Salon | None:
    """The salon that speaks to the client: the one visited last that there still is, else the network's
    first; None while the network has none."""
    visited = (directory.salons.get(visit.salon_id) for visit in client.recent_visits)
    return next((salon for salon in visited if salon), None) or next(iter(directory.salons.values()), None)


def salon_zone(client: Client, directory: Directory) -> str:
    """Whose calendar tells the client's visits apart: that of the salon that speaks to them."""
    salon = salon_of(client, directory)
    return salon.timezone if salon else ZONE_OF_NOWHERE


def zone_of(client: Client, directory: Directory) -> str:
    """Whose clock counts for the client: their own, else the salon's."""
    return client.timezone or salon_zone(client, directory)
