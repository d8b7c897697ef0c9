"""Every AWS call of what records a category fails in turn; done again, each change is recorded once."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.set_rules import set_rules
from infra.testkit.builders import NETWORK, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import Story, fail_each_call


def changes(driver: SalonDriver) -> list[tuple[str, str]]:
    return [(each.to, each.cause.value) for each in driver.client().category_changes]


def listed(driver: SalonDriver, category: str) -> int:
    return len(driver.store.clients_of_category(NETWORK, category).items)


def come(driver: SalonDriver) -> Client:
    driver.complete(driver.book(driver.clock.now + timedelta(hours=1)))
    driver.clock.now += timedelta(days=70)
    return driver.client()


def be_lost(driver: SalonDriver) -> Client:
    come(driver)
    driver.wake(driver.client())
    return driver.client()


def lapse(driver: SalonDriver, client: Client) -> None:
    driver.wake(driver.client())


def lapse_again(driver: SalonDriver, client: Client) -> None:
    """What a worker began counts as lost after some minutes."""
    driver.clock.now += timedelta(minutes=5)
    driver.wake(driver.client())


def has_lapsed_once(driver: SalonDriver, client: Client) -> None:
    assert changes(driver) == [("new", "visit"), ("lost", "time_passed")]
    assert (listed(driver, "new"), listed(driver, "lost")) == (0, 1)


def book(driver: SalonDriver, client: Client) -> None:
    driver.book(driver.clock.now + timedelta(days=3), request_id="r-1")


def has_booked_once(driver: SalonDriver, client: Client) -> None:
    assert changes(driver)[2:] == [("new", "booking")]
    assert (listed(driver, "new"), listed(driver, "lost")) == (1, 0)


def change_definitions(driver: SalonDriver) -> Walk[Any]:
    come(driver)
    driver.clock.now -= timedelta(days=30)
    set_rules(driver.world, access(), 1, messages={}, bonuses={}, categories={"lost_months": 1})
    driver.clock.now += timedelta(minutes=2)
    return driver.store.get_page(Walk, network_id=NETWORK).items[0]


def walk(driver: SalonDriver, begun: Walk[Any]) -> None:
    driver.wake(begun)


def is_moved_once(driver: SalonDriver, begun: Walk[Any]) -> None:
    while driver.store.get(Walk, network_id=NETWORK, id=begun.id).wake is not None:
        driver.clock.now += timedelta(minutes=2)
        driver.wake(begun)
    assert changes(driver) == [("new", "visit"), ("lost", "definition")]


STORIES: dict[str, Story] = {
    "a lapse": (come, lapse, lapse_again, has_lapsed_once),
    "a booking of a lost client": (be_lost, book, book, has_booked_once),
    "other definitions": (change_definitions, walk, walk, is_moved_once),
}


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", STORIES)
def test_whichever_call_fails_a_change_is_recorded_once(
    name: str, failure: Failure, aws: dict[str, Any]
) -> None:
    assert fail_each_call(aws, STORIES[name], failure) > 0
