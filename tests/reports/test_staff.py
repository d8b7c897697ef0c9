"""The report of staff: its strata are what a count by hand says, and it compares on equal terms."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import astuple, replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.analytics.staff import NOT_COMPARED, strata_of_staff
from chalicelib.analytics.statements import Asked
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.equal_terms import StaffStratum
from chalicelib.domain.reports.questions import Question, Report, needed_days
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.zones import local_date
from tests.profile import tries
from tests.reports.histories import CATEGORIES, ZONES, empty_connection, fill, some_asking, some_history
from tests.reports.oracle import History, Oracle

HOME = "Europe/Chisinau"
AS_OF = datetime(2026, 9, 1, 12, tzinfo=UTC)
MARCH = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def counted(oracle: Oracle) -> list[StaffStratum]:
    """The strata by hand, of all clients whose window is over or who have returned."""
    found: Counter[tuple[str, str | None, bool, bool]] = Counter()
    days = oracle.question.days[-1] if oracle.question.days else None
    for staff in oracle.keys("staff"):
        for each in oracle.outcomes("staff", staff, days):
            if staff and not oracle.is_open(each):
                lines = oracle.asked_lines(each.client, "staff", staff)
                base, _, _ = oracle.window(each.client, lines, days)
                line = min(base, key=lambda fact: (fact.visit_at, fact.booking, fact.line))
                first_ever = min(fact.visit_on for fact in oracle.lines[each.client])
                category = oracle.categories.get(line.service)
                found[staff, category, line.visit_on == first_ever, each.returned] += 1
    return [
        StaffStratum(
            staff=staff,
            service_category=category,
            new=new,
            clients=found[staff, category, new, True] + found[staff, category, new, False],
            returned=found[staff, category, new, True],
        )
        for staff, category, new in {key[:3] for key in found}
    ]


@pytest.mark.hypothesis
@tries(20, 2_000)
@given(seed=st.integers(0, 10**9))
def test_the_strata_are_what_a_count_by_hand_says(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    random = Random(seed)
    history = some_history(random)
    fill(connection, history)
    question, as_of = some_asking(random, history)
    question = replace(question, report="staff", by=None, days=question.days[-1:])
    today = min(local_date(as_of, zone) for zone in ZONES.values())
    asked = settled(question, today)
    report = run_report(connection, question, as_of, HOME)
    plain = run_report(connection, replace(question, report="retention", by="staff"), as_of, HOME)
    assert [{name: row[name] for name in plain.rows[0]} for row in report.rows] == list(plain.rows)
    assert report.total == plain.total
    found = strata_of_staff(Asked(connection, asked, today))
    by_hand = counted(Oracle(history, asked, today))
    assert sorted(map(astuple, found), key=str) == sorted(map(astuple, by_hand), key=str)


def visits(
    staff: str, category: str, *, month: int, clients: int, returned: int, known: bool
) -> list[VisitFact]:
    """Clients with a visit on the 10th of a month of 2026; some return 55 days later. known: to a colleague
    who works no more, by a visit in 2025."""
    services = {"hair": "srv_cut", "nails": "srv_nails"}
    found = []
    for number in range(clients):
        client = f"cli_{staff}_{category}_{month}_{known}_{number}"
        days = [date(2026, month, 10)]
        days += [days[0] + timedelta(days=55)] if number < returned else []
        days += [date(2025, 6, 1)] if known else []
        for day in days:
            found.append(
                VisitFact(
                    salon="sal_centru",
                    booking=f"bkg_{client}_{day}",
                    line=0,
                    client=client,
                    visit_on=day,
                    visit_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
                    service=services[category],
                    staff="stf_gone" if day.year == 2025 else staff,
                    currency="MDL",
                    list_minor=None,
                    price_minor=None,
                    paid_minor=None,
                )
            )
    return found


NEW_CLIENTS_TO_ANNA = [
    *visits("stf_anna", "hair", month=3, clients=80, returned=24, known=False),
    *visits("stf_anna", "hair", month=3, clients=20, returned=16, known=True),
    *visits("stf_vera", "hair", month=3, clients=20, returned=6, known=False),
    *visits("stf_vera", "hair", month=3, clients=80, returned=64, known=True),
]
"""The worked example of docs/metrics.md."""


def report_of(
    connection: duckdb.DuckDBPyConnection, facts: list[VisitFact], **asked: Any
) -> tuple[Report, dict[str, dict[str, Any]]]:
    fill(connection, History(facts, {}, CATEGORIES, ZONES))
    report = run_report(connection, Question(report="staff", **MARCH, **asked), AS_OF, HOME)
    return report, {row["key"]: dict(row) for row in report.rows}


def test_a_specialist_with_the_new_clients_is_not_worse(connection: duckdb.DuckDBPyConnection) -> None:
    report, rows = report_of(connection, NEW_CLIENTS_TO_ANNA)
    anna, vera = rows["stf_anna"], rows["stf_vera"]
    assert (anna["rate"], vera["rate"]) == (0.4, 0.7)
    assert (anna["equal_rate"], vera["equal_rate"]) == (pytest.approx(0.55), pytest.approx(0.55))
    assert (anna["verdict"], anna["compared_with"], anna["covered"]) == ("alike", "colleagues", 1.0)
    assert report.total["clients"] == 200
    assert (report.definition.id, report.definition.parameters["definition"]) == ("staff", "since_visit")
    assert report.definition.parameters["days"] == (90,)


def test_a_sole_master_is_compared_with_the_month_before(connection: duckdb.DuckDBPyConnection) -> None:
    now = visits("stf_anna", "nails", month=3, clients=100, returned=80, known=True)
    before = visits("stf_anna", "nails", month=2, clients=100, returned=50, known=True)
    _, rows = report_of(connection, now + before, days=(60,))
    anna = rows["stf_anna"]
    assert (anna["compared_with"], anna["verdict"]) == ("own_past", "better")
    assert (anna["equal_rate"], anna["others_rate"]) == (pytest.approx(0.8), pytest.approx(0.5))


def test_one_specialist_alone_is_compared_with_the_own_past(connection: duckdb.DuckDBPyConnection) -> None:
    """So nobody learns the figures of a colleague by asking for the own ones."""
    before = visits("stf_anna", "hair", month=2, clients=60, returned=18, known=False)
    _, rows = report_of(connection, NEW_CLIENTS_TO_ANNA + before, staff_id="stf_anna")
    assert list(rows) == ["stf_anna"]
    assert rows["stf_anna"]["compared_with"] == "own_past"


def test_visits_without_a_specialist_are_compared_with_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    unknown = [
        replace(fact, staff=None)
        for fact in visits("stf_x", "hair", month=3, clients=40, returned=40, known=False)
    ]
    _, rows = report_of(connection, NEW_CLIENTS_TO_ANNA + unknown)
    assert {name: rows[""][name] for name in NOT_COMPARED} == NOT_COMPARED
    assert rows["stf_anna"]["verdict"] == "alike"


def test_the_clients_behind_a_row_are_listed(connection: duckdb.DuckDBPyConnection) -> None:
    fill(connection, History(NEW_CLIENTS_TO_ANNA, {}, CATEGORIES, ZONES))
    question = Question(report="staff", staff_id="stf_anna", listed="returned", **MARCH)
    assert len(run_list(connection, question, AS_OF, HOME).items) == 40


def test_the_report_needs_all_visits_from_the_first_on() -> None:
    asked = settled(Question(report="staff", **MARCH), AS_OF.date())
    assert needed_days(asked) == (None, date(2026, 6, 29))
    assert settled(asked, AS_OF.date()) == asked


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"by": "salon"}, "UNUSED_PARAMETER"),
        ({"days": (30, 60)}, "ONE_WINDOW_NEEDED"),
        ({"definition": "weekly"}, "UNKNOWN_DEFINITION"),
        ({"days": (0,)}, "OUT_OF_RANGE"),
    ],
)
def test_what_cannot_be_asked_is_refused(asked: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as error:
        settled(Question(report="staff", **MARCH, **asked), AS_OF.date())
    assert error.value.code == code
