"""What users of other systems complain about in bonuses (docs/product.md, Complaints):
doubled, kept, taken twice."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import undo_entry
from chalicelib.services.loyalty.post_bonus import ByHand, post_by_hand
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import Life

MARIA = "cli_maria00000000001"
IN_TWO_DAYS = NOW + timedelta(days=2)


@pytest.fixture
def booking(life: Life) -> Booking:
    return life.book(IN_TWO_DAYS)


def given(life: Life, points: int, request_id: str = "gift") -> Any:
    return post_by_hand(
        life.world, access(), MARIA, ByHand(kind="grant", points=points, reason="gift"), request_id
    )


def balance(life: Life) -> int:
    assert life.ledger_faults() == []
    return int(life.store.account(NETWORK, MARIA).balance)


def with_rules(life: Life, **said: Any) -> None:
    network = life.store.get(Network, network_id=NETWORK)
    life.store.save(replace(network, rules=replace(network.rules, bonuses=BonusRules(**said))))
    life.world.directories.forget(NETWORK)


def test_points_are_not_doubled_on_a_retry(life: Life, booking: Booking) -> None:
    first = life.complete(booking)
    again = life.complete(booking)
    assert again.entries == first.entries
    assert (balance(life), life.client().visits_count) == (25, 1)


def test_a_gift_asked_for_twice_is_given_once_and_another_one_under_its_id_is_refused(life: Life) -> None:
    assert given(life, 100) == given(life, 100)
    with pytest.raises(DomainError, match="ENTRY_EXISTS"):
        given(life, 101)
    assert balance(life) == 100


def test_what_is_redeemed_is_deducted_and_earns_nothing(life: Life, booking: Booking) -> None:
    given(life, 500)
    done = life.complete(booking, paid_minor=40_000, redeem_points=100)
    assert [(entry.kind.value, entry.points) for entry in done.entries] == [
        ("redeem", -100),
        ("cashback", 15),
    ]
    assert balance(life) == 415


def test_points_are_taken_back_with_the_visit_and_spent_ones_return(life: Life, booking: Booking) -> None:
    given(life, 500)
    life.complete(booking, paid_minor=40_000, redeem_points=100)
    life.reopen(booking)
    life.reopen(booking)
    assert balance(life) == 500
    client = life.client()
    assert (client.visits_count, client.due, dict(client.spent_minor)) == (0, (), {"MDL": 0})
    stands = life.booking(booking.id)
    assert (stands.status, stands.earned_points, stands.paid_minor) == (Status.BOOKED, 0, None)


def test_a_visit_completed_anew_earns_anew(life: Life, booking: Booking) -> None:
    life.complete(booking)
    life.reopen(booking)
    life.complete(booking, paid_minor=20_000)
    assert (balance(life), life.client().visits_count) == (10, 1)


def test_earned_points_that_were_spent_become_a_debt_and_never_a_negative_balance(
    life: Life, clock: Any
) -> None:
    first = life.book(IN_TWO_DAYS)
    life.complete(first, paid_minor=40_000)
    clock.forward(days=3)
    second = life.book(clock.now + timedelta(days=1))
    life.complete(second, paid_minor=8_000, redeem_points=20)
    life.reopen(first)
    account = life.store.account(NETWORK, MARIA)
    assert (balance(life), account.debt) == (0, 17)


@pytest.mark.parametrize(
    ("points", "code"),
    [(101, "OVER_CAP"), (100, None), (20, None), (19, "UNDER_MINIMUM"), (-1, "INVALID_POINTS")],
)
def test_redemption_keeps_to_the_cap_and_to_the_minimum(
    life: Life, booking: Booking, points: int, code: Any
) -> None:
    given(life, 500)
    with_rules(life, redeem_minimum_points=20)
    if code is None:
        life.complete(booking, paid_minor=40_000, redeem_points=points)
    else:
        with pytest.raises(DomainError, match=code):
            life.complete(booking, paid_minor=40_000, redeem_points=points)
        assert life.booking(booking.id).status is Status.BOOKED
        assert balance(life) == 500


def test_more_than_there_is_cannot_be_redeemed_and_leaves_nothing_half_done(
    life: Life, booking: Booking
) -> None:
    given(life, 50)
    with pytest.raises(DomainError, match="INSUFFICIENT_POINTS"):
        life.complete(booking, paid_minor=40_000, redeem_points=60)
    assert (balance(life), life.client().visits_count) == (50, 0)
    assert life.booking(booking.id).status is Status.BOOKED


def test_a_new_rule_is_not_applied_backwards(life: Life, booking: Booking) -> None:
    given(life, 100)
    life.complete(booking)
    before = life.store.account(NETWORK, MARIA)
    with_rules(life, cashback_percent=1, pending_days=30)
    assert life.store.account(NETWORK, MARIA) == before
    life.reopen(booking)
    assert balance(life) == 100  # taken back as it was earned


def test_every_change_of_a_balance_says_who_when_and_why(life: Life, booking: Booking) -> None:
    given(life, 100)
    life.complete(booking, redeem_points=50)
    life.reopen(booking)
    for entry in life.store.entries(NETWORK, MARIA):
        assert entry.actor.startswith("key:")
        assert entry.reason
        assert entry.recorded_at == NOW
        assert entry.kind != "reversal" or entry.reverses


def test_two_bookings_of_a_day_are_one_visit_and_earn_twice(life: Life, booking: Booking) -> None:
    second = life.book(IN_TWO_DAYS + timedelta(hours=2))
    life.complete(booking)
    life.complete(second)
    assert (life.client().visits_count, balance(life)) == (1, 50)
    life.reopen(booking)
    assert (life.client().visits_count, balance(life)) == (1, 25)
    life.reopen(second)
    assert (life.client().visits_count, balance(life)) == (0, 0)


def test_an_entry_is_reversed_once_and_found_by_its_id_alone(life: Life) -> None:
    gift = given(life, 100)
    first = undo_entry.reverse(life.world, access(), gift.id, "mistake")
    assert undo_entry.reverse(life.world, access(), gift.id, "mistake") == first
    assert (first.reverses, first.points, balance(life)) == (gift.id, -100, 0)
    for nonsense in ("", "ent_", "ent_x", gift.id[:-1], "cli_maria00000000001"):
        with pytest.raises(DomainError, match="NOT_FOUND"):
            undo_entry.reverse(life.world, access(), nonsense, "?")


def test_a_reversal_of_cashback_by_hand_is_not_reversed_again_with_the_visit(
    life: Life, booking: Booking
) -> None:
    done = life.complete(booking)
    undo_entry.reverse(life.world, access(), done.entries[0].id, "refund")
    life.reopen(booking)
    assert (balance(life), life.store.account(NETWORK, MARIA).debt) == (0, 0)


def test_large_sums_by_hand_need_the_owner(life: Life) -> None:
    asked = ByHand(kind="grant", points=100_001, reason="x")
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        post_by_hand(life.world, access(Role.RECEPTION), MARIA, asked)
    assert post_by_hand(life.world, access(), MARIA, asked).points == 100_001
