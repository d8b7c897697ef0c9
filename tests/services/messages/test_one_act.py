"""One message for one act: what is done to a client's bookings within a minute is told in one or two
messages, with the last word."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.networks.network import Network
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import RecordingSender
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

FIRST = NOW + timedelta(days=9, hours=2)
MINUTE, HOUR, TWO_DAYS = timedelta(minutes=1), timedelta(hours=1), timedelta(days=2)


def course(dates: int = 10) -> list[datetime]:
    return [FIRST + timedelta(days=3 * number) for number in range(dates)]


def book_all(driver: SalonDriver, starts: Sequence[datetime]) -> list[Any]:
    """Booked one after another, a second apart, while messages go out."""
    booked = []
    for start in starts:
        booked.append(driver.book(start))
        driver.drain()
        driver.clock.forward(seconds=1)
    return booked


def texts(driver: SalonDriver) -> list[str]:
    return [each.worded.text for each in driver.sender.sent if each.kind == "notice"]


def notices(driver: SalonDriver, *reasons: str) -> list[Any]:
    return [each for each in driver.log() if each.kind == "notice" and each.reason in reasons]


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    return replace(driver, texts=message_words)


def test_ten_dates_booked_at_once_make_two_messages(driver: SalonDriver) -> None:
    starts = course()
    book_all(driver, starts)
    driver.run_until(NOW + HOUR)
    _, others = texts(driver)
    assert "на 9 визитов" in others, "nine dates follow the first one"
    assert all(f"{start:%d.%m}" in others for start in starts[1:])
    assert f"{starts[0]:%d.%m}" not in others
    assert len(notices(driver, "same_act")) == 8
    assert all(booking.touches["notice"].state != "deferred" for booking in driver.bookings())


def test_each_date_of_a_course_is_asked_about_and_reminded_of_by_itself(driver: SalonDriver) -> None:
    book_all(driver, course(3))
    driver.run_until(course(3)[-1])
    assert driver.kinds_sent() == ["notice"] * 2 + ["confirm_request", "control_reminder"] * 3


def test_a_course_moved_together_makes_two_messages_with_the_new_times(driver: SalonDriver) -> None:
    booked = book_all(driver, course(3))
    driver.run_until(NOW + TWO_DAYS)
    for booking in booked:
        driver.move(booking, booking.starts_at + HOUR)
        driver.drain()
    driver.run_until(NOW + TWO_DAYS + HOUR)
    assert len(texts(driver)) == 4
    assert all(f"{start:%d.%m}" in texts(driver)[-1] for start in course(3)[1:])


def test_a_course_cancelled_together_makes_two_messages(driver: SalonDriver) -> None:
    booked = book_all(driver, course(5))
    driver.run_until(NOW + TWO_DAYS)
    for booking in booked:
        driver.cancel(booking)
        driver.drain()
    driver.run_until(NOW + TWO_DAYS + HOUR)
    assert len(texts(driver)) == 4
    assert all(f"{start:%d.%m}" in texts(driver)[-1] for start in course(5)[1:])


def test_three_moves_within_a_minute_make_two_messages_with_the_last_word(driver: SalonDriver) -> None:
    booking = driver.book(FIRST)
    driver.run_until(NOW + HOUR)
    for hours in (1, 2, 3):
        booking = driver.move(booking, FIRST + timedelta(hours=hours))
        driver.drain()
        driver.clock.forward(seconds=10)
    driver.run_until(NOW + 2 * HOUR)
    assert len(texts(driver)) == 3, "the booking, the first move, the last word"
    assert f"{FIRST + timedelta(hours=5):%H:%M}" in texts(driver)[-1], "Chisinau is two hours ahead"


def test_two_records_of_one_visit_make_at_most_two_messages(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, FIRST), reported("e-2", 1, FIRST + HOUR))
    driver.run_until(NOW + HOUR)
    assert len(texts(driver)) <= 2


def test_a_visit_that_begins_soon_does_not_wait(driver: SalonDriver) -> None:
    book_all(driver, [FIRST, NOW + timedelta(minutes=20)])
    assert len(texts(driver)) == 2


def test_what_is_done_later_has_a_message_of_its_own(driver: SalonDriver) -> None:
    driver.book(FIRST)
    driver.run_until(NOW + 2 * MINUTE)
    driver.book(FIRST + timedelta(days=3))
    driver.drain()
    assert len(texts(driver)) == 2


def test_a_booking_made_and_cancelled_within_the_minute_is_left_out(driver: SalonDriver) -> None:
    _, _, mistake = book_all(driver, course(3))
    driver.cancel(mistake)
    driver.run_until(NOW + HOUR)
    assert len(texts(driver)) == 2
    assert not any(f"{mistake.starts_at:%d.%m}" in text for text in texts(driver))


def test_a_date_that_was_listed_and_moves_is_told_again(driver: SalonDriver) -> None:
    *_, last = book_all(driver, course(3))
    driver.run_until(NOW + HOUR)
    driver.move(last, last.starts_at + HOUR)
    driver.run_until(NOW + 2 * HOUR)
    assert len(texts(driver)) == 3


def test_a_message_that_fails_has_told_of_no_other_booking(driver: SalonDriver) -> None:
    book_all(driver, course(3))
    failing = RecordingSender(answers=[Outcome(MessageState.FAILED, reason="refused")] * 9)
    replace(driver, sender=failing).run_until(NOW + 2 * MINUTE)
    assert len(failing.sent) == 2, "the other date is tried by itself"
    assert notices(driver, "same_act") == []


def test_in_trial_a_course_makes_two_messages_too(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, trial=True))
    driver.world.directories.forget(NETWORK)
    book_all(driver, course(5))
    driver.run_until(NOW + HOUR)
    assert (len(notices(driver, "trial")), len(notices(driver, "same_act"))) == (2, 3)
