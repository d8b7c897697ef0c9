"""Clients who are merged more than once, and apart again: nothing is undone twice, and each has what is
theirs."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.networks.bonus_rules import CouponTerms, Expiry, ExpiryModel, Gift, Streak, VisitReward
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.loyalty import undo_entry
from chalicelib.services.loyalty.keep_coupons import open_coupons
from chalicelib.services.loyalty.post_bonus import ByHand, post_by_hand
from chalicelib.services.marketing import keep_promotions
from chalicelib.services.merging.merge_clients import merge_clients, unmerge_clients
from chalicelib.services.visits import refund_visit
from infra.testkit.builders import NETWORK, NOW, a_booking, a_client, access, save_booking, save_client
from infra.testkit.salon_driver import Life
from tests.services.rewarded import with_rules

A, B, C, D, E = IDS = [f"cli_{letter * 16}" for letter in "abcde"]


@pytest.fixture(autouse=True)
def clients(life: Life) -> None:
    for number, id in enumerate(IDS):
        save_client(life.store, a_client(id, phone=f"+3736900000{number}", email=None))


def grant(life: Life, id: str, points: int, name: str, days: int | None = None) -> Any:
    on = local_date(life.world.now(), "Europe/Chisinau") + timedelta(days=days) if days is not None else None
    return post_by_hand(
        life.world, access(), id, ByHand(kind="grant", points=points, reason="gift", expires_on=on), name
    )


def spend(life: Life, id: str, points: int, name: str) -> Any:
    return post_by_hand(life.world, access(), id, ByHand(kind="redeem", points=points, reason="mask"), name)


def visit(life: Life, id: str, name: str, **bill: int) -> Any:
    now = life.world.now()
    booking = a_booking(f"bkg_{name * 16}", client_id=id, starts_at=now, made_at=now)
    return life.complete(save_booking(life.store, booking), **bill).booking


def refund(life: Life, booking: Any, minor: int, name: str) -> None:
    refund_visit.refund(life.world, NETWORK, booking.id, minor, "unhappy", lambda b: None, "key:test", name)


def merge(life: Life, id: str, into: str) -> None:
    merge_clients(life.world, access(), id, into)


def unmerge(life: Life, id: str) -> None:
    unmerge_clients(life.world, access(), id)


def reverse(life: Life, entry: Any) -> None:
    undo_entry.reverse(life.world, access(), entry.id, "mistake")


def worth(life: Life, *ids: str) -> list[int]:
    for id in ids:
        assert life.ledger_faults(id) == []
    accounts = [life.store.account(NETWORK, id) for id in ids]
    return [account.balance - account.debt for account in accounts]


def lots(life: Life, id: str) -> Any:
    return [(lot.remaining, lot.expires_at) for lot in life.store.account(NETWORK, id).lots]


def test_what_was_reversed_two_merges_away_is_not_reversed_once_more(life: Life) -> None:
    gift = grant(life, A, 100, "g")
    merge(life, A, B)
    merge(life, B, C)
    reverse(life, gift)
    unmerge(life, B)
    unmerge(life, A)
    assert worth(life, A, B, C) == [0, 0, 0]
    reverse(life, gift)
    assert worth(life, A, B, C) == [0, 0, 0]


def test_a_refund_two_merges_away_counts_when_the_rest_is_refunded(life: Life) -> None:
    grant(life, A, 100, "g")
    booking = visit(life, A, "1", redeem_points=40)
    merge(life, A, B)
    merge(life, B, C)
    refund(life, booking, 25_000, "r1")
    unmerge(life, B)
    unmerge(life, A)
    refund(life, booking, 25_000, "r2")
    assert worth(life, A, B, C) == [100, 0, 0]


def test_however_far_a_client_was_merged_on_a_reversal_stands(life: Life) -> None:
    gift = grant(life, A, 100, "g")
    merge(life, A, B)
    merge(life, B, C)
    reverse(life, gift)
    merge(life, C, D)
    merge(life, D, E)
    reverse(life, gift)
    assert worth(life, *IDS) == [0] * 5


def test_points_that_ended_as_a_grace_lot_are_not_taken_once_more_with_the_gift_they_were(
    life: Life, clock: Any
) -> None:
    gift = grant(life, A, 30, "g", days=2)
    mask = spend(life, A, 30, "m")
    clock.now += timedelta(days=4)
    reverse(life, mask)
    clock.now += timedelta(days=40)
    grant(life, A, 100, "w")
    assert worth(life, A) == [100]
    with pytest.raises(DomainError, match="CANNOT_REVERSE"):
        reverse(life, gift)
    assert worth(life, A) == [100]


def test_points_whose_expiry_was_undone_and_that_ended_after_all_are_gone_for_both(
    life: Life, clock: Any
) -> None:
    grant(life, A, 30, "g", days=2)
    merge(life, A, B)
    clock.now += timedelta(days=4)
    grant(life, B, 1, "w")
    reverse(life, next(e for e in life.store.entries(NETWORK, B) if e.kind == "expiry"))
    clock.now += timedelta(days=40)
    grant(life, B, 1, "v")
    assert worth(life, B) == [2]
    unmerge(life, A)
    assert worth(life, A, B) == [0, 2]


def test_a_debt_that_was_paid_by_what_came_back_is_not_there_again(life: Life, clock: Any) -> None:
    with_rules(life, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 12))
    first = visit(life, A, "1")
    clock.now += timedelta(days=2)
    second = visit(life, A, "2", redeem_points=8)
    grant(life, B, 50, "g", days=5)
    merge(life, A, B)
    life.reopen(first)
    life.reopen(second)
    clock.now += timedelta(days=20)
    unmerge(life, A)
    assert worth(life, A) == [0]


@pytest.fixture
def rewarded(life: Life, clock: Any) -> Any:
    reward = VisitReward(id="often", visits=2, months=2, coupon=CouponTerms("10 % off goods", percent=10))
    with_rules(life, visit_rewards=(reward,), streak=Streak(2, Gift(60)))
    clock.now = datetime(2026, 10, 20, 10, tzinfo=UTC)
    visit(life, A, "1")
    clock.now = datetime(2026, 11, 20, 10, tzinfo=UTC)
    booking = visit(life, A, "2")
    assert (len(open_coupons(life.world, NETWORK, A)), worth(life, A)) == (1, [60])
    return booking


def test_the_coupon_of_a_visit_that_is_taken_back_while_merged_is_void(life: Life, rewarded: Any) -> None:
    merge(life, A, B)
    life.reopen(rewarded)
    assert open_coupons(life.world, NETWORK, B) == []
    unmerge(life, A)
    assert open_coupons(life.world, NETWORK, A) == []


def test_the_months_of_a_visit_that_is_taken_back_while_merged_count_anew(life: Life, rewarded: Any) -> None:
    merge(life, A, B)
    life.reopen(rewarded)
    unmerge(life, A)
    assert worth(life, A) == [0]
    assert life.store.account(NETWORK, A).streaks == ()
    life.complete(life.booking(rewarded.id))
    assert worth(life, A) == [60]


def test_a_promotion_counts_who_was_merged_as_one_client_until_their_last_visit_is_taken_back(
    life: Life, clock: Any
) -> None:
    said = {"name": "Double", "starts_on": date(2026, 11, 23), "ends_on": date(2026, 11, 30)}
    made = keep_promotions.make_promotion(life.world, access(), {**said, "multiplier_percent": 200})
    life.world.directories.forget(NETWORK)
    first = visit(life, A, "1")
    merge(life, A, B)
    clock.now += timedelta(days=1)
    second = visit(life, B, "2")
    seen = []
    for booking in (first, second):
        life.reopen(booking)
        (result,) = keep_promotions.results_of(life.world, [made]).values()
        seen.append((result.total, result.visits, result.clients))
    assert seen == [(25, 1, 1), (0, 0, 0)]


def test_own_points_keep_their_dates_though_those_undone_were_over_by_then(life: Life, clock: Any) -> None:
    grant(life, B, 30, "theirs", days=12)
    gift = grant(life, A, 30, "hers", days=5)
    before = lots(life, B)
    merge(life, A, B)
    reverse(life, gift)
    assert lots(life, B) == before
    clock.now += timedelta(days=10)
    unmerge(life, A)
    assert lots(life, B) == before
    clock.now += timedelta(days=10)
    grant(life, B, 1, "w")
    assert worth(life, B) == [1]


def test_each_part_that_is_undone_is_taken_off_its_own_lot(life: Life, clock: Any) -> None:
    with_rules(life, cashback_percent=5, expiry=Expiry(ExpiryModel.DAYS, 12))
    first = visit(life, A, "1")
    clock.now += timedelta(days=5)
    second = visit(life, A, "2")
    ends = lots(life, A)[0][1]
    merge(life, A, B)
    refund(life, first, 10_000, "r1")
    refund(life, second, 50_000, "r2")
    unmerge(life, A)
    assert lots(life, A) == [(20, ends)]


def test_a_visit_that_another_booking_of_the_day_keeps_is_found_behind_fifty_bookings_to_come(
    life: Life, clock: Any
) -> None:
    first = visit(life, A, "1")
    visit(life, A, "2")
    for number in range(51):
        at = NOW + timedelta(days=1 + number)
        save_booking(life.store, a_booking(f"bkg_x{number:015d}", client_id=A, starts_at=at, made_at=NOW))
    life.reopen(first)
    assert life.client(A).visits_count == 1


# --- visits


def test_a_day_stays_a_visit_while_another_booking_of_it_stands_under_whatever_name(life: Life) -> None:
    visit(life, A, "1")
    merge(life, A, B)
    booking = visit(life, B, "2")
    life.reopen(booking)
    assert life.client(B).visits_count == 1
    unmerge(life, A)
    assert life.store.account(NETWORK, B).turnover == ()


def test_a_visit_of_a_day_that_both_came_on_is_theirs_when_they_are_apart(life: Life) -> None:
    visit(life, A, "1")
    merge(life, A, B)
    visit(life, B, "2")
    unmerge(life, A)
    client = life.client(B)
    assert (client.visits_count, len(client.recent_visits), client.first_visit_on) == (
        1,
        1,
        date(2026, 11, 23),
    )
    assert [each.visits for each in life.store.account(NETWORK, B).turnover] == [1]


def test_a_day_that_both_came_on_is_still_known_when_they_are_apart(life: Life) -> None:
    visit(life, A, "1")
    visit(life, B, "2")
    before = life.client(B).recent_visits
    merge(life, A, B)
    unmerge(life, A)
    assert life.client(B).recent_visits == before
    visit(life, B, "3")
    assert life.client(B).visits_count == 1


def test_turnover_of_a_day_that_both_came_on_is_theirs_when_hers_was_taken_back(life: Life) -> None:
    first = visit(life, A, "1")
    visit(life, B, "2")
    merge(life, A, B)
    life.reopen(first)
    unmerge(life, A)
    assert [each.visits for each in life.store.account(NETWORK, B).turnover] == [1]


def test_a_visit_counts_for_who_came_when_the_others_of_that_day_was_taken_back(life: Life) -> None:
    first = visit(life, A, "1")
    merge(life, A, B)
    visit(life, B, "2")
    life.reopen(first)
    unmerge(life, A)
    client = life.client(B)
    assert client.visits_count == len(client.recent_visits) == 1


def test_the_first_visit_is_another_when_the_first_was_taken_back_while_merged(
    life: Life, clock: Any
) -> None:
    booking = visit(life, B, "1")
    merge(life, A, B)
    life.reopen(booking)
    clock.now += timedelta(days=2)
    visit(life, B, "2")
    unmerge(life, A)
    assert life.client(B).first_visit_on == date(2026, 11, 25)


def test_visits_that_the_others_had_crowded_out_come_back(life: Life, clock: Any) -> None:
    for name in "12345678":
        visit(life, B, name)
        clock.now += timedelta(days=1)
    before = life.client(B).recent_visits
    for name in "abcdefgh":
        visit(life, A, name)
        clock.now += timedelta(days=1)
    merge(life, A, B)
    unmerge(life, A)
    assert life.client(B).recent_visits == before
