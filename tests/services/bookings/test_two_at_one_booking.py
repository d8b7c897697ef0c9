"""The client's page and the desk at the same booking's points, at once: the second finds it as it stands."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_access import LinkVisitor, Requester
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.bookings import step_booking
from chalicelib.services.loyalty.hold_points import hold_for_booking, release_for_booking
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.shared.world import World
from chalicelib.services.visits import reopen_booking
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.doubles import SettableClock
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"
VISITOR = LinkVisitor(NETWORK, MARIA)


@pytest.fixture
def booking(driver: SalonDriver) -> Booking:
    post_by_hand(
        driver.world, access(), MARIA, PostingByHand(kind="grant", points=500, reason="gift"), "gift"
    )
    return driver.book(NOW + timedelta(days=2))


def held(driver: SalonDriver) -> int:
    assert driver.ledger_faults() == []
    return int(driver.store.account(NETWORK, MARIA).held)


def interrupted(driver: SalonDriver, somebody_else: Callable[[], object]) -> World:
    store: Any = InterleavedStore(driver.store, somebody_else)
    return replace(driver.world, store=store)


def hold(world: World, booking: Booking, points: int = 100, requester: Requester = VISITOR) -> None:
    hold_for_booking(world, requester, booking.id, points)


def test_both_hold_the_same_number_and_one_hold_stands(driver: SalonDriver, booking: Booking) -> None:
    hold(interrupted(driver, lambda: hold(driver.world, booking, requester=access())), booking)
    assert held(driver) == 100


def test_both_hold_and_the_second_is_told_of_the_first(driver: SalonDriver, booking: Booking) -> None:
    with pytest.raises(DomainError, match="HOLD_EXISTS"):
        hold(interrupted(driver, lambda: hold(driver.world, booking, 80)), booking)
    assert held(driver) == 80


def test_points_are_not_held_for_what_is_cancelled_at_that_moment(
    driver: SalonDriver, booking: Booking
) -> None:
    def cancel() -> None:
        step_booking.cancel(driver.world, access(), booking.id, "salon")

    with pytest.raises(DomainError, match="WRONG_STATUS"):
        hold(interrupted(driver, cancel), booking)
    assert held(driver) == 0


def test_points_are_not_freed_that_pay_at_that_moment(
    driver: SalonDriver, booking: Booking, clock: SettableClock
) -> None:
    hold(driver.world, booking)
    clock.forward(days=2, hours=1)
    paying = interrupted(driver, lambda: driver.complete(booking, redeem_points=100))
    with pytest.raises(DomainError, match="WRONG_STATUS"):
        release_for_booking(paying, access(), booking.id)
    assert held(driver) == 0
    assert driver.store.account(NETWORK, MARIA).available(clock.now) == 400
    assert driver.store.get(Booking, network_id=NETWORK, id=booking.id).status is Status.COMPLETED


def test_what_is_completed_while_it_is_opened_again_is_taken_back_with_its_points(
    driver: SalonDriver, booking: Booking, clock: SettableClock
) -> None:
    clock.forward(days=2, hours=1)
    driver.cancel(booking)

    def complete() -> None:
        driver.reopen(booking)
        driver.complete(booking, redeem_points=100)

    opened = reopen_booking.reopen(interrupted(driver, complete), access(), booking.id)
    assert (opened.status, opened.reopened, opened.earned_points) == (Status.BOOKED, 1, 0)
    assert held(driver) == 0
    assert driver.store.account(NETWORK, MARIA).balance == 500


def test_what_is_open_is_opened_again_without_a_write(driver: SalonDriver, booking: Booking) -> None:
    def fail() -> None:
        raise AssertionError("written")

    assert reopen_booking.reopen(interrupted(driver, fail), access(), booking.id) == booking


def test_both_free_the_points_and_they_are_free_once(driver: SalonDriver, booking: Booking) -> None:
    hold(driver.world, booking)

    def free() -> None:
        release_for_booking(driver.world, access(), booking.id)

    release_for_booking(interrupted(driver, free), VISITOR, booking.id)
    assert held(driver) == 0
    assert driver.store.account(NETWORK, MARIA).available(NOW) == 500
    assert driver.store.get(Booking, network_id=NETWORK, id=booking.id).held_points == 0
