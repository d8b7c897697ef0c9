"""What loyalty programmes are refused, at which field, and what they may be."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, MonthTurnover
from chalicelib.domain.loyalty.programme import earning_percent, programme_for
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    ByHandLimit,
    CouponTerms,
    Exclusions,
    Expiry,
    ExpiryModel,
    Gift,
    GroupProgramme,
    Referral,
    Streak,
    Surprise,
    Tier,
    TiersBy,
    VisitReward,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import Rules, plan_alike
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.months import month_number
from chalicelib.services.networks.check_rules import check_rules
from infra.testkit.builders import NETWORK, a_network, a_salon, a_service
from tests.profile import tries

CENTRU, RISCANI, YORK = "sal_centru", "sal_riscani", "sal_york"
SALONS = (
    a_salon(CENTRU, name="Centru"),
    a_salon(RISCANI, name="Riscani"),
    a_salon(YORK, name="York", currency="USD"),
)
SERVICES = (a_service("srv_cut", category="hair"), a_service("srv_nails", category=None))


def the_network(*salons: Any) -> Directory:
    return Directory(
        a_network(), {each.id: each for each in salons}, {}, {each.id: each for each in SERVICES}
    )


TWO_CURRENCIES, ONE_CURRENCY = the_network(*SALONS), the_network(*SALONS[:2])


def field_refused(directory: Directory = TWO_CURRENCIES, **values: Any) -> str | None:
    """The field at which bonus rules are refused; None: they are not."""
    try:
        check_rules(Rules(bonuses=BonusRules(**values)), directory)
    except DomainError as error:
        reason = error
    else:
        return None
    assert reason.code == "INVALID_RULE"
    assert len(reason.message) > 20
    return str(reason.details["field"]).removeprefix("bonuses.")


# --- numbers


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("cashback_percent", 1, 100),
        ("tiers_months", 1, 24),
        ("pending_days", 0, 365),
        ("redeem_cap_percent", 0, 100),
        ("redeem_minimum_points", 0, 1_000_000),
        ("redeem_step_points", 1, 1_000_000),
        ("point_value_minor", 1, 1_000_000),
        ("by_hand_limit_points", 0, 1_000_000_000),
        ("grace_days", 1, 365),
        ("hold_days", 1, 90),
    ],
)
def test_a_number_has_its_bounds(name: str, least: int, most: int) -> None:
    assert field_refused(**{name: least}) is None
    assert field_refused(**{name: most}) is None
    assert field_refused(**{name: least - 1}) == name
    assert field_refused(**{name: most + 1}) == name
    if name in GroupProgramme.__struct_fields__:
        group = GroupProgramme(**{"name": "Spring", name: most + 1})
        assert field_refused(programmes=(group,)) == f"programmes[0].{name}"


@pytest.mark.parametrize(
    ("minimum", "step", "refused"),
    [(0, 50, False), (1, 50, False), (50, 50, False), (100, 50, False), (49, 50, True), (75, 50, True)],
)
def test_a_minimum_can_be_reached_in_steps(minimum: int, step: int, refused: bool) -> None:
    found = field_refused(redeem_minimum_points=minimum, redeem_step_points=step)
    assert found == ("redeem_minimum_points" if refused else None)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"USD": 5, "MDL": 100}, None),
        ({"EUR": 5}, "point_values_minor.EUR"),
        ({"usd": 5}, "point_values_minor.usd"),
        ({"USD": 0}, "point_values_minor.USD"),
        ({"USD": 1_000_001}, "point_values_minor.USD"),
    ],
)
def test_a_point_has_a_value_in_currencies_that_salons_are_paid_in(values: Any, field: str | None) -> None:
    assert field_refused(point_values_minor=values) == field


# --- tiers


def tiers(*values: tuple[int, int | None]) -> tuple[Tier, ...]:
    return tuple(Tier(f"T{number}", *each, 5) for number, each in enumerate(values))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (tiers((0, None)), None),
        (tiers((0, 5), (5, 10), (10, None)), None),
        (tiers((1, None)), "tiers[0].at_least"),
        (tiers((-1, 5), (5, None)), "tiers[0].at_least"),
        (tiers((0, 5), (6, None)), "tiers[0].below"),  # a gap
        (tiers((0, 6), (5, None)), "tiers[0].below"),  # an overlap
        (tiers((0, 0), (0, None)), "tiers[0].below"),
        (tiers((0, 5), (5, 5), (5, None)), "tiers[1].below"),
        (tiers((0, 5), (5, 3), (3, None)), "tiers[1].below"),
        (tiers((0, None), (5, None)), "tiers[0].below"),
        (tiers((0, 5), (5, 10)), "tiers[1].below"),  # nobody would be above
        (tiers(*((each, each + 1) for each in range(20)), (20, None)), "tiers"),
        ((Tier("", 0, None, 5),), "tiers[0].name"),
        ((Tier(" ", 0, None, 5),), "tiers[0].name"),
        ((Tier("Gold\u200b", 0, None, 5),), "tiers[0].name"),
        ((Tier("G" * 61, 0, None, 5),), "tiers[0].name"),
        ((Tier("Gold", 0, 5, 5), Tier("Gold", 5, None, 7)), "tiers[1].name"),
        ((Tier("Gold", 0, None, 0),), "tiers[0].percent"),
        ((Tier("Gold", 0, None, 101),), "tiers[0].percent"),
        ((Tier("Gold", 0, 5, 10), Tier("Less", 5, None, 5)), None),  # percents may fall
    ],
)
def test_tiers_follow_one_another_without_gap_or_overlap(values: Any, field: str | None) -> None:
    assert field_refused(tiers=values, tiers_by=TiersBy.VISITS) == field
    group = GroupProgramme(name="Spring", tiers=values, tiers_by=TiersBy.VISITS)
    assert field_refused(programmes=(group,)) == (field and f"programmes[0].{field}")


@tries(300)
@given(
    st.lists(
        st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6), st.integers(1, 3)), min_size=1, max_size=4
    ),
    st.integers(0, 8),
)
def test_in_tiers_that_are_saved_every_turnover_lies_in_exactly_one(
    values: list[tuple[int, int | None, int]], visits: int
) -> None:
    """And it is that tier's percentage which the client earns."""
    steps = tuple(Tier(f"T{number}", *each) for number, each in enumerate(values))
    rules = BonusRules(tiers=steps, tiers_by=TiersBy.VISITS)
    try:
        check_rules(Rules(bonuses=rules), TWO_CURRENCIES)
    except DomainError:
        return
    (tier,) = (
        each for each in steps if each.at_least <= visits and (each.below is None or visits < each.below)
    )
    day = date(2026, 11, 23)
    turnover = (MonthTurnover(month_number(day), "MDL", 100, visits),)
    account = Account(network_id=NETWORK, client_id="cli_x", turnover=turnover)
    assert earning_percent(account, rules, "MDL", day) == tier.percent


BY_SPEND = {"tiers": tiers((0, 100), (100, None))}


def spring(*salon_ids: str, **values: Any) -> GroupProgramme:
    return GroupProgramme(name="Spring", salon_ids=salon_ids, **values)


ALWAYS_YORK = replace(spring(YORK), name="York")
MARCH = {"starts_on": date(2027, 3, 1), "ends_on": date(2027, 3, 31)}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (BY_SPEND, "tiers_by"),
        ({**BY_SPEND, "tiers_by": TiersBy.VISITS}, None),
        ({**BY_SPEND, "programmes": (ALWAYS_YORK,)}, None),
        ({**BY_SPEND, "programmes": (replace(ALWAYS_YORK, **MARCH),)}, "tiers_by"),  # in April it holds there
        ({**BY_SPEND, "programmes": (spring(),)}, None),  # it never holds
        ({"programmes": (spring(CENTRU, RISCANI, **BY_SPEND),)}, None),
        ({"programmes": (spring(CENTRU, YORK, **BY_SPEND),)}, "programmes[0].tiers_by"),
        ({"programmes": (spring(**BY_SPEND),)}, "programmes[0].tiers_by"),
        ({"programmes": (ALWAYS_YORK, spring(**BY_SPEND, **MARCH))}, None),
        ({"programmes": (spring(**BY_SPEND, **MARCH), replace(ALWAYS_YORK, **MARCH))}, None),
        (
            {
                "programmes": (
                    spring(**BY_SPEND, **MARCH),
                    replace(ALWAYS_YORK, **MARCH | {"starts_on": date(2027, 3, 2)}),
                )
            },
            "programmes[0].tiers_by",
        ),
    ],
)
def test_tiers_by_spend_are_of_salons_of_one_currency(values: Any, field: str | None) -> None:
    assert field_refused(**values) == field
    if not any(YORK in each.salon_ids for each in values.get("programmes", ())):
        assert field_refused(ONE_CURRENCY, **values) is None


# --- expiry and exclusions


@pytest.mark.parametrize(
    ("model", "after", "refused"),
    [
        (ExpiryModel.NEVER, 0, False),
        (ExpiryModel.NEVER, 1, True),
        (ExpiryModel.DAYS, 0, True),
        (ExpiryModel.DAYS, 1, False),
        (ExpiryModel.DAYS, 3650, False),
        (ExpiryModel.DAYS, 3651, True),
        (ExpiryModel.INACTIVITY, 0, True),
        (ExpiryModel.INACTIVITY, 3650, False),
        (ExpiryModel.INACTIVITY, 3651, True),
        (ExpiryModel.MONTH_END, -1, True),
        (ExpiryModel.MONTH_END, 1, False),
        (ExpiryModel.MONTH_END, 120, False),
        (ExpiryModel.MONTH_END, 121, True),
    ],
)
def test_points_expire_after_a_span_of_their_model(model: ExpiryModel, after: int, refused: bool) -> None:
    assert field_refused(expiry=Expiry(model, after)) == ("expiry.after" if refused else None)


@pytest.mark.parametrize(
    ("model", "after", "pending", "refused"),
    [
        (ExpiryModel.DAYS, 7, 7, False),
        (ExpiryModel.DAYS, 7, 8, True),
        (ExpiryModel.INACTIVITY, 7, 8, True),
        (ExpiryModel.MONTH_END, 0, 0, False),
        (ExpiryModel.MONTH_END, 0, 1, True),  # those of the month's last day
        (ExpiryModel.MONTH_END, 1, 28, False),
        (ExpiryModel.MONTH_END, 1, 29, True),  # those of 31 January
        (ExpiryModel.NEVER, 0, 365, False),
    ],
)
def test_points_can_be_spent_before_they_expire(
    model: ExpiryModel, after: int, pending: int, refused: bool
) -> None:
    found = field_refused(expiry=Expiry(model, after), pending_days=pending)
    assert found == ("expiry.after" if refused else None)


@pytest.mark.parametrize(
    ("excludes", "field"),
    [
        (Exclusions(("srv_cut", "srv_nails"), ("hair",), goods=True), None),
        (Exclusions(("srv_cut", "srv_none")), "service_ids[1]"),
        (Exclusions((), ("hair", "nails")), "categories[1]"),
        (Exclusions((), ("",)), "categories[0]"),
    ],
)
@pytest.mark.parametrize("name", ["earn_excludes", "redeem_excludes"])
def test_what_is_excluded_is_there(name: str, excludes: Exclusions, field: str | None) -> None:
    assert field_refused(**{name: excludes}) == (field and f"{name}.{field}")
    in_group = field_refused(programmes=(spring(CENTRU, **{name: excludes}),))
    assert in_group == (field and f"programmes[0].{name}.{field}")


def test_all_programmes_together_name_no_more_than_an_item_holds() -> None:
    def day(number: int) -> date:
        return date(2027, 1, 1 + number)

    long = Exclusions(("srv_cut",) * 300)
    many = tuple(
        GroupProgramme(
            name=f"{number}",
            earn_excludes=long,
            redeem_excludes=long,
            starts_on=day(number),
            ends_on=day(number),
        )
        for number in range(5)
    )
    assert field_refused(programmes=many) is None
    assert field_refused(programmes=many, redeem_excludes=Exclusions(("srv_cut",))) == "programmes"


# --- programmes beside each other


def of(name: str, *salon_ids: str, starts: str | None = None, ends: str | None = None) -> GroupProgramme:
    return GroupProgramme(
        name=name,
        salon_ids=salon_ids,
        starts_on=date.fromisoformat(starts) if starts else None,
        ends_on=date.fromisoformat(ends) if ends else None,
    )


@pytest.mark.parametrize(
    ("programmes", "field"),
    [
        ((of("A", CENTRU), of("B", YORK), of("C")), None),  # a group's comes before that of all
        ((of("A", CENTRU), of("A", YORK)), "programmes[1].name"),
        ((of("", CENTRU),), "programmes[0].name"),
        ((of("A", CENTRU, "sal_none"),), "programmes[0].salon_ids[1]"),
        ((of("A", CENTRU, CENTRU),), "programmes[0].salon_ids[1]"),
        ((of("A", starts="2027-03-02", ends="2027-03-01"),), "programmes[0].ends_on"),
        ((of("A", starts="2027-03-01", ends="2027-03-01"),), None),
        ((of("A", CENTRU, YORK), of("B", YORK, RISCANI)), "programmes[1]"),
        ((of("A"), of("B")), "programmes[1]"),
        ((of("A", ends="2027-02-28"), of("B", starts="2027-03-01")), None),
        ((of("A", ends="2027-03-01"), of("B", starts="2027-03-01")), "programmes[1]"),
        ((of("A", starts="2027-03-01"), of("B", ends="2027-02-28")), None),
        ((of("A", CENTRU, ends="2027-03-01"), of("B", CENTRU)), "programmes[1]"),
        ((of("A", CENTRU, ends="2027-03-01"), of("B", CENTRU, starts="2027-03-02")), None),
        (
            (
                of("A", starts="2027-01-01", ends="2027-12-31"),
                of("B", starts="2028-01-01"),
                of("C", starts="2027-06-01", ends="2027-06-02"),
            ),
            "programmes[2]",
        ),
        (
            tuple(
                of(f"{day}", starts=f"2027-03-{day:02d}", ends=f"2027-03-{day:02d}") for day in range(1, 32)
            ),
            None,
        ),
        (
            tuple(of(f"{year}", starts=f"{year}-01-01", ends=f"{year}-12-31") for year in range(2027, 2078)),
            "programmes",
        ),
    ],
)
def test_on_a_day_a_salon_goes_by_one_programme(programmes: Any, field: str | None) -> None:
    assert field_refused(programmes=programmes) == field


days = st.none() | st.dates(date(2027, 1, 1), date(2027, 1, 6))
groups = st.lists(
    st.builds(
        lambda salons, first, last: GroupProgramme(
            name="?", salon_ids=tuple(sorted(salons)), starts_on=first, ends_on=last
        ),
        st.sets(st.sampled_from([CENTRU, RISCANI, YORK])),
        days,
        days,
    ),
    max_size=4,
)


@tries(300)
@given(groups)
def test_of_programmes_that_are_saved_the_order_does_not_matter(found: list[GroupProgramme]) -> None:
    named = tuple(replace(each, name=f"P{number}") for number, each in enumerate(found))
    rules = BonusRules(programmes=named)
    if field_refused(programmes=named) is not None:
        assert field_refused(programmes=named[::-1]) is not None
        return
    backwards = replace(rules, programmes=named[::-1])
    for salon_id in (CENTRU, RISCANI, YORK, None):
        for day in range(1, 7):
            on = date(2027, 1, day)
            one, other = programme_for(rules, salon_id, on), programme_for(backwards, salon_id, on)
            assert getattr(one, "name", None) == getattr(other, "name", None)


# --- gifts


@pytest.mark.parametrize(
    ("gift", "field"),
    [
        (Gift(1), None),
        (Gift(1_000_000, 3650), None),
        (Gift(0), "points"),
        (Gift(1_000_001), "points"),
        (Gift(1, -1), "valid_days"),
        (Gift(1, 3651), "valid_days"),
    ],
)
def test_a_gift_is_of_some_points_for_some_time(gift: Gift, field: str | None) -> None:
    assert field_refused(birthday=gift) == (field and f"birthday.{field}")
    assert field_refused(referral=Referral(gift, Gift(1))) == (field and f"referral.referrer.{field}")
    assert field_refused(referral=Referral(Gift(1), gift)) == (field and f"referral.friend.{field}")
    assert field_refused(streak=Streak(6, gift)) == (field and f"streak.gift.{field}")
    surprise = Surprise(gift=gift, monthly_budget_points=1_000_000)
    assert field_refused(surprise=surprise) == (field and f"surprise.gift.{field}")


COUPON = CouponTerms("10 % on goods", percent=10)


def reward(**values: Any) -> VisitReward:
    return VisitReward(**{"id": "three", "visits": 3, "months": 2, "coupon": COUPON, **values})


@pytest.mark.parametrize(
    ("values", "field"),
    [
        (reward(), None),
        (reward(months=0, days=366, visits=8), None),
        (reward(id=""), "id"),
        (reward(visits=1), "visits"),
        (reward(visits=9), "visits"),  # of a client's visits the last eight are kept
        (reward(months=0), "months"),
        (reward(days=10), "months"),
        (reward(months=13), "months"),
        (reward(months=-1), "months"),
        (reward(months=0, days=367), "days"),
        (reward(months=0, days=-1), "days"),
        (reward(coupon=CouponTerms("", percent=10)), "coupon.name"),
        (reward(coupon=CouponTerms("Nothing")), "coupon.percent"),
        (reward(coupon=CouponTerms("Both", 10, 100)), "coupon.percent"),
        (reward(coupon=CouponTerms("All", 101)), "coupon.percent"),
        (reward(coupon=CouponTerms("Dearer", -1)), "coupon.percent"),
        (reward(coupon=CouponTerms("Dearer", 0, -1)), "coupon.amount_minor"),
        (reward(coupon=CouponTerms("A cut", 100, 0, "srv_cut")), None),
        (reward(coupon=CouponTerms("A cut", 100, 0, "srv_none")), "coupon.service_id"),
        (reward(coupon=replace(COUPON, valid_days=0)), "coupon.valid_days"),
        (reward(coupon=replace(COUPON, valid_days=3651)), "coupon.valid_days"),
    ],
)
def test_a_reward_is_a_coupon_for_visits_that_can_be_told(values: VisitReward, field: str | None) -> None:
    other = reward(id="another")
    assert field_refused(visit_rewards=(other, values)) == (field and f"visit_rewards[1].{field}")


def test_a_coupon_of_an_amount_is_for_salons_of_one_currency() -> None:
    values = (reward(coupon=CouponTerms("50 lei", amount_minor=5000)),)
    assert field_refused(ONE_CURRENCY, visit_rewards=values) is None
    assert field_refused(visit_rewards=values) == "visit_rewards[0].coupon.amount_minor"


def test_rewards_have_ids_of_their_own_and_are_not_too_many() -> None:
    assert field_refused(visit_rewards=(reward(), reward(visits=4))) == "visit_rewards[1].id"
    many = tuple(reward(id=f"r{number}") for number in range(21))
    assert field_refused(visit_rewards=many[:20]) is None
    assert field_refused(visit_rewards=many) == "visit_rewards"


@pytest.mark.parametrize(("months", "refused"), [(1, True), (2, False), (6, False), (7, True)])
def test_a_streak_is_of_two_to_six_months(months: int, refused: bool) -> None:
    assert field_refused(streak=Streak(months, Gift(100))) == ("streak.months" if refused else None)


@pytest.mark.parametrize(
    ("budget", "holdout", "field"),
    [
        (100, 0, None),
        (1_000_000_000, 50, None),
        (99, 10, "surprise.monthly_budget_points"),  # not even one gift
        (1_000_000_001, 10, "surprise.monthly_budget_points"),
        (100, -1, "surprise.holdout_percent"),
        (100, 51, "surprise.holdout_percent"),
    ],
)
def test_surprises_have_a_budget_and_a_hold_out(budget: int, holdout: int, field: str | None) -> None:
    values = Surprise(gift=Gift(100), monthly_budget_points=budget, holdout_percent=holdout)
    assert field_refused(surprise=values) == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, None),
        ({"specialist": ByHandLimit(0, 0, 0)}, None),
        ({"manager": ByHandLimit(1_000_000, 1000, 1000)}, None),
        ({"owner": ByHandLimit(1, 1, 1)}, "owner"),
        ({"partner": ByHandLimit(1, 1, 1)}, "partner"),
        ({"reception": ByHandLimit(-1, 1, 1)}, "reception.points"),
        ({"reception": ByHandLimit(1_000_001, 1, 1)}, "reception.points"),
        ({"reception": ByHandLimit(1, -1, 1)}, "reception.times_a_day"),
        ({"reception": ByHandLimit(1, 1, -1)}, "reception.times_a_client_a_month"),
    ],
)
def test_compensation_has_limits_for_roles_that_give_it(values: Any, field: str | None) -> None:
    assert field_refused(compensation=values) == (field and f"compensation.{field}")


# --- what stands already; what is planned


def test_bonuses_that_are_in_force_hold_up_no_change_of_messages() -> None:
    """A salon in another currency came after the tiers."""
    current = Rules(bonuses=BonusRules(**BY_SPEND))
    changed = replace(current, messages=replace(current.messages, weekly_cap=5))
    check_rules(current, ONE_CURRENCY)
    check_rules(changed, TWO_CURRENCIES, current)
    with pytest.raises(DomainError, match="INVALID_RULE"):
        check_rules(replace(current, bonuses=replace(current.bonuses, hold_days=4)), TWO_CURRENCIES, current)


@pytest.mark.parametrize(
    "values",
    [
        {"enabled": False},
        {"tiers": tiers((0, None)), "tiers_months": 6},
        {"expiry": Expiry(ExpiryModel.DAYS, 30)},
        {"programmes": (spring(CENTRU, **MARCH),)},
        {"streak": Streak(6, Gift(100)), "visit_rewards": (reward(),)},
        {"compensation": {}, "point_values_minor": {"USD": 5}},
    ],
)
def test_no_bonus_rule_moves_a_touch(values: Any) -> None:
    assert plan_alike(Rules(), Rules(bonuses=BonusRules(**values)))


def test_a_gift_for_birthdays_that_comes_or_goes_is_planned_anew_and_another_number_is_not() -> None:
    with_gift = Rules(bonuses=BonusRules(birthday=Gift(100)))
    assert not plan_alike(Rules(), with_gift)
    assert not plan_alike(with_gift, Rules())
    assert plan_alike(with_gift, Rules(bonuses=BonusRules(birthday=Gift(200))))
