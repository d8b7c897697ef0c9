"""What users of other systems complain about in points (docs/product.md, Complaints), each as a test of that
name. (Merged clients with an orphaned card: test_merged_clients.py.)"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.bonus_rules import BonusRules, Expiry, ExpiryModel
from chalicelib.domain.networks.network import Network
from chalicelib.services.loyalty import hold_points, reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_client, access, an_amount, save_client
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"
TOMORROW = NOW + timedelta(days=1)


@pytest.fixture
def booking(driver: SalonDriver) -> Booking:
    return driver.book(TOMORROW)


def by_hand(
    driver: SalonDriver, points: int, kind: str = "grant", days: int | None = None, request_id: str = ""
) -> Entry:
    on = (driver.world.now() + timedelta(days=days)).date() if days is not None else None
    asked = PostingByHand(kind=kind, points=points, reason=f"{kind} at the desk", expires_on=on)
    return post_by_hand(driver.world, access(), MARIA, asked, request_id or f"{kind}-{points}-{days}")


def refund(
    driver: SalonDriver, booking: Booking, amount_minor: int, request_id: str = "r-1"
) -> refund_visit.Refunded:
    amount = an_amount(amount_minor)
    return refund_visit.refund(driver.world, access(), booking.id, amount, "unhappy", request_id)


def with_rules(driver: SalonDriver, **said: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=BonusRules(**said))))
    driver.world.directories.forget(NETWORK)


def account(driver: SalonDriver) -> Account:
    assert driver.ledger_faults() == []
    found: Account = driver.store.account(NETWORK, MARIA)
    return found


# --- points doubled on a retry


@pytest.mark.parametrize(
    "request_",
    [
        lambda driver, booking: by_hand(driver, 100),
        lambda driver, booking: by_hand(driver, 100, "redeem"),
        lambda driver, booking: driver.complete(booking).entries,
        lambda driver, booking: hold_points.hold_for_booking(driver.world, access(), booking.id, 50),
        lambda driver, booking: hold_points.hold_at_desk(
            driver.world, access(), driver.client(), 50, "sal_centru", Bill(paid_minor=50_000), "hold"
        ),
    ],
)
def test_points_are_not_doubled_on_a_retry(
    driver: SalonDriver, booking: Booking, request_: Callable[[SalonDriver, Booking], Any]
) -> None:
    by_hand(driver, 300, request_id="first")
    first = request_(driver, booking)
    stands = account(driver)
    assert request_(driver, booking) == first
    assert account(driver) == stands


def test_points_are_not_doubled_when_a_refund_or_a_reversal_is_asked_for_again(
    driver: SalonDriver, booking: Booking
) -> None:
    gift = by_hand(driver, 300)
    driver.complete(booking, paid_minor=40_000, redeem_points=100)
    refund(driver, booking, 20_000)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    stands = account(driver)
    refund(driver, booking, 20_000)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    assert account(driver) == stands


# --- points kept after a refund, or taken twice


def test_points_are_not_kept_after_a_refund(driver: SalonDriver, booking: Booking) -> None:
    driver.complete(booking, paid_minor=40_000)
    assert account(driver).balance == 20
    refund(driver, booking, 10_000)
    assert account(driver).balance == 15
    refund(driver, booking, 30_000, "r-2")
    assert (account(driver).balance, account(driver).debt) == (0, 0)


def test_points_that_were_spent_before_the_refund_are_owed(
    driver: SalonDriver, booking: Booking, clock: Any
) -> None:
    driver.complete(booking, paid_minor=40_000)
    clock.forward(days=3)
    by_hand(driver, 20, "redeem")
    refund(driver, booking, 40_000)
    assert (account(driver).balance, account(driver).debt) == (0, 20)
    by_hand(driver, 50)
    assert (account(driver).balance, account(driver).debt) == (30, 0)


def test_points_are_not_taken_twice_by_refund_reversal_and_taking_back(
    driver: SalonDriver, booking: Booking
) -> None:
    by_hand(driver, 100)
    cashback = driver.complete(booking, paid_minor=40_000).entries[0]
    refund(driver, booking, 10_000)
    reverse_entry.reverse_entry(driver.world, access(), cashback.id, "mistake")
    refund(driver, booking, 10_000, "r-2")
    driver.reopen(booking)
    assert (account(driver).balance, account(driver).debt) == (100, 0)


def test_points_that_expired_are_not_taken_once_more_by_a_refund(
    driver: SalonDriver, booking: Booking, clock: Any
) -> None:
    with_rules(driver, expiry=Expiry(ExpiryModel.DAYS, 5))
    driver.complete(booking, paid_minor=40_000)
    by_hand(driver, 100, days=90)
    clock.forward(days=10)
    refund(driver, booking, 40_000)
    assert (account(driver).balance, account(driver).debt) == (100, 0)


# --- points redeemed but not deducted


def test_points_that_are_redeemed_are_deducted(driver: SalonDriver, booking: Booking) -> None:
    by_hand(driver, 500)
    hold_points.hold_for_booking(driver.world, access(), booking.id, 80)
    done = driver.complete(booking, paid_minor=40_000, redeem_points=100)
    assert (done.booking.redeemed_points, account(driver).held) == (100, 0)
    assert account(driver).balance == 500 - 100 + done.booking.earned_points


def test_points_that_are_held_cannot_be_spent_elsewhere_meanwhile(
    driver: SalonDriver, booking: Booking
) -> None:
    by_hand(driver, 100)
    hold_points.hold_for_booking(driver.world, access(), booking.id, 80)
    with pytest.raises(Exception, match="INSUFFICIENT_POINTS"):
        by_hand(driver, 21, "redeem")
    assert driver.complete(booking, redeem_points=80).booking.redeemed_points == 80
    assert account(driver).balance == 20 + 21  # and what the rest of the bill earned


# --- an expiry that takes more than was left


def test_an_expiry_takes_no_more_than_was_left(driver: SalonDriver, clock: Any) -> None:
    by_hand(driver, 100, days=5)
    by_hand(driver, 200, days=50)
    by_hand(driver, 60, "redeem")
    driver.run_until(NOW + timedelta(days=6))
    expiries = [each for each in driver.store.entries(NETWORK, MARIA) if each.kind == "expiry"]
    assert [(each.points, each.balance_after) for each in expiries] == [(-40, 200)]
    driver.run_until(NOW + timedelta(days=7))
    assert account(driver).balance == 200


# --- a policy applied backwards


@pytest.mark.parametrize("model", [Expiry(ExpiryModel.DAYS, 1), Expiry(ExpiryModel.INACTIVITY, 1)])
def test_a_policy_is_not_applied_backwards(
    driver: SalonDriver, booking: Booking, clock: Any, model: Expiry
) -> None:
    with_rules(driver, expiry=Expiry(ExpiryModel.DAYS, 100))
    driver.complete(booking, paid_minor=40_000)
    (granted,) = account(driver).lots
    with_rules(driver, expiry=model, cashback_percent=1, pending_days=300, redeem_cap_percent=1)
    driver.run_until(NOW + timedelta(days=30))
    assert account(driver).lots == (granted,)
    driver.complete(driver.book(clock.now + timedelta(hours=1)), paid_minor=40_000)
    assert account(driver).lots[0] == granted
    refund(driver, booking, 40_000)
    assert [lot.remaining for lot in account(driver).lots] == [4]  # taken back as it was earned


# --- no history of who changed a balance


def test_there_is_a_history_of_who_changed_a_balance(
    driver: SalonDriver, booking: Booking, clock: Any
) -> None:
    gift = by_hand(driver, 100, days=5)
    hold_points.hold_for_booking(driver.world, access(), booking.id, 50)
    driver.complete(booking, redeem_points=30)
    refund(driver, booking, 20_000)
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    by_hand(driver, 40, days=1, request_id="second")
    driver.run_until(NOW + timedelta(days=9))
    entries = driver.store.entries(NETWORK, MARIA)
    balance = 0
    for number, entry in enumerate(entries):
        balance += entry.points
        assert (entry.number, entry.balance_after) == (number, balance)
        assert entry.actor == ("system" if entry.kind in ("expiry", "release") else entry.actor)
        assert entry.actor.startswith(("key:", "system"))
        assert entry.reason
        assert entry.effective_at <= entry.recorded_at
    assert {entry.kind.value for entry in entries} >= {"grant", "hold", "redeem", "cashback", "reversal"}
    reversals = [entry for entry in entries if entry.kind == "reversal"]
    assert all(
        driver.store.get(Entry, network_id=NETWORK, client_id=MARIA, id=str(entry.reverses))
        for entry in reversals
    )


def test_no_other_client_is_touched(driver: SalonDriver, booking: Booking) -> None:
    other = save_client(driver.store, a_client("cli_petru00000000001", phone="+37369000001", email=None))
    by_hand(driver, 100)
    driver.complete(booking, redeem_points=50)
    assert driver.store.entries(NETWORK, other.id) == []
