"""Points in trial: a visit counts, what it would bring is counted, too, and nothing is given at any time."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients import client_plan
from chalicelib.domain.intake.site_events import SiteStatus
from chalicelib.domain.networks.bonus_rules import (
    CouponTerms,
    Gift,
    Referral,
    Streak,
    Surprise,
    VisitReward,
)
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.loyalty import coupons
from chalicelib.services.marketing import promotions
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.shared.walks import surprise_walk_id
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_client, a_consent, access, save_client
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from tests.services.in_trial import change_network, live, refusal, tally, with_bonuses
from tests.services.rewarded import MARIA, balance, visited_on

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
ION = "cli_ion0000000000001"
DAYS = [date(2026, 11, day) for day in (24, 25, 26, 27)]

EVERY_VISIT = VisitReward(id="one", visits=1, months=2, coupon=CouponTerms("10 %", percent=10))


@pytest.fixture
def driver(driver: SalonDriver) -> SalonDriver:
    """The salon, whose network is in trial."""
    change_network(driver, trial=True)
    return driver


def test_a_visit_in_trial_is_a_visit_and_earns_nothing(driver: SalonDriver) -> None:
    done = visited_on(driver, DAYS[0])
    assert (done.booking.status, done.booking.earned_points, done.booking.would_earn) == (
        Status.COMPLETED,
        0,
        25,
    )
    assert done.entries == ()
    client = driver.client()
    assert client.visits_count == 1
    assert client.spent_minor == {"MDL": 50_000}
    assert balance(driver) == 0
    assert (tally(driver).visits, dict(tally(driver).points)) == (1, {"cashback": 25})
    repeated = driver.complete(done.booking)
    assert (repeated.booking.would_earn, repeated.entries, tally(driver).visits) == (25, (), 1)


def test_a_visit_of_the_trial_gives_nothing_afterwards(driver: SalonDriver) -> None:
    done = visited_on(driver, DAYS[0])
    live(driver)
    driver.run_until(datetime(2026, 11, 25, 8, tzinfo=UTC))
    refunded = driver.refund(done.booking, 50_000)
    assert (refunded.refund.points_taken, refunded.entries) == (0, ())
    assert balance(driver) == 0
    assert "bonus_notice" not in driver.kinds_sent()
    assert visited_on(driver, DAYS[2]).booking.earned_points == 25


def test_a_visit_that_is_taken_back_in_trial_is_counted_no_more(driver: SalonDriver) -> None:
    done = visited_on(driver, DAYS[0])
    driver.reopen(done.booking)
    found = tally(driver)
    assert (found.visits, sum(found.points.values())) == (0, 0)
    assert driver.client().visits_count == 0
    assert driver.booking(done.booking.id).would_earn == 0


def test_a_visit_of_the_trial_that_is_taken_back_later_takes_nothing(driver: SalonDriver) -> None:
    with_bonuses(driver, streak=Streak(1, Gift(70)), visit_rewards=(EVERY_VISIT,))
    done = visited_on(driver, DAYS[0])
    live(driver)
    driver.reopen(done.booking)
    assert (balance(driver), driver.store.account(NETWORK, MARIA).debt) == (0, 0)
    assert driver.client().visits_count == 0
    again = driver.complete(driver.booking(done.booking.id))
    assert (again.booking.earned_points, again.booking.would_earn) == (25, 0)


def test_clients_who_came_in_the_trial_merge_and_unmerge(driver: SalonDriver) -> None:
    with_bonuses(driver, streak=Streak(1, Gift(70)), visit_rewards=(EVERY_VISIT,))
    save_client(driver.store, a_client(ION, phone="+37369000111", email=None))
    visited_on(driver, DAYS[0], MARIA)
    visited_on(driver, DAYS[1], ION)
    live(driver)
    driver.merge(ION, MARIA)
    assert driver.client().visits_count == 2
    driver.unmerge(ION)
    assert (balance(driver, MARIA), balance(driver, ION)) == (0, 0)


def test_a_visit_that_a_site_reports_earns_nothing_in_trial_either(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, reported("e-1", 1, IN_TWO_DAYS))
    driver.clock.now = IN_TWO_DAYS + timedelta(hours=2)
    driver.hear(site, reported("e-1", 2, IN_TWO_DAYS, status=SiteStatus.COMPLETED))
    booking = driver.only_booking()
    assert (booking.status, booking.earned_points) == (Status.COMPLETED, 0)
    assert booking.would_earn > 0
    assert balance(driver, str(booking.client_id)) == 0
    live(driver)
    driver.hear(site, reported("e-1", 3, IN_TWO_DAYS, status=SiteStatus.COMPLETED))
    assert balance(driver, str(booking.client_id)) == 0


def test_gifts_of_visits_are_counted_and_never_given(driver: SalonDriver) -> None:
    with_bonuses(
        driver,
        cashback_percent=0,
        visit_rewards=(replace(EVERY_VISIT, visits=2),),
        streak=Streak(1, Gift(70)),
        referral=Referral(Gift(200), Gift(100)),
    )
    save_client(driver.store, a_client(ION, phone="+37369000111", email=None))
    driver.store.save(replace(driver.client(), referred_by=ION))
    for day in DAYS[:2]:
        visited_on(driver, day)
    found = tally(driver)
    assert (dict(found.points), found.coupons) == ({"referral": 300, "streak": 70}, 1)
    live(driver)
    visited_on(driver, DAYS[2])
    for client_id in (MARIA, ION):
        assert balance(driver, client_id) == 0
        assert driver.store.coupons(NETWORK, client_id) == []
    visited_on(driver, DAYS[3])
    assert len(driver.store.coupons(NETWORK, MARIA)) == 1


def test_a_birthday_gift_of_the_trial_is_counted_and_not_made_up_for(driver: SalonDriver) -> None:
    with_bonuses(driver, birthday=Gift(200))
    day = datetime(2027, 5, 11, tzinfo=UTC)
    driver.store.save(replace(driver.client(), consents=(a_consent(),)))
    driver.clock.now = day
    driver.store.save(client_plan.with_wake(driver.client(), driver.world.directory(NETWORK), day))
    driver.run_until(day + timedelta(hours=20))
    assert dict(tally(driver).points) == {"birthday": 200}
    assert driver.client().gifted_year == 2027
    live(driver)
    driver.run_until(day + timedelta(days=20))
    assert balance(driver) == 0
    assert "birthday" not in driver.kinds_sent()


def test_promotions_multiply_only_the_count_and_grant_nothing(driver: SalonDriver) -> None:
    fields = {"name": "Double", "starts_on": DAYS[0], "ends_on": DAYS[2]}
    double = promotions.make_promotion(driver.world, access(), {**fields, "multiplier_percent": 200})
    gift = promotions.make_promotion(driver.world, access(), {**fields, "grant": Gift(50), "cap_points": 500})
    driver.run_until(datetime(2026, 11, 24, 1, tzinfo=UTC))
    done = visited_on(driver, DAYS[0])
    assert (done.booking.earned_points, done.booking.would_earn) == (0, 50)
    assert dict(tally(driver).points) == {"cashback": 25, "promotion": 25}
    walk_id = promotions.get_promotion(driver.world, access(), gift.id).walk_id
    walk = driver.store.get(Walk, network_id=NETWORK, id=walk_id)
    assert (walk.stage, walk.changed) == ("not_live", 0)
    live(driver)
    driver.run_until(datetime(2026, 11, 26, 1, tzinfo=UTC))
    assert balance(driver) == 0
    assert promotions.results_of(driver.world, [double])[double.id].visits == 0


def test_no_surprise_is_drawn_in_trial(driver: SalonDriver) -> None:
    surprise = Surprise(gift=Gift(100), monthly_budget_points=1000)
    set_rules(driver.world, access(), 1, messages={}, bonuses={"surprise": surprise})
    walk = driver.store.get(Walk, network_id=NETWORK, id=surprise_walk_id(NETWORK))
    driver.clock.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    walk_on(driver.world, walk)
    again = driver.store.get(Walk, network_id=NETWORK, id=walk.id)
    assert again.sleeps_until > driver.clock.now + timedelta(days=20)


def test_nothing_is_given_or_spent_by_hand(driver: SalonDriver) -> None:
    booking, world = driver.book(IN_TWO_DAYS), driver.world
    terms = CouponTerms("10 %", percent=10)
    for kind in ("grant", "correction", "compensation", "redeem"):
        assert refusal(lambda kind=kind: driver.post(kind, 5)) == "NOT_LIVE"
    assert refusal(lambda: driver.hold(booking, 5)) == "NOT_LIVE"
    assert refusal(lambda: driver.complete(booking, redeem_points=5)) == "NOT_LIVE"
    assert refusal(lambda: coupons.issue_coupon(world, access(), driver.client(), terms, "x")) == "NOT_LIVE"
    live(driver)
    assert driver.post("grant", 5).points == 5
