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
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.shared.day_sums import SLICE, DaySums
from chalicelib.services.visits.complete_visit import complete
from chalicelib.services.visits.visit_bill import BILLS_OF_DAY
from infra.testkit.builders import NETWORK, NOW, a_visit_bill, access
from infra.testkit.salon_driver import SalonDriver
from tests.services.rewarded import racing

MARIA = "cli_maria00000000001"
IN_TWO_DAYS = NOW + timedelta(days=2)


@pytest.fixture
def booking(driver: SalonDriver) -> Booking:
    return driver.book(IN_TWO_DAYS)


def given(driver: SalonDriver, points: int, request_id: str = "gift") -> Any:
    return post_by_hand(
        driver.world, access(), MARIA, PostingByHand(kind="grant", points=points, reason="gift"), request_id
    )


def balance(driver: SalonDriver) -> int:
    assert driver.ledger_faults() == []
    return int(driver.store.account(NETWORK, MARIA).balance)


def with_rules(driver: SalonDriver, **said: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=BonusRules(**said))))
    driver.world.directories.forget(NETWORK)


def test_points_are_not_doubled_on_a_retry(driver: SalonDriver, booking: Booking) -> None:
    first = driver.complete(booking)
    again = driver.complete(booking)
    assert again.entries == first.entries
    assert (balance(driver), driver.client().visits_count) == (25, 1)


def test_a_gift_asked_for_twice_is_given_once_and_another_one_under_its_id_is_refused(
    driver: SalonDriver,
) -> None:
    assert given(driver, 100) == given(driver, 100)
    with pytest.raises(DomainError, match="ENTRY_EXISTS"):
        given(driver, 101)
    assert balance(driver) == 100


def test_what_is_redeemed_is_deducted_and_earns_nothing(driver: SalonDriver, booking: Booking) -> None:
    given(driver, 500)
    done = driver.complete(booking, paid_minor=40_000, redeem_points=100)
    assert [(entry.kind.value, entry.points) for entry in done.entries] == [
        ("redeem", -100),
        ("cashback", 15),
    ]
    assert balance(driver) == 415


def test_points_are_taken_back_with_the_visit_and_spent_ones_return(
    driver: SalonDriver, booking: Booking
) -> None:
    given(driver, 500)
    driver.complete(booking, paid_minor=40_000, redeem_points=100)
    driver.reopen(booking)
    driver.reopen(booking)
    assert balance(driver) == 500
    client = driver.client()
    assert (client.visits_count, client.due, dict(client.spent_minor)) == (0, (), {"MDL": 0})
    stands = driver.booking(booking.id)
    assert (stands.status, stands.earned_points, stands.paid_minor) == (Status.BOOKED, 0, None)


def test_a_visit_completed_anew_earns_anew(driver: SalonDriver, booking: Booking) -> None:
    driver.complete(booking)
    driver.reopen(booking)
    driver.complete(booking, paid_minor=20_000)
    assert (balance(driver), driver.client().visits_count) == (10, 1)


def test_earned_points_that_were_spent_become_a_debt_and_never_a_negative_balance(
    driver: SalonDriver, clock: Any
) -> None:
    first = driver.book(IN_TWO_DAYS)
    driver.complete(first, paid_minor=40_000)
    clock.forward(days=3)
    second = driver.book(clock.now + timedelta(days=1))
    driver.complete(second, paid_minor=8_000, redeem_points=20)
    driver.reopen(first)
    account = driver.store.account(NETWORK, MARIA)
    assert (balance(driver), account.debt) == (0, 17)


@pytest.mark.parametrize(
    ("points", "code"),
    [(101, "OVER_CAP"), (100, None), (20, None), (19, "UNDER_MINIMUM"), (-1, "INVALID_POINTS")],
)
def test_redemption_keeps_to_the_cap_and_to_the_minimum(
    driver: SalonDriver, booking: Booking, points: int, code: Any
) -> None:
    given(driver, 500)
    with_rules(driver, redeem_minimum_points=20)
    if code is None:
        driver.complete(booking, paid_minor=40_000, redeem_points=points)
    else:
        with pytest.raises(DomainError, match=code):
            driver.complete(booking, paid_minor=40_000, redeem_points=points)
        assert driver.booking(booking.id).status is Status.BOOKED
        assert balance(driver) == 500


def test_more_than_there_is_cannot_be_redeemed_and_leaves_nothing_half_done(
    driver: SalonDriver, booking: Booking
) -> None:
    given(driver, 50)
    with pytest.raises(DomainError, match="INSUFFICIENT_POINTS"):
        driver.complete(booking, paid_minor=40_000, redeem_points=60)
    assert (balance(driver), driver.client().visits_count) == (50, 0)
    assert driver.booking(booking.id).status is Status.BOOKED


def test_a_new_rule_is_not_applied_backwards(driver: SalonDriver, booking: Booking) -> None:
    given(driver, 100)
    driver.complete(booking)
    before = driver.store.account(NETWORK, MARIA)
    with_rules(driver, cashback_percent=1, pending_days=30)
    assert driver.store.account(NETWORK, MARIA) == before
    driver.reopen(booking)
    assert balance(driver) == 100  # taken back as it was earned


def test_every_change_of_a_balance_says_who_when_and_why(driver: SalonDriver, booking: Booking) -> None:
    given(driver, 100)
    driver.complete(booking, redeem_points=50)
    driver.reopen(booking)
    for entry in driver.store.entries(NETWORK, MARIA):
        assert entry.actor.startswith("key:")
        assert entry.reason
        assert entry.recorded_at in (NOW, IN_TWO_DAYS)
        assert entry.kind != "reversal" or entry.reverses


def test_two_bookings_of_a_day_are_one_visit_and_earn_twice(driver: SalonDriver, booking: Booking) -> None:
    second = driver.book(IN_TWO_DAYS + timedelta(hours=2))
    driver.complete(booking)
    driver.complete(second)
    assert (driver.client().visits_count, balance(driver)) == (1, 50)
    driver.reopen(booking)
    assert (driver.client().visits_count, balance(driver)) == (1, 25)
    driver.reopen(second)
    assert (driver.client().visits_count, balance(driver)) == (0, 0)


def test_an_entry_is_reversed_once_and_found_by_its_id_alone(driver: SalonDriver) -> None:
    gift = given(driver, 100)
    first = driver.reverse(gift.id)
    assert driver.reverse(gift.id) == first
    assert (first.reverses, first.points, balance(driver)) == (gift.id, -100, 0)
    for nonsense in ("", "ent_", "ent_x", gift.id[:-1], "cli_maria00000000001"):
        with pytest.raises(DomainError, match="NOT_FOUND"):
            reverse_entry.reverse_entry(driver.world, access(), nonsense, "?")


def test_a_reversal_of_cashback_by_hand_is_not_reversed_again_with_the_visit(
    driver: SalonDriver, booking: Booking
) -> None:
    done = driver.complete(booking)
    reverse_entry.reverse_entry(driver.world, access(), done.entries[0].id, "refund")
    driver.reopen(booking)
    assert (balance(driver), driver.store.account(NETWORK, MARIA).debt) == (0, 0)


def test_large_sums_by_hand_need_the_owner(driver: SalonDriver) -> None:
    asked = PostingByHand(kind="grant", points=100_001, reason="x")
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        post_by_hand(driver.world, access(Role.RECEPTION), MARIA, asked)
    assert post_by_hand(driver.world, access(), MARIA, asked).points == 100_001


@pytest.mark.parametrize(
    ("role", "most", "may"),
    [
        (Role.RECEPTION, 10_000_000, ["manager", "owner"]),
        (Role.MANAGER, 100_000_000, ["owner"]),
        (Role.OWNER, 1_000_000_000, []),
    ],
)
def test_a_bill_that_makes_a_fortune_of_points_is_for_another_role(
    driver: SalonDriver, booking: Booking, role: Role, most: int, may: list[str]
) -> None:
    """In Moldova a visit of 100,000 lei is large."""
    driver.wait_for(booking)
    with pytest.raises(DomainError, match="OVER_LIMIT") as refused:
        complete(driver.world, access(role), booking.id, a_visit_bill(paid_minor=most + 1))
    assert {name: refused.value.details[name] for name in ("which", "limit", "may")} == {
        "which": "bill", "limit": most, "may": may
    }  # fmt: skip
    bill = a_visit_bill(paid_minor=most)
    done = complete(driver.world, access(role), booking.id, bill)
    assert done.booking.earned_points == most // 100 // 20
    again = complete(driver.world, access(role), booking.id, a_visit_bill(paid_minor=most + 1))
    assert again.entries == done.entries


def bills_of(driver: SalonDriver, role: Role, number: int, paid_minor: int, sums: DaySums) -> list[str]:
    """What becomes of so many bills of one key."""
    answers = []
    for each in range(number):
        made = driver.book(driver.clock.now + timedelta(minutes=each + 1))
        try:
            complete(driver.world, access(role), made.id, a_visit_bill(paid_minor=paid_minor), sums)
        except DomainError as error:
            answers.append(str(error.details["which"]))
        else:
            answers.append("completed")
    return answers


@pytest.mark.parametrize(("role", "largest"), [(Role.RECEPTION, 10_000_000), (Role.MANAGER, 100_000_000)])
def test_the_bills_of_a_key_come_to_so_much_a_day(driver: SalonDriver, role: Role, largest: int) -> None:
    """By all processes together, but for the free hundredth of each: one bill for two processes."""
    answers = bills_of(driver, role, 40, largest, DaySums()) + bills_of(driver, role, 20, largest, DaySums())
    assert answers == ["completed"] * (BILLS_OF_DAY + 1) + ["bills_a_day"] * 9
    driver.clock.forward(days=1)
    assert bills_of(driver, role, 1, largest, DaySums()) == ["completed"]


def test_an_ordinary_day_of_bills_costs_no_write(driver: SalonDriver) -> None:
    assert bills_of(driver, Role.RECEPTION, 30, 80_000, DaySums()) == ["completed"] * 30
    uses = [each for each in driver.store.item.scan() if "bills of" in f"{each.attribute_values}"]
    assert uses == []


def test_a_visit_that_is_completed_again_after_a_conflict_counts_once(driver: SalonDriver) -> None:
    sums, made = DaySums(), driver.book(NOW + timedelta(hours=3))
    racing_once = racing(driver, lambda: driver.store.save(replace(driver.client(), note="meanwhile")))
    complete(racing_once.world, access(Role.RECEPTION), made.id, a_visit_bill(paid_minor=10_000), sums)
    (left,) = (each.left for each in sums.held.values())
    assert left == SLICE - 20


def test_a_repeated_completion_counts_once(driver: SalonDriver, booking: Booking) -> None:
    sums = DaySums()
    driver.wait_for(booking)
    for _ in range(3):
        complete(driver.world, access(Role.RECEPTION), booking.id, a_visit_bill(paid_minor=10_000), sums)
    assert [each.left for each in sums.held.values()] == [SLICE - 20]
