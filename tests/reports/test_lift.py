"""The lift of touches: whatever was sent and held out, SQL and the brute-force oracle count the same, and the
example of docs/metrics.md comes out as the page says."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.touch_facts import TouchFact
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.settle_question import KINDS as ALL_KINDS
from tests.profile import tries
from tests.reports.histories import empty_connection, fill, some_history
from tests.reports.oracle import History
from tests.reports.test_metrics_documented import NOON, ZONES, asked, history, section, table
from tests.reports.touches import (
    KINDS,
    LiftOracle,
    a_touch,
    fill_touches,
    make_view,
    some_lift_question,
    some_touches,
)

LISTS = ("base", "returned", "lost", "maturing", "held_out")
HOME = "Europe/Chisinau"
WORDS, *PARTS = re.split(r"^### ", section("Lift"), flags=re.MULTILINE)
TABLES = {part.partition("\n")[0]: table(part) for part in PARTS}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        make_view(made)
        yield made


@tries(30)
@given(st.integers(0, 2**32))
def test_sql_and_the_oracle_count_the_same(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    random = Random(seed)
    lived = some_history(random)
    touches = some_touches(random, lived)
    question = some_lift_question(random, lived, touches)
    today = random.choice([date(2024, 4, 2), date(2024, 5, 1), date(2025, 3, 1)])
    today = max(today, question.first or today)
    as_of = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    note(f"{lived}\n{touches}\n{question}")
    fill(connection, lived)
    fill_touches(connection, touches)
    oracle = LiftOracle(lived, touches, question, today)
    report = run_report(connection, question, as_of, HOME)
    kinds = (question.kind,) if question.kind else KINDS
    rows = {str(row["key"]): row for row in report.rows}
    assert set(rows) == set((question.kind,) if question.kind else ALL_KINDS)
    for kind in kinds:
        assert rows[kind].items() >= oracle.figures(kind).items(), kind
    for listed in LISTS:
        found = run_list(connection, replace(question, listed=listed, limit=200), as_of, HOME)
        assert [each.client_id for each in found.items] == oracle.listed(kinds, listed)


def test_enough_of_the_questions_have_somebody_in_both_groups() -> None:
    """And somebody of each who returned, so that the figures compared are not all 0."""
    seen = dict.fromkeys(("clients", "returned", "held_out", "held_out_returned", "maturing"), 0)
    for seed in range(150):
        random = Random(seed)
        lived = some_history(random)
        touches = some_touches(random, lived)
        question = some_lift_question(random, lived, touches)
        oracle = LiftOracle(lived, touches, question, random.choice([date(2024, 4, 2), date(2025, 3, 1)]))
        for kind in KINDS:
            figures = oracle.figures(kind)
            for name in seen:
                seen[name] += figures[name] > 0
    assert min(seen.values()) >= 20, seen


# --- the example of the page


def touches_of_page() -> list[TouchFact]:
    return [
        a_touch(client, date.fromisoformat(on), became, number=number, kind=kind, salon=salon,
                cost_micros=int(cost))
        for number, (client, on, kind, salon, became, cost) in enumerate(TABLES["The touches of the example"])
    ]  # fmt: skip


FIGURES = (
    "clients", "returned", "held_out", "held_out_returned", "maturing", "reached", "messages", "cost_micros",
)  # fmt: skip


@pytest.mark.parametrize("row", TABLES["The lift of the example"], ids=lambda row: row[0])
def test_the_example_comes_out_as_the_page_says(
    row: list[str], connection: duckdb.DuckDBPyConnection
) -> None:
    query, *figures = row
    question = asked(query, "lift")
    question = replace(question, salon_ids=(str(question.salon_ids),) if question.salon_ids else None)
    lived = replace_zones(history())
    fill(connection, lived)
    fill_touches(connection, touches_of_page())
    report = run_report(connection, question, NOON, "UTC")
    assert [str(report.total[name]) for name in FIGURES] == figures
    oracle = LiftOracle(lived, touches_of_page(), replace(question, days=question.days or (30,)), NOON.date())
    assert report.total.items() >= oracle.figures(str(question.kind)).items()


def replace_zones(lived: History) -> History:
    return lived._replace(zones=ZONES)


# --- nobody, and many


def a_question(**fields: Any) -> Question:
    march = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
    return Question(report="lift", **march | fields)


def test_a_touch_of_nobody_says_so(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, history())
    fill_touches(connection, [])
    report = run_report(connection, a_question(), NOON, "UTC")
    assert [row["key"] for row in report.rows] == sorted(ALL_KINDS)
    assert {row["verdict"] for row in report.rows} == {"too_few"}
    assert {row["lift"] for row in report.rows} == {None}
    assert report.total == {"messages": 0, "cost_micros": 0}
    assert run_list(connection, a_question(listed="base"), NOON, "UTC").items == ()


def test_a_touch_that_works_tells_what_each_returned_client_costs(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Of 80 who got it 60 came, of 40 held out 10: 40 more than without it, for 80 x 0.06."""
    lived = history()
    visit = lived.facts[0]
    day = date(2026, 3, 1)
    names = [f"cli_{number:03d}" for number in range(120)]
    touches = [
        a_touch(name, day, "delivered" if number < 80 else "held_out", number=number)
        for number, name in enumerate(names)
    ]
    came = [*names[:60], *names[80:90]]
    facts = [replace(visit, client=name, booking=name, visit_on=date(2026, 3, 20)) for name in came]
    fill(connection, lived._replace(facts=facts))
    fill_touches(connection, touches)
    total = run_report(connection, a_question(kind="win_back"), NOON, "UTC").total
    assert (total["rate"], total["held_out_rate"], total["lift"]) == (0.75, 0.25, 0.5)
    assert (total["verdict"], total["more_returned"], total["cost_of_each_micros"]) == ("works", 40, 120_000)
