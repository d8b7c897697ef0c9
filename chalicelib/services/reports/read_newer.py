"""What a report reads from the table: pages, the facts that stand in no page, and who was merged."""

from collections.abc import Iterable, Mapping, Sequence

from chalicelib.domain.reports.fact_pages import FactPage, page_of
from chalicelib.domain.reports.reading_plan import IndexSpan
from chalicelib.domain.reports.visit_facts import VisitFact
from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.services.reports.fact_ports import RenewalQueue
from chalicelib.services.reports.read_visits import facts_between
from chalicelib.services.reports.report_engine import RETRY_AFTER_SECONDS
from chalicelib.services.shared.world import World

MOST_READ = 60_000
"""How many facts a report reads from indexes at most: two years of a large salon. It takes some seconds."""

MOST_HANDED_OVER = 100
"""How many pages a report hands over to be made. Further reports hand over the rest."""

PAGES_AT_ONCE = 5
"""For so many salons their pages are read one after another, for more all pages of the network at once."""


def pages_of(world: World, network_id: str, salon_ids: Sequence[str]) -> list[FactPage]:
    """The pages of these salons, and perhaps of others."""
    if len(salon_ids) > PAGES_AT_ONCE:
        return world.store.fact_pages(network_id)
    return [page for salon_id in salon_ids for page in world.store.fact_pages(network_id, salon_id)]


class GapReader:
    """Reads gaps, and remembers those in which there is nothing. Whatever comes into one marks a page of it
    first, so that nothing is read where no page is."""

    def __init__(self, world: World, renewals: RenewalQueue, most_read: int = MOST_READ) -> None:
        self._world, self._renewals, self._most_read = world, renewals, most_read
        self._empty: set[tuple[str, IndexSpan]] = set()

    def facts(self, network_id: str, gaps: Sequence[IndexSpan], pages: Iterable[FactPage]) -> list[VisitFact]:
        """The facts of these days, as the indexes of the salons have them. Months that have no part are
        handed over, so that the next report finds them in a page. pages: all of these salons.

        Raises FACTS_NOT_READY where the facts are too many to be read while somebody waits."""
        pages = list(pages)
        found: list[VisitFact] = []
        for gap in gaps:
            is_marked = any(_overlap(gap, page) for page in pages)
            if not is_marked and (network_id, gap) in self._empty:
                continue
            before = len(found)
            for fact in facts_between(self._world, network_id, gap.salon_id, gap.first, gap.last):
                found.append(fact)
                if len(found) > self._most_read:
                    self._hand_over(network_id, found, pages)
                    raise _not_ready()
            if len(found) == before:
                self._empty.add((network_id, gap))
        self._hand_over(network_id, found, pages)
        return found

    def _hand_over(self, network_id: str, found: Iterable[VisitFact], pages: Iterable[FactPage]) -> None:
        """Has the pages made that have no part yet, the latest months first."""
        known = {(page.salon_id, page.month): page for page in pages}
        wanted = {}
        for fact in found:
            page = page_of(network_id, fact.salon, fact.visit_on)
            page = known.get((page.salon_id, page.month), page)
            if page.part is None:
                wanted[page.month, page.salon_id] = page
        for name in sorted(wanted, reverse=True)[:MOST_HANDED_OVER]:
            self._renewals.renew(wanted[name])


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
        "The visits of this network are being prepared for reports. Ask again in some minutes.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )
