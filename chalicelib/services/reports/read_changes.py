"""What a report reads of clients' categories: the index by category tells the changes, and no client is read
whose changes the index tells."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

from chalicelib.domain.clients.categories import CATEGORIES
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.packed_changes import ListedCategory, packed_changes
from chalicelib.services.facts.read_visits import READ_AT_ONCE
from chalicelib.services.shared.world import World


def categories_since(world: World, network_id: str, since: date) -> list[ListedCategory]:
    """All clients who have a change of category on a local date or after it, sorted by id, each with a text.
    The date of a client's category never goes back: these are the clients who have had theirs since that date
    or a later one. Merged clients are none of them. Raises Unreadable for a client who must be read and
    cannot."""
    found: dict[str, ListedCategory] = {}
    for category in CATEGORIES:
        for each in world.store.listed_categories(network_id, category, since):
            before = found.get(each.client_id)
            if before is None or before.since <= each.since:
                found[each.client_id] = each  # who changes while the lists are read may be in two of them
    untold = [client_id for client_id, each in found.items() if each.text is None]
    for place in range(0, len(untold), READ_AT_ONCE):
        for client_id in untold[place : place + READ_AT_ONCE]:
            del found[client_id]
        clients = world.store.clients_named(network_id, untold[place : place + READ_AT_ONCE], whole=True)
        found |= {
            client.id: _as_listed(client) for client in clients if client.category and not client.merged
        }
    return [found[client_id] for client_id in sorted(found)]


def _as_listed(client: Client) -> ListedCategory:
    since = client.category_since or date.min
    return ListedCategory(client.id, str(client.category), since.isoformat(), packed_changes(client))


def unchanged_since(world: World, network_id: str, day: date) -> Mapping[str, int]:
    """How many clients of each category have had it since before a local date; nothing is read of them."""
    count = world.store.count_of_category
    return MappingProxyType({category: count(network_id, category, day) for category in CATEGORIES})
