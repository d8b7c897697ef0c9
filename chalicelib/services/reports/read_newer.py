"""What a report reads from the table: pages, the facts that stand in no page, and who was merged."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from chalicelib.domain.facts.fact_pages import FactPage, page_of
from chalicelib.domain.facts.recorded_visits import zone_of_salon
from chalicelib.domain.reports.reading_plan import IndexSpan
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.facts.read_facts import FACT_INDEXES, facts_listed
from chalicelib.services.reports.report_engine import RETRY_AFTER_SECONDS
from chalicelib.services.shared.world import World

MOST_READ = 60_000
"""How many visits, and how many messages, a report reads from indexes at most: two years of a large salon, in
a second or two."""

OF_AN_ITEM = 20
"""As how many of these a visit or message counts of which the index does not tell enough: it is of an earlier
release, and its item is read."""

MOST_LISTED = 4
"""How many times as many are looked for, so that their pages are made."""

MOST_HANDED_OVER = 200
"""How many pages a report hands over to be made. Further reports hand over the rest."""

PAGES_AT_ONCE = 5
"""For so many salons their pages are read one after another, for more all pages of the network at once."""


def pages_of(world: World, network_id: str, table: str, salon_ids: Sequence[str]) -> list[FactPage]:
    """The pages of a table of these salons, and perhaps of others."""
    if len(salon_ids) > PAGES_AT_ONCE:
        return world.store.fact_pages(network_id, table)
    return [page for salon_id in salon_ids for page in world.store.fact_pages(network_id, table, salon_id)]


class GapReader:
    """Reads gaps, and remembers those in which there is nothing. Whatever comes into one marks a page of it
    first, so that nothing is read where no page is."""

    def __init__(self, world: World, renewals: RenewalQueue, most_read: int = MOST_READ) -> None:
        self._world, self._renewals, self._most_read = world, renewals, most_read
        self._empty: set[tuple[str, str, IndexSpan]] = set()

    def facts(
        self, network_id: str, table: str, gaps: Sequence[IndexSpan], pages: Iterable[FactPage]
    ) -> list[Any]:
        """The facts of a table of these days, as the indexes of the salons have them. Months without a part
        are handed over, so that the next report finds them in a page. pages: all of the table and of these
        salons.

        Raises FACTS_NOT_READY where the facts are too many to be read while somebody waits, and
        Unreadable."""
        pages = list(pages)
        listed: dict[IndexSpan, list[Any]] = {}
        wanted: dict[tuple[str, str], FactPage] = {}
        left = MOST_LISTED * self._most_read
        for gap in gaps:
            listed[gap] = self._listed(network_id, table, gap, pages, left)
            wanted |= self._without_part(network_id, table, gap, listed[gap], pages)
            left -= len(listed[gap])
            if left <= 0:
                break
        for name in sorted(wanted, reverse=True)[:MOST_HANDED_OVER]:
            self._renewals.renew(wanted[name])
        is_told = FACT_INDEXES[table].is_told
        entries = (each for of_gap in listed.values() for each in of_gap)
        if sum(1 if is_told(each) else OF_AN_ITEM for each in entries) > self._most_read:
            raise _not_ready()
        return [
            fact
            for gap, of_gap in listed.items()
            for fact in facts_listed(
                self._world, network_id, table, gap.salon_id, of_gap, gap.first, gap.last
            )
        ]

    def _listed(
        self, network_id: str, table: str, gap: IndexSpan, pages: Iterable[FactPage], most: int
    ) -> list[Any]:
        is_marked = any(_overlap(gap, page) for page in pages)
        if not is_marked and (network_id, table, gap) in self._empty:
            return []
        between = FACT_INDEXES[table].between
        found = list(islice(between(self._world, network_id, gap.salon_id, gap.first, gap.last), most))
        if not found:
            self._empty.add((network_id, table, gap))
        return found

    def _without_part(
        self, network_id: str, table: str, gap: IndexSpan, listed: Iterable[Any], pages: Iterable[FactPage]
    ) -> dict[tuple[str, str], FactPage]:
        """The pages of these entries that have no part yet, by month and salon."""
        known = {page.month: page for page in pages if page.salon_id == gap.salon_id}
        zone_name = zone_of_salon(self._world.directory(network_id), gap.salon_id)
        days = {FACT_INDEXES[table].day(each, zone_name) for each in listed}
        within = {day.replace(day=1): day for day in days if (gap.first or day) <= day <= (gap.last or day)}
        made = (page_of(network_id, gap.salon_id, day, table) for day in within.values())
        found = (known.get(page.month, page) for page in made)
        return {(page.month, page.salon_id): page for page in found if page.part is None}


def final_targets(merges: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Source -> the client who has the source's visits now: the last of the merge chain. merges: source and
    target of each."""
    into = dict(merges)
    final: dict[str, str] = {}
    for source in into:
        target, passed = into[source], {source}
        while target in into and target not in passed:
            passed.add(target)
            target = into[target]
        final[source] = target
    return final


def _overlap(gap: IndexSpan, page: FactPage) -> bool:
    first, last = (gap.first or page.month), (gap.last or page.month)
    return page.salon_id == gap.salon_id and str(first)[:7] <= page.month <= str(last)[:7]


def _not_ready() -> DomainError:
    return DomainError(
        ErrorKind.UNAVAILABLE,
        "FACTS_NOT_READY",
        "The facts of this network are being prepared for reports. Ask again in some minutes.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )
