"""Manage a network's sources: list them with their aliases, and say what each cost by month."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.sources import (
    HeardSource,
    MonthCost,
    Source,
    source_key,
    source_named,
    words_of,
)
from chalicelib.domain.shared.currencies import Amount
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.domain.shared.months import month_number, number_of_month
from chalicelib.services.networks.check_set_up import MAX_MINOR, currency_code, within
from chalicelib.services.networks.save_set_up import added, current_part, part_id, save_change
from chalicelib.services.shared.contact_details import name_normal
from chalicelib.services.shared.world import World

MAX_SOURCES, MAX_ALIASES = 100, 30
MONTHS_BACK, MONTHS_AHEAD = 120, 12
"""The months, from the present one (UTC), whose cost can be told."""


def add_source(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Source:
    """Lists a new source. fields: name, type, aliases. Raises SOURCE_TAKEN (another source has one of the
    words), OUT_OF_RANGE (too many sources or aliases), INVALID_NAME."""
    directory = world.fresh_directory(access.network_id)
    source_id = part_id(world, access, "src", request_id)
    others = {each.id: each for each in directory.sources.values() if each.id != source_id}
    within("sources", len(others) + 1, 1, MAX_SOURCES)
    source = Source(network_id=access.network_id, id=source_id, **_checked(fields))
    _ensure_free(others, source)
    return added(world, source, lambda directory: directory.sources, request_id)


def change_source(world: World, access: Access, source_id: str, changes: Mapping[str, Any]) -> Source:
    """Changes a source. Its former name stays an alias, so that clients with that word stay its own.

    changes: name, type, aliases (all of them), archived, version. Raises NOT_FOUND, STALE_VERSION,
    SOURCE_TAKEN, OUT_OF_RANGE, INVALID_NAME, TRY_AGAIN.
    """

    def attempt() -> Source:
        directory = world.fresh_directory(access.network_id)
        source = current_part(directory.sources.get(source_id), ("source", source_id), changes)
        values = _checked({name: value for name, value in changes.items() if name != "version"})
        wanted = replace(source, **values)
        former = source_key(source.name)
        if former not in words_of(wanted):
            within("aliases", len(wanted.aliases) + 1, 0, MAX_ALIASES)
            wanted = replace(wanted, aliases=(*wanted.aliases, former))
        _ensure_free(directory.sources, wanted)
        return save_change(world, source, wanted)

    return world.retrying(attempt)


def set_cost(
    world: World, access: Access, source_id: str, month: str, cost: Amount | None, version: int | None = None
) -> Source:
    """The source with its cost of a month; None takes the cost away. month: as `2026-03`. Raises NOT_FOUND,
    STALE_VERSION, INVALID_MONTH, INVALID_CURRENCY, OUT_OF_RANGE, TRY_AGAIN."""
    _ensure_month(world, month)
    if cost is not None:
        currency_code(cost.currency)
        within("cost", cost.minor, 0, MAX_MINOR)

    def attempt() -> Source:
        sources = world.fresh_directory(access.network_id).sources
        changes = {} if version is None else {"version": version}
        source = current_part(sources.get(source_id), ("source", source_id), changes)
        costs = {name: each for name, each in source.costs.items() if name != month}
        if cost is not None:
            costs[month] = MonthCost(cost.minor, cost.currency)
        return save_change(
            world, source, replace(source, costs=MappingProxyType(dict(sorted(costs.items()))))
        )

    return world.retrying(attempt)


class UnknownWord(Struct, frozen=True):
    """A word that no source has. heard: when new clients came with it; None: a connection's own word, which
    each new client has of whom the site says nothing else."""

    word: str
    heard: HeardSource | None = None


def unknown_words(directory: Directory) -> list[UnknownWord]:
    """Connections' own words first, then those that were heard, on the most days first."""
    found: dict[str, UnknownWord] = {}
    for connection in directory.connections.values():
        found.setdefault(source_key(connection.source), UnknownWord(connection.source))
    for heard in sorted(directory.heard.values(), key=lambda each: (-each.days, each.id)):
        found.setdefault(source_key(heard.said), UnknownWord(heard.said, heard))
    return [each for each in found.values() if source_named(directory.sources, each.word) is None]


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields in the form in which they are kept."""
    values = dict(fields)
    if "name" in values:
        values["name"] = name_normal(values["name"])
        if not source_key(values["name"]):
            raise refused("INVALID_NAME", "A source's name has letters or digits.")
    if "aliases" in values:
        keys = dict.fromkeys(source_key(each) for each in values["aliases"])
        if "" in keys:
            raise refused("INVALID_NAME", "An alias has letters or digits.")
        within("aliases", len(keys), 0, MAX_ALIASES)
        values["aliases"] = tuple(keys)
    return values


def _ensure_free(sources: Mapping[str, Source], wanted: Source) -> None:
    """Raises SOURCE_TAKEN where another source, archived or not, has one of the words."""
    others = {each.id: each for each in sources.values() if each.id != wanted.id}
    for word in words_of(wanted):
        other = source_named(others, word)
        if other is not None:
            raise conflict(
                "SOURCE_TAKEN",
                f"{other.name} has that word already: take it from its aliases first.",
                source_id=other.id,
                word=word,
            )


def _ensure_month(world: World, month: str) -> None:
    try:
        number = number_of_month(month)
    except ValueError:
        number = 0
    present = month_number(world.now().date())
    if not present - MONTHS_BACK <= number <= present + MONTHS_AHEAD or len(month) != len("2026-03"):
        raise refused(
            "INVALID_MONTH",
            f"Name a month as 2026-03, at most {MONTHS_BACK} months back and {MONTHS_AHEAD} ahead.",
            month=month[:20],
        )
