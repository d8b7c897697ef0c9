"""Figures of nobody, and of what is not known."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.report_forms import DEFINITIONS
from tests.reports.histories import empty_connection, fill_facts
from tests.reports.test_metrics_documented import history

NOW = datetime(2026, 9, 1, 9, tzinfo=UTC)
EMPTY_MONTH: dict[str, Any] = {"first": date(2026, 1, 15), "last": date(2026, 1, 31)}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A network without salons, services and staff, as where its set-up cannot be read."""
    with empty_connection() as made:
        fill_facts(made, history().facts)
        yield made


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_a_cohort_of_nobody_has_no_rate(definition: str, connection: duckdb.DuckDBPyConnection) -> None:
    days = {} if definition == "period" else {"days": (10,)}
    question = Question(report="retention", definition=definition, by="salon", **EMPTY_MONTH, **days)
    report = run_report(connection, question, NOW, "Europe/Chisinau")
    assert report.rows == ()
    nobody = {"clients": 0, "returned": 0, "rate": None, "interval": None, "churn": None, "maturing": 0}
    assert report.total.items() >= nobody.items()


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        ("repurchase", {"clients": 0, "repeated": 0, "rate": None, "interval": None}),
        ("engagement", {"visits": 0, "index": None}),
        ("upsell", {"clients": 0, "ratio": None, "rate": None}),
        ("spend", {"clients": 0, "visits": 0, "currency": None, "sales_minor": None}),
        ("cohorts", {"clients": 0}),
        ("sources", {"new_clients": 0, "rate": None, "visits": 0, "cost_minor": None}),
        ("services", {"served_clients": 0, "rate": None, "visits": 0, "sales_minor": {}}),
    ],
)
def test_a_report_of_nobody_says_so(
    name: str, figures: dict[str, Any], connection: duckdb.DuckDBPyConnection
) -> None:
    total = run_report(connection, Question(report=name, **EMPTY_MONTH), NOW, "Europe/Chisinau").total
    assert total.items() >= figures.items()


def test_rows_have_their_key_as_name_where_the_set_up_has_none(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    question = Question(report="repurchase", by="staff")
    rows = run_report(connection, question, NOW, "Europe/Chisinau").rows
    assert [(row["key"], row["name"]) for row in rows] == [(each, each) for each in ("Ion", "Maria", "Vera")]


def test_a_list_of_nobody_is_empty(connection: duckdb.DuckDBPyConnection) -> None:
    question = Question(report="retention", definition="first_time", listed="lost", **EMPTY_MONTH)
    assert run_list(connection, question, NOW, "Europe/Chisinau").items == ()


def test_a_definition_says_its_parameters_with_the_defaults(connection: duckdb.DuckDBPyConnection) -> None:
    question = Question(report="retention", definition="window", salon_ids=("Centru",), staff_id="")
    definition = run_report(connection, question, NOW, "Europe/Chisinau").definition
    assert (definition.id, definition.version) == ("window", 1)
    assert definition.parameters == {
        "definition": "window",
        "from": date(2026, 4, 1),
        "to": date(2026, 4, 30),
        "days": (120,),
        "who": "all",
        "returned_to": "network",
        "salon_id": ("Centru",),
        "staff_id": "",
    }
