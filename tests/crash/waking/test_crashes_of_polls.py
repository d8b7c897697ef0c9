"""Every AWS call of a poll fails in turn; run again, what the site told is taken in once."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.intake.site_polls import SitePoll
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.booking_site import AskedOutcome, ChangesWanted, SiteChanges
from chalicelib.services.intake.connect_site import set_api_token
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.poll_site import Polling
from chalicelib.services.waking.wake_items import wake_one
from chalicelib.store.keys import place_of
from infra.testkit.builders import NETWORK, a_connection, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import COMPANY, UnsignedSender, a_record
from tests.crash.arranged import Story, fail_each_call

BODY = json.dumps(a_record(kind="update")).encode()
"""A booking whose webhook was lost."""


def told(wanted: ChangesWanted) -> SiteChanges:
    return SiteChanges(AskedOutcome.ANSWERED, (BODY,))


def refused(wanted: ChangesWanted) -> SiteChanges:
    return SiteChanges(AskedOutcome.TOKEN_REFUSED, reason="it answered 401")


def connected(driver: SalonDriver) -> None:
    driver.store.save(a_connection("yclients", "con_polled", settings={"company_id": str(COMPANY)}))


def with_token(driver: SalonDriver) -> None:
    connected(driver)
    give_token(driver)


def give_token(driver: SalonDriver, *_: Any) -> None:
    set_api_token(driver.world, access(), "con_polled", "partner, user")


def poll(driver: SalonDriver) -> SitePoll:
    found: SitePoll = driver.store.get(SitePoll, network_id=NETWORK, id="con_polled")
    return found


def wakes(answers: Any) -> Any:
    def wake(driver: SalonDriver, *_: Any) -> None:
        sender = UnsignedSender(driver, a_connection("yclients", "con_polled"))
        woken = handlers(
            driver.sending(), driver.intake_queue, polling=lambda: Polling(sender.receiving(), answers)
        )
        place = place_of(poll(driver))
        wake_one(driver.world, woken, place.pk, place.sk)
        for item in driver.store.inbox(NETWORK).items:
            sender.take_in(item.id)

    return wake


def later(wake: Any) -> Any:
    """The next sweeps find the poll, and the webhook that was not handed on."""

    def sweeps(driver: SalonDriver, *_: Any) -> None:
        for _ in range(2):
            driver.clock.now += timedelta(minutes=20)
            wake(driver)

    return sweeps


def is_taken_in_once(driver: SalonDriver, *_: Any) -> None:
    assert driver.only_booking().external_id == "880001"
    assert len(driver.store.inbox(NETWORK).items) == 1
    assert poll(driver).wake is not None


def is_asked_about_once(driver: SalonDriver, *_: Any) -> None:
    assert poll(driver).wake is None
    (task,) = driver.store.get_all(Task, network_id=NETWORK)
    assert task.kind is TaskKind.SITE_TOKEN_REFUSED


def is_due(driver: SalonDriver, *_: Any) -> None:
    assert poll(driver).wake is not None


STORIES: dict[str, Story] = {
    "a token is given": (connected, give_token, give_token, is_due),
    "a lost booking is told": (with_token, wakes(told), later(wakes(told)), is_taken_in_once),
    "the token is refused": (with_token, wakes(refused), later(wakes(refused)), is_asked_about_once),
}


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_what_the_site_told_counts_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
