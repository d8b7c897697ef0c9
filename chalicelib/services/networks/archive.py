"""Archive many services or staff at once, such as all that a booking site named and nobody has looked at."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Service, Staff
from chalicelib.domain.shared.errors import missing, refused
from chalicelib.services.shared.world import World

Archivable = TypeVar("Archivable", Service, Staff)

MAX_AT_ONCE = 500
"""How many one request archives; the rest is left to the next."""
_SAVED_AT_ONCE = 50


class ToArchive(Struct, frozen=True):
    """ids: which ones; None: all that are unreviewed, or those of them that a connection named."""

    ids: Sequence[str] | None = None
    connection_id: str | None = None


class Archived(Struct, frozen=True):
    """archived: how many were archived now. left: how many more there are, for the next request."""

    archived: int
    left: int


def archive_services(world: World, access: Access, wanted: ToArchive) -> Archived:
    """Archives services. A repetition goes on where the first one stopped. Raises FORBIDDEN, NOT_FOUND,
    INVALID_CHOICE, TRY_AGAIN."""
    access.ensure_whole_network()
    return _archive(world, access, wanted, "service", lambda directory: directory.services)


def archive_staff(world: World, access: Access, wanted: ToArchive) -> Archived:
    """Archives staff of the salons that the key reaches; otherwise as `archive_services`."""
    if wanted.ids is None:
        access.ensure_whole_network()
    return _archive(world, access, wanted, "staff", lambda directory: directory.staff)


def _archive(
    world: World,
    access: Access,
    wanted: ToArchive,
    what: str,
    all_of: Callable[[Directory], Mapping[str, Archivable]],
) -> Archived:
    done = 0

    def archive_all() -> int:
        """Archives one batch after another; answers how many are left for the next request. After a conflict
        the set-up is read again, and what is archived already is not among the chosen."""
        nonlocal done
        found = _chosen(access, wanted, what, all_of(world.fresh_directory(access.network_id)))
        now = found[: MAX_AT_ONCE - done]
        for first in range(0, len(now), _SAVED_AT_ONCE):
            one, *others = [replace(each, archived=True) for each in now[first : first + _SAVED_AT_ONCE]]
            world.store.save(one, *others)
            done += 1 + len(others)
        return len(found) - len(now)

    left = world.retrying(archive_all)
    world.directories.forget(access.network_id)
    return Archived(done, left)


def _chosen(
    access: Access, wanted: ToArchive, what: str, known: Mapping[str, Archivable]
) -> list[Archivable]:
    """The chosen values that are not archived yet, in the order of their ids."""
    if wanted.ids is None:
        chosen = [each for each in known.values() if each.unreviewed and _was_named_by(each, wanted)]
    else:
        if wanted.connection_id is not None:
            raise refused("INVALID_CHOICE", "Name ids, or unreviewed with a connection_id, not both.")
        for each_id in wanted.ids:
            if each_id not in known:
                raise missing(what, each_id)
        chosen = [known[each_id] for each_id in dict.fromkeys(wanted.ids)]
    for each in chosen:
        _ensure_reached(access, each)
    return sorted((each for each in chosen if not each.archived), key=lambda each: each.id)


def _was_named_by(value: Service | Staff, wanted: ToArchive) -> bool:
    connection_id = wanted.connection_id
    if connection_id is None or value.made_by == connection_id:
        return True
    return any(known.startswith(f"{connection_id}:") for known in value.external_ids)


def _ensure_reached(access: Access, value: Service | Staff) -> None:
    salon_ids = value.salon_ids if isinstance(value, Staff) else ()
    if not salon_ids:
        access.ensure_whole_network()
    for salon_id in salon_ids:
        access.ensure_salon(salon_id)
