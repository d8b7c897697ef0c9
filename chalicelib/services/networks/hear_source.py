"""Notes the words for sources with which new clients come and that no source of the network has, so that an
owner can adopt them. A word costs one write a day; a word of a listed source costs nothing."""

from contextlib import suppress
from datetime import timedelta

from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.sources import HeardSource, source_key, source_named
from chalicelib.domain.shared.ids import derived
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

MAX_HEARD = 50
_KEPT = timedelta(days=400)


def hear_source(world: World, network_id: str, word: str | None) -> None:
    """Notes the word of a new client, unless it is known or was noted today (UTC). Where the list is full,
    the word that was not heard for the longest time gives way, unless that was heard today, too."""
    directory = world.directory(network_id)
    key = source_key(word) if word else ""
    if word is None or not key or source_named(directory.sources, word) is not None:
        return
    now = world.now()
    today, heard_id = now.date(), derived("hrd", network_id, key)
    before = directory.heard.get(heard_id)
    gives_way = _longest_ago(directory) if before is None and len(directory.heard) >= MAX_HEARD else None
    overwritten = before or gives_way
    if overwritten is not None and overwritten.last_on >= today:
        return
    heard = HeardSource(
        network_id=network_id,
        id=heard_id,
        said=word,
        first_on=before.first_on if before else today,
        last_on=today,
        days=before.days + 1 if before else 1,
        expires_at=now + _KEPT,
    )
    with suppress(SaveConflict):  # another worker has made room a moment ago: the word will be heard again
        world.store.save(heard, remove=[gives_way] if gives_way else ())
    world.directories.forget(network_id)


def _longest_ago(directory: Directory) -> HeardSource:
    return min(directory.heard.values(), key=lambda each: (each.last_on, each.days, each.id))
