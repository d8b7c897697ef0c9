"""The report `base-kept`: whatever the history, kept clients and costs are those of plain lists."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from chalicelib.analytics.run_report import run_report
from chalicelib.domain.reports.base_kept import base_kept
from chalicelib.domain.reports.questions import Question
from tests.profile import tries
from tests.reports.histories import empty_connection, fill, some_history
from tests.reports.oracle import History
from tests.reports.test_metrics_documented import NOON, history

ZONE = "Europe/Chisinau"
SEEDS = st.integers(0, 10**9)
COSTS = {
    ("instagram", 2024, 1): (900, "MDL"),
    ("instagram", 2024, 2): (500, "MDL"),
    ("walk-in", 2024, 2): (70, "MDL"),
    ("walk-in", 2024, 3): (40, "EUR"),
    ("instagram", 2024, 4): (0, "MDL"),
}
Figures = dict[str, Any]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def set_costs(
    connection: duckdb.DuckDBPyConnection, costs: dict[tuple[str, int, int], tuple[int, str]]
) -> None:
    connection.execute("DELETE FROM costs")
    for (source, year, month), (amount, currency) in costs.items():
        row = [source, year * 12 + month - 1, amount, currency]
        connection.execute("INSERT INTO costs VALUES (?, ?, ?, ?)", row)


def asked(connection: duckdb.DuckDBPyConnection, as_of: datetime = NOON, **fields: Any) -> Figures:
    return dict(run_report(connection, Question(report="base-kept", **fields), as_of, ZONE).total)


def visits_of(history: History) -> dict[str, list[tuple[date, str | None]]]:
    """Client -> dates and sources of the visits, in their order."""
    found: dict[str, list[tuple[date, str | None]]] = {}
    for fact in sorted(history.facts, key=lambda each: (each.visit_at, each.source or "")):
        client = fact.client
        while client in history.merged:
            client = history.merged[client]
        if client is not None and fact.attendance == "completed":
            found.setdefault(client, []).append((fact.visit_on, fact.source))
    return found


def month_before(day: date) -> date:
    return (day.replace(day=1) - timedelta(days=1)).replace(day=1)


def oracle(history: History, first: date, last: date) -> Figures:
    """Of a period of one month."""
    visits = visits_of(history)
    base_first = month_before(first)
    former_first = month_before(base_first)

    def came(client: str, since: date, before: date) -> bool:
        return any(since <= day < before for day, _ in visits[client])

    end = last + timedelta(days=1)
    base = [client for client in visits if came(client, base_first, first)]
    former = [client for client in visits if came(client, former_first, base_first)]
    paid = {
        source: cost
        for (source, year, month), cost in COSTS.items()
        if (year, month) == (first.year, first.month)
    }
    sums: dict[str, list[int]] = {}
    for source, (amount, currency) in paid.items():
        if amount > 0:
            brought = [
                client
                for client, those in visits.items()
                if first <= min(day for day, _ in those) <= last
                and next((word for _, word in those if word is not None), None) == source
            ]
            before = sums.get(currency, [0, 0])
            sums[currency] = [before[0] + amount, before[1] + len(brought)]
    currency = min(sums, key=lambda each: (-sums[each][0], each)) if sums else None
    cost, brought_in_all = sums[currency] if currency else (None, None)
    return {
        "clients": len(base),
        "kept": sum(came(client, first, end) for client in base),
        "former_clients": len(former),
        "former_kept": sum(came(client, base_first, first) for client in former),
        "currency": currency,
        "cost_minor": cost,
        "brought": brought_in_all,
        "new_client_cost_minor": round(cost / brought_in_all) if cost and brought_in_all else None,
    }


@tries(40, 2_000)
@given(seed=SEEDS)
def test_the_base_kept_is_what_the_oracle_counts(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    random = Random(seed)
    history = some_history(random)
    note(history)
    fill(connection, history)
    set_costs(connection, COSTS)
    for month in (1, 2, 3, 4):
        first = date(2024, month, 1)
        last = date(2024, month + 1, 1) - timedelta(days=1)
        expected = oracle(history, first, last)
        total = asked(connection, first=first, last=last)
        assert {name: total[name] for name in expected} == expected
        counts = (expected[name] for name in ("kept", "clients", "former_kept", "former_clients"))
        saved = base_kept(*counts, expected["new_client_cost_minor"])
        assert (total["kept_more"], total["saved_minor"]) == (saved.kept_more, saved.saved)


def test_the_cost_of_a_new_client_is_that_of_the_sources_that_brought_them(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """The example of docs/metrics.md."""
    fill(connection, history())
    set_costs(connection, {("walk-in", 2026, 3): (30_000, "MDL")})
    march = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    total = asked(connection, **march)
    assert (total["brought"], total["new_client_cost_minor"], total["cost_months_unknown"]) == (3, 10_000, 0)
    assert asked(connection, currency="EUR", **march)["cost_minor"] is None
    longer = asked(connection, first=date(2026, 2, 1), last=date(2026, 3, 31))
    assert longer["cost_months_unknown"] == 1


def test_what_was_saved_is_told_or_why_it_is_not(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, history())
    set_costs(connection, {})
    april = {"first": date(2026, 4, 1), "last": date(2026, 4, 30)}
    assert asked(connection, **april)["unknown"] == "no_cost_known"
    set_costs(connection, {("instagram", 2026, 2): (9_000, "MDL")})
    assert asked(connection, first=date(2026, 2, 1), last=date(2026, 2, 28))["unknown"] == "no_former_base"
    set_costs(connection, {("instagram", 2026, 4): (9_000, "MDL"), ("walk-in", 2026, 3): (600, "MDL")})
    filtered = asked(connection, salon_ids=("Centru",), **april)
    assert (filtered["unknown"], filtered["cost_minor"]) == ("cost_is_of_the_network", None)
    found = asked(connection, first=date(2026, 3, 1), last=date(2026, 4, 30))
    assert found["unknown"] is None
    assert found["saved_minor"] == round(found["kept_more"] * found["new_client_cost_minor"])
    before_its_end = datetime(2026, 4, 30, 9, tzinfo=UTC)
    early = asked(connection, before_its_end, **april)
    assert (early["unknown"], early["kept_more"], early["saved_minor"]) == ("period_not_over", None, None)
    assert early["clients"] == 6
