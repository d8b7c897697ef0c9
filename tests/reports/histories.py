"""Random histories of a network and random questions about them, and a connection that has a history.

They are drawn by a seed: Hypothesis by itself prefers small histories, in which hardly anybody returns.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, NamedTuple

import duckdb
from msgspec import json

from chalicelib.analytics.booking_tables import BOOKINGS_SCHEMA
from chalicelib.analytics.change_tables import CHANGES_SCHEMA
from chalicelib.domain.facts.visit_facts import BookingToCome, VisitFact
from chalicelib.domain.reports.questions import Question, final_on
from chalicelib.domain.reports.report_forms import (
    COHORTS,
    DEFINITIONS,
    DIMENSIONS,
    PERIOD,
    REBOOKING,
    RETENTION,
    SINCE_VISIT,
    TRAILING,
)
from chalicelib.domain.reports.settle_question import RETURNED_TO
from chalicelib.domain.shared.zones import local_date
from tests.reports.oracle import History

ZONES = {"sal_centru": "Europe/Chisinau", "sal_arbat": "Europe/Moscow", "sal_queens": "America/New_York"}
CURRENCIES = {"sal_centru": "MDL", "sal_arbat": "RUB", "sal_queens": "MDL"}
CATEGORIES = {"srv_cut": "hair", "srv_color": "hair", "srv_nails": "nails", "srv_other": None}
STAFF = ("stf_anna", "stf_ion", None)
SOURCES = ("instagram", "walk-in", None)
CLIENTS = tuple(f"cli_{number}" for number in range(6))
STARTS = (date(2023, 12, 20), date(2024, 1, 29), date(2024, 2, 26), date(2024, 3, 28))
"""Days before ends of months, 29 February, and nights on which the clock changes."""

_COLUMNS = (
    "salon VARCHAR, booking VARCHAR, line USMALLINT, client VARCHAR, visit_on DATE, visit_at TIMESTAMP,"
    " service VARCHAR, staff VARCHAR, currency VARCHAR, list_minor BIGINT, price_minor BIGINT,"
    " paid_minor BIGINT, goods_minor BIGINT, points_minor BIGINT, refunded_minor BIGINT, source VARCHAR,"
    " booked_on DATE, referrer VARCHAR, attendance VARCHAR, rating USMALLINT"
)
_SHAPE = json.encode([dict(each.split() for each in _COLUMNS.split(", "))]).decode()


class Asking(NamedTuple):
    """A question, and when it is asked."""

    question: Question
    as_of: datetime


def some_history(random: Random) -> History:
    """Up to thirty bookings of six clients within about a month."""
    start = random.choice(STARTS)
    facts = [
        fact
        for number in range(random.choice((0, 4, 12, 16, 20, 24, 30)))
        for fact in _booking(random, number, start)
    ]
    merged = random.choice(({}, {}, {"cli_1": "cli_0"}, {"cli_2": "cli_1", "cli_1": "cli_3"}))
    booked = [_to_come(random, number, start) for number in range(random.choice((0, 2, 5)))]
    return History(facts, merged, CATEGORIES, ZONES, booked)


def _to_come(random: Random, number: int, start: date) -> BookingToCome:
    starts_on = start + timedelta(days=random.choice((1, 5, 10, 31, 40)))
    return BookingToCome(
        salon=random.choice(sorted(ZONES)),
        booking=f"bkg_to_come_{number}",
        client=random.choice((*CLIENTS, None)),
        starts_on=starts_on,
        booked_on=_booked_on(random, starts_on),
    )


def _booked_on(random: Random, starts_on: date) -> date | None:
    """On a day before, which is often that of another visit; entered on a later day; unknown."""
    days = random.choice((0, 0, 1, 2, 3, 5, 8, 10, 30, -1, None, None))
    return starts_on - timedelta(days=days) if days is not None else None


def _booking(random: Random, number: int, start: date) -> list[VisitFact]:
    salon, client = random.choice(sorted(ZONES)), random.choice((*CLIENTS, *CLIENTS, None))
    day = start + timedelta(days=random.choice((0, 0, 1, 2, 3, 5, 8, 10, 30, 31)))
    at = datetime(day.year, day.month, day.day, random.choice((2, 8, 12, 22)), 30, tzinfo=UTC)
    is_billed, source = random.random() < 0.8, random.choice(SOURCES)
    booked_on = _booked_on(random, local_date(at, ZONES[salon]))
    beside = Random(f"{number} {client} {at}")  # leaves all other draws as they are
    referrer = beside.choice((None, *CLIENTS))
    rating = beside.choice((None, None, 1, 3, 4, 5))
    if random.random() < 0.1:
        return [_missed(salon, number, client, at, booked_on)]
    return [
        VisitFact(
            salon=salon,
            booking=f"bkg_{number:03d}",
            line=line,
            client=client,
            visit_on=local_date(at, ZONES[salon]),
            visit_at=at,
            service=random.choice((*sorted(CATEGORIES), None)),
            staff=random.choice(STAFF),
            currency=CURRENCIES[salon],
            list_minor=random.choice((None, 0, *range(40, 99))),
            price_minor=random.choice((None, *range(20, 99))),
            paid_minor=random.randrange(1, 99) if is_billed else None,
            goods_minor=random.choice((0, 0, 1)),
            points_minor=random.choice((0, 0, 1)),
            refunded_minor=random.choice((0, 0, 1)) if is_billed else 0,
            source=source,
            booked_on=booked_on,
            referrer=referrer,
            rating=rating,
        )
        for line in range(random.choice((1, 1, 2, 3)))
    ]


def _missed(salon: str, number: int, client: str | None, at: datetime, booked_on: date | None) -> VisitFact:
    return VisitFact(
        salon=salon,
        booking=f"bkg_{number:03d}",
        line=0,
        client=client,
        visit_on=local_date(at, ZONES[salon]),
        visit_at=at,
        service="srv_cut",
        staff=None,
        currency=CURRENCIES[salon],
        list_minor=None,
        price_minor=None,
        paid_minor=None,
        booked_on=booked_on,
        attendance="no_show",
    )


def some_asking(random: Random, history: History) -> Asking:
    """A question about retention. Its dates lie at visits or a day beside, its windows are as long as a gap
    between visits, and it is asked when a window ends or long after."""
    definition = random.choice(DEFINITIONS)
    first, last, since, until = sorted(_date(random, history) for _ in range(4))
    if definition == TRAILING:
        first, last = last, since
    asked: dict[str, Any] = {"first": first, "last": last}
    if definition == PERIOD:
        asked["return_first"] = max(since, last + timedelta(days=1))
        asked["return_last"] = max(until, asked["return_first"])
    elif definition == SINCE_VISIT:
        asked["days"] = tuple(_window(random, history) for _ in range(random.randint(1, 3)))
    else:
        asked["days"] = (_window(random, history),)
    question = Question(
        report=RETENTION,
        definition=definition,
        who=random.choice(("all", "all", "new")),
        returned_to=random.choice(("network", *RETURNED_TO)),
        by=random.choice((None, *DIMENSIONS)),
        **asked,
        **_filter(random),
    )
    return Asking(question, _instant(random, history, question))


def some_other_asking(random: Random, history: History, report: str) -> Asking:
    first, last = sorted((_date(random, history), _date(random, history)))
    by = None if report == COHORTS else random.choice((None, *DIMENSIONS))
    who = random.choice(("all", "new")) if report == REBOOKING else None
    question = Question(report=report, first=first, last=last, by=by, who=who, **_filter(random))
    return Asking(question, _instant(random, history, question))


def _date(random: Random, history: History) -> date:
    visited = [fact.visit_on for fact in history.facts] or [STARTS[0]]
    return random.choice(visited) + timedelta(days=random.choice((-1, 0, 0, 1)))


def _window(random: Random, history: History) -> int:
    """A gap between two visits of one client, or a day beside."""
    clients: dict[str | None, set[date]] = {}
    for fact in history.facts:
        clients.setdefault(fact.client, set()).add(fact.visit_on)
    gaps = {(later - earlier).days for days in clients.values() for earlier in days for later in days}
    chosen = random.choice(sorted(gap for gap in gaps if gap > 0) or [30])
    return max(1, chosen + random.choice((-1, 0, 0, 1)))


def _instant(random: Random, history: History, question: Question) -> datetime:
    """Night or noon of a date near the end of some client's window, once all periods have begun."""
    days = timedelta(days=question.days[-1] if question.days else 0)
    ends = [final_on(question), _date(random, history) + days, STARTS[-1] + timedelta(days=300)]
    begun = max(question.first or STARTS[0], question.return_first or STARTS[0])
    day = max(random.choice(ends) + timedelta(days=random.choice((-1, 0, 0, 1))), begun)
    return datetime(day.year, day.month, day.day, random.choice((12, 12, 23)), tzinfo=UTC)


def _filter(random: Random) -> dict[str, Any]:
    """One filter at most."""
    values: dict[str, Any] = {
        "salon_ids": tuple(random.sample(sorted(ZONES), random.randint(1, 2))),
        "staff_id": random.choice(STAFF) or "",
        "service_id": random.choice((*sorted(CATEGORIES), "")),
        "service_category": random.choice(("hair", "nails", "")),
        "source": random.choice(SOURCES) or "",
    }
    chosen = random.choice((*[None] * 7, *values))
    return {} if chosen is None else {chosen: values[chosen]}


def empty_connection() -> duckdb.DuckDBPyConnection:
    """The views of a network of which nothing has happened yet."""
    connection = duckdb.connect(config={"threads": 1})
    connection.execute(f"CREATE TABLE facts ({_COLUMNS})")
    connection.execute(CHANGES_SCHEMA)
    connection.execute("CREATE TABLE merges (source VARCHAR, target VARCHAR)")
    connection.execute("CREATE TABLE services (service VARCHAR, name VARCHAR, category VARCHAR)")
    connection.execute("CREATE TABLE staff (staff VARCHAR, name VARCHAR)")
    connection.execute("CREATE TABLE sources (source VARCHAR, name VARCHAR, type VARCHAR)")
    connection.execute("CREATE TABLE words (word VARCHAR, source VARCHAR)")
    connection.execute(
        "CREATE TABLE costs (source VARCHAR, month INTEGER, amount_minor BIGINT, currency VARCHAR)"
    )
    connection.execute("CREATE TABLE salons (salon VARCHAR, name VARCHAR, timezone VARCHAR)")
    connection.execute(
        "CREATE VIEW attendances AS SELECT f.* REPLACE ("
        "coalesce(m.target, f.client) AS client, coalesce(r.target, f.referrer) AS referrer)"
        " FROM facts AS f LEFT JOIN merges AS m ON m.source = f.client"
        " LEFT JOIN merges AS r ON r.source = f.referrer"
    )
    connection.execute("CREATE VIEW visits AS FROM attendances WHERE attendance = 'completed'")
    connection.execute(BOOKINGS_SCHEMA)
    return connection


def fill(connection: duckdb.DuckDBPyConnection, history: History) -> None:
    """The history takes the place of the one before."""
    for table in ("facts", "to_come", "merges", "services", "salons"):
        connection.execute(f"DELETE FROM {table}")
    fill_facts(connection, history.facts)
    for each in history.booked:
        row = [each.salon, each.booking, each.client, each.starts_on, each.booked_on]
        connection.execute("INSERT INTO to_come VALUES (?, ?, ?, ?, ?)", row)
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
