"""Separate two services, or two specialists, who were taken for one: a report of those that may be several,
and the split."""

from collections.abc import Callable, Mapping, Sequence
from typing import Generic

from msgspec import Struct

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Service, Staff
from chalicelib.domain.networks.site_names import Named, connection_of
from chalicelib.domain.networks.splitting import Mixed, mixed, split_off
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.waking.walks import Splitting, Walk
from chalicelib.services.shared.contact_details import name_normal
from chalicelib.services.shared.walks import split_walk
from chalicelib.services.shared.world import World


class Split(Struct, Generic[Named], frozen=True):
    """source: the one that was split. separated: the one that has the ids now. walk: what takes upcoming
    bookings along; None where the split was made by an earlier request."""

    source: Named
    separated: Named
    walk: Walk[Splitting] | None


def mixed_staff(world: World, access: Access) -> list[Mixed[Staff]]:
    """Raises FORBIDDEN for a key of chosen salons."""
    access.ensure_whole_network()
    directory = world.fresh_directory(access.network_id)
    return mixed(directory.staff.values(), directory.connections)


def mixed_services(world: World, access: Access) -> list[Mixed[Service]]:
    """Raises FORBIDDEN for a key of chosen salons."""
    access.ensure_whole_network()
    directory = world.fresh_directory(access.network_id)
    return mixed(directory.services.values(), directory.connections)


def split_staff(
    world: World, access: Access, staff_id: str, moved: Sequence[str], name: str | None = None
) -> Split[Staff]:
    """A new specialist, to whom the moved ids of sites lead from now on. Upcoming bookings that came through
    these ids follow by a walk; past ones stay. A repetition makes no other one.

    moved: as `Staff.external_ids`. name: a person's name for the new one; None: what the site calls it.
    Raises NOT_FOUND, FORBIDDEN, INVALID_SPLIT, INVALID_NAME, TRY_AGAIN.
    """
    access.ensure_whole_network()
    return world.retrying(
        lambda: _split(world, access, ("staff", staff_id), moved, name, lambda known: known.staff)
    )


def split_service(
    world: World, access: Access, service_id: str, moved: Sequence[str], name: str | None = None
) -> Split[Service]:
    """As `split_staff`, of a service."""
    access.ensure_whole_network()
    return world.retrying(
        lambda: _split(world, access, ("service", service_id), moved, name, lambda known: known.services)
    )


def _split(
    world: World,
    access: Access,
    what: tuple[str, str],
    moved: Sequence[str],
    name: str | None,
    all_of: Callable[[Directory], Mapping[str, Named]],
) -> Split[Named]:
    directory = world.fresh_directory(access.network_id)
    known, source_id = all_of(directory), what[1]
    source = known.get(source_id)
    if source is None:
        raise missing(*what)
    prefix = source_id.partition("_")[0]
    split_id = derived(prefix, source_id, "split", *sorted(set(moved)))
    existing = known.get(split_id)
    if existing is not None:
        return Split(source, existing, None)
    wanted = name_normal(name) if name is not None else None
    source, separated = split_off(source, split_id, moved, wanted, access.actor, directory.connections)
    follows = _connections_that_follow(source.external_ids, separated.external_ids)
    walk = split_walk(world, access.network_id, Splitting(source_id, split_id, follows))
    saved, made, saved_walk = world.store.save(source, separated, walk)
    world.directories.forget(access.network_id)
    return Split(saved, made, saved_walk)


def _connections_that_follow(staying: Sequence[str], moved: Sequence[str]) -> tuple[str, ...]:
    """The connections whose bookings are the new one's: a booking keeps which connection it came through, and
    not by which of its ids."""
    left = {connection_of(each) for each in staying}
    return tuple(sorted({connection_of(each) for each in moved} - left))
