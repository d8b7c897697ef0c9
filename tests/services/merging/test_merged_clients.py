"""A merge loses nothing and doubles nothing, no card is without an account, and the merge can be undone."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.bonus_rules import CouponTerms, Expiry, ExpiryModel, Gift, Streak, VisitReward
from chalicelib.domain.shared.aliases import EMAIL, PHONE
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import post_bonus, reverse_entry
from chalicelib.services.loyalty.coupons import CouponBill, issue_coupon, open_coupons, redeem_coupon
from chalicelib.services.loyalty.hold_points import hold_for_booking, release_hold
from chalicelib.services.loyalty.post_bonus import PostingByHand
from chalicelib.services.merging.merge_clients import MAX_COUPONS, merge_clients
from chalicelib.services.merging.merge_context import MergedClients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits.refund_visit import refund
from infra.testkit.builders import NETWORK, NOW, a_client, a_salon, access, aliases_of, an_amount, save_client
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import visited_on, with_rules

MARIA, MASHA = "cli_maria00000000001", "cli_masha00000000002"


@pytest.fixture
def masha(driver: SalonDriver) -> str:
    """Maria under another phone: the source of the merges here."""
    save_client(driver.store, a_client(MASHA, name="Masha", phone="+37369000002", email=None))
    return MASHA


def given(driver: SalonDriver, client_id: str, points: int, request_id: str, **said: Any) -> Any:
    asked = PostingByHand(kind="grant", points=points, reason="gift", **said)
    return post_bonus.post_by_hand(driver.world, access(), client_id, asked, request_id)


def spent(driver: SalonDriver, client_id: str, points: int, request_id: str) -> Any:
    asked = PostingByHand(kind="redeem", points=points, reason="gift")
    return post_bonus.post_by_hand(driver.world, access(), client_id, asked, request_id)


def merged(driver: SalonDriver) -> MergedClients:
    return merge_clients(driver.world, access(), MASHA, MARIA)


def unmerged(driver: SalonDriver) -> MergedClients:
    return unmerge_clients(driver.world, access(), MASHA)


def worth(driver: SalonDriver, client_id: str) -> tuple[int, int]:
    assert driver.ledger_faults(client_id) == []
    account = driver.store.account(NETWORK, client_id)
    return account.balance, account.debt


def test_source_and_target_have_one_card_after_a_merge(driver: SalonDriver, masha: str) -> None:
    given(driver, MASHA, 70, "a", expires_on=(NOW + timedelta(days=9)).date())
    given(driver, MASHA, 50, "b")
    given(driver, MARIA, 30, "c")
    terms = [(lot.expires_at, lot.remaining) for lot in driver.store.account(NETWORK, MASHA).lots]
    done = merged(driver)
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((150, 0), (0, 0))
    kept = [(lot.expires_at, lot.remaining) for lot in driver.store.account(NETWORK, MARIA).lots]
    assert set(terms) < set(kept), "each lot keeps its own end"
    left, came = done.entries
    assert (left.kind, left.points, left.cause) == ("merge", -120, came.id)
    assert (came.kind, came.points, came.cause) == ("merge", 120, left.id)


def test_a_repeated_merge_counts_once(driver: SalonDriver, masha: str) -> None:
    given(driver, MASHA, 70, "a")
    assert merged(driver).entries == merged(driver).entries
    assert worth(driver, MARIA) == (70, 0)


def test_a_merged_source_takes_no_postings_and_names_the_target(driver: SalonDriver, masha: str) -> None:
    merged(driver)
    with pytest.raises(DomainError) as refusal:
        given(driver, MASHA, 5, "x")
    assert (refusal.value.code, refusal.value.details["client_id"]) == ("CLIENT_MERGED", MARIA)
    assert driver.store.alias(NETWORK, PHONE, "+37369000002") == MARIA
    assert driver.client(MASHA).wake is None
    with pytest.raises(DomainError, match="CLIENT_MERGED"):
        merge_clients(driver.world, access(), MARIA, MASHA)
    with pytest.raises(DomainError, match="SAME_CLIENT"):
        merge_clients(driver.world, access(), MARIA, MARIA)


def test_visits_bookings_and_contacts_go_to_the_target_and_return(
    driver: SalonDriver, clock: Any, masha: str
) -> None:
    driver.store.save(replace(driver.client(MARIA), email=None))
    masha_now = replace(driver.client(MASHA), email="masha@example.com")
    driver.store.save(masha_now, next(each for each in aliases_of(masha_now) if each.kind == EMAIL))
    driver.complete(driver.book(NOW + timedelta(days=1), client=MASHA))
    clock.forward(days=5)
    driver.complete(driver.book(clock.now + timedelta(days=1)))
    ahead = driver.book(clock.now + timedelta(days=3), client=MASHA)
    before = driver.client(MARIA)
    merged(driver)
    maria = driver.client(MARIA)
    assert (maria.visits_count, dict(maria.spent_minor)) == (2, {"MDL": 100_000})
    assert maria.email == "masha@example.com"
    assert driver.booking(ahead.id).client_id == MARIA
    assert sum(each.visits for each in driver.store.account(NETWORK, MARIA).turnover) == 2
    unmerged(driver)
    maria = driver.client(MARIA)
    same = ("visits_count", "first_visit_on", "recent_visits", "spent_minor", "email", "phone")
    assert [getattr(maria, name) for name in same] == [getattr(before, name) for name in same]
    assert driver.booking(ahead.id).client_id == MASHA
    assert driver.store.alias(NETWORK, PHONE, "+37369000002") == MASHA
    assert sum(each.visits for each in driver.store.account(NETWORK, MARIA).turnover) == 1


def test_source_points_that_the_target_spent_become_its_debt_on_unmerging(
    driver: SalonDriver, masha: str
) -> None:
    given(driver, MASHA, 70, "a")
    given(driver, MARIA, 30, "b")
    merged(driver)
    spent(driver, MARIA, 90, "c")
    unmerged(driver)
    assert (worth(driver, MASHA), worth(driver, MARIA)) == ((70, 0), (0, 60))
    given(driver, MARIA, 100, "d")
    assert worth(driver, MARIA) == (40, 0)


def test_a_debt_goes_to_the_target_and_returns(driver: SalonDriver, masha: str) -> None:
    gift = given(driver, MASHA, 50, "a")
    spent(driver, MASHA, 50, "b")
    reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    given(driver, MARIA, 80, "c")
    merged(driver)
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((30, 0), (0, 0))
    unmerged(driver)
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((80, 0), (0, 50))


def test_two_clients_are_merged_unmerged_and_merged_again(driver: SalonDriver, masha: str) -> None:
    given(driver, MASHA, 70, "a")
    for _ in range(3):
        merged(driver)
        assert (worth(driver, MARIA), worth(driver, MASHA)) == ((70, 0), (0, 0))
        unmerged(driver)
        assert (worth(driver, MARIA), worth(driver, MASHA)) == ((0, 0), (70, 0))
    with pytest.raises(DomainError, match="NOT_MERGED"):
        unmerged(driver)


def test_a_target_that_was_merged_further_is_unmerged_first(driver: SalonDriver, masha: str) -> None:
    ira = save_client(driver.store, a_client("cli_ira0000000000003", phone="+37369000003", email=None)).id
    given(driver, MASHA, 70, "a")
    merged(driver)
    merge_clients(driver.world, access(), MARIA, ira)
    with pytest.raises(DomainError) as refusal:
        unmerged(driver)
    assert (refusal.value.code, refusal.value.details["client_id"]) == ("CLIENT_MERGED", ira)
    assert [worth(driver, client_id) for client_id in (MASHA, MARIA, ira)] == [(0, 0), (0, 0), (70, 0)]
    unmerge_clients(driver.world, access(), MARIA)
    unmerged(driver)
    assert [worth(driver, client_id) for client_id in (MASHA, MARIA, ira)] == [(70, 0), (0, 0), (0, 0)]


def test_a_visit_under_way_goes_to_the_target(driver: SalonDriver, clock: Any, masha: str) -> None:
    booking = driver.book(NOW + timedelta(days=1), client=MASHA)
    clock.forward(days=1, minutes=30)
    merged(driver)
    assert driver.booking(booking.id).client_id == MARIA
    unmerged(driver)
    assert driver.booking(booking.id).client_id == MASHA


def test_visits_that_were_rewarded_before_a_merge_are_not_rewarded_again(
    driver: SalonDriver, masha: str
) -> None:
    reward = VisitReward(id="often", visits=3, months=2, coupon=CouponTerms("10 % off goods", percent=10))
    with_rules(driver, visit_rewards=(reward,), streak=Streak(2, Gift(50)))
    for day in (date(2026, 10, 24), date(2026, 11, 24), date(2026, 11, 25)):
        visited_on(driver, day, MASHA)
    assert (len(open_coupons(driver.world, NETWORK, MASHA)), worth(driver, MASHA)) == (1, (50, 0))
    merged(driver)
    visited_on(driver, date(2026, 11, 26), MARIA)
    assert (len(open_coupons(driver.world, NETWORK, MARIA)), worth(driver, MARIA)) == (1, (50, 0))
    unmerged(driver)
    account = driver.store.account(NETWORK, MARIA)
    assert (account.reward_uses, account.streaks) == ((), ())
    visited_on(driver, date(2026, 11, 27), MASHA)
    assert (len(open_coupons(driver.world, NETWORK, MASHA)), worth(driver, MASHA)) == (1, (50, 0))


def test_a_source_with_held_points_is_not_merged_until_the_booking_is_closed(
    driver: SalonDriver, masha: str
) -> None:
    given(driver, MASHA, 70, "a")
    booking = driver.book(NOW + timedelta(days=1), client=MASHA)
    hold_for_booking(driver.world, access(), booking.id, 50)
    with pytest.raises(DomainError) as refusal:
        merged(driver)
    assert (refusal.value.code, refusal.value.details["held_for"]) == ("HOLDS_OPEN", [booking.id])
    driver.cancel(booking)
    merged(driver)
    assert worth(driver, MARIA) == (70, 0)


@pytest.fixture
def visited(driver: SalonDriver, masha: str) -> Booking:
    """Masha's visit before the merge, paid in part with points. Masha is the source, Maria the target."""
    given(driver, MASHA, 500, "a")
    booking = driver.book(NOW + timedelta(days=1), client=MASHA)
    driver.complete(booking, paid_minor=40_000, redeem_points=100)
    return booking


def test_a_visit_of_the_source_is_reversed_on_the_target(driver: SalonDriver, visited: Booking) -> None:
    merged(driver)
    assert worth(driver, MARIA) == (415, 0)
    driver.reopen(visited)
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((500, 0), (0, 0))
    driver.complete(visited)
    assert driver.booking(visited.id).client_id == MARIA
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((525, 0), (0, 0))


def test_a_visit_of_the_source_is_refunded_to_the_target_once(driver: SalonDriver, visited: Booking) -> None:
    def refunded(request_id: str) -> Any:
        return refund(driver.world, access(), visited.id, an_amount(20_000), "half", request_id).refund

    first = refunded("1")
    assert (first.points_back, first.points_taken) == (50, 8)
    merged(driver)
    second = refunded("2")
    assert (second.points_back, second.points_taken) == (50, 7)
    assert (worth(driver, MARIA), worth(driver, MASHA)) == ((500, 0), (0, 0))
    assert refunded("2") == second


@pytest.mark.parametrize("owed", [0, 20, 50])
def test_points_that_expired_on_the_target_are_not_taken_again_with_the_visit(
    driver: SalonDriver, clock: Any, masha: str, owed: int
) -> None:
    with_rules(driver, cashback_percent=10, pending_days=0, expiry=Expiry(ExpiryModel.DAYS, 10))
    booking = driver.book(NOW + timedelta(days=1), client=MASHA)
    driver.complete(booking)  # earns 50
    if owed:
        gift = given(driver, MARIA, owed, "a")
        spent(driver, MARIA, owed, "b")
        reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    merged(driver)
    assert worth(driver, MARIA) == (50 - owed, 0)
    given(driver, MARIA, 500, "c")
    clock.forward(days=40)
    refund(driver.world, access(), booking.id, an_amount(50_000), "spoiled")
    assert worth(driver, MARIA) == (500 - owed, 0)


def test_a_visit_of_the_source_is_answered_with_the_points_of_the_target(
    driver: SalonDriver, visited: Booking
) -> None:
    merged(driver)
    again = driver.complete(visited, paid_minor=40_000, redeem_points=100)
    assert again.account is not None
    assert (again.account.client_id, again.account.balance) == (MARIA, 415)
    assert [entry.kind for entry in again.entries] == ["redeem", "cashback"]


def test_an_entry_of_the_source_is_reversed_on_the_target(driver: SalonDriver, visited: Booking) -> None:
    gift = next(e for e in driver.store.entries(NETWORK, MASHA) if e.kind == "grant")
    merged(driver)
    undone = reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    assert undone == reverse_entry.reverse_entry(driver.world, access(), gift.id, "mistake")
    assert (undone.client_id, undone.reverses, worth(driver, MARIA)) == (MARIA, gift.id, (0, 85))


def coupons(driver: SalonDriver, client_id: str) -> list[str]:
    return [each.terms.name for each in open_coupons(driver.world, NETWORK, client_id)]


def test_open_coupons_go_to_the_target_and_return_unless_the_target_used_them(
    driver: SalonDriver, masha: str
) -> None:
    for name in ("goods", "more goods"):
        terms = CouponTerms(name, percent=10)
        issue_coupon(driver.world, access(), driver.client(MASHA), terms, "for you", request_id=name)
    merged(driver)
    assert (coupons(driver, MASHA), sorted(coupons(driver, MARIA))) == ([], ["goods", "more goods"])
    used = next(each for each in open_coupons(driver.world, NETWORK, MARIA) if each.terms.name == "goods")
    bill = CouponBill(salon=a_salon(), bill_minor=10_000, goods_minor=10_000)
    redeem_coupon(driver.world, access(), used.id, bill)
    unmerged(driver)
    assert (coupons(driver, MASHA), coupons(driver, MARIA)) == (["more goods"], [])


def test_points_that_the_target_holds_for_a_booking_are_released_before_it_returns(
    driver: SalonDriver, masha: str
) -> None:
    given(driver, MARIA, 70, "a")
    booking = driver.book(NOW + timedelta(days=1), client=MASHA)
    merged(driver)
    hold = hold_for_booking(driver.world, access(), booking.id, 50)
    with pytest.raises(DomainError) as refusal:
        unmerged(driver)
    assert (refusal.value.code, refusal.value.details["held_for"]) == ("HOLDS_OPEN", [booking.id])
    release_hold(driver.world, access(), hold.id)
    unmerged(driver)
    assert (driver.booking(booking.id).client_id, worth(driver, MARIA)) == (MASHA, (70, 0))


def test_a_merged_source_gets_no_coupon(driver: SalonDriver, masha: str) -> None:
    merged(driver)
    with pytest.raises(DomainError) as refusal:
        issue_coupon(
            driver.world, access(), driver.client(MASHA), CouponTerms("10 % off goods", percent=10), "x"
        )
    assert (refusal.value.code, refusal.value.details["client_id"]) == ("CLIENT_MERGED", MARIA)


def test_too_many_coupons_refuse_the_merge_and_none_is_lost(driver: SalonDriver, masha: str) -> None:
    terms = CouponTerms("10 % off goods", percent=10)
    for number in range(MAX_COUPONS + 1):
        issue_coupon(driver.world, access(), driver.client(MASHA), terms, "gift", request_id=str(number))
    with pytest.raises(DomainError) as refusal:
        merged(driver)
    assert (refusal.value.code, refusal.value.details["most"]) == ("TOO_MANY_COUPONS", MAX_COUPONS)
    assert len(open_coupons(driver.world, NETWORK, MASHA)) == MAX_COUPONS + 1
