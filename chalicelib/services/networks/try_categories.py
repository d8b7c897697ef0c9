"""Try other definitions of categories: a walk counts how many clients would move from which category to
which. Nothing is changed."""

from collections.abc import Mapping

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.waking.walks import TryingCategories, Walk, WalkKind
from chalicelib.services.networks.check_categories import check_categories
from chalicelib.services.networks.set_rules import changed_definitions
from chalicelib.services.shared.world import World


def try_categories(world: World, access: Access, changes: Mapping[str, int]) -> Walk[TryingCategories]:
    """Begins to count. changes: as of `set_rules`. Raises FORBIDDEN, INVALID_RULE."""
    access.ensure_whole_network()
    network = world.store.get(Network, network_id=access.network_id)
    if network is None:
        raise missing("network", access.network_id)
    now, zone = world.now(), world.directory(access.network_id).zone
    wanted = changed_definitions(network.rules.categories, changes, local_date(now, zone))
    check_categories(wanted)
    walk = Walk(
        network_id=access.network_id,
        id=world.new_id("wlk"),
        state=TryingCategories(wanted),
        begun_at=now,
        wake=Wake(now, WalkKind.TRY_CATEGORIES.value),
    )
    (saved,) = world.store.save(walk)
    world.wake_queue.wake_item(saved)
    return saved


def get_try(world: World, access: Access, walk_id: str) -> Walk[TryingCategories]:
    """How far it is. Raises NOT_FOUND, FORBIDDEN."""
    access.ensure_whole_network()
    walk = world.store.get(Walk, network_id=access.network_id, id=walk_id)
    if walk is None or not isinstance(walk.state, TryingCategories):
        raise missing("walk", walk_id)
    return walk
