"""Every AWS call of what a client does by a link, and of what settles it, fails in turn; run again, the
desk has one task."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.review_visit import review
from infra.testkit.builders import NETWORK, a_connection
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call

VISITOR = LinkVisitor(NETWORK, MARIA_ID)


def booked(driver: SalonDriver) -> Booking:
    return driver.book(IN_TWO_DAYS)


def booked_on_site(driver: SalonDriver) -> Booking:
    site = driver.store.save(a_connection())[0]
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS))
    return driver.only_booking()


def asked(driver: SalonDriver) -> Booking:
    booking = booked(driver)
    ask(driver, booking)
    return booking


def visited(driver: SalonDriver) -> Booking:
    booking = booked(driver)
    driver.clock.now = IN_TWO_DAYS + timedelta(hours=1)
    return driver.complete(booking).booking


def ask(driver: SalonDriver, booking: Booking) -> None:
    step_booking.ask_to_move(driver.world, VISITOR, booking.id, "after six")


def cancel(driver: SalonDriver, booking: Booking) -> None:
    step_booking.cancel(driver.world, VISITOR, booking.id)


def cancel_on_site(driver: SalonDriver, booking: Booking) -> None:
    step_booking.cancel(driver.world, LinkVisitor(NETWORK, str(booking.client_id)), booking.id)


def rate(driver: SalonDriver, booking: Booking) -> None:
    review(driver.world, VISITOR, booking.id, 1, "Burnt my ear")


def move(driver: SalonDriver, booking: Booking) -> None:
    driver.move(driver.booking(booking.id), IN_TWO_DAYS + timedelta(days=1))


def complete(driver: SalonDriver, booking: Booking) -> None:
    driver.clock.now = IN_TWO_DAYS + timedelta(hours=1)
    driver.complete(driver.booking(booking.id))


def tasks(*expected: tuple[str, bool]) -> Any:
    """Checks the kinds of all tasks, each with whether it is open."""

    def check(driver: SalonDriver, booking: Booking) -> None:
        found = driver.store.get_page(Task, network_id=NETWORK).items
        assert sorted((each.kind.value, each.done_at is None) for each in found) == sorted(expected)
        is_open = [kind for kind, is_open in expected if is_open]
        assert sorted(driver.booking(booking.id).desk_tasks) == sorted(is_open)

    return check


STORIES: dict[str, Story] = {
    "a wish for another time": (booked, ask, ask, tasks(("move_wish", True))),
    "a cancellation": (booked, cancel, cancel, tasks(("cancelled_by_client", True))),
    "a cancellation that the desk is to repeat on the site": (
        booked_on_site, cancel_on_site, cancel_on_site,
        tasks(("cancel_on_site", True), ("cancelled_by_client", True))),
    "a low rating": (visited, rate, rate, tasks(("low_rating", True))),
    "a wish, and a move": (asked, move, move, tasks(("move_wish", False))),
    "a wish, and a visit": (asked, complete, complete, tasks(("move_wish", False))),
    "a wish, and a cancellation": (
        asked, cancel, cancel, tasks(("move_wish", False), ("cancelled_by_client", True))),
}  # fmt: skip


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_the_desk_has_each_task_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
