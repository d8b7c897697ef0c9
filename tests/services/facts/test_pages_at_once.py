"""Somebody else acts in the middle of a mark or of a renewal: no change of a visit is lost to reports."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.facts.fact_pages import VISITS, FactPage, PageName
from chalicelib.services.facts.mark_days import DayMarks, MarkedDay
from chalicelib.services.facts.record_facts import FactRecorder
from chalicelib.services.facts.renew_page import renew_page
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import FolderObjects
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver
from tests.services.facts.pages import lived, pages, plain_files_of, plain_part, renew_due, reported

NOVEMBER = PageName(VISITS, "sal_centru", "2026-11")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


def a_day_before(driver: SalonDriver) -> Any:
    """A visit of yesterday, whose page is due now."""
    visit = driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=45_000).booking
    (page,) = pages(driver)
    assert page.wake is not None
    driver.clock.now = page.wake.at
    return visit


def renewed_while(driver: SalonDriver, objects: FolderObjects, act: Any, **when: Any) -> FactPage:
    """The page, renewed while somebody else acts at one call of the renewal."""
    world = replace(driver.world, store=InterleavedStore(driver.store, act, **when))
    return renew_page(world, plain_files_of(objects), NETWORK, NOVEMBER)


def saves_page(*values: Any, **_: Any) -> bool:
    return any(isinstance(each, FactPage) for each in values)


MOMENTS: dict[str, dict[str, Any]] = {
    "the page was read": {"call": "get", "after": True},
    "the index is read": {"call": "visits_of_salon"},
    "the page is saved": {"call": "save", "when": saves_page},
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_visit_is_refunded_while_its_page_is_renewed(
    driver: SalonDriver, objects: FolderObjects, moment: str
) -> None:
    visit = a_day_before(driver)
    page = renewed_while(driver, objects, lambda: driver.refund(visit, 5_000, "once"), **MOMENTS[moment])
    assert reported(driver, objects, plain_part) == lived(driver)
    assert page.days != ()
    assert page.renew_at is not None
    driver.clock.now = page.renew_at
    (again,) = renew_due(driver, objects, plain_files_of)
    assert again.days == ()
    assert reported(driver, objects, plain_part) == lived(driver)


@pytest.mark.parametrize("moment", MOMENTS)
def test_two_functions_renew_one_page(driver: SalonDriver, objects: FolderObjects, moment: str) -> None:
    a_day_before(driver)

    def other() -> None:
        renew_page(driver.world, plain_files_of(objects), NETWORK, NOVEMBER)

    page = renewed_while(driver, objects, other, **MOMENTS[moment])
    assert (page.days, page.rows) == ((), 1)
    assert reported(driver, objects, plain_part) == lived(driver)
    assert objects.keys("facts/") == [page.part]


def test_two_processes_mark_one_page_at_once(driver: SalonDriver) -> None:
    """Each completes a visit of another day; both days are marked."""
    yesterday = a_day_before(driver)
    today = driver.book(driver.clock.now + timedelta(hours=8))
    other = FactRecorder(driver.world)
    (page,) = pages(driver)
    driver.store.save(replace(page, days=(), renew_at=None, wake=None))

    def other_marks() -> None:
        other((replace(yesterday, paid_minor=1),), ())

    store = InterleavedStore(driver.store, other_marks, call="save", when=saves_page)
    driver.store.prepared_by(FactRecorder(replace(driver.world, store=store)))
    driver.clock.now = today.starts_at
    driver.complete(today, paid_minor=45_000)
    (page,) = pages(driver)
    assert [day.day for day in page.days] == [23, 24]


def test_the_index_lags_behind_and_the_mark_stands_meanwhile(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    """A renewal by day, as for a damaged part, leaves the marks of the day as they are."""
    driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=45_000)
    page = renew_page(driver.world, plain_files_of(objects), NETWORK, NOVEMBER)
    assert (page.rows, len(page.days)) == (1, 1)
    assert page.wake is not None


def test_a_process_that_another_was_quicker_than_reads_the_page_as_it_is_now(driver: SalonDriver) -> None:
    """A copy that lags behind would make it conflict again and again."""
    booking = driver.book(NOW + timedelta(hours=1))
    reads: list[bool] = []

    class Watched(DelegatingStore):
        def get(self, kind: Any, /, *, fresh: bool = True, **key: str) -> Any:
            reads.extend([fresh] * (kind is FactPage))
            return driver.store.get(kind, fresh=fresh, **key)

    def other_marks() -> None:
        DayMarks(driver.world).mark(MarkedDay(VISITS, NETWORK, "sal_centru", NOW.date()), "UTC")

    store = InterleavedStore(Watched(driver.store), other_marks, call="save", when=saves_page)
    driver.store.prepared_by(FactRecorder(replace(driver.world, store=store)))
    driver.complete(booking, paid_minor=45_000)
    assert reads == [False, True]
