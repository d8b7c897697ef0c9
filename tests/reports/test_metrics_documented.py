"""The examples of docs/metrics.md: the SQL and the oracle both give what the page says."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import duckdb
import pytest
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.questions import PARAMETERS, Question
from chalicelib.domain.reports.report_forms import DEFINITIONS, FORMS, REPORTS, RETENTION
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, number_of_month
from chalicelib.domain.shared.zones import local_instant
from tests.reports.histories import empty_connection, fill
from tests.reports.oracle import History, Oracle

PAGE = (Path(__file__).parents[2] / "docs/metrics.md").read_text(encoding="utf-8")
ZONES = {"Centru": "Europe/Chisinau", "Arbat": "Europe/Moscow"}
NOON = datetime(2026, 9, 1, 9, tzinfo=UTC)
TODAY = date(2026, 9, 1)
FIELDS = {each: name for name, each in PARAMETERS.items()}
DATES = ("from", "to", "return_from", "return_to")


def section(title: str) -> str:
    (found,) = (each for each in re.split(r"^## ", PAGE, flags=re.MULTILINE) if each.startswith(f"{title}\n"))
    return found


def table(text: str) -> list[list[str]]:
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip(" `") for cell in row] for row in rows[1:]]


EXAMPLE = section("The visits of the example")
RATED = {
    (client, day): int(stars)
    for client, day, stars in re.findall(r"(\w+) rated the visit of ([\d-]+) with (\d) stars", EXAMPLE)
}
WITH_POINTS = set(re.findall(r"(\w+) paid a part of the visit of ([\d-]+)\s+with points", EXAMPLE))


def history() -> History:
    facts, categories = [], {}
    for number, row in enumerate(table(EXAMPLE)):
        client, day, salon, staff, service, category, source, paid = row
        at = local_instant(date.fromisoformat(day), datetime(2026, 1, 1, 10, tzinfo=UTC).time(), ZONES[salon])
        categories[service] = category
        facts.append(
            VisitFact(
                salon=salon,
                booking=f"bkg_{number:02d}",
                line=0,
                client=client,
                visit_on=date.fromisoformat(day),
                visit_at=at,
                service=service,
                staff=staff,
                currency="MDL",
                list_minor=int(paid) * 100,
                price_minor=int(paid) * 100,
                paid_minor=int(paid) * 100,
                source=source,
                rating=RATED.get((client, day)),
                points_minor=100 * ((client, day) in WITH_POINTS),
            )
        )
    return History(facts, {}, categories, ZONES)


def asked(query: str, report: str = RETENTION) -> Question:
    """The question of a query string, as a caller of the API writes it."""
    values: dict[str, Any] = {}
    for name, text in parse_qsl(query, strict_parsing=True):
        value: Any = day_of(text, name) if name in DATES else text
        values[FIELDS.get(name, name)] = (int(text),) if name == "days" else value
    return Question(report=report, **values)


def day_of(text: str, name: str) -> date:
    """A date; of a month its first or last day."""
    if len(text) == len("2026-03"):
        month = number_of_month(text)
        return first_day_of_month(month) if name == "from" else last_day_of_month(month)
    return date.fromisoformat(text)


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        fill(made, history())
        yield made


def test_the_page_tells_every_definition_with_its_default() -> None:
    told = section("Retention")
    for name in DEFINITIONS:
        (words,) = re.findall(rf"^- `{name}`: (.+(?:\n  .+)*)", told, re.MULTILINE)
        assert all(str(each) in words for each in FORMS[RETENTION, name].days)
    assert all(f"\n## {each.capitalize()}\n" in PAGE for each in REPORTS)


@pytest.mark.parametrize("row", table(section("Retention")), ids=lambda row: row[0])
def test_retention_comes_out_as_the_page_says(row: list[str], connection: duckdb.DuckDBPyConnection) -> None:
    query, *counts, names = row
    question = asked(query)
    expected = dict(zip(("clients", "returned", "maturing"), map(int, counts), strict=True))
    total = run_report(connection, question, NOON, "Europe/Chisinau").total
    oracle = Oracle(history(), settled(question, TODAY), TODAY)
    assert total.items() >= expected.items()
    assert oracle.retention()[1].items() >= expected.items()
    assert total["rate"] == (expected["returned"] / expected["clients"] if expected["clients"] else None)
    listed = run_list(connection, replace(question, listed="returned"), NOON, "Europe/Chisinau")
    assert [each.client_id for each in listed.items] == [
        each for each in names.split(", ") if each != "nobody"
    ]


def test_sources_come_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    for query, key, *figures in table(section("Sources")):
        rows = run_report(connection, asked(query, "sources"), NOON, "Europe/Chisinau").rows
        (row,) = (each for each in rows if each["key"] == key)
        shares = [row[name]["clients"] for name in ("one_time", "late", "paid_back")]
        found = [row["new_clients"], row["returned"], *shares, row["visits"], row["sales_minor"]["MDL"]]
        assert found == [int(each) for each in figures], query


def test_referrals_come_out_as_the_page_says() -> None:
    told = table(section("Referrals"))
    visit = history().facts[0]
    facts = [replace(visit, client=client, referrer=by) for client, by, *_ in told]
    with empty_connection() as made:
        fill(made, History(facts, {}, {}, ZONES))
        rows = run_report(made, Question(report="referrals"), NOON, "Europe/Chisinau").rows
    found = {row["key"]: [str(row["friends"]), ", ".join(map(str, row["levels"]))] for row in rows}
    assert found == {client: [friends, levels] for client, _, friends, levels in told if friends != "0"}


def test_services_come_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    for query, key, *figures in table(section("Services")):
        report = run_report(connection, asked(query, "services"), NOON, "Europe/Chisinau")
        row = ({each["key"]: each for each in report.rows} | {"total": report.total})[key]
        shares = [row[name]["clients"] for name in ("same_service", "second_category")]
        money = [row["visits"], row["sales_minor"]["MDL"]]
        found = [row["served_clients"], row["new_clients"], *money, row["returned"], *shares]
        assert found == [int(each) for each in figures], query


def test_cohorts_come_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    rows = run_report(connection, asked("from=2025-12-01&to=2026-03-01", "cohorts"), NOON, "UTC").rows
    found = [
        [row["key"], str(row["clients"]), ", ".join(map(str, row["returned"])), str(row["months_over"])]
        for row in rows
    ]
    assert found == table(section("Cohorts"))


def test_engagement_comes_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    for query, row, *counts in table(section("Engagement")):
        report = run_report(connection, asked(query, "engagement"), NOON, "UTC")
        found = ({each["key"]: each for each in report.rows} | {"total": report.total})[row]
        told = [found["visits"], found["rated"]["visits"], found["with_points"]["visits"], found["clients"]]
        assert [*told, found["engaged"]["clients"]] == [int(each) for each in counts]
        assert found["index"] == pytest.approx((found["rated"]["rate"] + found["with_points"]["rate"]) / 2)


def test_value_comes_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    report = run_report(connection, asked("", "value"), NOON, "Europe/Chisinau")
    found = [
        [row["key"], str(row["clients"]), str(row["realised_minor"]), ", ".join(map(str, row["spent_minor"]))]
        for row in report.rows
    ]
    assert found == table(section("Value"))
    assert (report.total["clients"], report.total["refused"]) == (6, "too_few_clients")


def test_the_base_kept_comes_out_as_the_page_says(connection: duckdb.DuckDBPyConnection) -> None:
    names = ("clients", "kept", "former_clients", "former_kept")
    for query, *figures in table(section("Base-kept")):
        total = run_report(connection, asked(query, "base-kept"), NOON, "Europe/Chisinau").total
        assert [total[name] for name in names] == [int(each) for each in figures], query


@pytest.mark.parametrize(
    ("title", "names"),
    [
        ("Repurchase", ["clients", "repeated"]),
        (
            "Spend",
            ["visits", "clients", "sales_minor", "spend_per_visit_minor", "sales_per_client_minor"],
        ),
        ("Upsell", ["clients", "of_one_category", "of_several_categories"]),
    ],
)
def test_the_other_reports_come_out_as_the_page_says(
    title: str, names: list[str], connection: duckdb.DuckDBPyConnection
) -> None:
    for query, key, *figures in table(section(title)):
        report = run_report(connection, asked(query, title.lower()), NOON, "Europe/Chisinau")
        rows = {row["key"]: row for row in report.rows} | {"total": report.total}
        assert [rows[key][name] for name in names] == [int(each) for each in figures], query
