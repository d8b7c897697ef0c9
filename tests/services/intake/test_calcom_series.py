"""A series of Cal.com is one booking a date; one webhook may cancel several dates."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.receive_webhook import replay
from infra.testkit.builders import NETWORK, NOW, a_connection, a_town
from infra.testkit.calcom_site import START, CalcomSite, a_person, of_calcom
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import stamp
from infra.testkit.world import a_world

DINA = a_person("Dina", "+37369000004")
PHONE = str(DINA["phoneNumber"])
WEEKLY = {"freq": 2, "count": 4, "interval": 1}
DATES = [START + timedelta(days=7 * week) for week in range(4)]
KINDS = [{"recurringEventId": "r-1"}, {"existingRecurringEvent": {"recurringEventId": "r-1"}}, {}]


def a_date(number: int, **more: Any) -> dict[str, Any]:
    """The payload about one date of the series."""
    return of_calcom(f"d{number}", DINA, at=DATES[number], **more)


@pytest.fixture
def calcom() -> CalcomSite:
    store: Any = MemoryStore()
    a_town(store)
    (connection,) = store.save(a_connection("calcom", "con_calcom"))
    return CalcomSite(SalonDriver(a_world(store)), connection)


@pytest.fixture(params=KINDS, ids=["named", "named elsewhere", "not named"])
def series(calcom: CalcomSite, request: Any) -> CalcomSite:
    for number in range(4):
        calcom.tell("CREATED", a_date(number, recurringEvent=WEEKLY, **request.param))
    return calcom


def tasks(calcom: CalcomSite) -> list[Task]:
    found: list[Task] = calcom.driver.store.get_all(Task, network_id=NETWORK)
    return found


def test_one_date_is_cancelled_alone(series: CalcomSite) -> None:
    series.tell("CANCELLED", a_date(1))
    assert series.status_of(PHONE) == ["booked", "cancelled", "booked", "booked"]
    assert not tasks(series)


def test_a_cancellation_that_brings_the_series_along_is_of_all_dates(series: CalcomSite) -> None:
    item = series.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY))
    assert (item.state, len(item.booking_ids)) == (InboxState.APPLIED, 4)
    assert series.status_of(PHONE) == ["cancelled"] * 4


def test_it_may_say_so_in_words(series: CalcomSite) -> None:
    series.tell("CANCELLED", a_date(0, allRemainingBookings=True))
    assert series.status_of(PHONE) == ["cancelled"] * 4


def test_dates_of_the_past_are_not_cancelled(series: CalcomSite) -> None:
    later = DATES[1] + timedelta(hours=1)
    series.driver.clock.now = later
    series.tell("CANCELLED", a_date(2, recurringEvent=WEEKLY), at=later)
    assert series.status_of(PHONE) == ["booked", "booked", "cancelled", "cancelled"]


def test_this_and_all_that_follow(series: CalcomSite) -> None:
    series.tell("CANCELLED", a_date(2, cancelSubsequentBookings=True))
    assert series.status_of(PHONE) == ["booked", "booked", "cancelled", "cancelled"]


def local_date(at: datetime) -> str:
    return at.date().isoformat()


def local_time(at: datetime) -> str:
    return f"{at + timedelta(hours=2):%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize("written", [stamp, local_date, local_time])
def test_dates_that_are_listed_are_cancelled_and_no_others(series: CalcomSite, written: Any) -> None:
    listed = [written(DATES[number]) for number in (1, 3)]
    item = series.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY, cancelledDates=listed))
    assert item.state is InboxState.APPLIED
    assert series.status_of(PHONE) == ["booked", "cancelled", "booked", "cancelled"]


def test_all_dates_may_be_listed(series: CalcomSite) -> None:
    listed = [stamp(each) for each in DATES]
    series.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY, cancelledDates=listed))
    assert series.status_of(PHONE) == ["cancelled"] * 4


def test_a_date_that_no_booking_has_is_a_task_and_the_others_are_cancelled(series: CalcomSite) -> None:
    listed = [stamp(DATES[1]), stamp(DATES[3] + timedelta(days=7))]
    item = series.tell("CANCELLED", a_date(0, cancelledDates=listed))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SERIES_UNCLEAR")
    assert series.status_of(PHONE) == ["booked", "cancelled", "booked", "booked"]
    (task,) = tasks(series)
    assert task.kind is TaskKind.SITE_UNCLEAR
    replay(series.driver.receiving(), NETWORK, item.id)
    series.ingest(item)
    assert len(tasks(series)) == 1


def test_a_date_that_was_moved_is_cancelled_with_its_series(series: CalcomSite) -> None:
    moved_to = DATES[2] + timedelta(days=1)
    series.tell("RESCHEDULED", of_calcom("d9", DINA, at=moved_to, rescheduleUid="d2"))
    series.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY))
    assert series.status_of(PHONE) == ["cancelled"] * 4


def test_a_series_that_was_never_told_is_a_task_beside_its_one_date(calcom: CalcomSite) -> None:
    calcom.tell("CREATED", a_date(0))
    calcom.tell("CREATED", a_date(1))
    item = calcom.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SERIES_UNCLEAR")
    assert calcom.status_of(PHONE) == ["cancelled", "booked"]
    assert [task.kind for task in tasks(calcom)] == [TaskKind.SITE_UNCLEAR]


def test_two_series_of_one_person_that_have_no_ids_are_not_mixed_up(calcom: CalcomSite) -> None:
    for number in range(4):
        calcom.tell("CREATED", a_date(number, recurringEvent=WEEKLY))
    evening = DATES[0] + timedelta(hours=6)
    calcom.tell("CREATED", of_calcom("e0", DINA, at=evening, recurringEvent=WEEKLY))
    item = calcom.tell("CANCELLED", of_calcom("e0", DINA, at=evening, recurringEvent=WEEKLY))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "SERIES_UNCLEAR")
    assert calcom.status_of(PHONE) == ["booked", "cancelled", "booked", "booked", "booked"]


def test_a_series_of_somebody_else_stays(series: CalcomSite) -> None:
    other = a_person("Eva", "+37369000005")
    at: datetime = DATES[1]
    series.tell("CREATED", of_calcom("x1", other, at=at, recurringEvent=WEEKLY, recurringEventId="r-2"))
    series.tell("CANCELLED", a_date(0, recurringEvent=WEEKLY))
    assert series.status_of("+37369000005") == ["booked"]


def test_the_same_cancellation_twice_changes_nothing(series: CalcomSite) -> None:
    payload = a_date(0, recurringEvent=WEEKLY)
    series.tell("CANCELLED", payload, at=NOW + timedelta(minutes=1))
    before = {booking.id: booking.version for booking in series.driver.bookings()}
    item = series.tell("CANCELLED", payload, at=NOW + timedelta(minutes=1))
    assert len(item.booking_ids) == 4
    assert {booking.id: booking.version for booking in series.driver.bookings()} == before
