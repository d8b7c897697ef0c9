"""Set the rules: a network's own numbers in place of the defaults. Each version is kept, with who set it. A
walk then plans again what is upcoming."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.networks.rules import Override, Rules, RulesChange, plan_alike
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.domain.shared.errors import conflict, forbidden, missing
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.networks.check_rules import check_rules
from chalicelib.services.networks.limit_of_gifts import ensure_gifts_allowed
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
    categories: Mapping[str, int] = MappingProxyType({}),
) -> Network:
    """Changes the rules of that version. Fields that are not given stay; overrides are replaced as a whole.
    Equal rules change nothing, whether they name the present version or the one before it (a request
    repeated). Points already granted are not touched by any rule.

    messages, bonuses, categories: fields of the rules. Raises STALE_VERSION, INVALID_RULE naming the field,
    FORBIDDEN for limits by hand that others than the owner change, OVER_LIMIT for gifts that are too large
    for the role.
    """
    access.ensure_whole_network()
    network = world.store.get(Network, network_id=access.network_id)
    if network is None:
        raise missing("network", access.network_id)
    current, zone = network.rules, world.directory(access.network_id).zone
    rules = Rules(
        messages=replace(current.messages, **messages),
        bonuses=replace(current.bonuses, **bonuses),
        overrides=current.overrides if overrides is None else tuple(overrides),
        categories=changed_definitions(current.categories, categories, local_date(world.now(), zone)),
    )
    _ensure_may_change(access, current.bonuses, rules.bonuses)
    check_rules(rules, world.fresh_directory(access.network_id), current)
    if rules == current and version in (network.rules_version, network.rules_version - 1):
        if version < network.rules_version:
            _notify_workers(world, network)
        return network
    if version != network.rules_version:
        raise _stale(network)
    saved = _saved(world, access, network, rules)
    if rules.messages != current.messages:
        _notify_workers(world, saved)
    return saved


def changed_definitions(
    current: CategoryDefinitions, changes: Mapping[str, int], today: date
) -> CategoryDefinitions:
    """The definitions with these changes, of the next version, from today on; the very same where nothing
    changes."""
    wanted = replace(current, **changes)
    return current if wanted == current else replace(wanted, version=current.version + 1, since=today)


def _notify_workers(world: World, network: Network) -> None:
    """Marks the month's spending with the version of the rules, so that a worker that keeps older rules for
    a minute reserves nothing by them."""
    for _ in world.tries():
        current = world.store.spending(network.network_id, month_name(world.now()))
        if current.rules_version >= network.rules_version:
            return
        with suppress(SaveConflict):  # workers reserve at the same moment
            world.store.save(replace(current, rules_version=network.rules_version))
            return


def _ensure_may_change(access: Access, current: BonusRules, wanted: BonusRules) -> None:
    """Checks that nobody but the owner changes what roles give by hand, and what a point is worth: a manager
    would raise their own limit. Gifts of the rules that others change are within that limit. Raises
    FORBIDDEN, OVER_LIMIT."""
    if access.role is Role.OWNER:
        return
    for name in ("compensation", "by_hand_limit_points", "point_value_minor", "point_values_minor"):
        if getattr(current, name) != getattr(wanted, name):
            raise forbidden(
                "The owner alone changes what roles may give by hand, and what a point is worth.",
                field=f"bonuses.{name}",
            )
    ensure_gifts_allowed(access.role, current, wanted)


def _saved(world: World, access: Access, network: Network, rules: Rules) -> Network:
    """The network with its new rules. One transaction saves the rules and their line in the history. With
    them it saves the walk that plans again, if the change moves a plan, and the walk that draws surprises, if
    they begin."""
    changed = replace(network, rules=rules, rules_version=network.rules_version + 1)
    replans = [] if plan_alike(rules, network.rules) else [replan_walk(world, network.network_id)]
    draws = surprise_walks(world, network.network_id, rules)
    history = [_line(changed, world, access.actor)]
    if not world.store.get_page(RulesChange, network_id=network.network_id, limit=1).items:
        history.insert(0, replace(_line(network, world, BY_SYSTEM), at=network.created_at))
    try:
        saved, *_ = world.store.save(changed, *history, *replans, *draws)
    except SaveConflict:  # another writer's, or our own: its answer was lost, and botocore asked again
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
    """A page of the versions of the rules, the newest first; and for each version the one before it, None
    where none is kept."""

    def read(limit: int, cursor: str | None) -> Page[RulesChange]:
        return world.store.get_page(RulesChange, network_id=access.network_id, limit=limit, cursor=cursor)

    page = read(limit, cursor)
    beyond = read(1, page.cursor).items if page.cursor is not None else []
    earlier = [*page.items, *beyond][1:]
    return page, [*earlier, *[None] * (len(page.items) - len(earlier))]
