"""Windows of visits, and months running: to the day."""

from datetime import date, timedelta

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty.account import Account, MonthTurnover, RewardUse, StreakUse
from chalicelib.domain.loyalty.visit_rewards import (
    months_rewarded,
    streaks_broken,
    visits_rewarded,
    window_start,
    without_old_uses,
)
from chalicelib.domain.networks.bonus_rules import CouponTerms, Gift, Streak, VisitReward
from chalicelib.domain.shared.months import month_number

COUPON = CouponTerms("10 % off goods", percent=10)
IN_MONTHS = VisitReward(id="three", visits=3, months=2, coupon=COUPON)
IN_DAYS = VisitReward(id="three", visits=3, days=30, coupon=COUPON)
ACCOUNT = Account(network_id="net", client_id="cli")


def days(*texts: str) -> tuple[VisitDay, ...]:
    return tuple(VisitDay(date.fromisoformat(text), "sal") for text in texts)


def rewarded(reward: VisitReward, *texts: str, account: Account = ACCOUNT) -> list[str]:
    """The days that are rewarded once the last that is named has come to the others."""
    visits = days(*texts)
    return [str(visit.on) for visit in visits_rewarded(reward, account, visits, visits[-1])]


@pytest.mark.parametrize(
    ("last", "first"),
    [
        ("2026-11-15", "2026-09-15"),
        ("2026-04-30", "2026-02-28"),
        ("2024-04-30", "2024-02-29"),
        ("2026-03-01", "2026-01-01"),
        ("2026-02-28", "2025-12-28"),
        ("2026-01-31", "2025-11-30"),
    ],
)
def test_a_window_of_months_goes_back_to_the_same_day_or_to_the_months_last(last: str, first: str) -> None:
    assert window_start(IN_MONTHS, date.fromisoformat(last)) == date.fromisoformat(first)


def test_the_third_visit_on_the_last_day_of_the_window_counts_and_a_day_later_does_not() -> None:
    first, second = "2026-09-15", "2026-10-01"
    assert rewarded(IN_MONTHS, first, second, "2026-11-15") == [first, second, "2026-11-15"]
    assert rewarded(IN_MONTHS, first, second, "2026-11-16") == []


def test_a_window_of_days_is_told_from_the_first_visit_to_the_last() -> None:
    first = date(2026, 2, 10)
    for apart, counts in ((30, True), (31, False)):
        found = rewarded(IN_DAYS, str(first), "2026-02-20", str(first + timedelta(days=apart)))
        assert bool(found) is counts


def test_visits_that_were_rewarded_do_not_count_again_and_the_oldest_are_used() -> None:
    used = RewardUse("three", "cpn_1", days("2026-11-01", "2026-11-02", "2026-11-03"))
    account = replace(ACCOUNT, reward_uses=(used,))
    before = ("2026-11-01", "2026-11-02", "2026-11-03")
    assert rewarded(IN_MONTHS, *before, "2026-11-04", "2026-11-05", account=account) == []
    found = rewarded(IN_MONTHS, *before, "2026-11-04", "2026-11-05", "2026-11-06", account=account)
    assert found == ["2026-11-04", "2026-11-05", "2026-11-06"]
    another = replace(IN_MONTHS, id="another")
    assert rewarded(another, *before, "2026-11-04", account=account) == [*before]


def test_a_visit_that_is_told_late_completes_the_window_in_which_it_lies() -> None:
    assert rewarded(IN_MONTHS, "2026-09-15", "2026-11-15", "2026-10-01") == [
        "2026-09-15", "2026-10-01", "2026-11-15",
    ]  # fmt: skip
    assert rewarded(IN_MONTHS, "2026-11-15", "2026-11-16", "2026-09-14") == []


def test_two_salons_of_a_day_are_two_visits_and_the_same_one_told_again_is_one() -> None:
    day = date(2026, 11, 15)
    here, there = VisitDay(day, "sal_a"), VisitDay(day, "sal_b")
    reward = replace(IN_MONTHS, visits=2)
    assert visits_rewarded(reward, ACCOUNT, (here, there), there) == (here, there)
    assert visits_rewarded(reward, ACCOUNT, (here,), here) == ()


# --- months running

SIX = Streak(6, Gift(500))


def visited(*months: int, streaks: tuple[StreakUse, ...] = ()) -> Account:
    turnover = tuple(MonthTurnover(month, "MDL", 100, 1) for month in months)
    return replace(ACCOUNT, turnover=turnover, streaks=streaks)


def test_a_visit_in_each_of_six_months_running_is_rewarded_with_the_sixth() -> None:
    first = month_number(date(2025, 9, 1))
    running = range(first, first + 6)
    assert months_rewarded(SIX, visited(*running), first + 5) == (first, first + 5)
    assert months_rewarded(SIX, visited(*running[1:]), first + 5) is None
    assert months_rewarded(SIX, visited(*(set(running) - {first + 2})), first + 5) is None


def test_months_are_used_up_once() -> None:
    use = StreakUse(100, 105, "ent_1")
    assert months_rewarded(SIX, visited(*range(100, 107), streaks=(use,)), 106) is None
    assert months_rewarded(SIX, visited(*range(100, 112), streaks=(use,)), 111) == (106, 111)


def test_a_month_that_is_told_late_closes_the_gap() -> None:
    assert months_rewarded(SIX, visited(*range(100, 106)), 102) == (100, 105)


def test_a_streak_is_broken_only_by_a_month_that_has_no_visit_left() -> None:
    use = StreakUse(100, 105, "ent_1")
    assert streaks_broken(visited(*range(100, 106), streaks=(use,)), 103) == ()
    assert streaks_broken(visited(100, 101, 102, 104, 105, streaks=(use,)), 103) == (use,)
    assert streaks_broken(visited(*range(100, 106), streaks=(use,)), 99) == ()


def test_what_can_matter_no_more_is_forgotten() -> None:
    old, kept = (
        RewardUse("three", name, days(day)) for name, day in (("a", "2026-01-01"), ("b", "2026-06-01"))
    )
    streaks = tuple(StreakUse(last - 5, last, "e") for last in (month_number(date(2024, 1, 1)), 24318))
    account = replace(ACCOUNT, reward_uses=(old, kept), streaks=streaks)
    after = without_old_uses(account, days("2026-05-01", "2026-06-01"), date(2026, 6, 1))
    assert (after.reward_uses, after.streaks) == ((kept,), streaks[1:])
