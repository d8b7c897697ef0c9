"""Save a part of the set-up: a new one, made once whatever is repeated, or a change of what is there."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.networks.sources import Source
from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.waking.walks import AnyWalk
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Part = TypeVar("Part", Network, Salon, Staff, Service, Source)
Added = TypeVar("Added", Salon, Staff, Service, Source)


def part_id(world: World, access: Access, prefix: str, request_id: str | None) -> str:
    """The id of a new part: a repetition of the same request gets the same."""
    return derived(prefix, access.network_id, request_id) if request_id else world.new_id(prefix)


def added(
    world: World,
    value: Added,
    added_before: Callable[[Directory], Mapping[str, Added]],
    request_id: str | None,
    also: Sequence[Network | AnyWalk] = (),
) -> Added:
    """The new value, saved; for a request that was answered before, the value that it had made. added_before:
    the values of that kind, by id."""
    try:
        saved, *_ = world.store.save(value, *also)
    except SaveConflict:
        directory = world.fresh_directory(value.network_id)
        existing = added_before(directory).get(value.id) if request_id else None
        if existing is None:
            raise
        return existing
    world.directories.forget(value.network_id)
    return saved


def current_part(value: Part | None, what: tuple[str, str], changes: Mapping[str, Any]) -> Part:
    """The value that is to be changed. what: its kind and id. Raises NOT_FOUND, STALE_VERSION where the
    changes name another version than the present one."""
    if value is None:
        raise missing(*what)
    if changes.get("version", value.version) != value.version:
        raise conflict("STALE_VERSION", "It was changed meanwhile; read it again.", version=value.version)
    return value


def save_change(
    world: World, current: Part, wanted: Part, also: Sequence[AnyWalk | InboundNumber] = ()
) -> Part:
    """The wanted value, as saved. also: what is saved together with the change. Raises SaveConflict."""
    if wanted == current:
        return current
    saved, *_ = world.store.save(wanted, *also)
    world.directories.forget(wanted.network_id)
    return saved
