"""Every AWS call of what moves points fails in turn; run again, nothing is lost or doubled."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.services.loyalty import hold_points, reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_client, access, an_amount, save_client
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import IN_TWO_DAYS, MARIA_ID, Story, fail_each_call

PETRU_ID = "cli_petru00000000001"


# --- what comes before


def with_points(driver: SalonDriver) -> Booking:
    """300 points, of which 100 expire in ten days; and a booking."""
    until = (NOW + timedelta(days=10)).date()
    gift = PostingByHand(kind="grant", points=100, reason="welcome", expires_on=until)
    post_by_hand(driver.world, access(), MARIA_ID, gift, "r-1")
    post_by_hand(
        driver.world, access(), MARIA_ID, PostingByHand(kind="grant", points=200, reason="more"), "r-2"
    )
    return driver.book(IN_TWO_DAYS)


def with_a_hold(driver: SalonDriver) -> Booking:
    booking = with_points(driver)
    hold(driver, booking)
    return booking


def with_a_hold_at_the_desk(driver: SalonDriver) -> Entry:
    with_points(driver)
    return hold_at_the_desk(driver, None)


def with_a_visit(driver: SalonDriver) -> Booking:
    return driver.complete(with_points(driver), paid_minor=40_000, redeem_points=80).booking


def with_points_that_are_over(driver: SalonDriver) -> Booking:
    """And so is the hold."""
    booking = with_a_hold(driver)
    driver.run_until(NOW + timedelta(days=3))
    driver.world.clock.now = NOW + timedelta(days=30)  # type: ignore[attr-defined]
    return booking


def with_two_clients(driver: SalonDriver) -> Booking:
    save_client(driver.store, a_client(PETRU_ID, phone="+37369000001", email=None))
    return with_points(driver)


def with_merged_clients(driver: SalonDriver) -> Booking:
    booking = with_two_clients(driver)
    merge(driver, booking)
    return booking


# --- what is done, and done again


def hold(driver: SalonDriver, booking: Booking) -> Entry:
    return hold_points.hold_for_booking(driver.world, access(), booking.id, 80)


def hold_at_the_desk(driver: SalonDriver, _: Any) -> Entry:
    bill = Bill(paid_minor=40_000)
    return hold_points.hold_at_desk(driver.world, access(), driver.client(), 80, "sal_centru", bill, "r-3")


def release(driver: SalonDriver, booking: Booking) -> None:
    (held,) = [entry for entry in driver.store.entries(NETWORK, MARIA_ID) if entry.kind == "hold"]
    hold_points.release_hold(driver.world, access(), held.id)


def redeem(driver: SalonDriver, held: Entry) -> None:
    hold_points.redeem_hold(driver.world, access(), held.id, 60, "sal_centru")


def refund(driver: SalonDriver, booking: Booking) -> None:
    refund_visit.refund(driver.world, access(), booking.id, an_amount(10_000), "unhappy", "r-4")


def reverse(driver: SalonDriver, booking: Booking) -> None:
    first = driver.store.entries(NETWORK, MARIA_ID)[0]
    reverse_entry.reverse_entry(driver.world, access(), first.id, "mistake")


def cancel(driver: SalonDriver, booking: Booking) -> None:
    driver.cancel(booking)


def move(driver: SalonDriver, booking: Booking) -> None:
    driver.move(booking, IN_TWO_DAYS + timedelta(days=1))


def complete(driver: SalonDriver, booking: Booking) -> None:
    driver.complete(booking, paid_minor=40_000, redeem_points=60)


def drain(driver: SalonDriver, _: Any) -> None:
    driver.drain()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def merge(driver: SalonDriver, _: Any) -> None:
    merge_clients(driver.world, access(), MARIA_ID, PETRU_ID)


def unmerge(driver: SalonDriver, _: Any) -> None:
    if driver.client().merged is not None:  # again: NOT_MERGED
        unmerge_clients(driver.world, access(), MARIA_ID)


# --- what holds in the end


def stands(
    kinds: str, balance: int, held: int = 0, debt: int = 0, status: Status | None = None
) -> Callable[[SalonDriver, Any], None]:
    """kinds: of the entries, in their order."""

    def check(driver: SalonDriver, subject: Any) -> None:
        assert driver.ledger_faults() == []
        account = driver.store.account(NETWORK, MARIA_ID)
        assert (account.balance, account.held, account.debt) == (balance, held, debt)
        entries = driver.store.entries(NETWORK, MARIA_ID)
        assert [entry.kind.value for entry in entries] == ["grant", "grant", *kinds.split()]
        if status is not None:
            booking = driver.booking(subject.id)
            assert (booking.status, booking.held_points) == (status, held)

    return check


def refunded(driver: SalonDriver, booking: Booking) -> None:
    stands("redeem cashback reversal reversal", 300 - 80 + 16 - 4 + 20, status=Status.COMPLETED)(
        driver, booking
    )
    assert driver.booking(booking.id).refunded_minor == 10_000
    assert dict(driver.client().spent_minor) == {"MDL": 30_000}


def the_other_has_it(driver: SalonDriver, booking: Booking) -> None:
    stands("merge", 0)(driver, booking)
    assert (driver.store.account(NETWORK, PETRU_ID).balance, driver.ledger_faults(PETRU_ID)) == (300, [])
    assert driver.booking(booking.id).client_id == PETRU_ID


def each_has_their_own(driver: SalonDriver, booking: Booking) -> None:
    stands("merge merge", 300)(driver, booking)
    assert (driver.store.account(NETWORK, PETRU_ID).balance, driver.ledger_faults(PETRU_ID)) == (0, [])
    assert driver.booking(booking.id).client_id == MARIA_ID


STORIES: dict[str, Story] = {
    "a hold for a booking": (with_points, hold, hold, stands("hold", 300, 80, status=Status.BOOKED)),
    "a hold at the desk": (with_points, hold_at_the_desk, hold_at_the_desk, stands("hold", 300, 80)),
    "a release by hand": (with_a_hold, release, release, stands("hold release", 300, status=Status.BOOKED)),
    "a hold redeemed": (with_a_hold_at_the_desk, redeem, redeem, stands("hold redeem", 240)),
    "a cancellation with a hold": (
        with_a_hold, cancel, cancel, stands("hold release", 300, status=Status.CANCELLED)),
    "a move with a hold": (with_a_hold, move, move, stands("hold", 300, 80, status=Status.BOOKED)),
    "a completion with a hold": (
        with_a_hold, complete, complete, stands("hold redeem cashback", 257, status=Status.COMPLETED)),
    "a refund": (with_a_visit, refund, refund, refunded),
    "a reversal": (with_a_visit, reverse, reverse, stands("redeem cashback reversal", 136)),
    "points and a hold that come to their end": (
        with_points_that_are_over, drain, the_clock_goes_on, stands("hold release expiry", 200)),
    "clients merged": (with_two_clients, merge, merge, the_other_has_it),
    "clients unmerged": (with_merged_clients, unmerge, unmerge, each_has_their_own),
}  # fmt: skip

IN_EVERY_WAY = {"a hold redeemed", "a refund", "points and a hold that come to their end"}
CASES = [
    (story, failure)
    for story in STORIES
    for failure in (list(Failure) if story in IN_EVERY_WAY else (Failure.BEFORE, Failure.AFTER))
]


@pytest.mark.parametrize(("story", "failure"), CASES)
def test_any_call_may_fail_and_no_point_is_lost_or_doubled(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
