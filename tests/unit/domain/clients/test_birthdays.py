"""Which dates are birthdays of people, and which stand for none."""

from datetime import date

import pytest

from chalicelib.domain.clients.birthdays import YEARLESS, birthday_of

TODAY = date(2026, 11, 29)


@pytest.mark.parametrize("day", [date(1990, 2, 28), date(1906, 1, 1), date(2000, 1, 1), date(2026, 11, 27)])
def test_a_day_in_a_life_is_a_birthday(day: date):
    assert birthday_of(day, TODAY).day == day


@pytest.mark.parametrize("year", [YEARLESS, 1900, 1904])
def test_a_year_that_stands_for_unknown_leaves_day_and_month(year: int):
    assert birthday_of(date(year, 5, 17), TODAY).day == date(YEARLESS, 5, 17)


@pytest.mark.parametrize(
    "day",
    [
        date(1, 1, 1),
        date(1900, 1, 1),
        date(1904, 1, 1),
        date(1970, 1, 1),
        date(1899, 12, 30),
        date(1905, 6, 1),
        date(2026, 11, 28),
        date(2026, 11, 29),
        date(2026, 11, 30),
        date(2027, 5, 17),
        date(9999, 12, 31),
    ],
)
def test_a_placeholder_today_the_future_and_ages_ago_are_no_birthdays(day: date):
    found = birthday_of(day, TODAY)
    assert found.day is None
    assert found.why


def test_a_new_year_of_an_unknown_year_may_be_true():
    assert birthday_of(date(YEARLESS, 1, 1), TODAY).day == date(YEARLESS, 1, 1)


def test_where_today_is_not_known_only_placeholders_are_refused():
    assert birthday_of(date(2999, 1, 1), None).day == date(2999, 1, 1)
    assert birthday_of(date(1970, 1, 1), None).day is None
