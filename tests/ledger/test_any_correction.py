"""However often the sum of a visit is told again, by a site or at the desk, first as an open bill or not: the
visit ends as if the last sum had been told at once, and its reversal leaves nothing."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.bonus_rules import BonusRules, Tier
from chalicelib.domain.networks.network import Network
from chalicelib.services.visits.complete_visit import reported_completion
from chalicelib.services.visits.correct_bill import correct_bill
from chalicelib.services.visits.site_bill import bill_by_prices, reported_bill
from infra.testkit.builders import NETWORK, NOW, a_town, access, an_amount
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.world import a_world
from tests.profile import tries

Figures = tuple[int, int, int, int, int]
WELCOME = 1000
PROGRAMMES = (
    BonusRules(cashback_percent=5, pending_days=0),
    BonusRules(cashback_percent=7, pending_days=0, redeem_cap_percent=100),
    BonusRules(cashback_percent=33, redeem_cap_percent=10, redeem_minimum_points=20, redeem_step_points=5),
    BonusRules(tiers=(Tier("start", 0, 30_000, 3), Tier("gold", 30_000, None, 20)), pending_days=0),
)
sums = st.one_of(st.just(0), st.integers(1, 3_000), st.integers(1, 120_000))
WORDS = st.lists(st.tuples(st.sampled_from(["paid", "paid", "paid", "came"]), sums), max_size=6)


def opened(rules: BonusRules, held: int) -> tuple[SalonDriver, Booking]:
    """A salon with one client of WELCOME points, whose visit begins now."""
    driver = SalonDriver(a_world(MemoryStore()))
    a_town(driver.store)
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=rules)))
    driver.post("grant", WELCOME)
    booking = driver.book(NOW + timedelta(minutes=1))
    if held:
        driver.hold(booking, held)
    return driver, driver.booking(booking.id)


def told(driver: SalonDriver, booking: Booking, words: list[tuple[str, int]]) -> Booking:
    """By a site: the first word completes the visit."""
    for number, (word, minor) in enumerate(words):
        stored: Any = driver.booking(booking.id)
        paid, is_open = (minor, False) if word == "paid" else (None, True)
        if number == 0:
            client = driver.client()
            values = reported_completion(driver.world, stored, client, paid, "site", bill_open=is_open)
        else:
            values = reported_bill(driver.world, stored, paid, "site", bill_open=is_open)
        driver.store.save(*values)
    return driver.booking(booking.id)


def figures(driver: SalonDriver, booking: Booking) -> Figures:
    assert driver.ledger_faults() == []
    account = driver.store.account(NETWORK, MARIA_ID)
    turnover = sum(each.spent_minor for each in account.turnover)
    assert turnover == driver.client().spent_minor.get("MDL", 0) == (booking.paid_minor or 0)
    assert account.balance - account.debt == WELCOME + booking.earned_points - booking.redeemed_points
    assert [hold.points for hold in account.holds] == ([booking.held_points] if booking.held_points else [])
    paid = booking.paid_minor or 0
    return paid, booking.earned_points, booking.redeemed_points, driver.client().visits_count, account.debt


@given(st.sampled_from(PROGRAMMES), st.sampled_from([0, 0, 20, 50]), WORDS, sums)
@tries(few=150)
def test_the_last_sum_decides_alone(
    rules: BonusRules, held: int, words: list[tuple[str, int]], last: int
) -> None:
    driver, booking = opened(rules, held)
    after = told(driver, booking, [*words, ("paid", last)])
    other, booking = opened(rules, held)
    assert figures(driver, after) == figures(other, told(other, booking, [("paid", last)]))
    assert reported_bill(driver.world, after, last, "site") == (after,)
    driver.reopen(after)
    account = driver.store.account(NETWORK, MARIA_ID)
    assert (account.balance - account.debt, driver.client().visits_count) == (WELCOME, 0)
    assert driver.ledger_faults() == []


@given(st.sampled_from(PROGRAMMES), st.lists(sums, min_size=1, max_size=5), st.integers(1, 100))
@tries(few=60)
def test_a_desk_may_correct_and_then_refund_in_parts(
    rules: BonusRules, corrections: list[int], percent: int
) -> None:
    driver, booking = opened(rules, 0)
    driver.complete(booking, paid_minor=50_000)
    for paid_minor in corrections:
        after = correct_bill(driver.world, access(), booking.id, an_amount(paid_minor))
    figures(driver, after)
    part = corrections[-1] * percent // 100
    for number, amount in enumerate((part, corrections[-1] - part)):
        if amount:
            driver.refund(booking, amount, str(number))
    account = driver.store.account(NETWORK, MARIA_ID)
    assert account.balance - account.debt == WELCOME
    assert driver.ledger_faults() == []


@given(st.sampled_from(PROGRAMMES), st.sampled_from([0, 50]), WORDS)
@tries(few=60)
def test_an_open_bill_counts_by_its_prices_whatever_was_told_before(
    rules: BonusRules, held: int, words: list[tuple[str, int]]
) -> None:
    driver, booking = opened(rules, held)
    after = told(driver, booking, [*words, ("came", 0)])
    if after.is_bill_open:
        driver.store.save(*bill_by_prices(driver.world, after))
    after = driver.booking(booking.id)
    assert (after.paid_minor, after.bill_due_at, after.held_points) == (50_000, None, 0)
    figures(driver, after)
