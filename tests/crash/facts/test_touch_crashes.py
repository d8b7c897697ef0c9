"""Every call to AWS fails in turn while a message marks its day and while the page of messages is renewed.
Run again, pages tell of messages what the logs tell."""

from datetime import timedelta
from functools import cache
from typing import Any

import botocore.session
import pytest

from chalicelib.domain.facts.fact_pages import TOUCHES, PageName
from chalicelib.domain.messages.messages import Message
from chalicelib.objects import S3FactObjects
from chalicelib.services.facts.renew_page import renew_page
from infra.testkit.builders import NETWORK
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Story, fail_each_call, sent_by_sms
from tests.services.facts.pages import pages, plain_files_of, plain_part, renew_due, reported
from tests.services.facts.touches import delivered, hold_out_all, invitation_due, invitations, told_by_logs

BUCKET = "touches"
NOVEMBER = PageName(TOUCHES, "sal_centru", "2026-11")


@cache
def bucket() -> S3FactObjects:
    """Made once: a client costs more than all that it is asked here."""
    client = botocore.session.get_session().create_client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    return S3FactObjects(lambda: client, BUCKET)


def due(driver: SalonDriver) -> Any:
    for key in bucket().keys("facts/"):  # of the story before
        bucket().remove(key)
    return invitation_due(driver)


def due_and_held_out(driver: SalonDriver) -> Any:
    hold_out_all(driver)
    return due(driver)


def invited(driver: SalonDriver) -> Message:
    driver.wake(due(driver))
    return invitations(driver)[-1]


def with_page(driver: SalonDriver) -> Message:
    message = invited(driver)
    the_night(driver)
    renew_due(driver, bucket(), plain_files_of, TOUCHES)
    return message


def with_marked_page(driver: SalonDriver) -> Message:
    message = with_page(driver)
    delivered(driver, message)
    the_night(driver)
    return message


def the_night(driver: SalonDriver) -> None:
    nights = [page.wake.at for page in pages(driver, TOUCHES) if page.wake is not None]
    driver.clock.now = max([driver.clock.now, *nights])


def drain(driver: SalonDriver, _: Any) -> None:
    driver.drain()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def hear(driver: SalonDriver, message: Message) -> None:
    delivered(driver, message)


def renew(driver: SalonDriver, _: Any) -> None:
    renew_page(driver.world, plain_files_of(bucket()), NETWORK, NOVEMBER)


def remake(driver: SalonDriver, _: Any) -> None:
    renew_page(driver.world, plain_files_of(bucket()), NETWORK, NOVEMBER, whole=True)


def is_told(driver: SalonDriver, _: Any) -> None:
    """As of now, and after the next night. Nothing was sent twice."""
    assert [each.kind for each in invitations(driver)] == ["repeat_invitation"]
    assert sent_by_sms()["repeat_invitation"] <= 1
    assert reported(driver, bucket(), plain_part, TOUCHES) == told_by_logs(driver)
    the_night(driver)
    is_renewed(driver, _)


def is_renewed(driver: SalonDriver, _: Any) -> None:
    renew_due(driver, bucket(), plain_files_of, TOUCHES)
    (page,) = pages(driver, TOUCHES)
    assert (page.days, page.wake) == ((), None)
    assert reported(driver, bucket(), plain_part, TOUCHES) == told_by_logs(driver)


STORIES: dict[str, Story] = {
    "an invitation is sent": (due, drain, the_clock_goes_on, is_told),
    "an invitation is held out": (due_and_held_out, drain, the_clock_goes_on, is_told),
    "a receipt comes after the page was renewed": (with_page, hear, hear, is_told),
    "the first page is made": (invited, renew, renew, is_told),
    "a marked page is renewed": (with_marked_page, renew, renew, is_renewed),
    "a page is made again": (with_page, remake, remake, is_told),
}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.DIED])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_pages_are_right(aws: dict[str, Any], story: str, failure: Failure) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
