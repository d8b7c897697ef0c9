"""The example of flows in docs/metrics.md: its changes follow from the visits, and the report from the
changes."""

import re
from collections.abc import Iterator
from datetime import date, timedelta

import duckdb
import pytest

from chalicelib.analytics.run_report import run_report
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.client_visits import with_visit
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.clients.kept_category import with_category
from chalicelib.domain.networks.category_definitions import FIRST_DEFINITIONS
from infra.testkit.builders import a_client
from tests.reports.histories import empty_connection
from tests.reports.test_flows import Kept, keep
from tests.reports.test_metrics_documented import NOON, TODAY, asked, history, section, table

A_DAY = timedelta(days=1)
FLOWS, *OTHERS = re.split(r"^### ", section("Flows"), flags=re.MULTILINE)
PARTS = {part.partition("\n")[0]: table(part) for part in OTHERS}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def kept() -> Kept:
    """The changes as the page has them."""
    found: Kept = {}
    for client, day, before, after, cause in PARTS["The changes of the example"]:
        change = CategoryChange(before, after, date.fromisoformat(day), CategoryCause(cause))
        found.setdefault(client, []).append(change)
    return found


@pytest.mark.parametrize("name", ["Anna", "Boris", "Clara", "Dan", "Eva", "Fiona"])
def test_the_changes_follow_from_the_visits(name: str) -> None:
    client = a_client(name)
    visits = sorted({(fact.visit_on, fact.salon) for fact in history().facts if fact.client == name})
    day = visits[0][0]
    while day <= TODAY:
        client = with_category(client, FIRST_DEFINITIONS, day, looked=True)
        for salon in (salon for on, salon in visits if on == day):
            client = with_visit(client, VisitDay(day, salon), "MDL", 0, ())
            client = with_category(client, FIRST_DEFINITIONS, day, CategoryCause.VISIT, on=day)
        day += A_DAY
    assert list(client.category_changes) == kept()[name]


@pytest.mark.parametrize("row", table(FLOWS), ids=lambda row: f"{row[0]} {row[1]}")
def test_flows_come_out_as_the_page_says(row: list[str], connection: duckdb.DuckDBPyConnection) -> None:
    query, key, *figures = row
    question = asked(query, "flows")
    keep(connection, history(), kept(), question)
    rows = {each["key"]: each for each in run_report(connection, question, NOON, "UTC").rows}
    found = rows[key]
    causes = ", ".join(f"{name} {number}" for name, number in found["causes"].items())
    assert [str(found["clients"]), str(found["changes"]), causes] == figures


def test_the_stock_comes_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    question = asked("from=2026-03&to=2026-08", "flows")
    keep(connection, history(), kept(), question)
    stock = run_report(connection, question, NOON, "UTC").total["stock"]
    found = [[str(each) for each in row.values()] for row in stock]
    assert found == PARTS["The stock of the example"]
