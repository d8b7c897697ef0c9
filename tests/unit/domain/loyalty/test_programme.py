"""What a programme comes to: which one holds, tiers, what a bill earns, how much of it points may pay for,
and how long points last. Integers only, rounded so that no point is made of nothing."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.programme import (
    Bill,
    Charge,
    cap_points,
    day_end,
    earned_points,
    earned_terms,
    gift_end,
    last_day,
    programme_for,
    proportional_part,
    quote,
    standing,
    with_turnover,
)
from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    EarnBase,
    Exclusions,
    Expiry,
    ExpiryModel,
    Gift,
    GroupProgramme,
    Tier,
    TiersBy,
)
from infra.testkit.builders import NETWORK, NOW

RULES = BonusRules()
CHISINAU, YORK, MOSCOW = "Europe/Chisinau", "America/New_York", "Europe/Moscow"
EMPTY = Account(network_id=NETWORK, client_id="cli_1")
DAY = date(2026, 11, 23)
CUT, DYE, NAILS = (
    Charge("srv_cut", "hair", 30_000),
    Charge("srv_dye", "hair", 10_000),
    Charge("srv_nails", "nails", 60_000),
)
programmes = st.builds(
    BonusRules,
    cashback_percent=st.integers(1, 100),
    point_value_minor=st.integers(1, 10_000),
    redeem_cap_percent=st.integers(0, 100),
    redeem_minimum_points=st.integers(0, 1000),
    redeem_step_points=st.integers(1, 50),
)


def bill(paid_minor: int, *charges: Charge, goods: int = 0) -> Bill:
    return Bill(paid_minor=paid_minor, goods_minor=goods, charges=charges)


def earned(bill: Bill, redeemed: int = 0, rules: BonusRules = RULES) -> int:
    return earned_points(bill, redeemed, rules, rules.cashback_percent, rules.point_value_minor)


# --- earning


def test_a_bill_earns_its_percentage_rounded_down() -> None:
    assert earned(bill(41_999)) == 20
    assert earned(bill(1_999)) == 0


def test_what_is_paid_with_points_earns_nothing() -> None:
    assert earned(bill(40_000), 100) == 15
    assert earned(bill(10_000), 1_000) == 0


def test_a_programme_that_is_off_earns_nothing_and_quotes_nothing() -> None:
    off = BonusRules(enabled=False)
    assert earned(bill(40_000), rules=off) == 0
    assert quote(500, bill(40_000), off, 100).limited_by == "disabled"


@pytest.mark.parametrize(
    ("excludes", "expected"),
    [
        (Exclusions(), 55),
        (Exclusions(goods=True), 50),
        (Exclusions(service_ids=("srv_dye",)), 50),
        (Exclusions(categories=("hair",)), 35),
        (Exclusions(categories=("hair",), goods=True), 30),
        (Exclusions(service_ids=("srv_nails",), categories=("hair",), goods=True), 0),
    ],
)
def test_what_is_excluded_earns_nothing(excludes: Exclusions, expected: int) -> None:
    whole = bill(110_000, CUT, DYE, NAILS, goods=10_000)
    assert earned(whole, rules=BonusRules(earn_excludes=excludes)) == expected


def test_services_of_unknown_prices_count_alike() -> None:
    free = (Charge("srv_cut", "hair", 0), Charge("srv_nails", "nails", 0))
    assert earned(bill(40_000, *free), rules=BonusRules(earn_excludes=Exclusions(("srv_cut",)))) == 10


def test_by_the_list_price_a_discount_earns_as_well_but_not_what_points_paid_for() -> None:
    sold = BonusRules(earn_base=EarnBase.SOLD)
    assert earned(bill(80_000, CUT, DYE, NAILS)) == 40
    assert earned(bill(80_000, CUT, DYE, NAILS), rules=sold) == 50
    assert earned(bill(80_000, CUT, DYE, NAILS), 200, sold) == 37  # a quarter was paid with points


# --- spending


@pytest.mark.parametrize(
    ("points", "minimum", "expected"),
    [
        (500, 1, (100, "cap")),
        (60, 1, (60, "balance")),
        (100, 1, (100, "cap")),
        (40, 50, (0, "minimum")),
        (0, 1, (0, "minimum")),
    ],
)
def test_a_quote_says_what_limits_it(points: int, minimum: int, expected: tuple[int, str]) -> None:
    found = quote(points, bill(40_000), BonusRules(redeem_minimum_points=minimum), 100)
    assert (found.points, found.limited_by) == expected
    assert found.value_minor == found.points * 100


def test_a_quote_goes_in_steps_and_leaves_out_what_points_do_not_pay_for() -> None:
    rules = BonusRules(redeem_step_points=30, redeem_excludes=Exclusions(goods=True, categories=("hair",)))
    whole = bill(110_000, CUT, DYE, NAILS, goods=10_000)
    assert quote(1000, whole, rules, 100).points == 150  # a quarter of 600.00
    assert quote(100, whole, rules, 100).points == 90


@given(st.integers(0, 10**12), programmes)
def test_points_never_pay_for_more_than_the_cap_and_never_earn_more_than_was_paid(
    paid: int, rules: BonusRules
) -> None:
    whole = bill(paid)
    cap = cap_points(whole, rules, rules.point_value_minor)
    assert cap * rules.point_value_minor * 100 <= paid * rules.redeem_cap_percent
    assert cap % rules.redeem_step_points == 0
    assert 0 <= earned(whole, cap, rules) * rules.point_value_minor <= paid - cap * rules.point_value_minor


# --- tiers

TIERS = (
    Tier("silver", 0, 100_000, 5),
    Tier("gold", 100_000, 500_000, 10),
    Tier("diamond", 500_000, None, 15),
)
BY_SPEND = BonusRules(tiers=TIERS, tiers_months=3)


def spent(*visits: tuple[str, int]) -> Account:
    account = EMPTY
    for day, minor in visits:
        account = with_turnover(account, date.fromisoformat(day), "MDL", minor, 1)
    return account


@pytest.mark.parametrize(
    ("minor", "tier"),
    [(0, "silver"), (99_999, "silver"), (100_000, "gold"), (499_999, "gold"), (500_000, "diamond")],
)
def test_a_tier_is_entered_at_its_threshold(minor: int, tier: str) -> None:
    stands = standing(spent(("2026-11-02", minor)), BY_SPEND, "MDL", DAY)
    assert stands is not None
    assert stands.tier.name == tier
    assert stands.missing == {"silver": 100_000, "gold": 500_000, "diamond": minor}[tier] - minor


def test_a_tier_is_left_on_the_first_of_the_month_in_which_the_visits_fall_out_of_the_window() -> None:
    account = spent(("2026-09-30", 100_000))
    for day, tier in (("2026-11-30", "gold"), ("2026-12-01", "silver")):
        stands = standing(account, BY_SPEND, "MDL", date.fromisoformat(day))
        assert stands is not None
        assert stands.tier.name == tier


def test_spending_counts_in_the_salon_s_currency_and_visits_in_any() -> None:
    account = with_turnover(spent(("2026-11-02", 100_000)), DAY, "USD", 10_000, 1)
    dollars = standing(account, BY_SPEND, "USD", DAY)
    assert dollars is not None
    assert dollars.turnover == 10_000
    by_visits = BonusRules(tiers=(Tier("a", 0, 2, 5), Tier("b", 2, None, 10)), tiers_by=TiersBy.VISITS)
    visits = standing(account, by_visits, "USD", DAY)
    assert visits is not None
    assert (visits.tier.name, visits.turnover) == ("b", 2)


def test_turnover_that_is_taken_back_leaves_no_trace_and_old_months_go() -> None:
    assert with_turnover(spent(("2026-11-02", 500)), date(2026, 11, 2), "MDL", -500, -1) == EMPTY
    account = spent(*((f"{2022 + n // 12}-{n % 12 + 1:02d}-10", 100) for n in range(48)))
    assert len(account.turnover) == 24


# --- which programme holds


def test_a_group_of_salons_and_a_time_have_programmes_of_their_own() -> None:
    group = GroupProgramme(name="Arbat", salon_ids=("sal_a", "sal_b"), cashback_percent=7)
    summer = GroupProgramme(
        name="summer", cashback_percent=9, starts_on=date(2026, 6, 1), ends_on=date(2026, 8, 31)
    )
    rules = BonusRules(programmes=(group, summer))

    def percent(salon_id: str | None, day: str) -> int:
        return programme_for(rules, salon_id, date.fromisoformat(day)).cashback_percent

    assert [percent("sal_a", "2026-07-01"), percent("sal_c", "2026-07-01")] == [7, 9]
    assert [percent("sal_c", day) for day in ("2026-05-31", "2026-06-01", "2026-08-31", "2026-09-01")] == [
        5,
        9,
        9,
        5,
    ]
    assert percent(None, "2026-07-01") == 9


# --- when points begin and end


@pytest.mark.parametrize("zone", [CHISINAU, YORK, MOSCOW])
def test_points_are_available_from_the_next_local_midnight(zone: str) -> None:
    for hour in range(24 * 370):
        earned_at = datetime(2026, 3, 1, 0, 30, tzinfo=UTC) + timedelta(hours=hour)
        local = earned_terms(RULES, earned_at, zone, zone).available_at.astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (0, 0)
        assert local.date() == earned_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)


def test_points_may_be_available_at_once() -> None:
    assert earned_terms(BonusRules(pending_days=0), NOW, CHISINAU, CHISINAU).available_at == NOW


@pytest.mark.parametrize(
    ("granted", "months", "last"),
    [
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-08-31", 1, "2026-09-30"),
        ("2026-11-30", 0, "2026-11-30"),
        ("2026-11-01", 12, "2027-11-30"),
    ],
)
def test_an_expiry_at_the_end_of_a_month_counts_months_and_not_days(
    granted: str, months: int, last: str
) -> None:
    expiry = Expiry(ExpiryModel.MONTH_END, months)
    assert last_day(expiry, date.fromisoformat(granted)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("granted", "days", "last"),
    [("2027-02-28", 365, "2028-02-28"), ("2028-02-28", 1, "2028-02-29"), ("2028-02-29", 366, "2029-03-01")],
)
def test_an_expiry_in_days_counts_leap_days_like_any_other(granted: str, days: int, last: str) -> None:
    assert last_day(Expiry(ExpiryModel.DAYS, days), date.fromisoformat(granted)) == date.fromisoformat(last)


@pytest.mark.parametrize(
    ("zone", "day", "until"),
    [
        (CHISINAU, "2026-03-28", "2026-03-28T22:00:00+00:00"),  # the clock goes forward that night
        (CHISINAU, "2026-03-29", "2026-03-29T21:00:00+00:00"),
        (CHISINAU, "2026-10-24", "2026-10-24T21:00:00+00:00"),  # back that night
        (CHISINAU, "2026-10-25", "2026-10-25T22:00:00+00:00"),
        (YORK, "2026-03-07", "2026-03-08T05:00:00+00:00"),
        (YORK, "2026-03-08", "2026-03-09T04:00:00+00:00"),
        (YORK, "2026-11-01", "2026-11-02T05:00:00+00:00"),
        (MOSCOW, "2026-03-29", "2026-03-29T21:00:00+00:00"),
        ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00:00+00:00"),  # midnight itself is skipped
    ],
)
def test_a_day_is_over_at_its_local_midnight_on_nights_of_clock_changes_too(
    zone: str, day: str, until: str
) -> None:
    assert day_end(date.fromisoformat(day), zone) == datetime.fromisoformat(until)


def test_points_never_expire_before_they_can_be_spent() -> None:
    short = BonusRules(pending_days=10, expiry=Expiry(ExpiryModel.DAYS, 1))
    terms = earned_terms(short, NOW, CHISINAU, CHISINAU)
    assert terms.expires_at == terms.available_at


def test_a_gift_lasts_its_days_or_for_good() -> None:
    assert gift_end(Gift(100), NOW, CHISINAU) is None
    assert gift_end(Gift(100, 1), NOW, CHISINAU) == day_end(date(2026, 11, 24), CHISINAU)


# --- parts


@given(st.integers(0, 10_000), st.lists(st.integers(1, 10_000), min_size=1, max_size=8))
def test_parts_of_a_refund_come_to_the_whole_and_on_the_way_never_make_a_point(
    points: int, parts: list[int]
) -> None:
    whole, so_far, given_back, taken = sum(parts), 0, 0, 0
    for part in parts:
        so_far += part
        back = proportional_part(points, so_far, whole, up=False)
        assert back >= given_back
        assert back * whole <= points * so_far
        given_back = back
        up = proportional_part(points, so_far, whole, up=True)
        assert up >= taken
        assert up * whole >= points * so_far
        taken = up
    assert given_back == taken == points
