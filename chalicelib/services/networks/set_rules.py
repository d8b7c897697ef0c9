"""Set the rules: a network's own numbers in place of the defaults. Each version is kept, with who set it;
what is upcoming is planned anew by a walk."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import Override, Rules, RulesChange, plan_alike
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.services.networks.check_rules import check_rules
from chalicelib.services.shared.ports import Page, SaveConflict
from chalicelib.services.shared.walks import replan_walk, surprise_walks
from chalicelib.services.shared.world import World


def set_rules(
    world: World,
    access: Access,
    version: int,
    *,
    messages: Mapping[str, Any],
    bonuses: Mapping[str, Any],
    overrides: Sequence[Override] | None = None,
) -> Network:
    """Changes the rules of that version; what is not said stays, overrides are replaced as a whole. Said
    again, of the same version or of the one it made: unchanged.

    Raises STALE_VERSION, INVALID_RULE naming the field. Points already granted are not touched by any rule.
    """
    access.ensure_whole_network()
    network = world.store.get(Network, network_id=access.network_id)
    if network is None:
        raise missing("network", access.network_id)
    stands = network.rules
    rules = Rules(
        messages=replace(stands.messages, **messages),
        bonuses=replace(stands.bonuses, **bonuses),
        overrides=stands.overrides if overrides is None else tuple(overrides),
    )
    check_rules(rules, world.fresh_directory(access.network_id), stands)
    if rules == stands and version in (network.rules_version, network.rules_version - 1):
        return network
    if version != network.rules_version:
        raise _stale(network)
    return _saved(world, access, network, rules)


def _saved(world: World, access: Access, network: Network, rules: Rules) -> Network:
    """One transaction: the rules, their line in the history, and, unless all stays planned as it is, the walk
    that plans anew; and, where surprises begin, the walk that draws them."""
    changed = replace(network, rules=rules, rules_version=network.rules_version + 1)
    walks = [] if plan_alike(rules, network.rules) else [replan_walk(world, network.network_id)]
    walks += surprise_walks(world, network.network_id, rules)
    history = [_line(changed, world, access.actor)]
    if not world.store.get_page(RulesChange, network_id=network.network_id, limit=1).items:
        history.insert(0, replace(_line(network, world, BY_SYSTEM), at=network.created_at))
    try:
        saved, *_ = world.store.save(changed, *history, *walks)
    except SaveConflict:  # by somebody else, or by ourselves, if the answer was lost and botocore asked again
        saved = world.store.get(Network, network_id=network.network_id) or network
        if (saved.rules_version, saved.rules) != (changed.rules_version, rules):
            raise _stale(saved) from None
    world.directories.forget(network.network_id)
    return saved


def _line(network: Network, world: World, actor: str) -> RulesChange:
    return RulesChange(
        network_id=network.network_id,
        number=f"{network.rules_version:09d}",
        rules=network.rules,
        at=world.now(),
        actor=actor,
    )


def _stale(network: Network) -> Exception:
    version = network.rules_version
    return conflict("STALE_VERSION", "The rules were changed meanwhile; read them again.", version=version)


def rules_history(
    world: World, access: Access, *, limit: int, cursor: str | None
) -> tuple[Page[RulesChange], list[RulesChange | None]]:
    """The versions that were set, the newest first, and beside each the one before it, if any is kept."""

    def read(limit: int, cursor: str | None) -> Page[RulesChange]:
        return world.store.get_page(RulesChange, network_id=access.network_id, limit=limit, cursor=cursor)

    page = read(limit, cursor)
    beyond = read(1, page.cursor).items if page.cursor is not None else []
    before = [*page.items, *beyond][1:]
    return page, [*before, *[None] * (len(page.items) - len(before))]
