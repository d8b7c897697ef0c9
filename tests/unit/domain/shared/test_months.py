from calendar import monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.months import (
    first_day_of_month,
    last_day_of_month,
    month_before,
    month_name,
    month_number,
    name_of_month,
    number_of_month,
)


def test_a_month_has_the_number_that_accounts_store() -> None:
    assert month_number(date(2026, 11, 28)) == 24322
    assert month_number(date(2027, 1, 1)) == 24324


@given(st.dates())
def test_number_and_name_of_a_month_lead_to_each_other(day: date) -> None:
    assert number_of_month(month_name(day)) == month_number(day)
    assert name_of_month(month_number(day)) == month_name(day)
    assert month_name(day) == day.isoformat()[:7]


@given(st.dates(date(2, 1, 1)))
def test_a_month_ends_before_the_next_begins(day: date) -> None:
    first, last = first_day_of_month(month_number(day)), last_day_of_month(month_number(day))
    assert (first.day, last.day) == (1, monthrange(day.year, day.month)[1])
    assert first <= day <= last
    assert month_before(month_name(day)) == month_name(first - timedelta(days=1))


@pytest.mark.parametrize("name", ["2026", "2026-13", "2026-00", "2026-11-28"])
def test_what_is_no_month_has_no_number(name: str) -> None:
    with pytest.raises(ValueError, match=r"format|month"):
        number_of_month(name)
