"""Each AWS call fails in turn while a second connection is made, and while two bring the same bookings. Done
again, all is there once."""

from typing import Any

import pytest
from msgspec import structs

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.connect_site import SiteToConnect, connect_site, disconnect_site
from infra.testkit.builders import NETWORK, a_connection, access
from infra.testkit.doubles import SeededRandomness
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call

MADE = reported("e-1", 1, IN_TWO_DAYS)


def first(driver: SalonDriver) -> Connection:
    site: Connection = driver.store.save(a_connection("calcom", "con_first"))[0]
    driver.hear(site, MADE)
    return site


def deleted(driver: SalonDriver) -> Connection:
    site = first(driver)
    disconnect_site(driver.world, access(), site.id)
    return site


def connect(driver: SalonDriver, site: Any) -> None:
    """Whoever asks again sends the same Idempotency-Key."""
    wanted = SiteToConnect("calcom", "sal_centru", None, {})
    connect_site(driver.world, access(), ADAPTERS, wanted, SeededRandomness(5))


def both_know_of_each_other(driver: SalonDriver, site: Any) -> None:
    known = driver.world.fresh_directory(NETWORK).connections
    (other,) = (each for each in known if each != site.id)
    assert (known[site.id].twins, known[other].twins) == ((other,), (site.id,))


def one_goes_on_under_the_same_id(driver: SalonDriver, site: Any) -> None:
    (known,) = driver.store.get_all(Connection, network_id=NETWORK)
    assert (known.id, known.token == site.token, known.deleted_at) == (site.id, False, None)


def second(driver: SalonDriver) -> Connection:
    site = a_connection("calcom", "con_second", token="lotos00001.second", twins=("con_first",))
    saved: Connection = driver.store.save(site)[0]
    return saved


def what_the_first_brought(driver: SalonDriver) -> InboxItem:
    first(driver)
    return driver.received(second(driver), MADE)


def what_nobody_brought(driver: SalonDriver) -> InboxItem:
    first(driver)
    return driver.received(second(driver), structs.replace(MADE, external_id="e-2"))


def what_a_deleted_one_brought(driver: SalonDriver) -> InboxItem:
    deleted(driver)
    return driver.received(second(driver), reported("e-1", 2, IN_TWO_DAYS, note="after"))


def ingest(driver: SalonDriver, item: Any) -> None:
    driver.ingest(item)


def what_both_bring(driver: SalonDriver) -> list[InboxItem]:
    """The first one's delivery, and the second one's of the same booking."""
    site = first(driver)
    made = structs.replace(MADE, external_id="e-2")
    return [driver.received(each, made) for each in (second(driver), site)]


def ingest_one(driver: SalonDriver, items: Any) -> None:
    driver.ingest(items[0])


def ingest_the_other_before_it(driver: SalonDriver, items: Any) -> None:
    for item in reversed(items):
        driver.ingest(item)


def it_is_there_once_by_one_of_them(driver: SalonDriver, items: Any) -> None:
    """A word of which nothing was saved has taken the booking from nobody."""
    states = {state_of(driver, item) for item in items}
    assert states == {InboxState.APPLIED, InboxState.QUARANTINED}
    (made,) = [each for each in driver.bookings() if each.external_id == "e-2"]
    assert driver.store.alias(NETWORK, "brought@calcom", "e-2") == made.connection_id


def state_of(driver: SalonDriver, item: Any) -> InboxState:
    found: InboxItem = driver.store.get(InboxItem, network_id=NETWORK, id=item.id)
    return found.state


def it_is_held_and_a_person_is_told_once(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item) is InboxState.QUARANTINED
    asked = driver.store.get_all(Task, network_id=NETWORK)
    assert [task.kind for task in asked] == [TaskKind.SITE_CONNECTED_TWICE]
    driver.only_booking()


def it_is_the_second_ones(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item) is InboxState.APPLIED
    assert driver.store.alias(NETWORK, "brought@calcom", "e-2") == "con_second"
    assert len(driver.bookings()) == 2


def the_same_booking_has_the_note(driver: SalonDriver, item: Any) -> None:
    assert state_of(driver, item) is InboxState.APPLIED
    assert driver.only_booking().note == "after"


STORIES: dict[str, Story] = {
    "a second connection": (first, connect, connect, both_know_of_each_other),
    "a connection made anew": (deleted, connect, connect, one_goes_on_under_the_same_id),
    "what the first brought": (
        what_the_first_brought, ingest, ingest, it_is_held_and_a_person_is_told_once),
    "what nobody brought": (what_nobody_brought, ingest, ingest, it_is_the_second_ones),
    "what both bring, one after the other's crash": (
        what_both_bring, ingest_one, ingest_the_other_before_it, it_is_there_once_by_one_of_them),
    "what a deleted one brought": (
        what_a_deleted_one_brought, ingest, ingest, the_same_booking_has_the_note),
}  # fmt: skip


@pytest.mark.parametrize("failure", Failure)
@pytest.mark.parametrize("name", STORIES)
def test_any_call_may_fail_and_all_is_there_once(name: str, failure: Failure, aws: dict[str, Any]) -> None:
    assert fail_each_call(aws, STORIES[name], failure) > 1
