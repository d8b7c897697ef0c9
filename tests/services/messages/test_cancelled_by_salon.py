"""A client whose booking the salon cancels is told, once, whoever cancels it there."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import CANCELLED_BY_CLIENT
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.services.bookings import step_booking
from chalicelib.services.visits.reopen_booking import reopen
from chalicelib.texts.wording import message_words
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import reported

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
HOUR = timedelta(hours=1)


def told(driver: SalonDriver) -> list[str]:
    """The texts of the notices, as clients read them."""
    return [each.worded.text for each in driver.sender.sent if each.kind == "notice"]


def in_words(driver: SalonDriver) -> SalonDriver:
    return replace(driver, texts=message_words)


def test_a_client_is_told_that_the_desk_has_cancelled(driver: SalonDriver) -> None:
    driver = in_words(driver)
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    driver.cancel(booking)
    driver.cancel(booking)
    driver.run_until(IN_TWO_DAYS)
    made, cancelled = told(driver)
    assert "anulat" in cancelled or "отменена" in cancelled or "cancelled" in cancelled
    assert made != cancelled
    assert driver.booking(booking.id).wake is None


def test_a_client_is_told_that_the_site_has_cancelled(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS))
    driver.run_until(NOW + HOUR)
    for version in (2, 3):
        driver.hear(site, reported("e-1", version, IN_TWO_DAYS, status=SiteStatus.CANCELLED))
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice", "notice"]


def test_a_booking_that_moves_to_another_id_of_the_site_is_not_told_as_cancelled(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS))
    driver.run_until(NOW + HOUR)
    driver.hear(site, reported("e-1", 2, IN_TWO_DAYS, status=SiteStatus.MOVING))
    driver.run_until(NOW + 2 * HOUR)
    assert driver.kinds_sent() == ["notice"]


def test_who_cancels_by_the_link_needs_no_message(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    visitor = LinkVisitor(NETWORK, MARIA_ID)
    step_booking.cancel(driver.world, visitor, booking.id, CANCELLED_BY_CLIENT)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice"]


def test_the_desk_may_cancel_silently(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    step_booking.cancel(driver.world, access(), booking.id, silently=True)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice"]


def test_of_a_booking_that_was_a_mistake_nothing_is_told(driver: SalonDriver) -> None:
    driver.cancel(driver.book(IN_TWO_DAYS))
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == []


def test_what_was_moved_a_moment_ago_and_is_cancelled_now_is_told(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.drain()
    driver.clock.forward(seconds=20)
    booking = driver.move(driver.booking(booking.id), IN_TWO_DAYS + HOUR)
    driver.drain()
    assert driver.kinds_sent() == ["notice"], "the notice of the move waits for others of its act"
    driver.cancel(booking)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice", "notice"]


def test_a_visit_that_is_over_is_cancelled_without_a_word(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(IN_TWO_DAYS + HOUR)
    before = driver.kinds_sent()
    driver.cancel(booking)
    driver.run_until(IN_TWO_DAYS + timedelta(days=1))
    assert driver.kinds_sent() == before


def test_a_cancelled_booking_that_stands_again_is_told_again(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    driver.cancel(booking)
    driver.run_until(NOW + 2 * HOUR)
    reopen(driver.world, access(), booking.id)
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice"] * 3 + ["confirm_request", "control_reminder"]


def test_a_booking_that_an_earlier_release_cancelled_is_not_told_now(driver: SalonDriver) -> None:
    booking = driver.book(IN_TWO_DAYS)
    driver.run_until(NOW + HOUR)
    cancelled = driver.cancel(booking)
    driver.store.save(replace(cancelled, tell_cancelled=False, moves=0))
    driver.run_until(IN_TWO_DAYS)
    assert driver.kinds_sent() == ["notice"]
