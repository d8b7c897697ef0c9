"""Every AWS call around the call of a booking site's API fails in turn; run again, the site has taken the
step, or the desk is told once."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.site_steps import StepAnswer, StepOnSite, StepOutcome
from infra.testkit.builders import NETWORK, a_connection
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.crash.arranged import IN_TWO_DAYS, Story, fail_each_call

TAKEN = set[tuple[str, str]]()
"""The steps that the site has taken."""


def takes(step: StepOnSite) -> StepAnswer:
    TAKEN.add((step.step.value, step.external_id))
    return StepAnswer(StepOutcome.TAKEN)


def refuses(step: StepOnSite) -> StepAnswer:
    return StepAnswer(StepOutcome.TOKEN_REFUSED, "it answered 401")


def booked(driver: SalonDriver) -> Booking:
    TAKEN.clear()
    connection = replace(a_connection(), site="yclients", api_token="partner, user")
    site = driver.store.save(connection)[0]
    driver.hear(site, reported("501", 1, IN_TWO_DAYS, salon_external_id="9911"))
    driver.drain()
    return driver.only_booking()


def cancelled(driver: SalonDriver) -> Booking:
    booking = booked(driver)
    cancel(driver, booking)
    return booking


def cancel(driver: SalonDriver, booking: Booking) -> None:
    TAKEN.clear()
    step_booking.cancel(driver.world, LinkVisitor(NETWORK, str(booking.client_id)), booking.id, "client")


def cancel_and_wake(driver: SalonDriver, booking: Booking) -> None:
    cancel(driver, booking)
    wake(driver, booking)


def wake(driver: SalonDriver, booking: Booking) -> None:
    replace(driver, take_step=takes).wake(driver.booking(booking.id))


def wake_refused(driver: SalonDriver, booking: Booking) -> None:
    replace(driver, take_step=refuses).wake(driver.booking(booking.id))


def first(wake: Any) -> Any:
    """The site has taken nothing yet."""

    def wakes(driver: SalonDriver, booking: Booking) -> None:
        TAKEN.clear()
        wake(driver, booking)

    return wakes


def later(wake: Any) -> Any:
    """The next sweeps find the booking."""

    def sweeps(driver: SalonDriver, booking: Booking) -> None:
        for _ in range(2):
            driver.clock.now += timedelta(minutes=2)
            wake(driver, booking)

    return sweeps


def ends(*expected: str, taken: bool) -> Any:
    """Checks the open tasks about the site, and whether the site has cancelled."""

    def check(driver: SalonDriver, booking: Booking) -> None:
        found = [each.kind.value for each in driver.store.get_page(Task, network_id=NETWORK).items]
        assert sorted(each for each in found if "site" in each) == sorted(expected)
        assert ({("cancel", "501")} if taken else set()) == TAKEN
        after = driver.booking(booking.id)
        assert (after.status, after.write_back, after.trouble) == (Status.CANCELLED, None, None)

    return check


STORIES: dict[str, Story] = {
    "the client cancels": (booked, cancel, cancel_and_wake, ends(taken=True)),
    "the site takes it": (cancelled, first(wake), later(wake), ends(taken=True)),
    "the site refuses the token": (
        cancelled, first(wake_refused), later(wake_refused),
        ends("cancel_on_site", "site_token_refused", taken=False)),
}  # fmt: skip


@pytest.mark.parametrize("failure", [Failure.BEFORE, Failure.AFTER])
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_the_site_or_the_desk_has_it_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
