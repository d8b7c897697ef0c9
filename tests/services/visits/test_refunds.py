"""Refunds in parts: whatever the parts, nothing is made by rounding, and the whole is the whole."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.visits import refund_visit
from chalicelib.services.visits.refund_visit import Refunded
from infra.testkit.builders import NETWORK, NOW, a_network, a_town, access, an_amount
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world
from tests.profile import tries

MARIA = "cli_maria00000000001"


def in_memory(**rules: Any) -> SalonDriver:
    """A salon on a store in memory, so that a test can try many of them."""
    store = MemoryStore()
    network = a_network()
    bonuses = BonusRules(**{"pending_days": 0, **rules})
    a_town(store, network=replace(network, rules=replace(network.rules, bonuses=bonuses)))
    return SalonDriver(a_world(store))


def refund(
    driver: SalonDriver, booking_id: str, amount_minor: int, request_id: str | None = None
) -> Refunded:
    amount = an_amount(amount_minor)
    return refund_visit.refund(driver.world, access(), booking_id, amount, "unhappy", request_id)


def gift(driver: SalonDriver, points: int) -> None:
    post_by_hand(
        driver.world, access(), MARIA, PostingByHand(kind="grant", points=points, reason="gift"), "gift"
    )


@given(
    paid_minor=st.integers(1, 30_000),
    share=st.integers(0, 100),
    percent=st.integers(1, 100),
    value_minor=st.sampled_from([1, 7, 100]),
    parts=st.lists(st.integers(1, 20_000), min_size=1, max_size=8),
    again=st.booleans(),
)
@tries(few=150, many=3000)
def test_parts_of_a_bill_give_back_what_was_paid_and_make_nothing(
    paid_minor: int, share: int, percent: int, value_minor: int, parts: list[int], again: bool
) -> None:
    driver = in_memory(redeem_cap_percent=100, cashback_percent=percent, point_value_minor=value_minor)
    booking = driver.book(NOW + timedelta(days=1))
    points = paid_minor * share // 100 // value_minor
    gift(driver, 100_000)
    earned = driver.complete(booking, paid_minor=paid_minor, redeem_points=points).booking.earned_points
    left, money, back, taken = paid_minor, 0, 0, 0
    for number, part in enumerate([*parts, paid_minor]):
        amount = min(part, left)
        if not amount:
            break
        done = refund(driver, booking.id, amount, f"refund-{number}")
        if again:
            repeated = refund(driver, booking.id, amount, f"refund-{number}")
            assert (repeated.refund, repeated.money_minor) == (done.refund, done.money_minor)
        left, money = left - amount, money + done.money_minor
        back, taken = back + done.refund.points_back, taken + done.refund.points_taken
        assert money + back * value_minor <= paid_minor - left
        assert back * paid_minor <= points * (paid_minor - left)
        assert taken * paid_minor >= earned * (paid_minor - left)
        account = driver.store.account(NETWORK, MARIA)
        assert account.balance - account.debt == 100_000 - points + earned + back - taken
    assert (back, taken, money) == (points, earned, paid_minor - points * value_minor)
    assert driver.store.account(NETWORK, MARIA).balance == 100_000
    assert driver.ledger_faults() == []


def test_a_bill_paid_with_points_alone_gives_back_no_money() -> None:
    """Nor one part of it at a time, each too small for a point."""
    driver = in_memory(redeem_cap_percent=100)
    gift(driver, 400)
    booking = driver.book(NOW + timedelta(days=1))
    driver.complete(booking, paid_minor=40_000, redeem_points=400)
    assert [refund(driver, booking.id, 50).money_minor for _ in range(4)] == [0] * 4


def test_points_that_were_returned_by_hand_are_not_returned_in_money_as_well(driver: SalonDriver) -> None:
    gift(driver, 400)
    booking = driver.book(NOW + timedelta(days=1))
    redeemed, _ = driver.complete(booking, paid_minor=40_000, redeem_points=100).entries
    reverse_entry.reverse_entry(driver.world, access(), redeemed.id, "mistake")
    done = refund(driver, booking.id, 40_000)
    assert (done.money_minor, done.refund.points_back) == (30_000, 0)
    assert driver.store.account(NETWORK, MARIA).balance == 400


def test_the_same_refund_with_another_amount_is_refused_and_named(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=1))
    driver.complete(booking, paid_minor=40_000)
    refund(driver, booking.id, 10_000, "r-1")
    with pytest.raises(DomainError, match="REFUND_EXISTS"):
        refund(driver, booking.id, 20_000, "r-1")
    assert driver.booking(booking.id).refunded_minor == 10_000
