"""Visits after which the client held the next booking: docs/metrics.md, and the ends of days."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import duckdb
import pytest

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.visit_facts import BookingToCome, VisitFact
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.zones import local_instant
from chalicelib.domain.statistics.wilson import wilson
from tests.reports.histories import empty_connection, fill
from tests.reports.oracle import History, Oracle
from tests.reports.test_metrics_documented import NOON, TODAY, ZONES, asked, section

VISIT_ON = date(2026, 8, 10)
ONE_DAY = timedelta(days=1)
AUGUST: dict[str, Any] = {"first": date(2026, 8, 1), "last": date(2026, 8, 31)}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def tables() -> tuple[list[list[str]], list[list[str]]]:
    """The bookings of the example, and its figures."""
    made = [
        [[cell.strip(" `") for cell in line.strip("| ").split(" | ")] for line in text.splitlines()[2:]]
        for text in section("Rebooking").split("\n\n")
        if text.startswith("| ")
    ]
    return made[0], made[1]


def an_attendance(
    visit_on: date,
    booked_on: date | None = None,
    client: str = "Anna",
    salon: str = "Centru",
    attendance: str = "completed",
) -> VisitFact:
    return VisitFact(
        salon=salon,
        booking=f"bkg {client} {visit_on}",
        line=0,
        client=client,
        visit_on=visit_on,
        visit_at=local_instant(visit_on, time(10), ZONES[salon]),
        service="cut",
        staff="Ion",
        currency="MDL",
        list_minor=None,
        price_minor=None,
        paid_minor=None,
        booked_on=booked_on,
        attendance=attendance,
    )


def to_come(starts_on: date, booked_on: date | None, client: str = "Anna") -> BookingToCome:
    return BookingToCome(
        salon="Centru",
        booking=f"bkg {client} {starts_on}",
        client=client,
        starts_on=starts_on,
        booked_on=booked_on,
    )


def example() -> History:
    facts, booked = [], []
    for client, made, salon, starts, now in tables()[0]:
        booked_on = None if made == "unknown" else date.fromisoformat(made)
        if now == "to come":
            booked.append(to_come(date.fromisoformat(starts), booked_on, client))
        elif now != "cancelled":
            attendance = "no_show" if now == "missed" else now
            facts.append(an_attendance(date.fromisoformat(starts), booked_on, client, salon, attendance))
    return History(facts, {}, {"cut": "hair"}, ZONES, booked)


def total(
    connection: duckdb.DuckDBPyConnection,
    facts: Sequence[VisitFact],
    booked: Sequence[BookingToCome] = (),
    merged: dict[str, str] | None = None,
    as_of: datetime = NOON,
) -> Any:
    fill(connection, History(facts, merged or {}, {"cut": "hair"}, ZONES, booked))
    return run_report(connection, Question(report="rebooking", **AUGUST), as_of, "UTC").total


@pytest.mark.parametrize("row", tables()[1], ids=" ".join)
def test_it_comes_out_as_the_page_says(row: list[str], connection: duckdb.DuckDBPyConnection) -> None:
    query, key, *figures = row
    history, question = example(), asked(query, "rebooking")
    fill(connection, history)
    report = run_report(connection, question, NOON, "Europe/Chisinau")
    found = {each["key"]: each for each in report.rows} | {"total": report.total}
    names = ("visits", "rebooked", "clients", "unknown")
    expected = dict(zip(names, map(int, figures), strict=True))
    assert found[key].items() >= expected.items()
    oracle = Oracle(history, settled(question, TODAY), TODAY)
    by = None if key == "total" else question.by
    assert oracle.rebooking_of(by, "" if by is None else key).items() >= expected.items()


@pytest.mark.parametrize(
    ("listed", "clients"),
    [
        ("returned", ["Anna", "Boris", "Eva"]),
        ("lost", ["Clara"]),
        ("base", ["Anna", "Boris", "Clara", "Eva"]),
    ],
)
def test_the_clients_behind_the_figure(
    connection: duckdb.DuckDBPyConnection, listed: str, clients: list[str]
) -> None:
    fill(connection, example())
    found = run_list(connection, Question(report="rebooking", listed=listed, **AUGUST), NOON, "UTC")
    assert [each.client_id for each in found.items] == clients


@pytest.mark.parametrize(
    ("booked", "starts", "rebooked"),
    [(0, 1, 1), (-9, 1, 1), (1, 30, 0), (0, 0, 0), (-1, 0, 0), (-9, -1, 0)],
)
def test_a_booking_counts_that_was_made_by_the_visits_date_and_starts_on_a_later_one(
    connection: duckdb.DuckDBPyConnection, booked: int, starts: int, rebooked: int
) -> None:
    held = to_come(VISIT_ON + starts * ONE_DAY, VISIT_ON + booked * ONE_DAY)
    figures = total(connection, [an_attendance(VISIT_ON)], [held])
    assert (figures["visits"], figures["rebooked"]) == (1, rebooked)


def test_a_visit_in_two_salons_on_one_date_is_two_visits_and_one_client(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    facts = [an_attendance(VISIT_ON), an_attendance(VISIT_ON, salon="Arbat")]
    figures = total(connection, facts, [to_come(VISIT_ON + ONE_DAY, VISIT_ON)])
    assert (figures["visits"], figures["rebooked"], figures["clients"]) == (2, 2, 1)


def test_a_missed_booking_is_no_visit_and_was_held_all_the_same(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    missed = an_attendance(VISIT_ON + 9 * ONE_DAY, VISIT_ON, attendance="no_show")
    figures = total(connection, [an_attendance(VISIT_ON), missed])
    assert (figures["visits"], figures["rebooked"]) == (1, 1)


def test_a_booking_of_a_merged_client_is_the_targets(connection: duckdb.DuckDBPyConnection) -> None:
    facts = [an_attendance(VISIT_ON, client="Ann")]
    booked = [to_come(VISIT_ON + ONE_DAY, VISIT_ON, client="Anka")]
    assert total(connection, facts, booked)["rebooked"] == 0
    assert total(connection, facts, booked, {"Ann": "Anna", "Anka": "Ann"})["rebooked"] == 1


def test_a_visit_of_today_waits_for_the_end_of_the_day(connection: duckdb.DuckDBPyConnection) -> None:
    facts = [an_attendance(date(2026, 8, 31)), an_attendance(date(2026, 8, 31), client="Boris")]
    booked = [to_come(date(2026, 9, 5), date(2026, 8, 31))]
    evening, night = datetime(2026, 8, 31, 20, 59, tzinfo=UTC), datetime(2026, 8, 31, 21, tzinfo=UTC)
    open_yet, over = (total(connection, facts, booked, as_of=as_of) for as_of in (evening, night))
    assert (open_yet["visits"], open_yet["rebooked"], open_yet["maturing"]) == (1, 1, 1)
    assert (over["visits"], over["rebooked"], over["maturing"]) == (2, 1, 0)


def test_what_is_unknown_widens_the_interval(connection: duckdb.DuckDBPyConnection) -> None:
    clients = [f"cli_{number}" for number in range(10)]
    facts = [an_attendance(VISIT_ON, client=each) for each in clients]
    known = [to_come(VISIT_ON + ONE_DAY, VISIT_ON, each) for each in clients[:4]]
    unknown = [to_come(VISIT_ON + ONE_DAY, None, each) for each in clients[3:6]]
    figures = total(connection, facts, [*known, *unknown])
    assert (figures["visits"], figures["rebooked"], figures["unknown"]) == (8, 4, 2)
    assert figures["rate"] == 0.5
    least, most = wilson(4, 10), wilson(6, 10)
    assert least is not None
    assert most is not None
    assert figures["interval"] == (least[0], most[1])
    assert total(connection, facts[:8], known)["interval"] == wilson(4, 8)


def test_nobody_has_no_rate(connection: duckdb.DuckDBPyConnection) -> None:
    nobody = {"visits": 0, "rebooked": 0, "rate": None, "interval": None, "clients": 0, "unknown": 0}
    assert total(connection, []).items() >= nobody.items()
