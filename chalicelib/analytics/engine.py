"""The engine of reports: pages of facts, what is newer than they are, and DuckDB."""

import logging
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

from chalicelib.analytics.booking_tables import set_bookings
from chalicelib.analytics.change_tables import set_changes, set_complaints
from chalicelib.analytics.fact_tables import FactTables, Objects
from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.networks.sources import counted_as
from chalicelib.domain.reports.questions import Question, form_of, is_about_visits, needs_sources
from chalicelib.domain.reports.reading_plan import (
    NeededFacts,
    ReadingPlan,
    needed_facts,
    reading_plan,
    without_parts,
)
from chalicelib.domain.reports.report_forms import BOOKINGS, CHANGES, COMPLAINTS, COSTS
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.facts.read_bookings import bookings_held
from chalicelib.services.reports.ask_report import first_today
from chalicelib.services.reports.read_changes import categories_since, unchanged_since
from chalicelib.services.reports.read_complaints import open_complaints
from chalicelib.services.reports.read_newer import MOST_READ, GapReader, final_targets, pages_of
from chalicelib.services.reports.report_engine import ReportOrClients
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

MOST_NETWORKS = 4
"""How many networks' facts a process keeps on its disk."""

FACTS_DAMAGED = "FactsDamaged"

class DuckDbReports:
    """Makes reports in this process, and keeps what it has read of pages for the network's next report.

    folder     empty, and of this process alone.
    memory_mb  what DuckDB may take.
    most_read  how many facts a report reads from indexes at most.
    count      called with the name of a metric.
    """

    def __init__(
        self,
        world: World,
        objects: Objects,
        renewals: RenewalQueue,
        folder: Path,
        *,
        memory_mb: int,
        most_read: int = MOST_READ,
        count: Callable[[str], None] = lambda metric: None,
    ) -> None:
        self._world, self._objects, self._renewals = world, objects, renewals
        self._folder, self._memory_mb, self._count = folder, memory_mb, count
        self._gaps = GapReader(world, renewals, most_read)
        self._tables: dict[str, FactTables] = {}

    def report(self, network_id: str, question: Question) -> ReportOrClients:
        """The contract: `ReportEngine`. A failure that nobody foresaw leaves nothing of the network's tables,
        which may be half changed: the next report begins without them."""
        try:
            return self._report(network_id, question)
        except (DomainError, Unreadable):
            raise
        except Exception:
            if network_id in self._tables:
                self._tables.pop(network_id).remove()
            raise

    def _report(self, network_id: str, question: Question) -> ReportOrClients:
        directory, as_of = self._world.directory(network_id), self._world.now()
        if question.source:
            question = replace(question, source=counted_as(directory.sources, question.source))
        question = settled(question, first_today(self._world, directory))
        tables = self._tables_of(network_id)
        for needed in needed_facts(question, directory.salons):
            self._show(tables, network_id, needed)
        if needs_sources(question):
            tables.set_sources(directory.sources)
        if COSTS in form_of(question).tables:
            tables.set_costs(directory.sources)
        if BOOKINGS in form_of(question).tables:
            set_bookings(tables, bookings_held(self._world, network_id, sorted(directory.salons)))
        if CHANGES in form_of(question).tables:
            self._set_changes(tables, network_id, question)
        if COMPLAINTS in form_of(question).tables:
            assert question.first is not None
            complaints = open_complaints(self._world, network_id, question.first)
            set_complaints(tables, complaints, directory)
        tables.set_up(directory, final_targets(self._world.store.merged_clients(network_id)))
        run = run_report if question.listed is None else run_list
        return run(tables.connection, question, as_of, directory.zone)

    def _show(self, tables: FactTables, network_id: str, needed: NeededFacts) -> None:
        """Has the tables show these facts as they are now."""
        plan, pages = self._fetched(tables, network_id, needed)
        marked = [(page.salon_id, day) for page in plan.pages for day in page.days]
        fresh = self._gaps.facts(network_id, needed.table, plan.gaps, pages)
        tables.show(needed.table, plan.pages, marked, fresh)

    def _set_changes(self, tables: FactTables, network_id: str, question: Question) -> None:
        """Everybody else is counted only where all clients are asked about."""
        assert question.first is not None
        listed = categories_since(self._world, network_id, question.first)
        others = {} if is_about_visits(question) else unchanged_since(self._world, network_id, question.first)
        set_changes(tables, listed, others)

    def _fetched(
        self, tables: FactTables, network_id: str, needed: NeededFacts
    ) -> tuple[ReadingPlan, list[FactPage]]:
        """The plan whose pages the tables have, and all pages of the salons. A page whose part is missing or
        damaged is none of the plan: its month is read from the index, and its renewal makes the part
        again."""
        damaged: set[str] = set()
        while True:
            pages = pages_of(self._world, network_id, needed.table, needed.salon_ids)
            plan = reading_plan(without_parts(pages, damaged), needed.salon_ids, needed.first, needed.last)
            found = tables.fetch(self._objects, plan.pages)
            if not found:
                return plan, pages
            damaged |= found
            for page in plan.pages:
                if page.part in found:
                    self._have_repaired(page)

    def _have_repaired(self, page: FactPage) -> None:
        log.error("a page of facts is missing or damaged", extra={"page": page.id, "part": page.part})
        self._count(FACTS_DAMAGED)
        self._renewals.renew(page, whole=True)

    def _tables_of(self, network_id: str) -> FactTables:
        """The tables of a network; those of the network that was asked about longest ago make room."""
        tables = self._tables.pop(network_id, None)
        if tables is None:
            while len(self._tables) >= MOST_NETWORKS:
                self._tables.pop(next(iter(self._tables))).remove()
            tables = FactTables(self._folder / f"{network_id}.duckdb", self._memory_mb)
        self._tables[network_id] = tables
        return tables
