"""Categories of clients at their boundaries (docs/product.md, Categories of clients)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.clients.categories import (
    at_risk_from,
    category,
    is_regular,
    lost_from,
    months_later,
    usual_gap_days,
)
from chalicelib.domain.clients.client_visits import with_visit
from chalicelib.domain.clients.clients import Client, VisitDay
from infra.testkit.builders import a_client

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("last_visit", "still_in_time"),
    [
        (date(2026, 12, 31), date(2027, 2, 28)),
        (date(2027, 12, 31), date(2028, 2, 29)),  # a leap year
        (date(2026, 12, 28), date(2027, 2, 28)),
        (date(2026, 6, 30), date(2026, 8, 30)),
        (date(2026, 7, 31), date(2026, 9, 30)),
        (date(2026, 1, 1), date(2026, 3, 1)),
    ],
)
def test_a_client_is_lost_strictly_after_the_same_day_two_months_later(
    last_visit: date, still_in_time: date
) -> None:
    assert lost_from(last_visit) == still_in_time + timedelta(days=1)


def test_the_first_day_of_a_lapse_is_where_the_category_changes() -> None:
    """The message on a change of category must come on the very day of the change."""
    days = [TODAY - timedelta(days=back) for back in (0, 20, 45)]
    for first, before, after in (
        (at_risk_from(3, days), "developing", "at_risk"),
        (lost_from(TODAY), "at_risk", "lost"),
    ):
        assert first is not None
        assert category(3, days, first - timedelta(days=1), has_future_booking=False) == before
        assert category(3, days, first, has_future_booking=False) == after


@pytest.mark.parametrize("back_days", [[0], [0, 30], []])
def test_who_has_no_rhythm_yet_is_never_at_risk(back_days: list[int]) -> None:
    assert at_risk_from(len(back_days), [TODAY - timedelta(days=back) for back in back_days]) is None


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(0, 30))
def test_so_many_months_later_is_never_in_another_month(day: date, months: int) -> None:
    later = months_later(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day <= day.day


def test_the_usual_gap_is_the_mean_of_the_last_three() -> None:
    days = [TODAY - timedelta(days=back) for back in (0, 10, 30, 60, 500)]
    assert usual_gap_days(days) == 20
    assert usual_gap_days(days[:2]) == 10
    assert usual_gap_days(days[:1]) is None
    assert usual_gap_days([TODAY, TODAY]) is None


def monthly(last: date, months: int) -> list[date]:
    return [months_later(last.replace(day=5), -back) for back in range(months)]


def test_six_months_running_make_a_regular_and_five_do_not() -> None:
    assert is_regular(monthly(TODAY, 6), TODAY)
    assert not is_regular(monthly(TODAY, 5), TODAY)


def test_the_last_of_the_six_months_may_be_the_previous_one_but_none_before() -> None:
    assert is_regular(monthly(date(2026, 10, 5), 6), TODAY)
    assert not is_regular(monthly(date(2026, 9, 5), 6), TODAY)


def test_a_month_left_out_breaks_the_row() -> None:
    days = monthly(TODAY, 7)
    del days[3]
    assert not is_regular(days, TODAY)


def test_a_row_of_months_goes_on_over_the_new_year() -> None:
    assert is_regular(monthly(date(2026, 2, 5), 6), date(2026, 2, 20))


@pytest.mark.parametrize(
    ("back_days", "expected"),
    [([], "potential"), ([10], "new"), ([10, 40], "developing"), ([62, 100], "lost"), ([61], "new")],
)
def test_a_clients_category(back_days: list[int], expected: str) -> None:
    days = [TODAY - timedelta(days=back) for back in back_days]
    assert category(len(days), days, TODAY, has_future_booking=False) == expected


def test_who_is_over_their_own_rhythm_is_at_risk_but_not_before_a_week() -> None:
    """A gap of ten days allows 12.5, but at least a week over: the 17th day is in time."""
    last = [TODAY - timedelta(days=back) for back in (17, 27, 37)]
    assert category(3, last, TODAY, has_future_booking=False) == "developing"
    over = [day - timedelta(days=1) for day in last]
    assert category(3, over, TODAY, has_future_booking=False) == "at_risk"


def test_a_long_rhythm_allows_a_quarter_more() -> None:
    days = [TODAY - timedelta(days=back) for back in (50, 90, 130)]
    assert category(3, days, TODAY, has_future_booking=False) == "developing"
    assert category(3, days, TODAY + timedelta(days=1), has_future_booking=False) == "at_risk"


@pytest.mark.parametrize("back_days", [[100], [60, 70, 80]])
def test_a_future_booking_keeps_a_client_from_being_lost_or_at_risk(back_days: list[int]) -> None:
    days = [TODAY - timedelta(days=back) for back in back_days]
    assert category(len(days), days, TODAY, has_future_booking=True) in ("new", "developing")


def visited(days: list[date]) -> Client:
    client = a_client()
    for day in days:
        client = with_visit(client, VisitDay(day, "sal_centru"), "MDL", 100)
    return client


@pytest.mark.parametrize("every_days", [7, 3, 14, 25])
def test_who_comes_often_is_regular_too(every_days: int) -> None:
    """What is kept of a client's visits must reach back six months, however often they come."""
    days = [TODAY - timedelta(days=back) for back in range(0, 300, every_days)]
    client = visited(days[::-1])
    assert client.visits_count == len(days)
    kept = [visit.on for visit in client.recent_visits]
    assert category(client.visits_count, kept, TODAY, has_future_booking=False) == "regular"
    assert usual_gap_days(kept) == every_days
    assert len(kept) <= 16
