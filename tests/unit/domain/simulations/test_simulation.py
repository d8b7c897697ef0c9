"""One client's past under two programmes, told in figures that can be worked out by hand."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    CouponTerms,
    Expiry,
    ExpiryModel,
    Gift,
    Streak,
    Tier,
    TiersBy,
    VisitReward,
)
from chalicelib.domain.simulations.coming_often import ComingOften
from chalicelib.domain.simulations.past_visits import PastVisit, Span
from chalicelib.domain.simulations.simulation import add_sums, simulate_client
from chalicelib.domain.simulations.simulations import ProgrammeOutcome, months_between, outcome_of
from infra.package import ROOT

PAGE = (ROOT / "docs" / "simulation.md").read_text()
ZONE = "Europe/Chisinau"
SPAN = Span(
    warm_from=datetime(2025, 12, 31, 22, tzinfo=UTC),
    since=datetime(2025, 12, 31, 22, tzinfo=UTC),
    until=datetime(2026, 6, 30, 21, tzinfo=UTC),
    zone=ZONE,
)
FIVE = BonusRules()
TIERED = BonusRules(
    tiers=(Tier("Silver", 0, 150_000, 5), Tier("Gold", 150_000, None, 10)),
    expiry=Expiry(ExpiryModel.DAYS, 60),
)


def visit(
    day: date, paid: int, *, redeemed: int = 0, salon: str = "sal_centru", currency: str = "MDL"
) -> PastVisit:
    """At noon; paid in whole units."""
    return PastVisit(
        at=datetime(day.year, day.month, day.day, 10, tzinfo=UTC),
        on=day,
        salon_id=salon,
        salon_zone=ZONE,
        currency=currency,
        bill=Bill(paid_minor=paid * 100),
        redeemed_points=redeemed,
    )


def outcomes(
    visits: Sequence[PastVisit], proposed: BonusRules, *, span: Span = SPAN, born: date | None = None
) -> tuple[ProgrammeOutcome, ProgrammeOutcome]:
    """By the present programme (5 % of everything) and by the proposed one."""
    found = simulate_client(visits, born, FIVE, proposed, span)
    months = months_between(date(2026, 1, 1), date(2026, 6, 30))
    return (
        outcome_of(found.present, found.actual, FIVE, months),
        outcome_of(found.proposed, found.actual, proposed, months),
    )


# --- the page's example

MONTHS = {"January": 1, "February": 2, "April": 4, "May": 5}
ROW = re.compile(r"^\| (\d+) (\w+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", re.MULTILINE)


def test_the_example_on_the_page_comes_to_what_it_says() -> None:
    rows = [(date(2026, MONTHS[month], int(day)), *map(int, rest)) for day, month, *rest in ROW.findall(PAGE)]
    assert len(rows) == 4
    visits = [visit(day, bill, redeemed=redeemed) for day, bill, redeemed, *_ in rows]
    present, proposed = outcomes(visits, TIERED)
    (sums,) = re.findall(r"^\| all \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert [sum(column) for column in list(zip(*rows, strict=True))[1:]] == list(map(int, sums))
    bills, redeemed, earned, earned_anew, expired = map(int, sums)
    assert (present.granted, present.redeemed, present.expired) == (earned, redeemed, 0)
    assert (proposed.granted, proposed.redeemed, proposed.expired) == (earned_anew, redeemed, expired)
    assert (present.outstanding, proposed.outstanding) == (138, 120)
    assert "138 points stand open" in PAGE
    assert "and 120 by the proposed one" in PAGE
    assert proposed.money[0].revenue == bills * 100
    assert f"{100 * proposed.money[0].redeemed / proposed.money[0].revenue:.2f} %" in PAGE
    assert proposed.tiers == {"Gold": 1}
    assert [(each.month, each.granted, each.expired, each.outstanding) for each in proposed.months] == [
        ("2026-01", 40, 0, 40),
        ("2026-02", 48, 0, 48),
        ("2026-03", 0, 0, 48),
        ("2026-04", 60, 48, 60),
        ("2026-05", 120, 0, 180),
        ("2026-06", 0, 60, 120),
    ]


# --- what clients redeem


@pytest.mark.parametrize(
    ("really", "by_present", "by_proposed"),
    [(0, 0, 0), (20, 20, 60), (40, 40, 120), (100, 40, 120)],
)
def test_of_what_they_could_clients_redeem_the_share_that_they_did(
    really: int, by_present: int, by_proposed: int
) -> None:
    """Of 40 points by the present programme, of 120 by one that gives three times as much."""
    visits = [visit(date(2026, 1, 10), 800), visit(date(2026, 2, 20), 1000, redeemed=really)]
    present, proposed = outcomes(visits, BonusRules(cashback_percent=15))
    assert (present.redeemed, proposed.redeemed) == (by_present, by_proposed)


@pytest.mark.parametrize(("percent", "redeemed"), [(0, 0), (50, 20), (100, 40)])
def test_the_share_may_be_given(percent: int, redeemed: int) -> None:
    visits = [visit(date(2026, 1, 10), 800), visit(date(2026, 2, 20), 1000)]
    present, proposed = outcomes(visits, FIVE, span=replace(SPAN, redeem_share_percent=percent))
    assert present.redeemed == proposed.redeemed == redeemed
    assert (present.able, present.redeeming) == (1, int(percent > 0))


def test_steps_and_the_minimum_of_a_programme_hold() -> None:
    visits = [visit(date(2026, 1, 10), 800), visit(date(2026, 2, 20), 1000, redeemed=39)]
    in_steps = outcomes(visits, BonusRules(redeem_step_points=25))[1]
    too_few = outcomes(visits, BonusRules(redeem_minimum_points=41))[1]
    assert (in_steps.redeemed, in_steps.able) == (0, 1)  # 39 of 40 of what it allows, 25
    assert (too_few.redeemed, too_few.able) == (0, 0)


# --- what is counted


def test_what_came_before_the_period_fills_balances_and_tiers_and_is_not_counted() -> None:
    since = datetime(2026, 3, 31, 21, tzinfo=UTC)
    visits = [visit(date(2026, 1, 10), 2000), visit(date(2026, 4, 10), 1000, redeemed=60)]
    present, proposed = outcomes(visits, TIERED, span=replace(SPAN, since=since))
    assert (present.granted, present.redeemed, present.outstanding) == (47, 60, 87)
    assert (proposed.granted, proposed.redeemed, proposed.expired) == (100, 0, 100)
    assert [each.outstanding for each in present.months] == [100, 100, 100, 87, 87, 87]
    assert present.money[0].revenue == 100_000


def test_who_came_only_before_the_period_is_owed_their_points_and_is_no_client_of_it() -> None:
    since = datetime(2026, 3, 31, 21, tzinfo=UTC)
    present, proposed = outcomes([visit(date(2026, 1, 10), 2000)], TIERED, span=replace(SPAN, since=since))
    assert (present.clients, present.earning, present.outstanding) == (0, 0, 100)
    assert proposed.tiers == {}


def test_who_could_have_redeemed_before_the_period_alone_is_not_counted_as_able() -> None:
    since = datetime(2026, 3, 31, 21, tzinfo=UTC)
    visits = [visit(date(2026, 1, 10), 2000), visit(date(2026, 2, 10), 2000), visit(date(2026, 4, 10), 0)]
    assert outcomes(visits, FIVE, span=replace(SPAN, since=since))[0].able == 0
    assert outcomes(visits, FIVE)[0].able == 1


def test_several_bookings_of_a_day_in_a_salon_are_one_visit_of_a_tier() -> None:
    rules = BonusRules(tiers=(Tier("new", 0, 2, 5), Tier("known", 2, None, 10)), tiers_by=TiersBy.VISITS)
    same_day = [visit(date(2026, 1, 10), 100), visit(date(2026, 1, 10), 100), visit(date(2026, 1, 11), 100)]
    elsewhere = [same_day[0], visit(date(2026, 1, 10), 100, salon="sal_york"), same_day[2]]
    assert outcomes(same_day, rules)[1].granted == 15
    assert outcomes(elsewhere, rules)[1].granted == 20


def test_who_never_came_is_not_counted() -> None:
    found = simulate_client([], date(1990, 5, 17), FIVE, TIERED, SPAN)
    assert not found.actual
    assert not found.present
    assert not found.proposed


def test_points_are_told_by_the_currency_of_the_salon_that_granted_them_or_let_them_pay() -> None:
    rules = BonusRules(point_value_minor=100, point_values_minor={"USD": 5})
    visits = [
        visit(date(2026, 1, 10), 1000),
        visit(date(2026, 2, 10), 40, redeemed=30, salon="sal_york", currency="USD"),
    ]
    found = simulate_client(visits, None, rules, rules, SPAN)
    outcome = outcome_of(found.proposed, found.actual, rules, ["2026-01", "2026-02"])
    lei, dollars = outcome.money
    assert (lei.currency, lei.granted, lei.redeemed, lei.outstanding) == ("MDL", 5000, 0, 2000)
    assert (dollars.currency, dollars.granted, dollars.redeemed) == ("USD", 190, 150)


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)), max_size=6), st.integers(0, 6))
def test_sums_do_not_depend_on_the_pages_in_which_they_are_added(sums: list[Any], cut: int) -> None:
    assert add_sums(add_sums({}, sums[:cut]), sums[cut:]) == add_sums({}, sums)


# --- gifts


def test_a_birthday_gift_comes_each_year_on_the_day_after_the_first_visit() -> None:
    rules = replace(FIVE, birthday=Gift(200, 30))
    visits = [visit(date(2026, 2, 10), 100), visit(date(2026, 3, 10), 1000, redeemed=5)]
    outcome = outcomes(visits, rules, born=date(1992, 2, 29))[1]
    assert outcome.by_kind == {"cashback": 5 + 39, "birthday": 200}
    assert (outcome.redeemed, outcome.expired) == (205, 0)
    assert outcome.money[0].gifts == 20_000
    assert outcomes(visits, rules, born=date(1992, 2, 9))[1].by_kind == {"cashback": 5 + 49}


def test_a_birthday_gift_comes_with_the_greeting_and_from_a_programme_that_is_on() -> None:
    early, off = replace(SPAN, birthday_days_before=7), replace(FIVE, birthday=Gift(200, 30), enabled=False)
    on, visits = replace(FIVE, birthday=Gift(200, 30)), [visit(date(2026, 2, 10), 0)]
    given = outcomes(visits, on, span=early, born=date(1990, 7, 7))[1]
    assert given.by_kind == {"birthday": 200}
    assert outcomes(visits, on, span=early, born=date(1990, 2, 15))[1].by_kind == {}
    assert outcomes(visits, off, span=early, born=date(1990, 7, 7))[1].by_kind == {}


def test_where_the_programme_is_off_a_visit_counts_and_brings_nothing() -> None:
    reward = VisitReward(id="rew_1", visits=2, days=60, coupon=CouponTerms("Shampoo", percent=10))
    often = ComingOften(BonusRules(streak=Streak(2, Gift(300)), visit_rewards=(reward,)))
    days = [(date(2026, 1, 10), True), (date(2026, 2, 10), False), (date(2026, 2, 20), True)]
    found = [often.visit(day, gives=gives) for day, gives in days]
    assert [(gift is not None, len(coupons)) for gift, coupons in found] == [
        (False, 0),
        (False, 0),
        (True, 1),
    ]


def test_a_birthday_gift_that_is_not_used_is_gone_after_its_days() -> None:
    outcome = outcomes(
        [visit(date(2026, 2, 10), 100)], replace(FIVE, birthday=Gift(200, 30)), born=date(1990, 5, 1)
    )[1]
    assert (outcome.expired, outcome.outstanding) == (200, 5)
    assert [each.expired for each in outcome.months] == [0, 0, 0, 0, 0, 200]


def test_a_streak_is_used_up_by_its_gift() -> None:
    rules = replace(FIVE, streak=Streak(3, Gift(300)))
    months = [visit(date(2026, month, 10), 0) for month in range(1, 7)]
    assert outcomes(months, rules)[1].by_kind == {"streak": 600}
    assert outcomes([*months[:2], *months[3:5]], rules)[1].by_kind == {}


def test_several_visits_of_a_month_are_one_of_a_streak() -> None:
    often = ComingOften(BonusRules(streak=Streak(2, Gift(300))))
    days = [date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2), date(2026, 3, 1)]
    assert [often.visit(day)[0] is not None for day in days] == [False, False, True, False, False]


@pytest.mark.parametrize(
    ("said", "days", "coupons"),
    [
        ({"months": 2}, ["2026-01-31", "2026-02-15", "2026-03-31"], 1),
        ({"months": 2}, ["2026-01-31", "2026-02-15", "2026-04-01"], 0),
        ({"months": 1}, ["2026-01-31", "2026-02-01", "2026-02-28"], 1),
        ({"months": 1}, ["2026-02-28", "2026-03-01", "2026-03-31"], 1),
        ({"months": 1}, ["2026-01-31", "2026-02-01", "2026-03-01"], 0),
        ({"months": 1}, ["2026-01-30", "2026-02-05", "2026-03-01"], 0),
        ({"days": 60}, ["2026-01-01", "2026-02-01", "2026-03-02"], 1),
        ({"days": 60}, ["2026-01-01", "2026-02-01", "2026-03-03"], 0),
        ({"days": 60}, ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04", "2026-01-05"], 1),
        ({"days": 60}, [f"2026-01-0{day}" for day in range(1, 7)], 2),
    ],
)
def test_a_reward_is_for_so_many_visits_within_its_time_each_used_once(
    said: dict[str, int], days: list[str], coupons: int
) -> None:
    terms = CouponTerms("Shampoo", amount_minor=5000)
    often = ComingOften(BonusRules(visit_rewards=(VisitReward(id="rew_1", visits=3, coupon=terms, **said),)))
    assert sum(len(often.visit(date.fromisoformat(day))[1]) for day in days) == coupons


def test_coupons_are_counted_with_what_they_may_cost() -> None:
    reward = VisitReward(id="rew_1", visits=2, months=2, coupon=CouponTerms("Shampoo", amount_minor=5000))
    visits = [visit(date(2026, month, 10), 100) for month in (1, 2, 3, 4)]
    same_day = [visit(date(2026, 1, 10), 50), *visits]
    outcome = outcomes(same_day, replace(FIVE, visit_rewards=(reward,)))[1]
    assert (outcome.coupons, outcome.money[0].coupons) == (2, 10_000)


def test_months_between_two_dates() -> None:
    assert months_between(date(2025, 11, 30), date(2026, 2, 1)) == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]


def test_the_local_day_after_the_last_is_not_counted() -> None:
    late = replace(visit(date(2026, 6, 30), 100), at=SPAN.until)
    early = replace(late, at=SPAN.until - timedelta(milliseconds=1))
    assert outcomes([late], FIVE)[0].granted == 0
    assert outcomes([early], FIVE)[0].granted == 5
