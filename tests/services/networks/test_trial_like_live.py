"""A trial counts what a live network gives and takes back, whatever is completed, refunded and taken back."""

from collections import Counter
from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.loyalty.coupons import CouponState
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    CouponTerms,
    Gift,
    Referral,
    Streak,
    VisitReward,
)
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.marketing import promotions
from chalicelib.services.visits.visit_gifts import coupon_ids_of_visit
from infra.testkit.builders import NETWORK, NOW, a_client, a_town, access, save_client
from infra.testkit.doubles import RecordingIntake, RecordingSender, SettableClock
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world
from tests.services.in_trial import live, tally
from tests.services.rewarded import MARIA, balance, visited_on

ION = "cli_ion0000000000001"
DAYS = [date(2026, 11, 24), date(2026, 11, 26), date(2026, 12, 1), date(2026, 12, 3), date(2027, 1, 5)]
GIVEN = (EntryKind.CASHBACK, EntryKind.PROMOTION, EntryKind.STREAK, EntryKind.REFERRAL, EntryKind.REVERSAL)
BONUSES = BonusRules(
    visit_rewards=(VisitReward(id="two", visits=2, months=2, coupon=CouponTerms("10 %", percent=10)),),
    streak=Streak(2, Gift(70)),
    referral=Referral(Gift(200), Gift(100)),
)

Step = tuple[str, int]
Figures = tuple[dict[str, int], int]


def a_driver(*, trial: bool) -> SalonDriver:
    """A network where Ion recommended the salon to Maria, and December gives double points."""
    store = MemoryStore()
    driver = SalonDriver(a_world(store, SettableClock(NOW)), RecordingSender(), RecordingIntake())
    a_town(driver.store)
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(bonuses=BONUSES), trial=trial))
    save_client(driver.store, a_client(ION, phone="+37369000111", email=None))
    driver.store.save(replace(driver.client(), referred_by=ION))
    wanted = {"name": "Double", "starts_on": DAYS[2], "ends_on": DAYS[3], "multiplier_percent": 230}
    promotions.make_promotion(driver.world, access(), wanted)
    return driver


def lived(driver: SalonDriver, history: list[Step]) -> SalonDriver:
    """After the history. A step that is refused, such as a refund of what was refunded, does nothing."""
    made: list[Booking] = []
    for step, number in history:
        with suppress(DomainError):
            if step == "visit":
                day, count = DAYS[number % len(DAYS)], len(made)
                done = visited_on(driver, day, name=f"{count}_", paid_minor=50_100 + count)
                made.append(done.booking)
                continue
        if not made:
            continue
        booking = driver.booking(made[number % len(made)].id)
        with suppress(DomainError):
            if step == "take back":
                driver.reopen(booking)
            elif step == "complete" and booking.status is not Status.COMPLETED:
                driver.complete(booking, paid_minor=booking.total_minor + 700)
            elif step == "refund a part":
                driver.refund(booking, 11_111 + number)
            elif step == "refund all":
                driver.refund(booking, (booking.paid_minor or 0) - booking.refunded_minor)
    return driver


def given_live(driver: SalonDriver) -> Figures:
    points: Counter[str] = Counter()
    for client_id in (MARIA, ION):
        for entry in driver.store.entries(NETWORK, client_id):
            if entry.kind in GIVEN:
                points[entry.kind.value] += entry.worth
    coupons = [each for each in driver.store.coupons(NETWORK, MARIA) if each.state is CouponState.OPEN]
    return {kind: number for kind, number in points.items() if number}, len(coupons)


def counted_in_trial(driver: SalonDriver) -> Figures:
    assert [balance(driver, client_id) for client_id in (MARIA, ION)] == [0, 0]
    found = tally(driver)
    return {kind: number for kind, number in found.points.items() if number}, found.coupons


def differs(history: list[Step]) -> tuple[Figures, Figures] | None:
    figures = given_live(lived(a_driver(trial=False), history))
    counted = counted_in_trial(lived(a_driver(trial=True), history))
    return None if figures == counted else (figures, counted)


@pytest.mark.parametrize(
    "history",
    [
        [("visit", 0), ("take back", 0), ("complete", 0)],
        [("visit", 0), ("visit", 1), ("take back", 1), ("complete", 1), ("take back", 0)],
        [("visit", 0), ("visit", 2), ("take back", 0), ("visit", 1)],
        [("visit", 2), ("refund a part", 0), ("refund a part", 0), ("take back", 0)],
        [("visit", 0), ("refund all", 0), ("visit", 1), ("visit", 2)],
        [("visit", 0), ("visit", 0), ("take back", 0), ("take back", 1)],
    ],
)
def test_a_history_is_counted_in_trial_as_a_live_network_gives_it(history: list[Step]) -> None:
    assert differs(history) is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["visit", "visit", "take back", "complete", "refund a part", "refund all"]),
            st.integers(0, 9),
        ),
        max_size=14,
    )
)
def test_any_history_is_counted_in_trial_as_a_live_network_gives_it(history: list[Step]) -> None:
    assert differs(history) is None


def test_no_coupon_of_the_trial_is_named() -> None:
    driver = a_driver(trial=True)
    visited_on(driver, DAYS[0])
    done = visited_on(driver, DAYS[1])
    assert tally(driver).coupons == 1
    assert done.account is not None
    assert coupon_ids_of_visit(done.booking, done.account) == []


def test_a_visit_of_the_trial_that_is_taken_back_later_leaves_the_trials_figures_as_they_were() -> None:
    driver = lived(a_driver(trial=True), [("visit", 0), ("visit", 1)])
    before = tally(driver)
    live(driver)
    for booking in driver.bookings():
        driver.refund(booking, 10_000)
        driver.reopen(booking)
    assert tally(driver) == before
    assert balance(driver) == 0


def test_what_was_counted_is_taken_off_as_it_was_counted_though_the_rules_have_changed() -> None:
    driver = a_driver(trial=True)
    done = visited_on(driver, DAYS[0])
    changed = replace(BONUSES, cashback_percent=20, streak=None, referral=None)
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(bonuses=changed)))
    driver.reopen(done.booking)
    assert sum(tally(driver).points.values()) == 0
