"""The worked examples of intervals, equal terms, lift and the base kept in docs/metrics.md are what the code
gives."""

from datetime import date
from pathlib import Path

from chalicelib.domain.networks.sources import MonthCost
from chalicelib.domain.reports.base_kept import base_kept
from chalicelib.domain.reports.equal_terms import StaffStratum, on_equal_terms
from chalicelib.domain.reports.lift import TouchGroups, lift_of
from chalicelib.domain.reports.source_figures import (
    SourceCounts,
    compared_with_others,
    cost_of_period,
    payback,
)
from chalicelib.domain.shared.months import month_number
from chalicelib.domain.statistics.wilson import difference, wilson

PAGE = " ".join((Path(__file__).parents[4] / "docs/metrics.md").read_text(encoding="utf-8").split())


def percent(share: float) -> str:
    return f"{share * 100:.1f} %"


def test_the_examples_of_intervals() -> None:
    low, high = wilson(15, 148) or (0, 0)
    assert f"15 of 148 returned, so {percent(15 / 148)}, from {percent(low)} to {percent(high)}." in PAGE
    low, high = difference(56, 70, 48, 80) or (0, 0)
    more = f"{(56 / 70 - 48 / 80) * 100:.0f} points more, from {low * 100:.1f} to {high * 100:.1f} points."
    assert f"56 of 70 against 48 of 80 is {more}" in PAGE


def test_the_example_of_equal_terms() -> None:
    rows = [("anna", True, 80, 24), ("anna", False, 20, 16), ("vera", True, 20, 6), ("vera", False, 80, 64)]
    anna, vera = on_equal_terms(
        StaffStratum(staff=staff, service_category="hair", new=new, clients=clients, returned=returned)
        for staff, new, clients, returned in rows
    )
    plain = f"Anna {anna.returned / anna.clients:.0%}, Vera {vera.returned / vera.clients:.0%}"
    assert f"Plain rates: {plain.replace('%', ' %')}." in PAGE
    assert f"On equal terms: {anna.rate:.0%} each".replace("%", " %") in PAGE
    assert f"{vera.rate:.3f}" == f"{anna.rate:.3f}"
    low, high = anna.interval or (0, 0)
    clients = f"{anna.effective_clients:.0f} effective clients"
    assert f"Anna's interval is {percent(low)} to {percent(high)} at {clients}." in PAGE
    assert f"The verdict is `{anna.verdict}`." in PAGE


def test_the_example_of_sources() -> None:
    march, april = month_number(date(2026, 3, 1)), month_number(date(2026, 4, 1))
    costs = {march: MonthCost(31_000, "MDL"), april: MonthCost(30_000, "MDL")}
    cost = cost_of_period(costs, date(2026, 3, 17), date(2026, 4, 15))
    assert f"it cost 150.00 + 150.00 = {cost.known_minor['MDL'] / 100:.2f}." in PAGE
    found = payback(cost, SourceCounts(clients=10, returned=4, paid_back=2), {"MDL": 200_000})
    each = [found.per_new_client or 0, found.per_returned_client or 0, found.per_paid_back_client or 0]
    new, returned, paid_back = (f"{minor / 100:.2f}" for minor in each)
    assert f"4 returned and 2 paid back: {new}, {returned} and {paid_back} each." in PAGE
    assert f"They paid 2,000.00 until now, {(found.left or 0) / 100:,.2f} more than the cost." in PAGE
    compared = compared_with_others(
        SourceCounts(clients=50, returned=40), SourceCounts(clients=110, returned=28)
    )
    low, high = compared.interval or (0, 0)
    points = (
        f"{(compared.difference or 0) * 100:.1f} points more, from {low * 100:.1f} to {high * 100:.1f} points"
    )
    assert f"That is {points}: `{compared.verdict}`." in PAGE


def test_the_example_of_lift() -> None:
    first = lift_of(TouchGroups(due=900, due_returned=360, held_out=100, held_out_returned=30))
    low, high = first.interval or (0, 0)
    ends = f"from −{-low * 100:.1f} to {high * 100:.1f}"
    assert f"The lift is {(first.lift or 0) * 100:.0f} points, {ends}: `{first.verdict}`." in PAGE
    second = lift_of(TouchGroups(due=900, due_returned=450, held_out=100, held_out_returned=30, cost=9000))
    assert f"With 450 it is {(second.lift or 0) * 100:.0f} points, `{second.verdict}`." in PAGE
    each = f"{(second.cost_of_each or 0) / 100:.2f}"
    assert f"Messages for 90.00 then brought {second.more_returned:.0f} clients, at {each} each." in PAGE


def test_the_example_of_the_base_kept() -> None:
    found = base_kept(700, 1000, 1200, 2000, 8000)
    low, high = found.interval or (0, 0)
    assert f"That is {found.kept_more:.0f} clients more ({low:.0f} to {high:.0f})." in PAGE
    assert f"they saved {(found.saved or 0) / 100:,.2f}." in PAGE
