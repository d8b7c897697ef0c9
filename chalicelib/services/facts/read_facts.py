"""Read facts of a salon from its index, as they are now: those of visits, or of messages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from chalicelib.domain.facts.fact_kinds import FACT_KINDS, Fact
from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS
from chalicelib.services.facts.read_touches import (
    day_of_message,
    facts_of_messages,
    messages_between,
    tells_all,
)
from chalicelib.services.facts.read_visits import (
    day_of_visit,
    facts_of_visits,
    is_packed,
    rated,
    visits_between,
)
from chalicelib.services.shared.world import World

A_DAY = timedelta(days=1)


class FactIndex(Struct, frozen=True):
    """How the facts of one table are read. An entry is what the salon's index has of a visit or a message.

    between   world, network, salon, first and last day -> the entries of these days, and perhaps of days
              around. None: without a beginning, or an end.
    facts     world, network, salon, entries -> the facts. Raises Unreadable.
    day       entry, the salon's zone -> the day on whose page its facts are.
    is_told   whether the entry tells its facts, so that no item is read for them.
    as_kept   world, network, facts -> the facts with what only a page has beside the index.
    """

    between: Callable[[World, str, str, date | None, date | None], Iterator[Any]]
    facts: Callable[[World, str, str, Iterable[Any]], Iterator[Any]]
    day: Callable[[Any, str], date]
    is_told: Callable[[Any], bool]
    as_kept: Callable[[World, str, list[Any]], list[Any]] = lambda world, network_id, facts: facts


FACT_INDEXES: Mapping[str, FactIndex] = MappingProxyType(
    {
        VISITS: FactIndex(visits_between, facts_of_visits, day_of_visit, is_packed, rated),
        TOUCHES: FactIndex(messages_between, facts_of_messages, day_of_message, tells_all),
    }
)
"""Table -> how it is read."""


def facts_listed(
    world: World,
    network_id: str,
    table: str,
    salon_id: str,
    entries: Iterable[Any],
    since: date | None,
    until: date | None,
) -> Iterator[Fact]:
    """The facts of these entries of a salon from one day to another one, both included. Raises Unreadable for
    an item that must be read for it and cannot."""
    day = FACT_KINDS[table].day
    for fact in FACT_INDEXES[table].facts(world, network_id, salon_id, entries):
        if (since or date.min) <= day(fact) <= (until or date.max):
            yield fact


def facts_of_salon(
    world: World, network_id: str, table: str, salon_id: str, since: date | None, until: date | None
) -> list[Any]:
    """The facts of the salon between two days, in their order, as a page keeps them."""
    entries = FACT_INDEXES[table].between(world, network_id, salon_id, since, until)
    found = facts_listed(world, network_id, table, salon_id, entries, since, until)
    return FACT_INDEXES[table].as_kept(world, network_id, sorted(found, key=FACT_KINDS[table].order))


def facts_of_days(
    world: World, network_id: str, table: str, salon_id: str, days: Iterable[date]
) -> list[Any]:
    """The facts of single days. Days that follow each other are read together."""
    found: list[Any] = []
    for first, last in _runs(sorted(set(days))):
        found += facts_of_salon(world, network_id, table, salon_id, first, last)
    return found


def _runs(days: Sequence[date]) -> Iterator[tuple[date, date]]:
    first = last = None
    for day in days:
        if first is None or last is None:
            first = day
        elif day > last + A_DAY:
            yield first, last
            first = day
        last = day
    if first is not None and last is not None:
        yield first, last
