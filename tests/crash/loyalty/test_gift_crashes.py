"""Every AWS call of what gives and takes back gifts fails in turn; run again, each stands once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.client_plan import with_wake
from chalicelib.domain.loyalty.coupons import CouponState
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    CouponTerms,
    Gift,
    Referral,
    Streak,
    VisitReward,
)
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.operations import Tally
from chalicelib.services.clients.register_client import NewClient, register_client
from chalicelib.services.loyalty.coupons import CouponBill, issue_coupon, redeem_coupon
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.visits.refund_visit import refund
from infra.testkit.builders import NETWORK, NOW, a_booking, a_salon, access, an_amount, save_booking
from infra.testkit.failing_calls import Failure
from infra.testkit.salon_driver import SalonDriver
from tests.crash.arranged import MARIA_ID, Story, fail_each_call

ELENA = NewClient(name="Elena", phone="069000111", referred_by=MARIA_ID)
GOODS = CouponTerms("10 % off goods", percent=10)
RULES = BonusRules(
    cashback_percent=0,
    visit_rewards=(VisitReward(id="two", visits=2, days=60, coupon=GOODS),),
    streak=Streak(2, Gift(50)),
    referral=Referral(referrer=Gift(300), friend=Gift(100)),
    birthday=Gift(200),
)


def with_rules(driver: SalonDriver) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=RULES)))
    driver.world.directories.forget(NETWORK)


# --- a visit that brings a coupon, a streak and both sides of a referral


def before_the_visit(driver: SalonDriver) -> Booking:
    """Elena was here last month, and paid nothing then."""
    with_rules(driver)
    elena = register_client(driver.world, access(), ELENA, "r-1")
    clock: Any = driver.world.clock
    for each_id, days in (("bkg_first", 0), ("bkg_second", 14)):
        starts_at = NOW + timedelta(days=days)
        booking = save_booking(driver.store, a_booking(each_id, client_id=elena.id, starts_at=starts_at))
        clock.now = booking.ends_at
        if days == 0:
            driver.complete(booking, paid_minor=0)
    return booking


def before_taking_back(driver: SalonDriver) -> Booking:
    return driver.complete(before_the_visit(driver)).booking


def complete(driver: SalonDriver, booking: Booking) -> None:
    done = driver.complete(booking)
    assert [entry.points for entry in done.entries] == [50, 100]


def complete_again(driver: SalonDriver, booking: Booking) -> None:
    complete(driver, booking)
    complete(driver, booking)


def reopen(driver: SalonDriver, booking: Booking) -> None:
    driver.reopen(booking)


def give_back(driver: SalonDriver, booking: Booking) -> None:
    refund(driver.world, access(), booking.id, an_amount(50_000), "burnt", "r-2")


def the_gifts_are(elena: int, maria: int, coupon: CouponState, status: Status) -> Any:
    def check(driver: SalonDriver, booking: Booking) -> None:
        assert driver.booking(booking.id).status is status
        for client_id, points in ((booking.client_id, elena), (MARIA_ID, maria)):
            assert driver.ledger_faults(str(client_id)) == []
            assert driver.store.account(NETWORK, client_id).balance == points
        assert [each.state for each in driver.store.coupons(NETWORK, booking.client_id)] == [coupon]

    return check


# --- a birthday


def before_midnight(driver: SalonDriver) -> None:
    with_rules(driver)
    client = replace(driver.client(), birth_date=date(1990, 5, 17))
    driver.store.save(with_wake(client, driver.world.directory(NETWORK), driver.world.now()))
    clock: Any = driver.world.clock
    clock.now = datetime(2027, 5, 9, 21, tzinfo=UTC)


def drain(driver: SalonDriver, _: Any) -> None:
    driver.drain()


def the_clock_goes_on(driver: SalonDriver, _: Any) -> None:
    driver.run_until(driver.world.now() + timedelta(minutes=25))


def one_gift_for_the_birthday(driver: SalonDriver, _: Any) -> None:
    assert driver.ledger_faults() == []
    assert [each.points for each in driver.store.entries(NETWORK, MARIA_ID)] == [200]
    assert driver.client().gifted_year == 2027


# --- at the desk


def before_redeeming(driver: SalonDriver) -> str:
    return issue_coupon(driver.world, access(), driver.client(), GOODS, "for you", request_id="r-1").id


def redeem(driver: SalonDriver, coupon_id: str) -> None:
    bill = CouponBill(salon=a_salon(), bill_minor=10_000, goods_minor=5_000)
    coupon = redeem_coupon(driver.world, access(), coupon_id, bill)
    assert coupon.use is not None
    assert coupon.use.discount_minor == 500


def it_is_redeemed(driver: SalonDriver, coupon_id: str) -> None:
    (coupon,) = driver.store.coupons(NETWORK, MARIA_ID)
    assert (coupon.id, coupon.state) == (coupon_id, CouponState.REDEEMED)


def compensate(driver: SalonDriver, _: Any, request_id: str = "r-1") -> None:
    asked = PostingByHand(kind="compensation", points=50, reason="burnt")
    by = access(Role.SPECIALIST, staff_id="stf_anna")
    post_by_hand(driver.world, by, MARIA_ID, asked, request_id)


def given_and_counted_once(driver: SalonDriver, _: Any) -> None:
    assert driver.store.account(NETWORK, MARIA_ID).balance == 50
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        compensate(driver, None, "r-2")
    (tally,) = [driver.store.get(Tally, network_id=NETWORK, name="compensation by stf_anna 2026-11-23")]
    assert (tally.times, tally.points) == (1, 50)


def grant(driver: SalonDriver, _: Any) -> None:
    asked = PostingByHand(kind="grant", points=50, reason="she waited")
    post_by_hand(driver.world, access(Role.RECEPTION), MARIA_ID, asked, "r-1")


def before_the_spending_is_undone(driver: SalonDriver) -> str:
    given = PostingByHand(kind="grant", points=50, reason="she waited")
    post_by_hand(driver.world, access(), MARIA_ID, given, "r-1")
    spent = PostingByHand(kind="redeem", points=50, reason="cream")
    return post_by_hand(driver.world, access(), MARIA_ID, spent, "r-2").id


def undo_the_spending(driver: SalonDriver, entry_id: str) -> None:
    reverse_entry(driver.world, access(Role.MANAGER), entry_id, "a mistake")


def issue_by_hand(driver: SalonDriver, _: Any) -> None:
    issue_coupon(driver.world, access(Role.MANAGER), driver.client(), GOODS, "sorry", request_id="r-1")


def counted_once(role: str, points: int, balance: int, coupons: int = 0) -> Any:
    def check(driver: SalonDriver, _: Any) -> None:
        assert driver.ledger_faults(MARIA_ID) == []
        assert driver.store.account(NETWORK, MARIA_ID).balance == balance
        assert len(driver.store.coupons(NETWORK, MARIA_ID)) == coupons
        tally = driver.store.get(Tally, network_id=NETWORK, name=f"compensation by key:{role} 2026-11-23")
        assert tally is not None
        assert (tally.times, tally.points) == (1, points)

    return check


GIVEN = the_gifts_are(150, 300, CouponState.OPEN, Status.COMPLETED)
STORIES: dict[str, Story] = {
    "a visit that brings gifts": (before_the_visit, complete, complete_again, GIVEN),
    "taking it back": (
        before_taking_back, reopen, reopen, the_gifts_are(0, 0, CouponState.VOID, Status.BOOKED)),
    "refunding it": (
        before_taking_back, give_back, give_back, the_gifts_are(0, 0, CouponState.OPEN, Status.COMPLETED)),
    "a birthday": (before_midnight, drain, the_clock_goes_on, one_gift_for_the_birthday),
    "redeeming a coupon": (before_redeeming, redeem, redeem, it_is_redeemed),
    "a compensation": (lambda driver: None, compensate, compensate, given_and_counted_once),
    "a grant by hand": (lambda driver: None, grant, grant, counted_once("reception", 50, 50)),
    "a coupon by hand": (
        lambda driver: None, issue_by_hand, issue_by_hand, counted_once("manager", 100, 0, coupons=1)),
    "a reversal that gives back": (
        before_the_spending_is_undone, undo_the_spending, undo_the_spending,
        counted_once("manager", 50, 50)),
}  # fmt: skip


@pytest.mark.parametrize("failure", list(Failure))
@pytest.mark.parametrize("story", STORIES)
def test_any_call_may_fail_and_every_gift_stands_once(
    aws: dict[str, Any], story: str, failure: Failure
) -> None:
    assert fail_each_call(aws, STORIES[story], failure) > 1
