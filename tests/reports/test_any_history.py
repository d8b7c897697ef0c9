"""Whatever the history and the question: SQL and the brute-force oracle give the same figures and the same
clients."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec import to_builtins
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.reports.questions import ListedClient, Question
from chalicelib.domain.reports.report_forms import FORMS, LISTS, REBOOKING
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.zones import local_date
from tests.profile import tries
from tests.reports.histories import (
    ZONES,
    empty_connection,
    fill,
    some_asking,
    some_history,
    some_other_asking,
)
from tests.reports.oracle import History, Oracle

HOME = "Europe/Chisinau"
SEEDS = st.integers(0, 10**9)
NOT_COMPARED = {"name", "interval", "final_on", "index_is", "not_known"}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def drawn(connection: duckdb.DuckDBPyConnection, seed: int) -> tuple[Random, History]:
    random = Random(seed)
    history = some_history(random)
    note(history)
    fill(connection, history)
    return random, history


def oracle(history: History, question: Question, as_of: datetime) -> Oracle:
    today = min(local_date(as_of, zone) for zone in ZONES.values())
    return Oracle(history, settled(question, today), today)


def compared(figures: Any) -> dict[str, Any]:
    return {
        name: compared(value) if isinstance(value, dict) else value
        for name, value in figures.items()
        if name not in NOT_COMPARED
    }


@tries(60, 2_000)
@given(seed=SEEDS)
def test_retention_is_what_the_oracle_counts(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    random, history = drawn(connection, seed)
    for _ in range(3):
        question, as_of = some_asking(random, history)
        note(question)
        report = run_report(connection, question, as_of, HOME)
        rows, total = oracle(history, question, as_of).retention()
        assert [compared(row) for row in report.rows] == rows
        assert compared(report.total) == total


@tries(40, 2_000)
@given(seed=SEEDS, which=st.sampled_from(LISTS))
def test_the_clients_behind_a_figure_are_those_whom_the_oracle_counts(
    connection: duckdb.DuckDBPyConnection, seed: int, which: str
) -> None:
    """Page by page."""
    random, history = drawn(connection, seed)
    question, as_of = some_asking(random, history)
    question = replace(question, listed=which, days=question.days[-1:], limit=2)
    found: list[ListedClient] = []
    after = None
    while True:
        page = run_list(connection, replace(question, after=after), as_of, HOME)
        found += page.items
        if (after := page.next_after) is None:
            break
    assert to_builtins(found) == to_builtins(oracle(history, question, as_of).listed(which))
    assert all(one.client_id < other.client_id for one, other in pairwise(found))


@tries(40, 2_000)
@given(seed=SEEDS)
def test_the_other_reports_are_what_the_oracle_counts(
    connection: duckdb.DuckDBPyConnection, seed: int
) -> None:
    random, history = drawn(connection, seed)
    for name in ("cohorts", "repurchase", "spend", "upsell", "rebooking", "engagement"):
        question, as_of = some_other_asking(random, history, name)
        note(question)
        report = run_report(connection, question, as_of, HOME)
        counted = oracle(history, question, as_of)
        rows = [compared(row) for row in report.rows]
        if name == "spend":
            assert rows == counted.spend()
            continue
        of = {
            "repurchase": counted.repurchase_of,
            "upsell": counted.upsell_of,
            "rebooking": counted.rebooking_of,
            "engagement": counted.engagement_of,
        }
        expected = counted.cohorts() if name == "cohorts" else counted.keyed(of[name])
        assert (rows, compared(report.total)) == expected


@tries(40, 2_000)
@given(seed=SEEDS, which=st.sampled_from(FORMS[REBOOKING, None].lists))
def test_the_clients_who_rebooked_are_those_whom_the_oracle_counts(
    connection: duckdb.DuckDBPyConnection, seed: int, which: str
) -> None:
    random, history = drawn(connection, seed)
    question, as_of = some_other_asking(random, history, REBOOKING)
    question = replace(question, listed=which, by=None)
    note(question)
    found = run_list(connection, question, as_of, HOME).items
    assert [each.client_id for each in found] == oracle(history, question, as_of).rebooking_listed(which)


def test_most_random_questions_are_about_somebody_who_returns_and_somebody_who_does_not() -> None:
    """Otherwise the tests above would say little."""
    mixed = 0
    for seed in range(300):
        random = Random(seed)
        history = some_history(random)
        question, as_of = some_asking(random, history)
        total = oracle(history, question, as_of).retention()[1]
        mixed += 0 < total["returned"] < total["clients"] + total["maturing"]
    assert mixed > 60
