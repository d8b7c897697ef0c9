"""Why clients leave: whatever they stated and however they came, SQL and the brute-force oracle count the
same."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from random import Random
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.clients.leaving import OUTSIDE, LeavingReason, StatedReason
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.leaving_reasons import ROWS
from chalicelib.domain.reports.questions import Question
from tests.profile import tries
from tests.reports.histories import CLIENTS, STAFF, STARTS, ZONES, empty_connection, some_history
from tests.reports.histories import some_other_asking as some_asking
from tests.reports.oracle import History, Oracle
from tests.reports.test_flows import AS_OF, HOME, TODAY, Kept, keep, some_changes
from tests.reports.touches import fill_touches, make_view, some_touches

Stated = dict[str, StatedReason]
NOT_COMPARED = ("name", "says", "interval", "kind")


class Told(NamedTuple):
    """What is known of clients beside their visits and changes. places: specialist and salon, today."""

    stated: Stated
    complaints: set[str]
    places: set[tuple[str, str]]


class Left(NamedTuple):
    """A client who became lost. lines: of the visits before. told: each thing that can be told, and whether
    it holds."""

    client: str
    lines: list[VisitFact]
    keys: set[str]
    told: dict[str, bool]
    returned: bool


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        make_view(made)
        yield made


def some_told(random: Random) -> Told:
    stated = {}
    for client in random.sample(CLIENTS, 3):
        day = random.choice(STARTS) + timedelta(days=random.choice((0, 30, 31, 60)))
        at = datetime.combine(day, time(12), UTC)
        stated[client] = StatedReason(random.choice([*LeavingReason]), at, "key_1")
    every = [(staff, salon) for staff in STAFF if staff for salon in ZONES]
    complaints = {*random.sample(CLIENTS, 2)}
    return Told(stated, complaints, {*random.sample(every, random.randint(0, len(every)))})


def some_leaving_question(random: Random, history: History) -> Question:
    question = some_asking(random, history, "leaving").question
    days = sorted(random.choice(STARTS) + timedelta(days=random.choice((-41, 0, 1, 31, 200))) for _ in "ab")
    return replace(question, first=days[0], last=days[1])


def some_lost(random: Random, history: History) -> Kept:
    """Changes of which many lead to lost, on a day of the history or some days after it."""
    kept = some_changes(random)
    for changes in kept.values():
        later = timedelta(days=random.choice((0, 20, 60)))
        changes[-1] = replace(changes[-1], to="lost", on=changes[-1].on + later)
    return kept


def put(
    connection: duckdb.DuckDBPyConnection, history: History, kept: Kept, told: Told, question: Question
) -> None:
    keep(connection, history, kept, question, told.stated)
    connection.execute("DELETE FROM complaints; DELETE FROM staff_places")
    for client in told.complaints:
        connection.execute("INSERT INTO complaints VALUES (?)", [client])
    for staff, salon in told.places:
        connection.execute("INSERT INTO staff_places VALUES (?, ?)", [staff, salon])


class LeavingOracle:
    def __init__(self, history: History, kept: Kept, told: Told, question: Question) -> None:
        self.history, self.told, self.question = history, told, question
        self.kept = {client: changes for client, changes in kept.items() if client not in history.merged}
        self.visits = Oracle(history, question, TODAY)
        self.complaining = {self.target(client) for client in told.complaints}

    def target(self, client: str) -> str:
        while client in self.history.merged:
            client = self.history.merged[client]
        return client

    def left(self, by: str | None) -> list[Left]:
        asked, found = self.question, []
        assert asked.first is not None
        assert asked.last is not None
        for client, changes in sorted(self.kept.items()):
            days = [each.on for each in changes if each.to == "lost" and asked.first <= each.on <= asked.last]
            every = self.visits.lines.get(client, [])
            lines = [fact for fact in every if days and fact.visit_on < max(days)]
            if not lines:
                continue
            last_on = max(fact.visit_on for fact in lines)
            keys = {
                self.visits.key(client, fact, by)
                for fact in lines
                if fact.visit_on == last_on and self.visits.is_asked(client, fact)
            }
            if keys:
                returned = any(fact.visit_on >= max(days) for fact in every)
                found.append(Left(client, lines, keys, self.facts(client, lines), returned))
        return found

    def facts(self, client: str, lines: list[VisitFact]) -> dict[str, bool]:
        dates = sorted({fact.visit_on for fact in lines}, reverse=True)
        last = [fact for fact in lines if fact.visit_on == dates[0]]
        found = {f"stated:{self.reason(client, dates[0])}": True}
        found["fact:complaint_open"] = client in self.complaining
        if len(dates) >= 3:
            before = dates[1:5]
            usual = Fraction((before[0] - before[-1]).days, len(before) - 1)
            found["fact:gap_grew"] = (dates[0] - dates[1]).days >= usual * Fraction(3, 2)
            earlier = {fact.salon for fact in lines if fact.visit_on in dates[1:3]}
            found["fact:moved_branch"] = not earlier & {fact.salon for fact in last}
        rises = [each for each in map(lambda fact: self.rise(fact, lines), last) if each is not None]
        if rises:
            found["fact:price_rose"] = any(rises)
        rated = [(fact.visit_on, fact.rating) for fact in lines if fact.rating is not None]
        if rated:
            latest = max(day for day, _ in rated)
            found["fact:rating_low"] = min(stars for day, stars in rated if day == latest) <= 3
        own = self.specialist(lines)
        if own is not None:
            there = {(own, fact.salon) for fact in last} & self.told.places
            found["fact:specialist_left"] = not there
        return found

    def reason(self, client: str, last_on: date) -> str:
        stated = self.told.stated.get(client)
        return str(stated.reason) if stated is not None and stated.at.date() >= last_on else "none"

    def rise(self, fact: VisitFact, lines: list[VisitFact]) -> bool | None:
        same = [each for each in lines if (each.service, each.currency) == (fact.service, fact.currency)]
        priced = {each.visit_on: 0 for each in same if each.price_minor}
        for each in same:
            if each.price_minor:
                priced[each.visit_on] = max(priced[each.visit_on], each.price_minor)
        earlier = [day for day in priced if day < fact.visit_on]
        if fact.service is None or fact.visit_on not in priced or not earlier:
            return None
        return priced[fact.visit_on] * 10 >= priced[max(earlier)] * 11

    def specialist(self, lines: list[VisitFact]) -> str | None:
        days: dict[str, set[date]] = {}
        for fact in lines:
            if fact.staff is not None:
                days.setdefault(fact.staff, set()).add(fact.visit_on)
        ranked = sorted((len(of), max(of), staff) for staff, of in days.items())
        return ranked[-1][2] if ranked else None

    def rows(self) -> list[dict[str, Any]]:
        by, left = self.question.by, self.left(self.question.by)
        rows = []
        for key in sorted({key for each in left for key in each.keys}) if by else [""]:
            those = [each for each in left if key in each.keys]
            for reason in ROWS:
                is_stated, code = reason.startswith("stated"), reason.partition(":")[2]
                counted = [each.told[reason] for each in those if reason in each.told]
                known = len(those) if is_stated else len(counted)
                if by and not counted:
                    continue
                rows.append(
                    {
                        "key": f"{reason}:{key}" if by else reason,
                        "clients": counted.count(True),
                        "known": known,
                        "share": counted.count(True) / known if known else None,
                        "outside": code in OUTSIDE if is_stated else None,
                    }
                    | ({by: key} if by else {})
                )
        return rows

    def total(self) -> dict[str, Any]:
        left = self.left(None)
        reasons = [reason for each in left for reason in each.told if reason.startswith("stated:")]
        outside = [reason for reason in reasons if reason.partition(":")[2] in OUTSIDE]
        nothing = [each for each in left if {r for r, holds in each.told.items() if holds} == {"stated:none"}]
        return {
            "clients": len(left),
            "returned": len([each for each in left if each.returned]),
            "lost": len([each for each in left if not each.returned]),
            "stated": len(reasons) - reasons.count("stated:none"),
            "outside": len(outside),
            "nothing_told": len(nothing),
        }


def drawn(seed: int) -> tuple[History, Kept, Told, Question]:
    random = Random(seed)
    history = some_history(random)
    found = history, some_lost(random, history), some_told(random), some_leaving_question(random, history)
    return found


@tries(40, 2_000)
@given(seed=st.integers(0, 10**9))
def test_reasons_and_facts_are_what_the_oracle_counts(
    connection: duckdb.DuckDBPyConnection, seed: int
) -> None:
    history, kept, told, question = drawn(seed)
    note((history, kept, told, question))
    put(connection, history, kept, told, question)
    report = run_report(connection, question, AS_OF, HOME)
    oracle = LeavingOracle(history, kept, told, question)
    rows = [{name: each for name, each in row.items() if name not in NOT_COMPARED} for row in report.rows]
    assert rows == oracle.rows()
    assert report.total.items() >= oracle.total().items()


@tries(30, 2_000)
@given(seed=st.integers(0, 10**9), which=st.sampled_from(["base", "lost", "returned"]))
def test_the_clients_of_a_row_are_listed(
    connection: duckdb.DuckDBPyConnection, seed: int, which: str
) -> None:
    history, kept, told, question = drawn(seed)
    note((history, kept, told, question))
    put(connection, history, kept, told, question)
    reason = Random(seed).choice([None, *ROWS])
    asked = replace(question, by=None, listed=which, reason=reason)
    found = [each.client_id for each in run_list(connection, asked, AS_OF, HOME).items]
    left = LeavingOracle(history, kept, told, question).left(None)
    belongs = [each for each in left if which in ("base", "returned" if each.returned else "lost")]
    assert found == [each.client for each in belongs if reason is None or each.told.get(reason)]


@tries(20, 500)
@given(seed=st.integers(0, 10**9))
def test_what_win_back_brought_is_its_lift(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    history, kept, told, question = drawn(seed)
    put(connection, history, kept, told, question)
    fill_touches(connection, some_touches(Random(seed), history))
    period: dict[str, Any] = {"first": question.first, "last": question.last, "salon_ids": question.salon_ids}
    lift = run_report(connection, Question(report="lift", kind="win_back", **period), AS_OF, HOME).total
    found = run_report(connection, question, AS_OF, HOME).total["win_back"]
    others = ("staff_id", "service_id", "service_category", "source")
    assert found == (lift if all(getattr(question, each) is None for each in others) else None)
    fill_touches(connection, [])


def test_random_questions_find_each_fact_that_holds_and_that_does_not() -> None:
    found: set[tuple[str, bool]] = set()
    for seed in range(400):
        for each in LeavingOracle(*drawn(seed)).left(None):
            found |= set(each.told.items())
    facts = [each for each in ROWS if each.startswith("fact")]
    assert {(fact, holds) for fact in facts for holds in (True, False)} <= found
