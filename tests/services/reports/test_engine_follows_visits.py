"""A long history of visits, of pages that are renewed and of objects that are lost: the engine, which goes on
all the time, counts at each step what the bookings tell."""

import random
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from chalicelib.analytics.engine import DuckDbReports
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.reports.questions import Question, Report
from chalicelib.domain.shared.errors import DomainError
from infra.testkit.builders import NETWORK
from infra.testkit.doubles import FolderObjects, RecordingRenewals
from infra.testkit.salon_driver import SalonDriver
from tests.services.facts.pages import lived, pages, renew_due

STEPS = 30
BEGIN = date(2026, 11, 1)


class History:
    def __init__(self, driver: SalonDriver, folder: Path, seed: int) -> None:
        self.driver, self.chance = driver, random.Random(seed)
        self.objects = FolderObjects(folder / "bucket")
        kept = folder / "kept"
        kept.mkdir()
        self.engine = DuckDbReports(driver.world, self.objects, RecordingRenewals(), kept, memory_mb=200)

    def visit(self) -> None:
        booking = self.driver.book(self.driver.world.now() + timedelta(hours=2))
        self.driver.complete(booking, paid_minor=self.chance.randrange(1, 9) * 10_000)

    def miss(self) -> None:
        self.driver.mark_no_show(self.driver.book(self.driver.world.now() + timedelta(hours=2)))

    def refund(self) -> None:
        with suppress(DomainError):  # what was refunded wholly before
            self.driver.refund(self._any_visit(), 1_000)

    def reopen(self) -> None:
        with suppress(DomainError):  # what was refunded, or is too old
            self.driver.reopen(self._any_visit())

    def day_passes(self) -> None:
        self.driver.clock.forward(days=self.chance.choice((1, 1, 1, 20)))
        renew_due(self.driver, self.objects)

    def object_is_lost(self) -> None:
        parts = [page.part for page in pages(self.driver) if page.part]
        if parts:
            self.objects.remove(self.chance.choice(parts))

    def counted(self) -> tuple[int, int, int]:
        """Visits, and what was paid for them and refunded, as a report has it."""
        question = Question(report="spend", first=BEGIN, last=self.driver.world.now().date())
        report = self.engine.report(NETWORK, question)
        assert isinstance(report, Report)
        total = report.total
        sales, refunded = total["sales_minor"] or 0, total["refunded_minor"] or 0  # None of no visits
        return total["visits"], sales + refunded, refunded

    def told(self) -> tuple[int, int, int]:
        """The same, as the bookings tell."""
        facts = [fact for fact in lived(self.driver) if fact.attendance == "completed"]
        visits = {(fact.client, fact.salon, fact.visit_on) for fact in facts}
        paid = sum(fact.paid_minor or 0 for fact in facts)
        return len(visits), paid, sum(fact.refunded_minor for fact in facts)

    def _any_visit(self) -> Booking:
        completed = [each for each in self.driver.bookings() if each.status is Status.COMPLETED]
        return self.chance.choice(completed)


def test_at_each_step_the_engine_counts_what_the_bookings_tell(driver: SalonDriver, tmp_path: Path) -> None:
    history = History(driver, tmp_path, seed=1)
    often = [*[history.visit] * 4, *[history.day_passes] * 3]
    steps = [*often, history.miss, history.refund, history.reopen, history.object_is_lost]
    history.visit()
    for _ in range(STEPS):
        step = history.chance.choice(steps)
        if step in (history.refund, history.reopen) and not history.told()[0]:
            continue
        step()
        assert history.counted() == history.told(), step.__name__
    assert any(fact.attendance == "no_show" for fact in lived(driver))
    assert any(page.part for page in pages(driver))
