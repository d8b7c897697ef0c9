"""Rebooking as the desk sees it: bookings are made, moved, cancelled and missed; what is held now counts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.analytics.engine import DuckDbReports
from chalicelib.domain.reports.questions import ListedClients, Question, Report
from chalicelib.services.bookings.book import WantedLine
from infra.testkit.builders import NETWORK, NOW, a_client, save_client
from infra.testkit.doubles import FolderObjects, RecordingRenewals
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from tests.services.facts.pages import renew_due

ION_ID = "cli_ion0000000000001"
TODAY = NOW.date()
A_DAY = timedelta(days=1)


class Asking:
    def __init__(self, driver: SalonDriver, folder: Path) -> None:
        self.driver, self.objects = driver, FolderObjects(folder / "bucket")
        (folder / "kept").mkdir()
        self.engine = DuckDbReports(
            driver.world, self.objects, RecordingRenewals(), folder / "kept", memory_mb=200
        )

    def visit(self) -> None:
        self.driver.complete(self.driver.book(NOW + timedelta(hours=2)), paid_minor=45_000)

    def rebooked(self, **more: Any) -> tuple[int, int, int]:
        """Visits of the first day, of these rebooked, and unknown. Asked on the next day or later, from the
        index and from pages."""
        self.driver.clock.now = max(self.driver.clock.now, NOW + A_DAY)
        question = Question(report="rebooking", first=TODAY, last=TODAY, **more)
        found = self._figures(question)
        self.driver.clock.forward(days=1)
        renew_due(self.driver, self.objects)
        assert self._figures(question) == found
        return found

    def _figures(self, question: Question) -> tuple[int, int, int]:
        report = self.engine.report(NETWORK, question)
        assert isinstance(report, Report)
        return report.total["visits"], report.total["rebooked"], report.total["unknown"]


@pytest.fixture
def asking(driver: SalonDriver, tmp_path: Path) -> Asking:
    return Asking(driver, tmp_path)


def confirmed(driver: SalonDriver) -> None:
    driver.confirm(driver.book(NOW + timedelta(days=9)))


def moved_later(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=9))
    driver.clock.forward(days=2)
    driver.move(booking, NOW + timedelta(days=20))


def completed(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=9))
    driver.clock.now = booking.starts_at
    driver.complete(booking, paid_minor=1_000)


def missed(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=9))
    driver.clock.now = booking.starts_at
    driver.mark_no_show(booking)


def not_closed_yet(driver: SalonDriver) -> None:
    driver.book(NOW + timedelta(days=9))
    driver.clock.now = NOW + timedelta(days=14)


@pytest.mark.parametrize("happens", [confirmed, moved_later, completed, missed, not_closed_yet])
def test_a_booking_that_was_made_at_the_visit_rebooks_it(
    asking: Asking, driver: SalonDriver, happens: Callable[[SalonDriver], None]
) -> None:
    asking.visit()
    happens(driver)
    assert asking.rebooked() == (1, 1, 0)


def cancelled_later(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=9))
    driver.clock.forward(days=3)
    driver.cancel(booking)


def made_the_next_day(driver: SalonDriver) -> None:
    driver.clock.forward(days=1)
    driver.book(NOW + timedelta(days=9))


def never_closed(driver: SalonDriver) -> None:
    driver.book(NOW + timedelta(days=9))
    driver.clock.now = NOW + timedelta(days=18)


def entered_later(driver: SalonDriver) -> None:
    driver.clock.forward(days=10)
    driver.complete(driver.book(NOW + timedelta(days=9)), paid_minor=1_000)


@pytest.mark.parametrize("happens", [cancelled_later, made_the_next_day, never_closed, entered_later])
def test_no_other_booking_does(
    asking: Asking, driver: SalonDriver, happens: Callable[[SalonDriver], None]
) -> None:
    asking.visit()
    happens(driver)
    assert asking.rebooked() == (1, 0, 0)


@pytest.mark.parametrize(("time", "rebooked"), [("21:59", 1), ("22:01", 0)])
def test_the_day_ends_at_the_salons_midnight(
    asking: Asking, driver: SalonDriver, time: str, rebooked: int
) -> None:
    """Midnight in Chisinau is 22:00 UTC."""
    asking.visit()
    driver.clock.now = datetime.fromisoformat(f"2026-11-23T{time}:00Z")
    driver.book(NOW + timedelta(days=9))
    assert asking.rebooked() == (1, rebooked, 0)


def test_a_booking_in_another_salon_counts_for_a_manager_of_the_first_one(
    asking: Asking, driver: SalonDriver
) -> None:
    asking.visit()
    lines = [WantedLine(service_id="srv_cut")]
    driver.book(NOW + timedelta(days=9), salon_id="sal_york", lines=lines)
    assert asking.rebooked(salon_ids=("sal_centru",)) == (1, 1, 0)


def test_the_booking_of_a_client_who_is_merged_later_counts_for_the_target(
    asking: Asking, driver: SalonDriver
) -> None:
    asking.visit()
    driver.book(NOW + timedelta(days=9))
    save_client(driver.store, a_client(ION_ID, phone="+37369000077", email=None))
    driver.merge(MARIA_ID, ION_ID)
    assert asking.rebooked() == (1, 1, 0)
    question = Question(report="rebooking", first=TODAY, last=TODAY, listed="returned")
    listed = asking.engine.report(NETWORK, question)
    assert isinstance(listed, ListedClients)
    assert [each.client_id for each in listed.items] == [ION_ID]
