"""A start whose zone and whose offset from UTC contradict each other."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.receive_webhook import replay
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

START = NOW + timedelta(days=3)
LOCAL = (START + timedelta(hours=2)).replace(tzinfo=None)
CHISINAU = "Europe/Chisinau"


def kinds(driver: SalonDriver) -> list[TaskKind]:
    return [task.kind for task in driver.store.get_all(Task, network_id=NETWORK)]


def test_a_body_that_contradicts_itself_waits_for_a_person(driver: SalonDriver, site: Any) -> None:
    event = reported("b-1", 1, START, zone=CHISINAU, utc_offset=300)
    item = driver.hear(site, event)
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "ZONE_CONTRADICTS")
    assert "+05:00" in str(item.detail)
    assert (driver.bookings(), kinds(driver)) == ([], [TaskKind.SITE_HELD_BACK])
    replay(driver.receiving(), NETWORK, item.id)
    driver.ingest(item)
    assert driver.only_booking().starts_at == START


def test_summer_time_in_winter_contradicts_too(driver: SalonDriver, site: Any) -> None:
    item = driver.hear(site, reported("b-1", 1, START, zone=CHISINAU, utc_offset=180))
    assert item.reason == "ZONE_CONTRADICTS"


@pytest.mark.parametrize("offset", [120, None])
def test_an_offset_that_the_zone_has_then_is_no_doubt(
    driver: SalonDriver, site: Any, offset: int | None
) -> None:
    item = driver.hear(site, reported("b-1", 1, START, zone=CHISINAU, utc_offset=offset))
    assert (item.state, kinds(driver)) == (InboxState.APPLIED, [])


def test_a_salons_zone_that_a_site_contradicts_is_asked_about_once_a_day(
    driver: SalonDriver, site: Any
) -> None:
    for number in range(3):
        item = driver.hear(site, reported(f"b-{number}", 1, LOCAL, utc_offset=300))
        assert item.state is InboxState.APPLIED
    (task,) = driver.store.get_all(Task, network_id=NETWORK)
    assert (task.kind, CHISINAU in str(task.words)) == (TaskKind.SITE_UNCLEAR, True)
    assert {booking.starts_at for booking in driver.bookings()} == {START}


@pytest.mark.parametrize("offset", [120, 180])
def test_the_offset_of_either_season_is_known_to_come(driver: SalonDriver, site: Any, offset: int) -> None:
    driver.hear(site, reported("b-1", 1, LOCAL, utc_offset=offset))
    assert kinds(driver) == []


def test_a_change_without_a_start_is_in_no_doubt(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("b-1", 1, START))
    item = driver.hear(site, replace(reported("b-1", 2, None), utc_offset=300, zone=CHISINAU))
    assert item.state is InboxState.APPLIED
