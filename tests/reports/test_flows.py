"""Flows between categories: whatever the clients keep, SQL and the brute-force oracle count the same."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from types import MappingProxyType
from typing import Any

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.analytics.change_tables import unpack_changes
from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.clients.categories import CATEGORIES
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.leaving import StatedReason
from chalicelib.domain.facts.packed_changes import packed_changes
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.questions import Question, Report
from infra.testkit.builders import a_client
from tests.profile import tries
from tests.reports.histories import CLIENTS, STARTS, empty_connection, fill, some_history, some_other_asking
from tests.reports.oracle import History, Oracle

AS_OF = datetime(2024, 12, 1, 12, tzinfo=UTC)
TODAY = date(2024, 12, 1)
HOME = "Europe/Chisinau"
Kept = dict[str, list[CategoryChange]]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def some_changes(random: Random) -> Kept:
    """Up to eight changes of each client, whose days are those of the histories or near them."""
    found: Kept = {}
    for client in CLIENTS:
        day, before = random.choice(STARTS) - timedelta(days=random.choice((0, 40))), "potential"
        for _ in range(random.choice((0, 1, 2, 4, 8))):
            to = random.choice([each for each in CATEGORIES if each != before])
            cause = random.choice([CategoryCause.VISIT, CategoryCause.TIME_PASSED, CategoryCause.MERGE])
            found.setdefault(client, []).append(CategoryChange(before, to, day, cause))
            day, before = day + timedelta(days=random.choice((0, 1, 10, 31))), to
    return found


def some_flow_question(random: Random, history: History) -> Question:
    """One about the clients of a pair, of a salon, or of all, over days that are days of changes."""
    question = some_other_asking(random, history, "flows").question
    days = sorted(random.choice(STARTS) + timedelta(days=random.choice((-41, -1, 0, 1, 31))) for _ in "ab")
    pair = random.choice(({}, {}, {"category_before": "new"}, {"category_after": "lost"}))
    return replace(question, first=days[0], last=days[1], **pair)


def keep(
    connection: duckdb.DuckDBPyConnection,
    history: History,
    kept: Kept,
    question: Question,
    stated: Mapping[str, StatedReason] = MappingProxyType({}),
) -> None:
    """The connection as the engine makes it for a question."""
    fill(connection, history)
    connection.execute("DELETE FROM listed_categories; DELETE FROM unchanged")
    assert question.first is not None
    for client, changes in kept.items():
        now = changes[-1]
        if client in history.merged:
            continue
        if now.on < question.first:
            connection.execute("INSERT INTO unchanged VALUES (?, 1)", [now.to])
            continue
        leaving = (stated[client],) if client in stated else ()
        text = packed_changes(a_client(client, category_changes=tuple(changes), leaving=leaving))
        row = [client, now.to, now.on, text]
        connection.execute("INSERT INTO listed_categories VALUES (?, ?, ?, ?)", row)
    unpack_changes(connection)


class FlowOracle:
    """Plain lists, walked again and again."""

    def __init__(self, history: History, kept: Kept, question: Question) -> None:
        self.kept = {client: changes for client, changes in kept.items() if client not in history.merged}
        self.question = question
        self.visits = Oracle(history, question, TODAY)

    def keys(self, client: str, on: date, by: str | None) -> set[str]:
        """The keys under which a change counts."""
        lines = self.visits.lines.get(client, [])
        days = [fact.visit_on for fact in lines if fact.visit_on <= on]
        latest = [fact for fact in lines if days and fact.visit_on == max(days)]
        asked = [fact for fact in latest if self.visits.is_asked(client, fact)]
        if not asked:
            return set() if self.is_filtered() else {""}
        return {self.visits.key(client, fact, by) for fact in asked}

    def is_filtered(self) -> bool:
        asked = self.question
        filters = (asked.salon_ids, asked.staff_id, asked.service_id, asked.service_category, asked.source)
        return any(each is not None for each in filters)

    def asked(self, by: str | None) -> list[tuple[str, CategoryChange, str]]:
        """Client, change and key."""
        asked = self.question
        assert asked.first is not None
        assert asked.last is not None
        return [
            (client, change, key)
            for client, changes in self.kept.items()
            for change in changes
            if asked.first <= change.on <= asked.last
            and asked.category_before in (None, change.before)
            and asked.category_after in (None, change.to)
            for key in self.keys(client, change.on, by)
        ]

    def rows(self) -> list[dict[str, Any]]:
        by, found = self.question.by, self.asked(self.question.by)
        every = {(f"{each.on:%Y-%m}", each.before, each.to, key) for _, each, key in found}
        rows = []
        for month, before, after, key in every:
            those = [
                (client, change) for client, change, of in found
                if (f"{change.on:%Y-%m}", change.before, change.to, of) == (month, before, after, key)
            ]  # fmt: skip
            name = f"{month}:{before}>{after}" + (f":{key}" if by else "")
            row = {"key": name, "month": month, "before": before, "after": after} | self.counts(those)
            rows.append(row | ({by: key} if by else {}))
        return sorted(rows, key=lambda row: row["key"])

    def counts(self, those: list[tuple[str, CategoryChange]]) -> dict[str, Any]:
        causes = [change.cause.value for _, change in those]
        return {
            "clients": len({client for client, _ in those}),
            "changes": len(those),
            "causes": {each: causes.count(each) for each in sorted(set(causes))},
        }

    def pairs(self) -> list[dict[str, Any]]:
        found: dict[tuple[str, str], list[tuple[str, CategoryChange]]] = {}
        for client, change, _ in self.asked(None):
            found.setdefault((change.before, change.to), []).append((client, change))
        return [
            {"before": before, "after": after} | self.counts(found[before, after])
            for before, after in sorted(found)
        ]

    def stock(self, day: date) -> dict[str, int]:
        """The category of each client at the end of a day."""
        found = dict.fromkeys(CATEGORIES, 0)
        for changes in self.kept.values():
            past = [change for change in changes if change.on <= day]
            found[past[-1].to if past else changes[0].before] += 1
        del found["potential"]
        return found


def drawn(connection: duckdb.DuckDBPyConnection, seed: int) -> tuple[Report, FlowOracle]:
    random = Random(seed)
    history, kept = some_history(random), some_changes(random)
    question = some_flow_question(random, history)
    note((history, kept, question))
    keep(connection, history, kept, question)
    return run_report(connection, question, AS_OF, HOME), FlowOracle(history, kept, question)


@tries(60, 2_000)
@given(seed=st.integers(0, 10**9))
def test_flows_are_what_the_clients_keep(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    report, oracle = drawn(connection, seed)
    rows = [{name: each for name, each in row.items() if name != "name"} for row in report.rows]
    assert rows == oracle.rows()
    found = oracle.asked(None)
    assert report.total["pairs"] == oracle.pairs()
    assert report.total["changes"] == len(found)
    assert report.total["clients"] == len({client for client, _, _ in found})


@tries(60, 2_000)
@given(seed=st.integers(0, 10**9))
def test_the_stock_is_that_of_each_day(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    report, oracle = drawn(connection, seed)
    if oracle.is_filtered() or oracle.question.by is not None:
        assert report.total["stock"] is None
        return
    for each in report.total["stock"]:
        day = date.fromisoformat(each["on"])
        assert {name: number for name, number in each.items() if name != "on"} == oracle.stock(day)


@tries(30, 2_000)
@given(seed=st.integers(0, 10**9))
def test_the_clients_behind_a_pair_are_listed(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    _, oracle = drawn(connection, seed)
    question = replace(oracle.question, by=None, listed="base", limit=2)
    found: list[str] = []
    after = None
    while True:
        page = run_list(connection, replace(question, after=after), AS_OF, HOME)
        found += [each.client_id for each in page.items]
        if (after := page.next_after) is None:
            break
    assert found == sorted({client for client, _, _ in oracle.asked(None)})


def test_most_random_questions_find_flows() -> None:
    found = 0
    for seed in range(200):
        random = Random(seed)
        history, kept = some_history(random), some_changes(random)
        found += bool(FlowOracle(history, kept, some_flow_question(random, history)).asked(None))
    assert found > 60


def test_a_client_whose_record_is_cut_off_is_counted_as_such(connection: duckdb.DuckDBPyConnection) -> None:
    pairs = [("new", "developing"), ("developing", "new")] * 20
    day = date(2024, 6, 1)
    changes = [CategoryChange(one, other, day, CategoryCause.VISIT) for one, other in pairs]
    nobody: list[VisitFact] = []
    history = History(nobody, {}, {}, {"sal_centru": HOME})
    question = Question(report="flows", first=day, last=day)
    for kept, expected in ((changes, 1), (changes[1:], 0)):
        keep(connection, history, {"cli_1": kept}, question)
        assert run_report(connection, question, AS_OF, HOME).total["incomplete_clients"] == expected
