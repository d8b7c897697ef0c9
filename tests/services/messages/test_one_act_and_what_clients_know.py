"""What a client was told stays known while a later notice of the same act waits."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.services.visits.reopen_booking import reopen
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NOW, access
from infra.testkit.salon_driver import SalonDriver

FIRST = NOW + timedelta(days=9, hours=2)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    return replace(driver, texts=message_words)


def texts(driver: SalonDriver) -> list[str]:
    return [each.worded.text for each in driver.sender.sent if each.kind == "notice"]


def two_known_bookings(driver: SalonDriver) -> tuple[Any, Any]:
    booked = driver.book(FIRST), driver.book(FIRST + 3 * DAY)
    driver.run_until(NOW + DAY)
    return tuple(driver.booking(each.id) for each in booked)  # type: ignore[return-value]


def move(driver: SalonDriver, booking: Any, by: timedelta = HOUR) -> Any:
    moved = driver.move(driver.booking(booking.id), booking.starts_at + by)
    driver.drain()
    return moved


def test_a_known_booking_whose_move_waits_is_told_as_cancelled(driver: SalonDriver) -> None:
    one, other = two_known_bookings(driver)
    before = len(texts(driver))
    move(driver, one)
    driver.clock.forward(seconds=5)
    move(driver, other)
    driver.clock.forward(seconds=20)
    driver.cancel(driver.booking(other.id))
    driver.run_until(NOW + DAY + HOUR)
    _, last = texts(driver)[before:]
    assert "отменена" in last


def test_a_booking_moved_and_cancelled_within_a_minute_of_its_notice_is_told(driver: SalonDriver) -> None:
    booking = driver.book(FIRST)
    driver.drain()
    driver.clock.forward(seconds=20)
    moved = move(driver, booking)
    driver.clock.forward(seconds=20)
    driver.cancel(driver.booking(moved.id))
    driver.run_until(NOW + HOUR)
    assert "отменена" in texts(driver)[-1]


def test_a_booking_moved_and_cancelled_before_anything_was_told_is_a_mistake(driver: SalonDriver) -> None:
    driver.book(FIRST)
    driver.drain()
    driver.clock.forward(seconds=5)
    mistake = driver.book(FIRST + 3 * DAY)
    driver.drain()
    moved = move(driver, mistake)
    driver.cancel(driver.booking(moved.id))
    driver.run_until(NOW + HOUR)
    assert len(texts(driver)) == 1


def test_a_move_that_waited_is_told_as_a_move(driver: SalonDriver) -> None:
    one, other = two_known_bookings(driver)
    move(driver, one)
    move(driver, other)
    driver.run_until(NOW + DAY + HOUR)
    assert all("перенес" in text for text in texts(driver)[-2:]), texts(driver)


def test_a_booking_that_stands_again_is_not_told_as_moved(driver: SalonDriver) -> None:
    one, _ = two_known_bookings(driver)
    driver.cancel(driver.booking(one.id))
    driver.run_until(NOW + DAY + HOUR)
    reopen(driver.world, access(), one.id)
    driver.run_until(NOW + DAY + 2 * HOUR)
    assert "перенес" not in texts(driver)[-1]


def test_small_moves_count_from_the_start_that_another_bookings_message_told(driver: SalonDriver) -> None:
    booked = [driver.book(FIRST + number * DAY) for number in range(3)]
    driver.drain()
    small = booked[-1]
    move(driver, small, 9 * MINUTE)
    driver.run_until(NOW + HOUR)
    held = driver.booking(small.id)
    assert held.last_notified_start is None, "the message of the act told the present start"
    assert driver.move(held, held.starts_at + 9 * MINUTE).moves == held.moves
