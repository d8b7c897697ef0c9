"""Whatever happens to visits, pages of facts and their marked days tell of them what the bookings tell."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.visit_record import VisitRecord
from chalicelib.domain.facts.fact_pages import VISITS, FactPage, PageName
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.bookings.review_visit import review
from chalicelib.services.facts.record_facts import FactRecorder
from chalicelib.services.facts.renew_page import renew_page
from chalicelib.services.visits.correct_bill import correct_bill
from chalicelib.services.waking.retry_parked import retry_parked
from infra.testkit.builders import NETWORK, NOW, a_booking, access, an_amount, save_booking
from infra.testkit.doubles import FolderObjects
from infra.testkit.failing_calls import Calls, calls
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import MARIA
from infra.testkit.site_events import reported as told_by_site
from tests.services.facts.pages import files_of, lived, pages, renew_due, reported

TODAY = date(2026, 11, 23)
NOVEMBER = PageName(VISITS, "sal_centru", "2026-11")


@pytest.fixture
def objects(tmp_path: Path) -> FolderObjects:
    return FolderObjects(tmp_path)


def a_visit(driver: SalonDriver, starts_at: datetime = NOW + timedelta(hours=2), **bill: int) -> Booking:
    booking = driver.book(starts_at)
    return driver.complete(booking, **{"paid_minor": 45_000} | bill).booking


def the_night(driver: SalonDriver) -> datetime:
    """The clock at the renewal of the page that is renewed last."""
    driver.clock.now = max(page.wake.at for page in pages(driver) if page.wake is not None)
    return driver.clock.now


def test_a_completed_visit_keeps_what_reports_need(driver: SalonDriver) -> None:
    visit = a_visit(driver)
    client = driver.client()
    assert visit.visit == VisitRecord(TODAY, (50_000,), client.source, booked_on=TODAY)
    assert visit.indexed is not None
    assert driver.booking(visit.id) == visit
    (fact,) = lived(driver)
    assert (fact.visit_on, fact.client, fact.service, fact.staff) == (TODAY, MARIA_ID, "srv_cut", "stf_anna")
    assert (fact.list_minor, fact.price_minor, fact.paid_minor) == (50_000, 50_000, 45_000)


def test_its_day_is_marked_before_it_is_saved(driver: SalonDriver, objects: FolderObjects) -> None:
    a_visit(driver)
    (page,) = pages(driver)
    assert (page.salon_id, page.month, page.days, page.part) == ("sal_centru", "2026-11", (TODAY,), None)
    assert reported(driver, objects) == lived(driver) != []


def test_a_page_is_renewed_in_the_night_and_costs_nothing_afterwards(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    a_visit(driver)
    the_night(driver)
    (page,) = renew_due(driver, objects)
    assert (page.days, page.rows, page.wake) == ((), 1, None)
    assert reported(driver, objects) == lived(driver)
    driver.clock.forward(days=60)
    assert renew_due(driver, objects) == []


def rate(driver: SalonDriver, visit: Booking, stars: int) -> None:
    review(driver.world, LinkVisitor(NETWORK, MARIA_ID), visit.id, stars, "")


def test_a_review_of_a_later_day_is_in_the_page_from_the_next_night_on(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    visit = a_visit(driver)
    the_night(driver)
    renew_due(driver, objects)
    driver.clock.forward(days=3)
    rate(driver, visit, 2)
    (page,) = pages(driver)
    assert page.days == (TODAY,)
    the_night(driver)
    renew_due(driver, objects)
    (fact,) = reported(driver, objects)
    assert (fact.rating, [fact]) == (2, lived(driver))


def test_the_same_review_again_marks_nothing(driver: SalonDriver, objects: FolderObjects) -> None:
    visit = a_visit(driver)
    rate(driver, visit, 5)
    the_night(driver)
    renew_due(driver, objects)
    driver.clock.forward(days=1)
    rate(driver, visit, 5)
    assert [page.days for page in pages(driver)] == [()]


def test_a_page_wakes_and_is_handed_over_until_it_is_renewed(driver: SalonDriver) -> None:
    a_visit(driver)
    the_night(driver)
    driver.drain()
    (page,) = pages(driver)
    assert (page.days, page.wake) == ((), None)


def refunded(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    driver.refund(visit, 10_000)


def reopened(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    driver.reopen(visit)


def reopened_and_completed(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    driver.complete(driver.reopen(visit), paid_minor=30_000)


def corrected(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    correct_bill(driver.world, access(), visit.id, an_amount(47_000), an_amount(2_000))


def another_visit(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    a_visit(driver, driver.clock.now + timedelta(hours=1))


def missed_after_all(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    driver.mark_no_show(driver.reopen(visit))


def another_is_missed(driver: SalonDriver, visit: Booking, site: Connection) -> None:
    driver.mark_no_show(driver.book(driver.clock.now + timedelta(hours=1)))


HAPPENINGS = [
    refunded,
    reopened,
    reopened_and_completed,
    corrected,
    another_visit,
    missed_after_all,
    another_is_missed,
]


@pytest.mark.parametrize("happens", HAPPENINGS, ids=lambda each: each.__name__)
def test_what_happens_to_a_visit_of_a_renewed_page_is_seen_at_once_and_after_the_next_night(
    driver: SalonDriver, site: Connection, objects: FolderObjects, happens: Any
) -> None:
    visit = a_visit(driver)
    the_night(driver)
    renew_due(driver, objects)
    happens(driver, visit, site)
    assert reported(driver, objects) == lived(driver)
    the_night(driver)
    renew_due(driver, objects)
    assert [page.days for page in pages(driver)] == [()]
    assert reported(driver, objects) == lived(driver)


def test_a_visit_that_a_site_tells_changes_as_the_site_tells(
    driver: SalonDriver, site: Connection, objects: FolderObjects
) -> None:
    starts_at = NOW + timedelta(hours=1)
    tells: list[dict[str, Any]] = [
        {"status": SiteStatus.BOOKED},
        {"status": SiteStatus.COMPLETED, "paid_minor": 45_000},
        {"status": SiteStatus.COMPLETED, "paid_minor": 60_000},
        {"status": SiteStatus.COMPLETED, "paid_minor": 60_000, "starts_at": starts_at - timedelta(days=30)},
        {"status": SiteStatus.CANCELLED},
    ]
    seen = []
    for version, fields in enumerate(tells, start=1):
        event = told_by_site("4711", version, fields.pop("starts_at", starts_at), client=MARIA, **fields)
        driver.hear(site, event)
        assert reported(driver, objects) == lived(driver), fields
        seen.append([(fact.visit_on, fact.paid_minor) for fact in lived(driver)])
        driver.clock.now = max([driver.clock.now, *(page.wake.at for page in pages(driver) if page.wake)])
        renew_due(driver, objects)
        assert reported(driver, objects) == lived(driver), fields
    assert seen[0] == seen[-1] == []
    assert [each[0][1] for each in seen[1:4]] == [45_000, 60_000, 60_000]


def test_a_message_or_a_review_of_a_visit_marks_nothing(driver: SalonDriver, objects: FolderObjects) -> None:
    visit = a_visit(driver)
    the_night(driver)
    renew_due(driver, objects)
    version = pages(driver)[0].version
    driver.drain()
    assert driver.booking(visit.id).version > visit.version
    assert pages(driver)[0].version == version


def test_a_process_marks_a_day_once(driver: SalonDriver) -> None:
    a_visit(driver)
    version = pages(driver)[0].version
    booking = driver.book(NOW + timedelta(hours=3))
    with calls(Calls()) as made:
        driver.complete(booking, paid_minor=1)
    assert pages(driver)[0].version == version
    assert made.made.count("PutItem") == 0


def test_another_process_reads_the_page_and_writes_nothing(driver: SalonDriver) -> None:
    a_visit(driver)
    version = pages(driver)[0].version
    driver.store.prepared_by(FactRecorder(driver.world))
    a_visit(driver, NOW + timedelta(hours=3))
    assert pages(driver)[0].version == version


def test_a_process_that_remembers_a_mark_marks_again_once_the_page_was_renewed(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    visit = a_visit(driver)
    the_night(driver)
    renew_due(driver, objects)
    driver.refund(visit, 5_000)
    (page,) = pages(driver)
    assert page.days == (TODAY,)


def test_a_visit_that_an_earlier_release_completed_is_read_as_it_is(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    old = a_booking(status=Status.COMPLETED, starts_at=NOW, closed_at=NOW, paid_minor=45_000)
    driver.store.prepared_by(lambda values, remove: values)
    saved = save_booking(driver.store, old)
    driver.store.prepared_by(FactRecorder(driver.world))
    assert driver.store.item.get(*_key(old)).status == "completed"
    (fact,) = reported(driver, objects)
    assert (fact.visit_on, fact.list_minor, fact.paid_minor) == (TODAY, None, 45_000)
    assert fact.source == driver.client().source
    renew_page(driver.world, files_of(objects), NETWORK, NOVEMBER)
    driver.refund(saved, 5_000)
    (fact,) = reported(driver, objects)
    assert fact.refunded_minor == 5_000


def _key(booking: Booking) -> tuple[str, str]:
    return f"NET#{NETWORK}#BKG#{booking.id}", "BOOKING"


def test_an_earlier_salon_and_day_of_a_visit_are_marked_too(driver: SalonDriver) -> None:
    visit = a_visit(driver)
    elsewhere = replace(visit, salon_id="sal_york", starts_at=visit.starts_at - timedelta(days=31))
    driver.store.save(elsewhere)
    marks = {(page.salon_id, page.month): page.days for page in pages(driver)}
    assert marks == {("sal_centru", "2026-11"): (TODAY,), ("sal_york", "2026-10"): (date(2026, 10, 23),)}


def test_a_removed_visit_is_marked(driver: SalonDriver, objects: FolderObjects) -> None:
    visit = a_visit(driver)
    the_night(driver)
    renew_due(driver, objects)
    driver.store.save(remove=[visit])
    assert reported(driver, objects) == []


def test_a_page_is_rebuilt_from_nothing_with_the_same_bytes(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    for days in (0, 1, 3):
        a_visit(driver, NOW + timedelta(days=days, hours=2))
        the_night(driver)
        renew_due(driver, objects)
    (page,) = pages(driver)
    content = objects.get(str(page.part))
    again = renew_page(driver.world, files_of(objects), NETWORK, NOVEMBER, whole=True)
    assert again.part != page.part
    assert objects.get(str(again.part)) == content


@pytest.mark.parametrize("content", [None, b"", b"PAR1 damaged"])
def test_a_missing_or_damaged_part_is_made_again(
    driver: SalonDriver, objects: FolderObjects, content: bytes | None
) -> None:
    a_visit(driver)
    the_night(driver)
    (page,) = renew_due(driver, objects)
    objects.remove(str(page.part))
    if content is not None:
        objects.put(str(page.part), content)
    a_visit(driver, driver.clock.now + timedelta(hours=9))
    again = renew_page(driver.world, files_of(objects), NETWORK, NOVEMBER)
    assert again.part != page.part
    assert again.days == (date(2026, 11, 24),)
    assert reported(driver, objects) == lived(driver)


def test_no_more_than_two_parts_of_a_page_are_kept(driver: SalonDriver, objects: FolderObjects) -> None:
    for hours in range(4):
        a_visit(driver, driver.clock.now + timedelta(hours=1 + hours))
        the_night(driver)
        renew_due(driver, objects)
    (page,) = pages(driver)
    assert objects.keys("facts/") == sorted([str(page.former_part), str(page.part)])


def test_a_page_that_cannot_be_read_stops_no_visit(driver: SalonDriver, objects: FolderObjects) -> None:
    a_visit(driver)
    (page,) = pages(driver)
    pk, sk = f"NET#{NETWORK}#FACTS", f"FACTPAGE#visits#sal_centru#{page.month}"
    driver.store.item(pk, sk, body="[", version=1).save()
    driver.store.prepared_by(FactRecorder(driver.world))
    a_visit(driver, NOW + timedelta(hours=3))
    assert reported(driver, objects) == lived(driver)
    assert len(lived(driver)) == 2
    assert driver.store.take_unreadable() != []


def test_the_clock_that_changes_and_the_months_end_move_no_visit(
    driver: SalonDriver, objects: FolderObjects
) -> None:
    """In Chisinau the clock goes back on 25 October 2026; midnight of a month's end is 22:00 UTC."""
    driver.clock.now = datetime.fromisoformat("2026-10-24T06:00:00Z")
    for at in ("24T20:59", "24T21:01", "25T21:59", "31T21:59", "31T22:00"):
        booking = driver.book(datetime.fromisoformat(f"2026-10-{at}:00Z"))
        driver.clock.now = booking.starts_at
        driver.complete(booking, paid_minor=1)
        assert reported(driver, objects) == lived(driver)
    found = [fact.visit_on.isoformat() for fact in lived(driver)]
    assert found == ["2026-10-24", "2026-10-25", "2026-10-25", "2026-10-31", "2026-11-01"]
    the_night(driver)
    renew_due(driver, objects)
    assert [(page.month, page.rows) for page in pages(driver)] == [("2026-10", 4), ("2026-11", 1)]
    assert reported(driver, objects) == lived(driver)


def test_pages_of_another_salon_are_apart(driver: SalonDriver) -> None:
    a_visit(driver)
    of_none: list[FactPage] = driver.store.fact_pages(NETWORK, VISITS, "sal_york")
    of_one: list[FactPage] = driver.store.fact_pages(NETWORK, VISITS, "sal_centru")
    assert (of_none, of_one) == ([], pages(driver))


def test_a_page_that_was_given_up_on_is_handed_over_again_when_it_is_retried(driver: SalonDriver) -> None:
    a_visit(driver)
    (page,) = pages(driver)
    item = f"FACTPAGE#visits#sal_centru#2026-11 {page.id}"
    parked = Parked(network_id=NETWORK, item=item, error="", at=NOW)
    driver.store.save(replace(page, wake=None), parked)
    retry_parked(driver.world, NETWORK, page.id)
    (again,) = pages(driver)
    assert again.wake is not None
    assert again.wake.at == driver.clock.now
