"""Each AWS call of a webhook about seats, or about dates of a series, fails in turn. Done again, each booking
is there once, and what was said of several is true of each."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_events import (
    BookingReported,
    SeatsReported,
    SeriesReported,
    SiteClient,
    SiteStatus,
    guard,
    seat_id,
)
from chalicelib.domain.intake.site_groups import SiteGroup
from chalicelib.domain.shared.tasks import Task
from infra.testkit.builders import NETWORK, a_connection
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call

IN_NINE_DAYS = IN_TWO_DAYS + timedelta(days=7)
CANCELLED = BookingReported("u1", guard(version=9), SiteStatus.CANCELLED, partial=True)


def a_seat(person: str, number: int, **fields: Any) -> BookingReported:
    client = SiteClient(f"c-{person}", person, f"06900000{number}")
    return reported(seat_id("u1", person), 1, IN_TWO_DAYS, client=client, shared_id="u1", **fields)


def a_date(external_id: str, starts_at: Any) -> BookingReported:
    return reported(external_id, 1, starts_at, series="series r-1")


def site_of(driver: SalonDriver) -> Any:
    (site,) = driver.store.save(a_connection("calcom", "con_calcom"))
    return site


def a_second_seat(driver: SalonDriver) -> Any:
    site = site_of(driver)
    driver.hear(site, a_seat("anna", 1))
    return driver.received(site, a_seat("olga", 2))


def all_seats_cancelled(driver: SalonDriver) -> Any:
    site = site_of(driver)
    driver.hear(site, a_seat("anna", 1))
    driver.hear(site, a_seat("olga", 2))
    return driver.received(site, SeatsReported(CANCELLED))


def a_series_cancelled(driver: SalonDriver) -> Any:
    site = site_of(driver)
    driver.hear(site, a_date("u1", IN_TWO_DAYS))
    driver.hear(site, a_date("u2", IN_NINE_DAYS))
    return driver.received(site, SeriesReported(replace(CANCELLED, partial=False), since=IN_TWO_DAYS))


def an_unknown_series_cancelled(driver: SalonDriver) -> Any:
    site = site_of(driver)
    driver.hear(site, reported("u1", 1, IN_TWO_DAYS))
    return driver.received(site, SeriesReported(CANCELLED, since=IN_TWO_DAYS))


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def bookings(driver: SalonDriver) -> list[Booking]:
    return driver.bookings()


def state_of(driver: SalonDriver, item: Any) -> InboxItem:
    found: InboxItem = driver.store.get(InboxItem, network_id=NETWORK, id=item.id)
    return found


def two_seats_are_taken(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item).state is InboxState.APPLIED
    assert [booking.status for booking in bookings(driver)] == ["booked", "booked"]
    key = {"network_id": NETWORK, "connection_id": "con_calcom", "id": "u1"}
    assert len(driver.store.get(SiteGroup, **key).members) == 2


def both_are_cancelled(driver: SalonDriver, item: Any) -> None:
    assert (state_of(driver, item).state, len(state_of(driver, item).booking_ids)) == (InboxState.APPLIED, 2)
    assert [booking.status for booking in bookings(driver)] == ["cancelled", "cancelled"]


def the_desk_is_asked_once(driver: SalonDriver, item: Any) -> None:
    found = state_of(driver, item)
    assert (found.state, found.reason) == (InboxState.QUARANTINED, "SERIES_UNCLEAR")
    assert [booking.status for booking in bookings(driver)] == ["cancelled"]
    assert len(driver.store.get_all(Task, network_id=NETWORK)) == 1


STORIES: dict[str, Story] = {
    "a second seat": (a_second_seat, ingest, ingest, two_seats_are_taken),
    "all seats cancelled": (all_seats_cancelled, ingest, ingest, both_are_cancelled),
    "a series cancelled": (a_series_cancelled, ingest, ingest, both_are_cancelled),
    "an unknown series cancelled": (an_unknown_series_cancelled, ingest, ingest, the_desk_is_asked_once),
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", STORIES)
def test_any_call_may_fail_and_all_is_there_once(name: str, failure: Failure, aws: dict[str, Any]) -> None:
    assert fail_each_call(aws, STORIES[name], failure) > 1
