"""Every AWS call of setting an item aside, of retrying and of removing it fails in turn; done again, the item
is listed once, or gone, and the other's message is settled and never sent twice."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.waking.many_parked import ParkedChoice, retry_many
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.services.waking.wake_items import drain_shard
from infra.testkit.builders import NETWORK, access
from infra.testkit.failing_calls import Failure, WorkerDied
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call, sent_by_sms


def unreadable(driver: SalonDriver) -> Any:
    """A booking that cannot be read, due before a good one; answers its item as it was."""
    bad = driver.book(IN_TWO_DAYS)
    driver.clock.forward(seconds=1)
    driver.book(IN_TWO_DAYS + timedelta(hours=1))
    item = driver.store.item.get(f"NET#{NETWORK}#BKG#{bad.id}", "BOOKING")
    good, item.body, item.packed = (item.body, item.packed), "[", None
    item.save()
    driver.clock.forward(minutes=3)
    return bad, good


def set_aside(driver: SalonDriver) -> Any:
    subject = unreadable(driver)
    driver.drain()
    return subject


def mended(driver: SalonDriver) -> Any:
    bad, (body, packed) = set_aside(driver)
    item = driver.store.item.get(f"NET#{NETWORK}#BKG#{bad.id}", "BOOKING")
    item.body, item.packed = body, packed
    item.save()
    return bad, None


def drain(driver: SalonDriver, subject: Any) -> None:
    driver.drain()


def drain_once_more(driver: SalonDriver, subject: Any) -> None:
    driver.run_until(driver.clock.now + timedelta(minutes=25))


def listed(driver: SalonDriver) -> list[str]:
    return [each.id for each in list_parked(driver.world, NETWORK)]


def is_listed_once(driver: SalonDriver, subject: Any) -> None:
    assert listed(driver) == [subject[0].id]
    assert driver.sweep() == []
    assert [message.kind for message in driver.log()] == ["notice"]
    assert sent_by_sms()["notice"] <= 1


def retry(driver: SalonDriver, subject: Any) -> None:
    with suppress(DomainError):  # NOT_FOUND: done before
        retry_parked(driver.world, NETWORK, subject[0].id)


def retry_all(driver: SalonDriver, subject: Any) -> None:
    retry_many(driver.world, NETWORK, ParkedChoice(kind="booking"))


def is_awake(driver: SalonDriver, subject: Any) -> None:
    """A notice of one client and the next within the minute wait for each other: what went out is counted
    once the minute is over."""
    assert listed(driver) == []
    driver.run_until(driver.clock.now + timedelta(minutes=3))
    driver.drain()
    assert sent_by_sms()["notice"] == 2


def remove(driver: SalonDriver, subject: Any) -> None:
    with suppress(DomainError):  # NOT_FOUND: done before
        remove_parked(driver.world, access(), subject[0].id)


def is_gone_on_record(driver: SalonDriver, subject: Any) -> None:
    assert driver.store.get(Booking, network_id=NETWORK, id=subject[0].id) is None
    assert listed(driver) == []
    (record,) = list_parked(driver.world, NETWORK, removed_ones=True)
    assert record.content is not None


def begun_again_and_again(driver: SalonDriver) -> Any:
    """A booking whose wake ended its worker three times, two of them noted, and a good one behind it."""
    subject = driver.book(IN_TWO_DAYS)
    for _ in range(3):
        driver.clock.forward(minutes=1)
        wake_fatally(driver, subject)
    driver.book(IN_TWO_DAYS + timedelta(hours=1))
    driver.clock.forward(minutes=3)
    return subject, None


def wake_fatally(driver: SalonDriver, subject: Booking) -> None:
    def end(booking: Booking) -> None:
        raise WorkerDied

    awake = {**driver.handlers(driver.sending()), Booking: end}
    with suppress(WorkerDied):
        drain_shard(driver.world, awake, "WAKE#00", lambda: True)


STORIES: dict[str, Story] = {
    "set aside": (unreadable, drain, drain_once_more, is_listed_once),
    "retried": (mended, retry, retry, is_awake),
    "retried with all of its kind": (mended, retry_all, retry_all, is_awake),
    "removed": (set_aside, remove, remove, is_gone_on_record),
    "given up": (begun_again_and_again, drain, drain_once_more, is_listed_once),
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_whatever_fails_it_is_done_once(aws: dict[str, Any], story: Story, failure: Failure) -> None:
    assert fail_each_call(aws, story, failure) > 1
