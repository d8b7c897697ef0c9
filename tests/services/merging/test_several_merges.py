"""Clients in several merges, and unmerged again: nothing is undone twice, and each client has their own
points and visits."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.networks.bonus_rules import CouponTerms, Expiry, ExpiryModel, Gift, Streak, VisitReward
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.marketing import promotions
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_booking,
    a_client,
    access,
    an_amount,
    save_booking,
    save_client,
)
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import with_rules

A, B, C, D, E = IDS = [f"cli_{letter * 16}" for letter in "abcde"]


@pytest.fixture(autouse=True)
def clients(driver: SalonDriver) -> None:
    for number, client_id in enumerate(IDS):
        save_client(driver.store, a_client(client_id, phone=f"+3736900000{number}", email=None))


def grant(driver: SalonDriver, client_id: str, points: int, name: str, days: int | None = None) -> Any:
    on = (
        local_date(driver.world.now(), "Europe/Chisinau") + timedelta(days=days) if days is not None else None
    )
    return post_by_hand(
        driver.world,
        access(),
        client_id,
        PostingByHand(kind="grant", points=points, reason="gift", expires_on=on),
        name,
    )


def spend(driver: SalonDriver, client_id: str, points: int, name: str) -> Any:
    return post_by_hand(
        driver.world, access(), client_id, PostingByHand(kind="redeem", points=points, reason="mask"), name
    )


def visit(driver: SalonDriver, client_id: str, name: str, **bill: int) -> Any:
    now = driver.world.now()
    booking = a_booking(f"bkg_{name * 16}", client_id=client_id, starts_at=now, made_at=now)
    return driver.complete(save_booking(driver.store, booking), **bill).booking


def refund(driver: SalonDriver, booking: Any, minor: int, name: str) -> None:
    refund_visit.refund(driver.world, access(), booking.id, an_amount(minor), "unhappy", name)


def merge(driver: SalonDriver, client_id: str, into: str) -> None:
    merge_clients(driver.world, access(), client_id, into)


def unmerge(driver: SalonDriver, client_id: str) -> None:
    unmerge_clients(driver.world, access(), client_id)


def reverse(driver: SalonDriver, entry: Any) -> None:
    reverse_entry.reverse_entry(driver.world, access(), entry.id, "mistake")


def worth(driver: SalonDriver, *ids: str) -> list[int]:
    for client_id in ids:
        assert driver.ledger_faults(client_id) == []
    accounts = [driver.store.account(NETWORK, client_id) for client_id in ids]
    return [account.balance - account.debt for account in accounts]


def lots(driver: SalonDriver, client_id: str) -> Any:
    return [(lot.remaining, lot.expires_at) for lot in driver.store.account(NETWORK, client_id).lots]


def test_an_entry_reversed_two_merges_away_is_not_reversed_again(driver: SalonDriver) -> None:
    gift = grant(driver, A, 100, "g")
    merge(driver, A, B)
    merge(driver, B, C)
    reverse(driver, gift)
    unmerge(driver, B)
    unmerge(driver, A)
    assert worth(driver, A, B, C) == [0, 0, 0]
    reverse(driver, gift)
    assert worth(driver, A, B, C) == [0, 0, 0]


def test_a_refund_two_merges_away_counts_when_the_rest_is_refunded(driver: SalonDriver) -> None:
    grant(driver, A, 100, "g")
    booking = visit(driver, A, "1", redeem_points=40)
    merge(driver, A, B)
    merge(driver, B, C)
    refund(driver, booking, 25_000, "r1")
    unmerge(driver, B)
    unmerge(driver, A)
    refund(driver, booking, 25_000, "r2")
    assert worth(driver, A, B, C) == [100, 0, 0]


def test_a_reversal_counts_through_any_chain_of_merges(driver: SalonDriver) -> None:
    gift = grant(driver, A, 100, "g")
    merge(driver, A, B)
    merge(driver, B, C)
    reverse(driver, gift)
    merge(driver, C, D)
    merge(driver, D, E)
    reverse(driver, gift)
    assert worth(driver, *IDS) == [0] * 5


def test_points_that_expired_in_a_grace_lot_are_not_taken_again_with_their_gift(
    driver: SalonDriver, clock: Any
) -> None:
    gift = grant(driver, A, 30, "g", days=2)
    mask = spend(driver, A, 30, "m")
    clock.now += timedelta(days=4)
    reverse(driver, mask)
    clock.now += timedelta(days=40)
    grant(driver, A, 100, "w")
    assert worth(driver, A) == [100]
    with pytest.raises(DomainError, match="CANNOT_REVERSE"):
        reverse(driver, gift)
    assert worth(driver, A) == [100]


def test_points_that_expire_again_after_a_reversed_expiry_are_gone_for_source_and_target(
    driver: SalonDriver, clock: Any
) -> None:
    grant(driver, A, 30, "g", days=2)
    merge(driver, A, B)
    clock.now += timedelta(days=4)
    grant(driver, B, 1, "w")
    reverse(driver, next(e for e in driver.store.entries(NETWORK, B) if e.kind == "expiry"))
    clock.now += timedelta(days=40)
    grant(driver, B, 1, "v")
    assert worth(driver, B) == [2]
    unmerge(driver, A)
    assert worth(driver, A, B) == [0, 2]


def test_a_debt_that_returned_points_paid_does_not_return(driver: SalonDriver, clock: Any) -> None:
    with_rules(driver, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 12))
    first = visit(driver, A, "1")
    clock.now += timedelta(days=2)
    second = visit(driver, A, "2", redeem_points=8)
    grant(driver, B, 50, "g", days=5)
    merge(driver, A, B)
    driver.reopen(first)
    driver.reopen(second)
    clock.now += timedelta(days=20)
    unmerge(driver, A)
    assert worth(driver, A) == [0]


@pytest.fixture
def rewarded(driver: SalonDriver, clock: Any) -> Any:
    reward = VisitReward(id="often", visits=2, months=2, coupon=CouponTerms("10 % off goods", percent=10))
    with_rules(driver, visit_rewards=(reward,), streak=Streak(2, Gift(60)))
    clock.now = datetime(2026, 10, 20, 10, tzinfo=UTC)
    visit(driver, A, "1")
    clock.now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    booking = visit(driver, A, "2")
    assert (len(open_coupons(driver.world, NETWORK, A)), worth(driver, A)) == (1, [60])
    return booking


def test_the_coupon_of_a_visit_that_is_reversed_while_merged_is_void(
    driver: SalonDriver, rewarded: Any
) -> None:
    merge(driver, A, B)
    driver.reopen(rewarded)
    assert open_coupons(driver.world, NETWORK, B) == []
    unmerge(driver, A)
    assert open_coupons(driver.world, NETWORK, A) == []


def test_the_months_of_a_visit_that_is_reversed_while_merged_count_again(
    driver: SalonDriver, rewarded: Any
) -> None:
    merge(driver, A, B)
    driver.reopen(rewarded)
    unmerge(driver, A)
    assert worth(driver, A) == [0]
    assert driver.store.account(NETWORK, A).streaks == ()
    driver.complete(driver.booking(rewarded.id))
    assert worth(driver, A) == [60]


def test_a_promotion_counts_merged_clients_as_one_until_their_last_visit_is_reversed(
    driver: SalonDriver, clock: Any
) -> None:
    said = {"name": "Double", "starts_on": date(2026, 11, 23), "ends_on": date(2026, 11, 30)}
    made = promotions.make_promotion(driver.world, access(), {**said, "multiplier_percent": 200})
    driver.world.directories.forget(NETWORK)
    first = visit(driver, A, "1")
    merge(driver, A, B)
    clock.now += timedelta(days=1)
    second = visit(driver, B, "2")
    seen = []
    for booking in (first, second):
        driver.reopen(booking)
        (result,) = promotions.results_of(driver.world, [made]).values()
        seen.append((result.total, result.visits, result.clients))
    assert seen == [(25, 1, 1), (0, 0, 0)]


def test_the_targets_points_keep_their_dates_when_reversed_source_points_had_expired(
    driver: SalonDriver, clock: Any
) -> None:
    grant(driver, B, 30, "theirs", days=12)
    gift = grant(driver, A, 30, "hers", days=5)
    before = lots(driver, B)
    merge(driver, A, B)
    reverse(driver, gift)
    assert lots(driver, B) == before
    clock.now += timedelta(days=10)
    unmerge(driver, A)
    assert lots(driver, B) == before
    clock.now += timedelta(days=10)
    grant(driver, B, 1, "w")
    assert worth(driver, B) == [1]


def test_each_reversed_part_is_taken_from_its_own_lot(driver: SalonDriver, clock: Any) -> None:
    with_rules(driver, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 12))
    first = visit(driver, A, "1")
    clock.now += timedelta(days=5)
    second = visit(driver, A, "2")
    ends = lots(driver, A)[0][1]
    merge(driver, A, B)
    refund(driver, first, 10_000, "r1")
    refund(driver, second, 50_000, "r2")
    unmerge(driver, A)
    assert lots(driver, A) == [(20, ends)]


def test_a_visit_kept_by_another_booking_of_the_day_is_found_behind_fifty_upcoming_bookings(
    driver: SalonDriver, clock: Any
) -> None:
    first = visit(driver, A, "1")
    visit(driver, A, "2")
    for number in range(51):
        at = NOW + timedelta(days=1 + number)
        save_booking(driver.store, a_booking(f"bkg_x{number:015d}", client_id=A, starts_at=at, made_at=NOW))
    driver.reopen(first)
    assert driver.client(A).visits_count == 1


# --- visits


def test_a_day_stays_a_visit_while_source_or_target_has_another_booking_on_it(
    driver: SalonDriver,
) -> None:
    visit(driver, A, "1")
    merge(driver, A, B)
    booking = visit(driver, B, "2")
    driver.reopen(booking)
    assert driver.client(B).visits_count == 1
    unmerge(driver, A)
    assert driver.store.account(NETWORK, B).turnover == ()


def test_a_day_on_which_both_came_is_a_visit_of_each_after_unmerging(driver: SalonDriver) -> None:
    visit(driver, A, "1")
    merge(driver, A, B)
    visit(driver, B, "2")
    unmerge(driver, A)
    client = driver.client(B)
    assert (client.visits_count, len(client.recent_visits), client.first_visit_on) == (
        1,
        1,
        date(2026, 11, 23),
    )
    assert [each.visits for each in driver.store.account(NETWORK, B).turnover] == [1]


def test_a_day_on_which_both_came_is_a_recent_visit_of_each_after_unmerging(driver: SalonDriver) -> None:
    visit(driver, A, "1")
    visit(driver, B, "2")
    before = driver.client(B).recent_visits
    merge(driver, A, B)
    unmerge(driver, A)
    assert driver.client(B).recent_visits == before
    visit(driver, B, "3")
    assert driver.client(B).visits_count == 1


def test_turnover_of_a_day_on_which_both_came_stays_when_one_visit_is_reversed(driver: SalonDriver) -> None:
    first = visit(driver, A, "1")
    visit(driver, B, "2")
    merge(driver, A, B)
    driver.reopen(first)
    unmerge(driver, A)
    assert [each.visits for each in driver.store.account(NETWORK, B).turnover] == [1]


def test_a_visit_counts_for_one_client_when_the_other_clients_visit_of_that_day_is_reversed(
    driver: SalonDriver,
) -> None:
    first = visit(driver, A, "1")
    merge(driver, A, B)
    visit(driver, B, "2")
    driver.reopen(first)
    unmerge(driver, A)
    client = driver.client(B)
    assert client.visits_count == len(client.recent_visits) == 1


def test_the_first_visit_is_a_later_one_when_the_first_was_reversed_while_merged(
    driver: SalonDriver, clock: Any
) -> None:
    booking = visit(driver, B, "1")
    merge(driver, A, B)
    driver.reopen(booking)
    clock.now += timedelta(days=2)
    visit(driver, B, "2")
    unmerge(driver, A)
    assert driver.client(B).first_visit_on == date(2026, 11, 25)


def test_visits_that_the_other_clients_visits_had_displaced_return(driver: SalonDriver, clock: Any) -> None:
    for name in "12345678":
        visit(driver, B, name)
        clock.now += timedelta(days=1)
    before = driver.client(B).recent_visits
    for name in "abcdefgh":
        visit(driver, A, name)
        clock.now += timedelta(days=1)
    merge(driver, A, B)
    unmerge(driver, A)
    assert driver.client(B).recent_visits == before
