"""Every call to AWS fails in turn while a visit is marked and while its page is renewed, calls of S3 too. Run
again, reports tell of the visits what the bookings tell."""

from datetime import timedelta
from functools import cache
from typing import Any

import botocore.session
import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.facts.fact_pages import VISITS, PageName
from chalicelib.objects import S3FactObjects
from chalicelib.services.facts.renew_page import renew_page
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call
from tests.services.facts.pages import lived, pages, plain_files_of, plain_part, renew_due, reported

BUCKET = "facts"
NOVEMBER = PageName(VISITS, "sal_centru", "2026-11")


@cache
def bucket() -> S3FactObjects:
    """Made once: a client costs more than all that it is asked here."""
    client = botocore.session.get_session().create_client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return S3FactObjects(lambda: client, BUCKET)


def booked(driver: SalonDriver) -> Booking:
    return driver.book(IN_TWO_DAYS)


def visited(driver: SalonDriver) -> Booking:
    for key in bucket().keys("facts/"):  # of the story before
        bucket().remove(key)
    return driver.complete(booked(driver), paid_minor=45_000).booking


def a_missed_one(driver: SalonDriver) -> Booking:
    visited(driver)
    return driver.book(IN_TWO_DAYS + timedelta(hours=1))


def with_page(driver: SalonDriver) -> Booking:
    visit = visited(driver)
    the_night(driver)
    renew_due(driver, bucket(), plain_files_of)
    return visit


def with_marked_page(driver: SalonDriver) -> Booking:
    visit = with_page(driver)
    driver.refund(visit, 5_000)
    the_night(driver)
    return visit


def the_night(driver: SalonDriver) -> None:
    driver.clock.now = max(page.wake.at for page in pages(driver) if page.wake is not None)


def complete(driver: SalonDriver, booking: Booking) -> None:
    driver.complete(booking, paid_minor=45_000)


def refund(driver: SalonDriver, visit: Booking) -> None:
    driver.refund(visit, 5_000, "once")


def reopen(driver: SalonDriver, visit: Booking) -> None:
    if driver.booking(visit.id).reopened == 0:
        driver.reopen(visit)


def miss(driver: SalonDriver, booking: Booking) -> None:
    driver.mark_no_show(booking)


def renew(driver: SalonDriver, visit: Booking) -> None:
    renew_page(driver.world, plain_files_of(bucket()), NETWORK, NOVEMBER)


def remake(driver: SalonDriver, visit: Booking) -> None:
    renew_page(driver.world, plain_files_of(bucket()), NETWORK, NOVEMBER, whole=True)


def wake(driver: SalonDriver, visit: Booking) -> None:
    (page,) = pages(driver)
    driver.wake(page)


def the_clock_goes_on(driver: SalonDriver, visit: Booking) -> None:
    for _ in range(2):
        driver.clock.now += timedelta(minutes=31)
        driver.drain()


def is_told(driver: SalonDriver, visit: Booking) -> None:
    """As of now, and after the next night."""
    assert reported(driver, bucket(), plain_part) == lived(driver)
    the_night(driver)
    is_renewed(driver, visit)


def is_renewed(driver: SalonDriver, visit: Booking) -> None:
    renew_due(driver, bucket(), plain_files_of)
    (page,) = pages(driver)
    assert (page.days, page.wake) == ((), None)
    assert reported(driver, bucket(), plain_part) == lived(driver)


def was_handed_over(driver: SalonDriver, visit: Booking) -> None:
    (page,) = pages(driver)
    assert (page.days, page.wake) == ((), None)


STORIES: dict[str, Story] = {
    "a visit is completed": (booked, complete, complete, is_told),
    "a visit is missed": (a_missed_one, miss, miss, is_told),
    "a visit of a renewed page is refunded": (with_page, refund, refund, is_told),
    "a visit of a renewed page is reopened": (with_page, reopen, reopen, is_told),
    "the first page is made": (visited, renew, renew, is_told),
    "a marked page is renewed": (with_marked_page, renew, renew, is_renewed),
    "a page is made again": (with_page, remake, remake, is_renewed),
    "a marked page wakes": (with_marked_page, wake, the_clock_goes_on, was_handed_over),
}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.DIED])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_reports_are_right(aws: dict[str, Any], story: str, failure: Failure) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
