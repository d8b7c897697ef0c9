"""Random histories of a network and random questions about them, and a connection that has a history."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import duckdb
from hypothesis import strategies as st
from msgspec import json

from chalicelib.domain.reports.questions import Question, final_on
from chalicelib.domain.reports.settle_question import DIMENSIONS, RETURNED_TO, WHO
from chalicelib.domain.reports.visit_facts import VisitFact
from chalicelib.domain.shared.zones import local_date
from tests.reports.oracle import History

ZONES = {"sal_centru": "Europe/Chisinau", "sal_arbat": "Europe/Moscow", "sal_queens": "America/New_York"}
CURRENCIES = {"sal_centru": "MDL", "sal_arbat": "RUB", "sal_queens": "MDL"}
CATEGORIES = {"srv_cut": "hair", "srv_color": "hair", "srv_nails": "nails", "srv_other": None}
STAFF = ("stf_anna", "stf_ion", None)
SOURCES = ("instagram", "walk-in", None)
CLIENTS = tuple(f"cli_{number}" for number in range(4))
STARTS = (date(2023, 12, 20), date(2024, 1, 29), date(2024, 2, 26), date(2024, 3, 28))
"""Days before ends of months, 29 February, and nights on which the clock changes."""

_COLUMNS = (
    "salon VARCHAR, booking VARCHAR, line USMALLINT, client VARCHAR, visit_on DATE, visit_at TIMESTAMP,"
    " service VARCHAR, staff VARCHAR, currency VARCHAR, list_minor BIGINT, price_minor BIGINT,"
    " paid_minor BIGINT, goods_minor BIGINT, points_minor BIGINT, refunded_minor BIGINT, source VARCHAR"
)
_SHAPE = json.encode([dict(each.split() for each in _COLUMNS.split(", "))]).decode()


@st.composite
def bookings(draw: st.DrawFn, number: int, start: date) -> list[VisitFact]:
    """One completed booking."""
    salon = draw(st.sampled_from(sorted(ZONES)))
    day = start + timedelta(days=draw(st.sampled_from((0, 1, 2, 3, 4, 5, 30, 31, 60))))
    at = datetime(day.year, day.month, day.day, draw(st.sampled_from((2, 8, 12, 22))), 30, tzinfo=UTC)
    is_billed = draw(st.integers(0, 5)) > 0
    client, source = draw(st.sampled_from((*CLIENTS, None))), draw(st.sampled_from(SOURCES))
    return [
        VisitFact(
            salon=salon,
            booking=f"bkg_{number:03d}",
            line=line,
            client=client,
            visit_on=local_date(at, ZONES[salon]),
            visit_at=at,
            service=draw(st.sampled_from(sorted(CATEGORIES))),
            staff=draw(st.sampled_from(STAFF)),
            currency=CURRENCIES[salon],
            list_minor=None,
            price_minor=draw(st.integers(0, 90)),
            paid_minor=draw(st.integers(1, 99)) if is_billed else None,
            refunded_minor=draw(st.sampled_from((0, 0, 1))) if is_billed else 0,
            source=source,
        )
        for line in range(draw(st.sampled_from((1, 1, 2, 3))))
    ]


@st.composite
def histories(draw: st.DrawFn) -> History:
    start, number = draw(st.sampled_from(STARTS)), draw(st.sampled_from((0, 3, 8, 12, 16)))
    made = [draw(bookings(each, start)) for each in range(number)]
    merged = draw(st.sampled_from(({}, {}, {"cli_1": "cli_0"}, {"cli_2": "cli_1", "cli_1": "cli_3"})))
    return History([fact for each in made for fact in each], merged, CATEGORIES, ZONES)


class Asking(NamedTuple):
    """A question, and when it is asked."""

    question: Question
    as_of: datetime


@st.composite
def askings(draw: st.DrawFn, history: History) -> Asking:
    """A question about retention. Its dates lie at visits or a day beside, its windows are as long as a gap
    between visits, and it is asked when a window ends or long after."""
    definition = draw(st.sampled_from(("period", "trailing", "window", "since_visit", "first_time")))
    first, last = draw(periods(history))
    asked: dict[str, Any] = {"first": first, "last": last}
    if definition == "period":
        since, until = sorted((draw(dates(history)), draw(dates(history))))
        asked |= {"return_first": max(since, last + timedelta(days=1)), "return_last": max(until, last)}
        asked["return_last"] = max(asked["return_last"], asked["return_first"])
    elif definition == "since_visit":
        asked["days"] = tuple(draw(st.lists(windows(history), min_size=1, max_size=3)))
    else:
        asked["days"] = (draw(windows(history)),)
    question = Question(
        report="retention",
        definition=definition,
        who=draw(st.sampled_from(WHO)),
        returned_to=draw(st.sampled_from(RETURNED_TO)),
        by=draw(st.sampled_from((None, *DIMENSIONS))),
        **asked,
        **draw(filters()),
    )
    return Asking(question, draw(instants(history, question)))


@st.composite
def dates(draw: st.DrawFn, history: History) -> date:
    visited = [fact.visit_on for fact in history.facts] or [STARTS[0]]
    return draw(st.sampled_from(visited)) + timedelta(days=draw(st.sampled_from((-1, 0, 0, 1))))


@st.composite
def periods(draw: st.DrawFn, history: History) -> tuple[date, date]:
    first, last = sorted((draw(dates(history)), draw(dates(history))))
    return first, last


@st.composite
def windows(draw: st.DrawFn, history: History) -> int:
    """A gap between two visits of one client, or of two, or a day beside."""
    clients: dict[str | None, set[date]] = {}
    for fact in history.facts:
        clients.setdefault(fact.client, set()).add(fact.visit_on)
    gaps = {(later - earlier).days for days in clients.values() for earlier in days for later in days}
    any_gap = abs((draw(dates(history)) - draw(dates(history))).days)
    return max(1, draw(st.sampled_from([any_gap, *sorted(gaps)])) + draw(st.sampled_from((-1, 0, 0, 0, 1))))


@st.composite
def instants(draw: st.DrawFn, history: History, question: Question) -> datetime:
    """Night or noon of a date near the end of some client's window, once all periods have begun."""
    days = timedelta(days=question.days[-1] if question.days else 0)
    ends = [final_on(question), draw(dates(history)) + days, STARTS[-1] + timedelta(days=300)]
    begun = max(question.first or STARTS[0], question.return_first or STARTS[0])
    day = max(draw(st.sampled_from(ends)) + timedelta(days=draw(st.sampled_from((-1, 0, 0, 1)))), begun)
    return datetime(day.year, day.month, day.day, draw(st.sampled_from((12, 12, 23))), tzinfo=UTC)


@st.composite
def other_askings(draw: st.DrawFn, history: History, report: str) -> Asking:
    first, last = draw(periods(history))
    by = None if report == "cohorts" else draw(st.sampled_from((None, *DIMENSIONS)))
    question = Question(report=report, first=first, last=last, by=by, **draw(filters()))
    return Asking(question, draw(instants(history, question)))


@st.composite
def filters(draw: st.DrawFn) -> dict[str, Any]:
    """One filter at most, or salons."""
    some_salons = st.lists(st.sampled_from(sorted(ZONES)), max_size=2, unique=True).map(tuple)
    values: dict[str, st.SearchStrategy[Any]] = {
        "salon_ids": some_salons,
        "staff_id": st.sampled_from([each or "" for each in STAFF]),
        "service_id": st.sampled_from(sorted(CATEGORIES)),
        "service_category": st.sampled_from(["hair", "nails", ""]),
        "source": st.sampled_from([each or "" for each in SOURCES]),
    }
    chosen = draw(st.sampled_from((None, *values)))
    return {} if chosen is None else {chosen: draw(values[chosen])}


def empty_connection() -> duckdb.DuckDBPyConnection:
    """The views of a network of which nothing has happened yet."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"CREATE TABLE facts ({_COLUMNS})")
    connection.execute("CREATE TABLE merges (source VARCHAR, target VARCHAR)")
    connection.execute("CREATE TABLE services (service VARCHAR, name VARCHAR, category VARCHAR)")
    connection.execute("CREATE TABLE staff (staff VARCHAR, name VARCHAR)")
    connection.execute("CREATE TABLE salons (salon VARCHAR, name VARCHAR, timezone VARCHAR)")
    connection.execute(
        "CREATE VIEW visits AS SELECT f.* REPLACE (coalesce(m.target, f.client) AS client)"
        " FROM facts AS f LEFT JOIN merges AS m ON m.source = f.client"
    )
    return connection


def fill(connection: duckdb.DuckDBPyConnection, history: History) -> None:
    """The history takes the place of the one before."""
    for table in ("facts", "merges", "services", "salons"):
        connection.execute(f"DELETE FROM {table}")
    fill_facts(connection, history.facts)
    for source in history.merged:
        target = source
        while target in history.merged:
            target = history.merged[target]
        connection.execute("INSERT INTO merges VALUES (?, ?)", [source, target])
    for service, category in history.categories.items():
        connection.execute("INSERT INTO services VALUES (?, ?, ?)", [service, service, category])
    for salon, zone in history.zones.items():
        connection.execute("INSERT INTO salons VALUES (?, ?, ?)", [salon, salon, zone])


def fill_facts(connection: duckdb.DuckDBPyConnection, facts: Sequence[VisitFact]) -> None:
    connection.execute(
        f"INSERT INTO facts SELECT unnest(from_json(?, '{_SHAPE}'), recursive := true)",
        [json.encode(facts).decode().replace('Z"', '"')],
    )
