"""Count which clients other definitions of categories would move; nothing is changed."""

from collections import Counter
from datetime import date
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.categories import OVERDUE
from chalicelib.domain.clients.client_plan import today_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.kept_category import category_alone
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.waking.walks import CLIENTS, DONE, MOVE, TryingCategories, Walk
from chalicelib.services.clients.booked_ahead import booked_day
from chalicelib.services.clients.segments import BATCH_SIZE
from chalicelib.services.shared.world import World


def try_some(world: World, walk: Walk[TryingCategories]) -> Walk[TryingCategories]:
    """The walk after its next slice."""
    directory = world.directory(walk.network_id)
    page = world.store.clients(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    moves = Counter(walk.state.moves)
    for client in page.items:
        former, new = _categories(world, directory, client, walk.state.definitions)
        if former != new:
            moves[f"{former}{MOVE}{new}"] += 1
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=sum(moves.values()),
        state=replace(walk.state, moves=MappingProxyType(dict(moves))),
    )
    return walk if page.cursor else replace(walk, stage=DONE, finished_at=world.now())


def _categories(
    world: World, directory: Directory, client: Client, wanted: CategoryDefinitions
) -> tuple[str, str]:
    """The client's category by the present definitions, and by those that are tried."""
    if client.merged is not None or client.visits_count == 0:
        return "", ""
    today, both = today_of(client, directory, world.now()), (directory.rules.categories, wanted)
    alone = [category_alone(client, by, today) for by in both]
    if alone[0] == alone[1] or OVERDUE.isdisjoint(alone):
        return alone[0], alone[1]
    if not _has_booking(world, directory, client, today):
        return alone[0], alone[1]
    former, new = (category_alone(client, by, today, booked=True) for by in both)
    return former, new


def _has_booking(world: World, directory: Directory, client: Client, today: date) -> bool:
    """Whether a booking is ahead. It is looked up where it has decided nothing so far."""
    if client.booked_on is not None and client.booked_on >= today:
        return True
    return client.category not in OVERDUE and booked_day(world, client, directory) is not None
