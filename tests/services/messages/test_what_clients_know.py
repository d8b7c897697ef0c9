"""What is sent follows from when a booking was made, and from what its client was notified of last."""

from datetime import datetime, timedelta
from typing import Any

from chalicelib.services.clients.register_client import change_client
from infra.testkit.builders import NOW, access
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_an_intake_that_is_late_still_asks_to_confirm(driver: SalonDriver, site: Any, clock: Any) -> None:
    start = NOW + timedelta(hours=24, minutes=30)
    item = driver.received(site, reported("e-1", 1, start))
    clock.forward(hours=1)  # an outage, or a quarantine until it was mended
    driver.ingest(item)
    driver.run_until(start)
    assert sorted(driver.kinds_sent()) == ["confirm_request", "control_reminder", "notice"]
    assert driver.only_booking().made_at == item.received_at


def test_a_site_may_tell_when_the_client_booked(driver: SalonDriver, site: Any) -> None:
    start = NOW + timedelta(hours=23, minutes=30)
    driver.hear(site, reported("e-1", 1, start, occurred_at=NOW - 2 * HOUR))
    driver.run_until(start)
    assert sorted(driver.kinds_sent()) == ["confirm_request", "control_reminder", "notice"]


def test_a_false_date_of_a_site_leads_back_no_further_than_a_month(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS, occurred_at=datetime(1970, 1, 1, tzinfo=NOW.tzinfo)))
    driver.hear(site, reported("e-2", 1, IN_TWO_DAYS, occurred_at=NOW + timedelta(days=400)))
    made = sorted(booking.made_at for booking in driver.bookings())
    assert made == [NOW - timedelta(days=30), NOW]


def test_a_move_that_is_taken_in_late_is_asked_about(driver: SalonDriver, site: Any, clock: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS + timedelta(days=4)))
    driver.drain()
    start = NOW + timedelta(hours=24, minutes=30)
    item = driver.received(site, reported("e-1", 2, start))
    clock.forward(hours=1)
    driver.ingest(item)
    driver.run_until(start)
    assert sorted(driver.kinds_sent()) == ["confirm_request", "control_reminder", "notice", "notice"]


def test_small_moves_count_from_what_the_client_knows(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    for number in range(1, 4):
        booking = driver.move(booking, IN_TWO_DAYS + number * 9 * MINUTE)
        driver.run_until(NOW + (number + 1) * HOUR)
    assert driver.kinds_sent() == ["notice", "notice"], "of 18 minutes, and not of 9 or of 9 more"
    assert booking.last_notified_start == IN_TWO_DAYS + 18 * MINUTE


def test_a_small_move_and_back_leaves_nothing_to_tell(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    moved = driver.move(booking, IN_TWO_DAYS + 9 * MINUTE)
    assert moved.last_notified_start == IN_TWO_DAYS
    assert driver.move(moved, IN_TWO_DAYS).last_notified_start is None
    driver.run_until(NOW + 2 * HOUR)
    assert driver.kinds_sent() == ["notice"]


def test_a_request_to_confirm_tells_the_start_too(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    moved = driver.move(booking, IN_TWO_DAYS + 9 * MINUTE)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=20))
    assert driver.booking(moved.id).last_notified_start is None
    driver.move(moved, IN_TWO_DAYS + 18 * MINUTE)
    driver.run_until(IN_TWO_DAYS - timedelta(hours=19))
    assert driver.kinds_sent() == ["notice", "confirm_request"]


def test_the_bookings_of_a_client_follow_the_clients_clock(driver: SalonDriver) -> None:
    start = IN_TWO_DAYS.replace(hour=3)
    booking = driver.book(start)
    driver.drain()
    before = driver.booking(booking.id).wake
    change_client(driver.world, access(), MARIA_ID, {"timezone": "Asia/Tokyo"})
    after = driver.booking(booking.id).wake
    assert before is not None
    assert after is not None
    assert after.at < before.at, "in Tokyo it is noon when in Chisinau it is night"
