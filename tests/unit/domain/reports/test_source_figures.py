"""What a source cost in a period, and what that says of its clients."""

from datetime import date

import pytest

from chalicelib.domain.networks.sources import MonthCost
from chalicelib.domain.reports.source_figures import (
    PeriodCost,
    SourceCounts,
    compared_with_others,
    cost_of_period,
    costs_together,
    counts_together,
    payback,
)
from chalicelib.domain.shared.months import number_of_month

FEBRUARY, MARCH = number_of_month("2024-02"), number_of_month("2024-03")


def mdl(amount: int) -> MonthCost:
    return MonthCost(amount, "MDL")


@pytest.mark.parametrize(
    ("first", "last", "amount"),
    [
        ((2024, 2, 1), (2024, 2, 29), 2_900),
        ((2024, 2, 1), (2024, 2, 28), 2_800),
        ((2024, 2, 29), (2024, 2, 29), 100),
        ((2024, 2, 29), (2024, 3, 1), 100),
    ],
)
def test_a_month_costs_by_the_days_of_it_that_the_period_holds(
    first: tuple[int, int, int], last: tuple[int, int, int], amount: int
) -> None:
    cost = cost_of_period({FEBRUARY: mdl(2_900), MARCH: mdl(0)}, date(*first), date(*last))
    assert (cost.known_minor, cost.unknown_months, cost.currency) == ({"MDL": amount}, (), "MDL")


def test_a_half_of_a_minor_unit_is_rounded_up() -> None:
    assert cost_of_period({FEBRUARY: mdl(29)}, date(2024, 2, 1), date(2024, 2, 1)).known_minor == {"MDL": 1}
    april = number_of_month("2024-04")
    assert cost_of_period({april: mdl(15)}, date(2024, 4, 1), date(2024, 4, 1)).known_minor == {"MDL": 1}
    assert cost_of_period({april: mdl(14)}, date(2024, 4, 1), date(2024, 4, 1)).known_minor == {"MDL": 0}


def test_a_month_that_nobody_told_leaves_the_whole_cost_unknown() -> None:
    cost = cost_of_period({FEBRUARY: mdl(2_900)}, date(2024, 1, 31), date(2024, 3, 1))
    assert (cost.known_minor, cost.unknown_months) == ({"MDL": 2_900}, ("2024-01", "2024-03"))
    assert cost.currency is None
    assert payback(cost, SourceCounts(clients=10, returned=5), {"MDL": 1}).per_new_client is None


def test_costs_of_two_currencies_are_not_added_up() -> None:
    lei, euros = PeriodCost(known_minor={"MDL": 5}, unknown_months=()), MonthCost(7, "EUR")
    both = costs_together([lei, lei, cost_of_period({MARCH: euros}, date(2024, 3, 1), date(2024, 3, 31))])
    assert (both.known_minor, both.currency) == ({"MDL": 10, "EUR": 7}, None)


def test_sales_of_another_currency_pay_nothing_back() -> None:
    cost = PeriodCost(known_minor={"EUR": 100}, unknown_months=())
    counts = SourceCounts(clients=3, maturing=1, returned=2)
    found = payback(cost, counts, {"MDL": 5_000})
    assert (found.per_new_client, found.per_returned_client, found.left) == (25, 50, None)
    assert found.per_paid_back_client is None
    assert payback(cost, counts, {}).left == -100


@pytest.mark.parametrize(
    ("source", "others", "verdict"),
    [
        ((30, 30), (30, 10), "feed"),
        ((30, 2), (30, 20), "stop"),
        ((30, 15), (30, 14), "alike"),
        ((29, 29), (300, 0), "too_few"),
        ((300, 0), (29, 29), "too_few"),
        ((0, 0), (30, 9), "too_few"),
        ((30, 9), (0, 0), "too_few"),
    ],
)
def test_a_source_is_told_apart_by_retention(
    source: tuple[int, int], others: tuple[int, int], verdict: str
) -> None:
    own, rest = (SourceCounts(clients=clients, returned=returned) for clients, returned in (source, others))
    assert compared_with_others(own, rest).verdict == verdict


def test_counts_are_added_up() -> None:
    one = SourceCounts(clients=1, returned=1, maturing=2, one_time=3, late=4, paid_back=5)
    assert counts_together([one, one]) == SourceCounts(
        clients=2, returned=2, maturing=4, one_time=6, late=8, paid_back=10
    )
    assert counts_together([]) == SourceCounts()
