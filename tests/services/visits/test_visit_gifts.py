"""Coupons for so many visits, gifts for months running: given with the visit, and gone with it."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.loyalty.coupons import Coupon, CouponState
from chalicelib.domain.networks.bonus_rules import CouponTerms, Gift, GroupProgramme, Streak, VisitReward
from chalicelib.domain.networks.network import Connection
from chalicelib.services.loyalty.coupons import CouponBill, open_coupons, redeem_coupon
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.visits.visit_gifts import coupon_ids_of_visit
from infra.testkit.builders import NETWORK, a_salon, access, an_amount
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.services.rewarded import MARIA, balance, booked_on, entries, visited_on, with_rules

THREE_IN_TWO_MONTHS = VisitReward(
    id="three", visits=3, months=2, coupon=CouponTerms("10 % off goods", percent=10, valid_days=30)
)
FIRST, SECOND, LAST_DAY = date(2026, 11, 24), date(2026, 12, 20), date(2027, 1, 24)


@pytest.fixture
def rewarding(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, visit_rewards=(THREE_IN_TWO_MONTHS,))
    return driver


def coupons(driver: SalonDriver) -> list[Coupon]:
    found: list[Coupon] = driver.store.coupons(NETWORK, MARIA)
    return found


def used(driver: SalonDriver, coupon: Coupon) -> None:
    bill = CouponBill(salon=a_salon(), bill_minor=10_000, goods_minor=10_000)
    redeem_coupon(driver.world, access(), coupon.id, bill)


def test_the_third_visit_on_the_last_day_of_the_window_brings_a_coupon(rewarding: SalonDriver) -> None:
    for day in (FIRST, SECOND, LAST_DAY):
        assert open_coupons(rewarding.world, NETWORK, MARIA) == []
        last = visited_on(rewarding, day)
    (coupon,) = open_coupons(rewarding.world, NETWORK, MARIA)
    assert (coupon.terms, coupon.cause) == (THREE_IN_TWO_MONTHS.coupon, "three")
    assert (coupon.booking_id, coupon.issued_at) == (last.booking.id, rewarding.world.now())
    assert coupon.expires_at == datetime(2027, 2, 23, 22, tzinfo=UTC)


def test_the_third_visit_a_day_after_the_window_brings_none(rewarding: SalonDriver) -> None:
    for day in (FIRST, SECOND, LAST_DAY + timedelta(days=1)):
        visited_on(rewarding, day)
    assert coupons(rewarding) == []


def test_the_last_day_is_that_of_the_salon(rewarding: SalonDriver, clock: Any) -> None:
    """At 22:30 UTC on the window's last day it is half past midnight of the next in Chisinau."""
    visited_on(rewarding, FIRST)
    visited_on(rewarding, SECOND)
    late = booked_on(rewarding, LAST_DAY, name="late")
    late = rewarding.store.save(replace(late, starts_at=datetime(2027, 1, 24, 22, 30, tzinfo=UTC)))[0]
    clock.now = late.starts_at
    rewarding.complete(late)
    assert coupons(rewarding) == []


def test_visits_are_used_up_once(rewarding: SalonDriver) -> None:
    days = [FIRST + timedelta(days=number) for number in range(7)]
    given = []
    for day in days:
        visited_on(rewarding, day)
        given.append(len(coupons(rewarding)))
    assert given == [0, 0, 1, 1, 1, 2, 2]


def test_a_retry_brings_one_coupon_and_two_bookings_of_a_day_are_one_visit(rewarding: SalonDriver) -> None:
    visited_on(rewarding, FIRST)
    visited_on(rewarding, FIRST, name="again")
    visited_on(rewarding, SECOND)
    assert coupons(rewarding) == []
    done = visited_on(rewarding, LAST_DAY)
    again = rewarding.complete(done.booking)
    assert again.booking == done.booking
    (coupon,) = coupons(rewarding)
    for told in (done, again):
        assert told.account is not None
        assert coupon_ids_of_visit(told.booking, told.account) == [coupon.id]


def test_a_visit_taken_back_makes_its_coupon_void_and_frees_the_others(
    rewarding: SalonDriver, clock: Any
) -> None:
    first, _, third = (visited_on(rewarding, day) for day in (FIRST, SECOND, LAST_DAY))
    rewarding.reopen(third.booking)
    assert [each.state for each in coupons(rewarding)] == [CouponState.VOID]
    clock.forward(minutes=1)
    rewarding.complete(rewarding.booking(third.booking.id))
    assert [each.state for each in coupons(rewarding)] == [CouponState.VOID, CouponState.OPEN]
    rewarding.reopen(first.booking)  # any of the three visits
    assert [each.state for each in coupons(rewarding)] == [CouponState.VOID] * 2
    visited_on(rewarding, LAST_DAY + timedelta(days=3))
    assert coupons(rewarding)[-1].state is CouponState.OPEN


def test_a_coupon_that_was_used_stays_and_so_do_its_visits_used_up(rewarding: SalonDriver) -> None:
    done = [visited_on(rewarding, day) for day in (FIRST, SECOND, LAST_DAY)]
    used(rewarding, coupons(rewarding)[0])
    rewarding.reopen(done[-1].booking)
    assert [each.state for each in coupons(rewarding)] == [CouponState.REDEEMED]
    rewarding.complete(rewarding.booking(done[-1].booking.id))
    visited_on(rewarding, LAST_DAY + timedelta(days=1))
    assert len(coupons(rewarding)) == 1


def test_a_coupon_stays_while_another_booking_keeps_the_visit(rewarding: SalonDriver) -> None:
    visited_on(rewarding, FIRST)
    visited_on(rewarding, SECOND)
    third, same_day = visited_on(rewarding, LAST_DAY), visited_on(rewarding, LAST_DAY, name="again")
    rewarding.reopen(third.booking)
    assert [each.state for each in coupons(rewarding)] == [CouponState.OPEN]
    rewarding.reopen(same_day.booking)
    assert [each.state for each in coupons(rewarding)] == [CouponState.VOID]


def test_a_new_rule_leaves_a_coupon_as_it_was_given(rewarding: SalonDriver) -> None:
    for day in (FIRST, SECOND, LAST_DAY):
        visited_on(rewarding, day)
    with_rules(rewarding)
    assert coupons(rewarding)[0].terms == THREE_IN_TWO_MONTHS.coupon


def test_a_salon_without_a_programme_rewards_nothing(driver: SalonDriver) -> None:
    off = GroupProgramme(name="off", salon_ids=("sal_centru",), enabled=False)
    with_rules(driver, visit_rewards=(THREE_IN_TWO_MONTHS,), streak=Streak(1, Gift(5)), programmes=(off,))
    for day in (FIRST, SECOND, LAST_DAY):
        visited_on(driver, day)
    assert (coupons(driver), balance(driver)) == ([], 0)


# --- months running


@pytest.fixture
def running(driver: SalonDriver) -> SalonDriver:
    with_rules(driver, streak=Streak(3, Gift(500, valid_days=10)))
    return driver


MONTHS = [date(2026, 11, 30), date(2026, 12, 1), date(2027, 1, 31)]


def test_the_last_of_months_running_brings_the_gift_once(running: SalonDriver) -> None:
    done = [visited_on(running, day) for day in MONTHS]
    (gift,) = entries(running, "streak")
    assert (gift.points, gift.booking_id, gift.salon_id) == (500, done[-1].booking.id, "sal_centru")
    assert gift.lots[0].expires_at == datetime(2027, 2, 10, 22, tzinfo=UTC)
    assert running.complete(done[-1].booking).entries == done[-1].entries == (gift,)
    visited_on(running, date(2027, 2, 1))
    visited_on(running, date(2027, 3, 1))
    assert len(entries(running, "streak")) == 1
    visited_on(running, date(2027, 4, 1))
    assert len(entries(running, "streak")) == 2


def test_a_month_left_out_brings_none(running: SalonDriver) -> None:
    for day in (date(2026, 11, 30), date(2027, 1, 1), date(2027, 2, 1)):
        visited_on(running, day)
    assert entries(running, "streak") == []


def test_months_are_the_salons(running: SalonDriver, clock: Any) -> None:
    """At 22:30 UTC on 30 November it is December in Chisinau."""
    late = booked_on(running, date(2026, 11, 30))
    late = running.store.save(replace(late, starts_at=datetime(2026, 11, 30, 22, 30, tzinfo=UTC)))[0]
    clock.now = late.starts_at
    running.complete(late)
    for day in MONTHS[1:]:
        visited_on(running, day)
    assert entries(running, "streak") == []


def test_the_gift_goes_with_the_visit_and_comes_again_with_it(running: SalonDriver) -> None:
    last = [visited_on(running, day) for day in MONTHS][-1]
    running.reopen(last.booking)
    assert balance(running) == 0
    running.complete(running.booking(last.booking.id))
    assert balance(running) == 500


def test_the_gift_goes_with_any_month_that_has_no_visit_left(running: SalonDriver) -> None:
    first, *_ = [visited_on(running, day) for day in MONTHS]
    another = visited_on(running, date(2026, 11, 29), name="late")
    running.reopen(first.booking)
    assert balance(running) == 500
    running.reopen(another.booking)
    assert balance(running) == 0
    visited_on(running, date(2027, 2, 1))
    assert balance(running) == 500


def test_the_gift_goes_only_when_the_whole_bill_is_refunded(running: SalonDriver) -> None:
    last = [visited_on(running, day) for day in MONTHS][-1]

    def refunded(amount_minor: int) -> None:
        refund(running.world, access(), last.booking.id, an_amount(amount_minor), "burnt")

    refunded(49_999)
    assert balance(running) == 500
    refunded(1)
    assert balance(running) == 0
    running.reopen(running.booking(last.booking.id))
    assert balance(running) == 0
    running.complete(running.booking(last.booking.id))
    assert balance(running) == 500


def test_a_gift_that_was_spent_is_owed(running: SalonDriver) -> None:
    last = [visited_on(running, day) for day in MONTHS][-1]
    post_by_hand(running.world, access(), MARIA, PostingByHand(kind="redeem", points=400, reason="x"), "r-1")
    running.reopen(last.booking)
    assert (balance(running), running.store.account(NETWORK, MARIA).debt) == (0, 400)


# --- told by a booking site


def test_visits_that_a_site_tells_of_are_rewarded_once_and_taken_back_with_its_word(
    rewarding: SalonDriver, site: Connection, clock: Any
) -> None:
    def told(version: int, number: int, day: date, status: SiteStatus) -> None:
        starts_at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
        clock.now = max(clock.now, starts_at)
        rewarding.hear(site, reported(f"e-{number}", version, starts_at, status=status))

    for version in (1, 2):
        for number, day in enumerate((FIRST, SECOND, LAST_DAY)):
            told(version, number, day, SiteStatus.COMPLETED)
    assert [each.state for each in coupons(rewarding)] == [CouponState.OPEN]
    told(3, 1, SECOND, SiteStatus.CANCELLED)
    assert [each.state for each in coupons(rewarding)] == [CouponState.VOID]
