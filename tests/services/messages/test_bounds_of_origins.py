"""How many messages one site or partner causes. What is over the bound waits, on record."""

from datetime import timedelta

import pytest

from chalicelib.domain.messages.bounds import bounds_of
from chalicelib.domain.messages.spending import Bounds, Ceilings
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import TaskKind
from infra.testkit.builders import NETWORK, NOW, a_connection
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from tests.services.messages.bounded import (
    IN_THREE_DAYS,
    book_as_partner,
    notices,
    phones,
    report,
    set_rules,
    tasks,
    unsigned,
)


def test_an_unsigned_site_causes_so_many_messages_an_hour_and_a_day(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    set_rules(driver, origin_hourly_cap=3, origin_daily_cap=8)
    report(driver, unsigned(driver), phones(12))
    driver.drain()
    assert len(sender.sent) == 3
    assert notices(driver).count(("deferred", "origin_hourly_cap")) == 9
    assert tasks(driver) == [(TaskKind.MESSAGES_HELD_BACK, "origin_hourly_cap")]
    for hours, sent in ((1, 6), (2, 8), (3, 8)):
        driver.clock.now = NOW + timedelta(hours=hours, minutes=1)
        driver.drain()
        assert len(sender.sent) == sent
    assert notices(driver).count(("deferred", "origin_daily_cap")) == 4
    driver.run_until(NOW + timedelta(days=1, hours=1))
    assert len(sender.sent) == 12, "nothing is lost"


def test_a_delivery_that_comes_twice_is_sent_once(driver: SalonDriver, sender: RecordingSender) -> None:
    connection = unsigned(driver)
    for _ in range(2):
        report(driver, connection, phones(2))
        driver.drain()
    assert len(sender.sent) == 2
    assert driver.store.spending(NETWORK, month_name(NOW)).origins["connection:con_yclients"].in_hour <= 3


@pytest.mark.parametrize(
    ("site", "salon_id", "hour", "day"),
    [("yclients", "sal_centru", 60, 300), ("altegio", None, 120, 600), ("standard", "sal_centru", 600, 3000)],
)
def test_the_bounds_of_a_connection_follow_its_salons_and_its_signature(
    driver: SalonDriver, site: str, salon_id: str | None, hour: int, day: int
) -> None:
    """Every connection has a secret, also one whose site does not sign."""
    driver.store.save(a_connection(site, "con_1", salon_id=salon_id))
    found = bounds_of(driver.store.directory(NETWORK), "connection:con_1", Ceilings(), essential=True)
    assert found == Bounds(origin_hour=hour, origin_day=day)


def test_a_connection_of_all_salons_may_cause_as_much_for_each(
    driver: SalonDriver, sender: RecordingSender
) -> None:
    set_rules(driver, origin_hourly_cap=3)
    connection = unsigned(driver, salon_id=None, settings={"salon:north": "sal_centru"})
    report(driver, connection, phones(8), salon_external_id="north")
    driver.drain()
    assert len(driver.world.directory(NETWORK).salons) == 2
    assert len(sender.sent) == 6


def test_a_partner_causes_so_many_messages_an_hour(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=4)
    for phone in phones(9):
        book_as_partner(driver, phone)
    for booking in driver.bookings():
        driver.wake(booking)  # each by a worker that has just begun
    assert driver.kinds_sent() == ["notice"] * 4


def test_what_the_salon_books_itself_is_not_held_back_by_a_sites_bound(driver: SalonDriver) -> None:
    set_rules(driver, origin_hourly_cap=0)
    report(driver, unsigned(driver), phones(2))
    driver.book(IN_THREE_DAYS)
    driver.drain()
    assert [each.client_id for each in driver.sender.sent] == [MARIA_ID]


def test_a_site_that_signs_may_cause_ten_times_as_much(driver: SalonDriver, site: Connection) -> None:
    set_rules(driver, origin_hourly_cap=1)
    driver.world.directories.forget(NETWORK)
    report(driver, site, phones(13))
    driver.drain()
    assert len(driver.sender.sent) == 10
