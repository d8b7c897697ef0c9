"""What facts and the salon's index tell of when a client got a booking, and who recommended the client."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.facts.visit_facts import BookingToCome
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.services.facts.read_bookings import bookings_to_come
from chalicelib.services.facts.record_facts import FactRecorder
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, save_booking, save_client
from infra.testkit.doubles import FolderObjects
from infra.testkit.failing_calls import Calls, calls
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import MARIA
from infra.testkit.site_events import reported as told_by_site
from tests.services.facts.pages import lived, reported

TODAY = date(2026, 11, 23)
ION_ID = "cli_ion0000000000001"


def booked_days(driver: SalonDriver, objects: FolderObjects) -> list[date | None]:
    """Of all visits, as a report reads them and as the bookings tell."""
    found = reported(driver, objects)
    assert found == lived(driver)
    return [fact.booked_on for fact in found]


def to_come(driver: SalonDriver, since: date = TODAY) -> list[BookingToCome]:
    return list(bookings_to_come(driver.world, NETWORK, "sal_centru", since))


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


@pytest.mark.parametrize("how", ["completed", "missed"])
def test_a_visit_tells_the_day_on_which_it_was_first_booked(
    driver: SalonDriver, objects: FolderObjects, how: str
) -> None:
    booking = driver.book(NOW + timedelta(days=4))
    driver.clock.forward(days=1)
    driver.move(booking, NOW + timedelta(days=5))
    driver.clock.forward(days=1)
    booking = driver.move(booking, NOW + timedelta(days=6))
    driver.clock.now = booking.starts_at
    if how == "completed":
        driver.complete(booking, paid_minor=45_000)
    else:
        driver.mark_no_show(booking)
    assert booked_days(driver, objects) == [TODAY]
    (fact,) = lived(driver)
    assert (fact.attendance == "completed") is (how == "completed")


@pytest.mark.parametrize(("time", "on"), [("21:59", date(2026, 11, 23)), ("22:01", date(2026, 11, 24))])
def test_the_day_is_the_salons(driver: SalonDriver, objects: FolderObjects, time: str, on: date) -> None:
    """Midnight in Chisinau is 22:00 UTC."""
    driver.clock.now = datetime.fromisoformat(f"2026-11-23T{time}:00Z")
    booking = driver.book(NOW + timedelta(days=4))
    assert [each.booked_on for each in to_come(driver)] == [on]
    driver.clock.now = booking.starts_at
    driver.complete(booking, paid_minor=1)
    assert booked_days(driver, objects) == [on]


def test_a_visit_that_was_entered_was_booked_when_it_was_entered(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    driver.complete(driver.book(NOW - timedelta(days=1)), paid_minor=1)
    assert booked_days(driver, objects) == [TODAY]


def test_a_bill_and_a_reopening_later_do_not_change_when_it_was_booked(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    visit = driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=1_000).booking
    driver.clock.forward(days=2)
    driver.refund(visit, 100)
    assert booked_days(driver, objects) == [TODAY]


@pytest.mark.parametrize(("days", "known"), [(0, True), (1, False)])
def test_when_a_visit_was_booked_is_unknown_where_a_site_tells_of_it_on_a_later_day(
    driver: SalonDriver, site: Connection, objects: FolderObjects, days: int, known: bool
) -> None:
    starts_at = NOW - timedelta(days=days)
    driver.hear(site, told_by_site("4711", 1, starts_at, client=MARIA, status=SiteStatus.COMPLETED))
    assert booked_days(driver, objects) == [TODAY if known else None]


def test_a_visit_that_an_earlier_release_completed_was_booked_when_it_was_made(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    driver.store.prepared_by(lambda values, remove: values)
    of_before: dict[str, Any] = {"status": Status.COMPLETED, "starts_at": NOW, "closed_at": NOW}
    save_booking(driver.store, a_booking("bkg_1", made_at=NOW - timedelta(days=3), **of_before))
    save_booking(driver.store, a_booking("bkg_2", made_at=NOW - timedelta(days=3), moves=1, **of_before))
    save_booking(driver.store, a_booking("bkg_3", status=Status.NO_SHOW, starts_at=NOW, closed_at=NOW))
    driver.store.prepared_by(FactRecorder(driver.world))
    found = {fact.booking: (fact.booked_on, fact.attendance) for fact in reported(driver, objects)}
    assert found["bkg_1"] == (TODAY - timedelta(days=3), "completed")
    assert found["bkg_2"] == (None, "completed")
    assert found["bkg_3"][1] == "no_show"


def test_the_visits_of_who_was_recommended_name_who_recommended_them(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    save_client(driver.store, a_client(ION_ID, phone="+37369000077", email=None))
    driver.store.save(replace(driver.client(), referred_by=ION_ID))
    driver.complete(driver.book(NOW + timedelta(hours=1)), paid_minor=1)
    assert [(fact.client, fact.referrer) for fact in reported(driver, objects)] == [(MARIA_ID, ION_ID)]


def test_a_booking_to_come_is_listed_with_its_client_until_it_is_cancelled_or_closed(
    driver: SalonDriver,
) -> None:
    kept, cancelled, missed = (driver.book(NOW + timedelta(days=1, hours=hours)) for hours in (0, 3, 6))
    driver.confirm(kept)
    driver.cancel(cancelled)
    driver.clock.now = missed.starts_at
    driver.mark_no_show(missed)
    tomorrow = TODAY + timedelta(days=1)
    (found,) = to_come(driver)
    assert (found.booking, found.client, found.starts_on) == (kept.id, MARIA_ID, tomorrow)
    assert to_come(driver, tomorrow + timedelta(days=1)) == []


def test_a_booking_that_an_earlier_release_saved_is_listed_too(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=2))
    found = to_come(driver)
    item = driver.store.item.get(*driver.store.locate(booking)[:2])
    item.status = "booked"
    item.save()
    assert to_come(driver) == found


def test_after_a_merge_the_booking_is_the_targets_since_it_was_made(driver: SalonDriver) -> None:
    save_client(driver.store, a_client(ION_ID, phone="+37369000077", email=None))
    driver.book(NOW + timedelta(days=4))
    driver.clock.forward(days=2)
    driver.merge(MARIA_ID, ION_ID)
    assert [(each.client, each.booked_on) for each in to_come(driver)] == [(ION_ID, TODAY)]


def test_a_confirmation_writes_nothing_to_the_salons_list(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=4))
    before = _listed(driver, booking)
    driver.confirm(booking)
    driver.drain()
    assert _listed(driver, booking) == before
    assert before[1].startswith("booked ")


def test_a_missed_visit_costs_a_mark_a_day(driver: SalonDriver) -> None:
    first, second = (driver.book(NOW + timedelta(hours=hours)) for hours in (1, 3))
    driver.mark_no_show(first)
    with calls(Calls()) as made:
        driver.mark_no_show(second)
    assert made.made.count("PutItem") + made.made.count("TransactWriteItems") == 1


def _listed(driver: SalonDriver, booking: Booking) -> tuple[str, str]:
    item = driver.store.item.get(*driver.store.locate(booking)[:2])
    return item.at, item.status
