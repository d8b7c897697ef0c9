"""Every AWS call of a split, and of the walk that follows it, fails in turn; done again, there is one new
specialist, and the upcoming booking is theirs."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Line
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.split import split_staff
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, a_booking, a_connection, a_staff_member, access
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call

IDS = ("con_old:31", "con_new:7")


def mixed_up(driver: SalonDriver) -> None:
    driver.store.save(a_connection("yclients", "con_old"), a_connection("square", "con_new"))
    driver.store.save(a_staff_member("stf_olga", name="Olga", external_ids=IDS, made_by="con_old"))
    lines = (Line("srv_cut", 60, "stf_olga", 50_000),)
    for number, connection_id in enumerate(("con_old", "con_new")):
        driver.store.save(
            a_booking(f"bkg_{connection_id}", connection_id=connection_id, lines=lines,
                      starts_at=IN_TWO_DAYS + timedelta(hours=number))
        )  # fmt: skip


def separate(driver: SalonDriver, _: Any) -> None:
    assert split_staff(driver.world, access(), "stf_olga", IDS[1:]).separated.external_ids == IDS[1:]


def separated(driver: SalonDriver) -> None:
    mixed_up(driver)
    separate(driver, None)


def follow(driver: SalonDriver, _: Any) -> None:
    for walk in driver.store.get_page(Walk, network_id=NETWORK, limit=20).items:
        for _ in range(5):
            current = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
            if current.finished_at is None:
                walk_on(driver.world, current)


def there_is_one_more(driver: SalonDriver, _: Any) -> None:
    staff = driver.world.fresh_directory(NETWORK).staff
    assert sorted(each.external_ids for each in staff.values() if each.name == "Olga") == [IDS[1:], IDS[:1]]
    with suppress(SaveConflict):
        follow(driver, None)
    follow(driver, None)
    by_connection = {each.connection_id: each.lines[0].staff_id for each in driver.bookings()}
    assert by_connection["con_old"] == "stf_olga"
    assert staff[str(by_connection["con_new"])].external_ids == IDS[1:]
    (walk,) = driver.store.get_page(Walk, network_id=NETWORK, limit=20).items
    assert walk.finished_at is not None


STORIES: dict[str, Story] = {
    "a split": (mixed_up, separate, separate, there_is_one_more),
    "the bookings that follow": (separated, follow, follow, there_is_one_more),
}


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_there_is_one_new_specialist(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
