"""List items that cannot be read among the parked ones, with what is wrong, once a read has met them."""

from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.shared.world import World

REMOVED_KEPT = timedelta(days=90)
"""How long the record of a removed item is kept."""
MAX_CONTENT = 200_000
"""Bytes of a removed item that its record keeps; a longer one is in the table's backup alone."""


def park_unreadable(world: World) -> int:
    """Lists all that reads of this process have met and could not read; answers how many were not listed
    yet."""
    number = 0
    for error in world.store.take_unreadable():
        parked = parked_of(error, world.now())
        if parked is None or _is_listed(world, parked):
            continue
        world.store.save(parked)
        number += 1
    return number


def parked_of(error: Unreadable, now: datetime) -> Parked | None:
    """The record of an item that was set aside without being read; None where it belongs to no network."""
    if error.network_id is None:
        return None
    kind, _, name = error.item.partition(" ")
    return Parked(
        network_id=error.network_id,
        item=f"{kind.upper()} {name}",
        error=error.reason,
        at=now,
        pk=error.pk,
        sk=error.sk,
    )


def forget_parked(world: World, error: Unreadable) -> None:
    """Takes an item off the list that was written anew."""
    park_unreadable(world)  # what has met it before is not to list it afterwards
    parked = parked_of(error, world.now())
    if parked is not None and _is_listed(world, parked):
        world.store.save(remove=[parked])


def removed(parked: Parked, actor: str, now: datetime) -> Parked:
    """The record of an item that was removed from the list."""
    return replace(parked, removed_at=now, removed_by=actor, expires_at=now + REMOVED_KEPT)


def remove_unreadable(world: World, parked: Parked, actor: str) -> None:
    """Deletes an item that cannot be read, on record: the record keeps what the item held. Raises
    SaveConflict where the item was changed meanwhile."""
    park_unreadable(world)  # what has met it before is not to list it afterwards
    record = removed(parked, actor, world.now())
    found = world.store.raw_item(parked.pk, parked.sk)
    if found is None:
        world.store.save(record)
        return
    content = found.content if len(found.content) <= MAX_CONTENT else None
    world.store.remove_raw(found, replace(record, content=content))


def _is_listed(world: World, parked: Parked) -> bool:
    existing = world.store.get(Parked, network_id=parked.network_id, item=parked.item)
    return existing is not None and existing.pk != "" and existing.removed_at is None
