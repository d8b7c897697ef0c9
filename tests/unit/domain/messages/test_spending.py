"""What is reserved of a month, a day and an hour, and the bound that does not allow more."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.messages.spending import Bounds, OriginUse, Spending, Wanted, added, reserved
from chalicelib.settings import MessageCeilings, from_environment
from infra.testkit.builders import NETWORK, NOW

SITE = "connection:con_1"
EMPTY = Spending(network_id=NETWORK, month="2026-11")


def wanted(messages: int = 1, micros: int = 50_000, origin: str | None = SITE) -> Wanted:
    return Wanted(messages=messages, micros=micros, origin=origin)


def test_what_is_given_back_late_leaves_the_day_and_the_hour_that_have_begun() -> None:
    today = added(EMPTY, wanted(5, 250_000), NOW)
    of_yesterday = added(today, wanted(-2, -100_000), NOW - timedelta(days=1))
    assert (of_yesterday.reserved_micros, of_yesterday.day_messages) == (150_000, 5)
    assert of_yesterday.origins == today.origins
    of_last_hour = added(today, wanted(-2, -100_000), NOW - timedelta(hours=1))
    assert of_last_hour.origins == {SITE: OriginUse("2026-11-23T08", 5, 3)}
    assert of_last_hour.day_messages == 3


def test_what_is_reserved_counts_for_the_month_the_day_and_the_origin() -> None:
    after = added(added(EMPTY, wanted(), NOW), wanted(2, 80_000, None), NOW)
    assert (after.reserved_micros, after.day, after.day_messages, after.day_micros) == (
        130_000,
        "2026-11-23",
        3,
        130_000,
    )
    assert after.origins == {SITE: OriginUse("2026-11-23T08", 1, 1)}


def test_another_hour_and_another_day_begin_anew() -> None:
    after = added(added(EMPTY, wanted(3), NOW), wanted(), NOW + timedelta(hours=1))
    assert after.origins == {SITE: OriginUse("2026-11-23T09", 1, 4)}
    tomorrow = added(after, wanted(), NOW + timedelta(days=1))
    assert tomorrow.origins == {SITE: OriginUse("2026-11-24T08", 1, 1)}
    assert (tomorrow.day_messages, tomorrow.reserved_micros) == (1, 150_000)


def test_what_is_given_back_never_makes_less_than_nothing() -> None:
    after = added(EMPTY, wanted(-5, -250_000), NOW)
    assert (after.reserved_micros, after.day_messages, after.day_micros) == (0, 0, 0)
    assert after.origins == {SITE: OriginUse("2026-11-23T08", 0, 0)}


@pytest.mark.parametrize(
    ("bounds", "reason"),
    [
        (Bounds(month=99_999), "budget"),
        (Bounds(month=99_999, month_bound="essential_budget_percent"), "essential_budget_percent"),
        (Bounds(day_messages=1), "network_daily_cap"),
        (Bounds(day_micros=99_999), "network_daily_usd_cents"),
        (Bounds(origin_hour=1), "origin_hourly_cap"),
        (Bounds(origin_day=1), "origin_daily_cap"),
    ],
)
def test_the_bound_that_is_over_is_named(bounds: Bounds, reason: str) -> None:
    once = reserved(EMPTY, wanted(), bounds, NOW)
    assert isinstance(once, Spending)
    assert reserved(once, wanted(), bounds, NOW) == reason


@given(st.lists(st.tuples(st.integers(1, 16), st.integers(0, 90)), max_size=40))
def test_whatever_is_asked_for_no_bound_is_exceeded(asked: list[tuple[int, int]]) -> None:
    spending, now = EMPTY, NOW
    bounds = Bounds(month=3_000_000, day_messages=40, origin_hour=20, origin_day=30)
    for messages, minutes in asked:
        now += timedelta(minutes=minutes)
        after = reserved(spending, wanted(messages, messages * 50_000), bounds, now)
        spending = spending if isinstance(after, str) else after
        use = spending.origins.get(SITE, OriginUse(""))
        assert spending.reserved_micros <= 3_000_000
        assert spending.day_messages <= 40
        assert use.in_hour <= 20
        assert use.in_day <= 30


def test_the_operator_sets_the_bounds_of_the_deployment() -> None:
    given = {"NETWORK_MESSAGES_A_DAY": "5000", "NETWORK_USD_A_DAY": "500", "DEPLOYMENT_MESSAGES_A_DAY": "0"}
    found = from_environment({"TABLE_NAME": "t", **given}).ceilings
    assert found == MessageCeilings(network_messages=5000, network_usd_cents=50_000)
