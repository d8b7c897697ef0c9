"""Coupons: one client's, once, on goods or a service, and not after their validity."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty.coupons import Coupon, CouponState
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import CouponTerms
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.loyalty.coupons import (
    CouponBill,
    issue_coupon,
    open_coupons,
    redeem_coupon,
    void_coupon,
)
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_salon, access
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"
ON_GOODS = CouponTerms("10 % off goods", percent=10)
ON_A_CUT = CouponTerms("100 lei off a cut", amount_minor=10_000, service_id="srv_cut")


def issued(driver: SalonDriver, terms: CouponTerms = ON_GOODS, request_id: str | None = "r-1") -> Coupon:
    currency = "MDL" if terms.amount_minor else None
    return issue_coupon(
        driver.world, access(), driver.client(), terms, "for you", currency=currency, request_id=request_id
    )


def a_bill(bill: int = 50_000, goods: int = 0, **said: Any) -> CouponBill:
    return CouponBill(**{"salon": a_salon(), "bill_minor": bill, "goods_minor": goods, **said})


def redeemed(driver: SalonDriver, coupon: Coupon, bill: CouponBill, by: Access | None = None) -> int:
    use = redeem_coupon(driver.world, by or access(), coupon.id, bill).use
    assert use is not None
    return use.discount_minor


def refused(driver: SalonDriver, coupon: Coupon, bill: CouponBill, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        redeemed(driver, coupon, bill)


def test_a_coupon_is_on_goods_alone_and_rounded_down(driver: SalonDriver) -> None:
    assert redeemed(driver, issued(driver), a_bill(50_000, goods=1_019)) == 101


@pytest.mark.parametrize(("bill", "goods", "discount"), [(60_000, 10_000, 10_000), (17_000, 10_000, 7_000)])
def test_an_amount_off_a_service_is_never_more_than_its_part_of_the_bill(
    driver: SalonDriver, bill: int, goods: int, discount: int
) -> None:
    assert redeemed(driver, issued(driver, ON_A_CUT), a_bill(bill, goods)) == discount


def test_a_services_coupon_counts_what_the_booking_says_the_service_costs(driver: SalonDriver) -> None:
    booking = driver.book(NOW + timedelta(days=1))
    booking = driver.store.save(replace(booking, lines=(replace(booking.lines[0], price_minor=7_000),)))[0]
    assert redeemed(driver, issued(driver, ON_A_CUT), a_bill(70_000, booking=booking)) == 7_000


def test_a_coupon_is_not_used_up_where_nothing_is_what_it_is_on(driver: SalonDriver) -> None:
    nails = driver.book(NOW + timedelta(days=1), lines=[WantedLine(service_id="srv_nails")])
    refused(driver, issued(driver), a_bill(goods=0), "NOTHING_TO_DISCOUNT")
    refused(driver, issued(driver, ON_A_CUT, "r-2"), a_bill(booking=nails), "NOTHING_TO_DISCOUNT")
    assert len(open_coupons(driver.world, NETWORK, MARIA)) == 2


def test_a_coupon_is_used_once_and_the_same_again_answers_the_same(driver: SalonDriver, clock: Any) -> None:
    coupon, booking = issued(driver), driver.book(NOW + timedelta(days=1))
    bill = a_bill(50_000, 20_000, booking=booking)
    first = redeem_coupon(driver.world, access(), coupon.id, bill)
    clock.forward(days=100)  # past its validity
    assert redeem_coupon(driver.world, access(), coupon.id, bill) == first
    refused(driver, coupon, a_bill(50_000, 20_000), "COUPON_USED")
    refused(driver, coupon, a_bill(40_000, 20_000, booking=booking), "COUPON_USED")
    assert open_coupons(driver.world, NETWORK, MARIA) == []


def test_a_coupon_is_good_until_its_last_local_day_is_over(driver: SalonDriver, clock: Any) -> None:
    """In Chisinau, in the winter, midnight is at ten in the evening UTC."""
    coupon = issued(driver, replace(ON_GOODS, valid_days=7))
    assert coupon.expires_at == datetime(2026, 11, 30, 22, tzinfo=UTC)
    clock.now = coupon.expires_at
    refused(driver, coupon, a_bill(goods=1_000), "COUPON_EXPIRED")
    assert open_coupons(driver.world, NETWORK, MARIA) == []
    clock.now = coupon.expires_at - timedelta(milliseconds=1)
    assert redeemed(driver, coupon, a_bill(goods=1_000)) == 100


def test_validity_ends_at_midnight_of_the_night_in_which_the_clock_changes(
    driver: SalonDriver, clock: Any
) -> None:
    """On 28 March 2027 the clock of Chisinau goes forward at two; the day begins at 22:00 UTC still, the next
    one at 21:00."""
    clock.now = datetime(2027, 3, 20, 10, tzinfo=UTC)
    ends = [issued(driver, replace(ON_GOODS, valid_days=days), f"r-{days}").expires_at for days in (7, 8)]
    assert ends == [datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 3, 28, 21, tzinfo=UTC)]


def test_a_void_coupon_is_of_no_use_and_a_used_one_is_not_made_void(driver: SalonDriver) -> None:
    void, used = issued(driver), issued(driver, ON_GOODS, "r-2")
    first = void_coupon(driver.world, access(), void.id, "given by mistake")
    assert (first.state, first.void_reason) == (CouponState.VOID, "given by mistake")
    assert void_coupon(driver.world, access(), void.id, "again") == first
    refused(driver, void, a_bill(goods=1_000), "COUPON_VOID")
    redeemed(driver, used, a_bill(goods=1_000))
    with pytest.raises(DomainError, match="COUPON_USED"):
        void_coupon(driver.world, access(), used.id, "too late")


def test_a_coupon_asked_for_twice_is_one_and_other_terms_under_its_id_are_refused(
    driver: SalonDriver,
) -> None:
    assert issued(driver) == issued(driver)
    with pytest.raises(DomainError, match="COUPON_EXISTS"):
        issued(driver, replace(ON_GOODS, percent=20))


def test_an_amount_is_good_in_its_own_currency_alone(driver: SalonDriver) -> None:
    """A hundred lei are not a hundred dollars."""
    in_dollars = a_salon("sal_york", currency="USD", timezone="America/New_York")
    refused(driver, issued(driver, ON_A_CUT), a_bill(salon=in_dollars), "CURRENCY_MISMATCH")
    assert redeemed(driver, issued(driver, ON_GOODS, "r-2"), a_bill(goods=999, salon=in_dollars)) == 99


def test_another_networks_coupon_does_not_exist(driver: SalonDriver) -> None:
    coupon = issued(driver)
    for coupon_id in (coupon.id[:-1], "", "cpn_", MARIA):
        with pytest.raises(DomainError, match="NOT_FOUND"):
            redeem_coupon(driver.world, access(), coupon_id, a_bill(goods=1_000))
    with pytest.raises(DomainError, match="NOT_FOUND"):
        void_coupon(driver.world, access(network_id=OTHER_NETWORK), coupon.id, "?")


def test_a_coupon_is_not_for_another_clients_booking_or_another_salons(driver: SalonDriver) -> None:
    elena = driver.book(NOW + timedelta(days=1), client=NewClient(name="Elena", phone="069000111"))
    refused(driver, issued(driver), a_bill(goods=1_000, booking=elena), "OTHER_CLIENT")
    mine: Booking = driver.book(NOW + timedelta(days=2))
    refused(driver, issued(driver), a_bill(goods=1_000, booking=replace(mine, salon_id="x")), "OTHER_SALON")


@pytest.mark.parametrize(
    "terms",
    [
        CouponTerms("nothing"),
        CouponTerms("both", percent=10, amount_minor=100),
        CouponTerms("over", percent=101),
        CouponTerms("under", percent=-1),
        CouponTerms("negative", amount_minor=-100),
        CouponTerms("absurd", amount_minor=10**10),
        CouponTerms("for ever", percent=10, valid_days=0),
        CouponTerms("long", percent=10, valid_days=99_999),
    ],
    ids=lambda terms: terms.name,
)
def test_a_coupon_that_makes_no_sense_is_not_issued(driver: SalonDriver, terms: CouponTerms) -> None:
    with pytest.raises(DomainError, match="INVALID_COUPON"):
        issued(driver, terms)
    assert driver.store.coupons(NETWORK, MARIA) == []
