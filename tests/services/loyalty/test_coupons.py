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
from chalicelib.services.clients.keep_client import NewClient
from chalicelib.services.loyalty.keep_coupons import (
    CouponBill,
    issue_coupon,
    open_coupons,
    redeem_coupon,
    void_coupon,
)
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_salon, access
from infra.testkit.salon_driver import Life

MARIA = "cli_maria00000000001"
ON_GOODS = CouponTerms("10 % off goods", percent=10)
ON_A_CUT = CouponTerms("100 lei off a cut", amount_minor=10_000, service_id="srv_cut")


def issued(life: Life, terms: CouponTerms = ON_GOODS, request_id: str | None = "r-1") -> Coupon:
    currency = "MDL" if terms.amount_minor else None
    return issue_coupon(
        life.world, access(), life.client(), terms, "for you", currency=currency, request_id=request_id
    )


def a_bill(bill: int = 50_000, goods: int = 0, **said: Any) -> CouponBill:
    return CouponBill(**{"salon": a_salon(), "bill_minor": bill, "goods_minor": goods, **said})


def redeemed(life: Life, coupon: Coupon, bill: CouponBill, by: Access | None = None) -> int:
    use = redeem_coupon(life.world, by or access(), coupon.id, bill).use
    assert use is not None
    return use.discount_minor


def refused(life: Life, coupon: Coupon, bill: CouponBill, code: str) -> None:
    with pytest.raises(DomainError, match=code):
        redeemed(life, coupon, bill)


def test_a_coupon_is_on_goods_alone_and_rounded_down(life: Life) -> None:
    assert redeemed(life, issued(life), a_bill(50_000, goods=1_019)) == 101


@pytest.mark.parametrize(("bill", "goods", "discount"), [(60_000, 10_000, 10_000), (17_000, 10_000, 7_000)])
def test_an_amount_off_a_service_is_never_more_than_its_part_of_the_bill(
    life: Life, bill: int, goods: int, discount: int
) -> None:
    assert redeemed(life, issued(life, ON_A_CUT), a_bill(bill, goods)) == discount


def test_a_services_coupon_counts_what_the_booking_says_the_service_costs(life: Life) -> None:
    booking = life.book(NOW + timedelta(days=1))
    booking = life.store.save(replace(booking, lines=(replace(booking.lines[0], price_minor=7_000),)))[0]
    assert redeemed(life, issued(life, ON_A_CUT), a_bill(70_000, booking=booking)) == 7_000


def test_a_coupon_is_not_used_up_where_nothing_is_what_it_is_on(life: Life) -> None:
    nails = life.book(NOW + timedelta(days=1), lines=[WantedLine(service_id="srv_nails")])
    refused(life, issued(life), a_bill(goods=0), "NOTHING_TO_DISCOUNT")
    refused(life, issued(life, ON_A_CUT, "r-2"), a_bill(booking=nails), "NOTHING_TO_DISCOUNT")
    assert len(open_coupons(life.world, NETWORK, MARIA)) == 2


def test_a_coupon_is_used_once_and_the_same_again_answers_the_same(life: Life, clock: Any) -> None:
    coupon, booking = issued(life), life.book(NOW + timedelta(days=1))
    bill = a_bill(50_000, 20_000, booking=booking)
    first = redeem_coupon(life.world, access(), coupon.id, bill)
    clock.forward(days=100)  # past its validity
    assert redeem_coupon(life.world, access(), coupon.id, bill) == first
    refused(life, coupon, a_bill(50_000, 20_000), "COUPON_USED")
    refused(life, coupon, a_bill(40_000, 20_000, booking=booking), "COUPON_USED")
    assert open_coupons(life.world, NETWORK, MARIA) == []


def test_a_coupon_is_good_until_its_last_local_day_is_over(life: Life, clock: Any) -> None:
    """In Chisinau, in the winter, midnight is at ten in the evening UTC."""
    coupon = issued(life, replace(ON_GOODS, valid_days=7))
    assert coupon.expires_at == datetime(2026, 11, 30, 22, tzinfo=UTC)
    clock.now = coupon.expires_at
    refused(life, coupon, a_bill(goods=1_000), "COUPON_EXPIRED")
    assert open_coupons(life.world, NETWORK, MARIA) == []
    clock.now = coupon.expires_at - timedelta(milliseconds=1)
    assert redeemed(life, coupon, a_bill(goods=1_000)) == 100


def test_validity_ends_at_midnight_of_the_night_in_which_the_clock_changes(life: Life, clock: Any) -> None:
    """On 28 March 2027 the clock of Chisinau goes forward at two; the day begins at 22:00 UTC still, the next
    one at 21:00."""
    clock.now = datetime(2027, 3, 20, 10, tzinfo=UTC)
    ends = [issued(life, replace(ON_GOODS, valid_days=days), f"r-{days}").expires_at for days in (7, 8)]
    assert ends == [datetime(2027, 3, 27, 22, tzinfo=UTC), datetime(2027, 3, 28, 21, tzinfo=UTC)]


def test_a_void_coupon_is_of_no_use_and_a_used_one_is_not_made_void(life: Life) -> None:
    void, used = issued(life), issued(life, ON_GOODS, "r-2")
    first = void_coupon(life.world, access(), void.id, "given by mistake")
    assert (first.state, first.void_reason) == (CouponState.VOID, "given by mistake")
    assert void_coupon(life.world, access(), void.id, "again") == first
    refused(life, void, a_bill(goods=1_000), "COUPON_VOID")
    redeemed(life, used, a_bill(goods=1_000))
    with pytest.raises(DomainError, match="COUPON_USED"):
        void_coupon(life.world, access(), used.id, "too late")


def test_a_coupon_asked_for_twice_is_one_and_other_terms_under_its_id_are_refused(life: Life) -> None:
    assert issued(life) == issued(life)
    with pytest.raises(DomainError, match="COUPON_EXISTS"):
        issued(life, replace(ON_GOODS, percent=20))


def test_an_amount_is_good_in_its_own_currency_alone(life: Life) -> None:
    """A hundred lei are not a hundred dollars."""
    in_dollars = a_salon("sal_york", currency="USD", timezone="America/New_York")
    refused(life, issued(life, ON_A_CUT), a_bill(salon=in_dollars), "CURRENCY_MISMATCH")
    assert redeemed(life, issued(life, ON_GOODS, "r-2"), a_bill(goods=999, salon=in_dollars)) == 99


def test_another_networks_coupon_does_not_exist(life: Life) -> None:
    coupon = issued(life)
    for id in (coupon.id[:-1], "", "cpn_", MARIA):
        with pytest.raises(DomainError, match="NOT_FOUND"):
            redeem_coupon(life.world, access(), id, a_bill(goods=1_000))
    with pytest.raises(DomainError, match="NOT_FOUND"):
        void_coupon(life.world, access(network_id=OTHER_NETWORK), coupon.id, "?")


def test_a_coupon_is_not_for_another_clients_booking_or_another_salons(life: Life) -> None:
    elena = life.book(NOW + timedelta(days=1), client=NewClient(name="Elena", phone="069000111"))
    refused(life, issued(life), a_bill(goods=1_000, booking=elena), "OTHER_CLIENT")
    mine: Booking = life.book(NOW + timedelta(days=2))
    refused(life, issued(life), a_bill(goods=1_000, booking=replace(mine, salon_id="x")), "OTHER_SALON")


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
def test_a_coupon_that_makes_no_sense_is_not_issued(life: Life, terms: CouponTerms) -> None:
    with pytest.raises(DomainError, match="INVALID_COUPON"):
        issued(life, terms)
    assert life.store.coupons(NETWORK, MARIA) == []
