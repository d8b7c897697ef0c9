"""The report `value`: random bases get BG/NBD, regular ones their own rhythm, and none gets a forecast that
last year would have proved worse than "as many visits as last year". All figures are the oracle's."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.questions import ListedClient, Question
from chalicelib.domain.shared.errors import DomainError
from tests.profile import tries
from tests.reports.bases import UNTIL, YEAR_LATER, at_random, by_the_clock, lives
from tests.reports.histories import empty_connection, fill
from tests.reports.oracle import History
from tests.reports.value_oracle import ClientVisits, PlainValue, plain_value

NOON = datetime.combine(UNTIL, time(10), UTC)
ZONE = "Europe/Chisinau"
SEEDS = st.integers(0, 10**9)
VALUE = Question(report="value")


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


def facts_of(clients: Sequence[ClientVisits], currency: str = "MDL") -> list[VisitFact]:
    return [
        VisitFact(
            salon="sal_centru",
            booking=f"bkg_{each.client}_{number}",
            line=0,
            client=each.client,
            visit_on=day,
            visit_at=datetime.combine(day, time(9), UTC),
            service="srv_cut",
            staff="stf_anna",
            currency=currency,
            list_minor=None,
            price_minor=None,
            paid_minor=max(bill, 0),
            refunded_minor=max(-bill, 0),
            source="instagram" if hash_of(each.client) else None,
        )
        for each in clients
        for number, (day, bill) in enumerate(zip(each.days, each.bills, strict=True))
    ]


def hash_of(client: str) -> int:
    return sum(map(ord, client)) % 3


def fill_with(connection: duckdb.DuckDBPyConnection, facts: Sequence[VisitFact]) -> None:
    fill(connection, History(facts, {}, {"srv_cut": "hair"}, {"sal_centru": ZONE}))


def asked(
    connection: duckdb.DuckDBPyConnection, clients: Sequence[ClientVisits], until: date = UNTIL
) -> dict[str, Any]:
    fill_with(connection, facts_of(clients))
    return dict(run_report(connection, VALUE, datetime.combine(until, time(10), UTC), ZONE).total)


def listed(connection: duckdb.DuckDBPyConnection, limit: int = 200, **more: Any) -> list[ListedClient]:
    found: list[ListedClient] = []
    after = None
    while True:
        question = Question(report="value", listed="base", limit=limit, after=after, **more)
        page = run_list(connection, question, NOON, ZONE)
        found += page.items
        if (after := page.next_after) is None:
            return found


@cache
def random_base() -> list[ClientVisits]:
    return lives(Random(1), 1500, at_random)


@cache
def regular_base() -> list[ClientVisits]:
    return lives(Random(2), 1500, by_the_clock)


def visits_after(clients: Sequence[ClientVisits]) -> int:
    return sum(UNTIL < day <= YEAR_LATER for client in clients for day in client.days)


# --- the oracle


def some_base(random: Random) -> list[ClientVisits]:
    size = random.choice((0, 1, 40, 40, 120, 120, 250, 700))
    clients = lives(random, size, random.choice((at_random, by_the_clock)))
    same = random.random() < 0.2
    means = {each.client: 300 if same else random.choice((200, 500, 900)) for each in clients}

    def bill(client: str) -> int:
        odd = random.choice((0, -20)) if random.random() < 0.05 else None
        return (
            odd
            if odd is not None
            else means[client]
            if same
            else max(1, round(random.gauss(means[client], 60)))
        )

    return [each._replace(bills=tuple(bill(each.client) for _ in each.days)) for each in clients]


def near(value: Any) -> Any:
    is_number = isinstance(value, int | float)
    return pytest.approx(value, rel=1e-5, abs=1e-6) if is_number else value


def assert_equal(total: dict[str, Any], plain: PlainValue) -> None:
    visits = plain.visits
    assert total["clients"] == len(plain.clients)
    assert total["realised_minor"] == sum(each.realised for each in plain.clients)
    assert total["method"] == visits.method
    assert total["regularity"] == near(visits.regularity)
    assert total["frequency_correlation"] == near(plain.frequency_correlation)
    assert total["spend_refused"] == plain.spend_refused
    assert [tuple(each.values()) for each in total["tried"]] == [
        (
            each.method,
            each.refused,
            near(each.error),
            near(each.last_year_error),
            near(each.foretold),
            each.real,
        )
        for each in visits.tried
    ]


@tries(8, 2_000)
@given(seed=SEEDS)
def test_all_figures_are_those_of_the_oracle(connection: duckdb.DuckDBPyConnection, seed: int) -> None:
    clients = some_base(Random(seed))
    plain = plain_value(clients, UNTIL)
    fill_with(connection, facts_of(clients))
    report = run_report(connection, VALUE, NOON, ZONE)
    if not plain.clients:
        assert (report.rows, report.total["clients"]) == ((), 0)
        return
    assert_equal(dict(report.total), plain)
    assert [(row["key"], row["clients"], tuple(row["spent_minor"])) for row in report.rows] == [
        (each.month, each.clients, each.spent) for each in plain.cohorts
    ]
    found = {each.client_id: each.value for each in listed(connection)}
    assert len(found) == len(plain.clients)
    for each in plain.clients:
        value = found[each.client]
        assert value is not None
        assert value.realised_minor == each.realised
        assert value.expected_visits == near(each.expected_visits)
        expected = each.expected if each.expected is None else pytest.approx(each.expected, rel=1e-4, abs=1)
        assert value.expected_minor == expected


# --- the method


def test_visits_at_random_are_foretold_by_bg_nbd(connection: duckdb.DuckDBPyConnection) -> None:
    total = asked(connection, random_base())
    assert (total["method"], total["refused"]) == ("bg_nbd", None)
    assert set(total["parameters"]) == {"r", "alpha", "a", "b"}
    assert total["regularity"] == pytest.approx(1, abs=0.2)
    (tried,) = total["tried"]
    assert tried["error"] < tried["last_year_error"]
    assert total["expected_visits"] == pytest.approx(visits_after(random_base()), rel=0.1)


def test_regular_visits_are_foretold_by_each_client_s_own_rhythm(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    total = asked(connection, regular_base())
    assert (total["method"], total["parameters"]) == ("own_rhythm", {})
    assert total["regularity"] > 1.5
    assert [each["refused"] for each in total["tried"]] == ["too_regular", None]
    assert total["expected_visits"] == pytest.approx(visits_after(regular_base()), rel=0.1)


def test_what_comes_after_today_changes_nothing(connection: duckdb.DuckDBPyConnection) -> None:
    known = [
        ClientVisits(each.client, days, each.bills[: len(days)])
        for each in regular_base()[:500]
        if (days := tuple(day for day in each.days if day <= UNTIL))
    ]
    assert asked(connection, known) == asked(connection, regular_base()[:500])


def test_the_best_clients_are_listed_first_and_the_lost_ones_last(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    lost = ClientVisits("lost", (date(2023, 1, 2), date(2023, 2, 2), date(2023, 3, 2)), (300,) * 3)
    weekly_days = tuple(UNTIL - timedelta(days=7 * ago) for ago in range(50, -1, -1))
    weekly = ClientVisits("weekly", weekly_days, (900,) * len(weekly_days))
    varied = [
        each._replace(bills=tuple(250 + n % 90 for n in range(len(each.days))))
        for each in regular_base()[:800]
    ]
    fill_with(connection, facts_of([lost, *varied, weekly]))
    found = listed(connection, limit=100)
    values = [each.value.expected_minor for each in found if each.value]
    assert found[0].client_id == "weekly"
    assert values == sorted(values, key=lambda each: -(each or 0))
    assert len({each.client_id for each in found}) == len(found)
    (of_lost,) = [each for each in found if each.client_id == "lost"]
    assert of_lost.value is not None
    assert of_lost.value.expected_visits is not None
    assert of_lost.value.expected_visits < 0.5
    assert (of_lost.staff_id, of_lost.visits_count, of_lost.spent_minor) == ("stf_anna", 3, {"MDL": 900})


def test_a_forecast_that_is_worse_than_last_year_is_refused(connection: duckdb.DuckDBPyConnection) -> None:
    """Half of the clients come every 28 days for ever. The others came every 28 days and stopped, all on
    one day two years ago. So nobody has left since, and the share that was kept then foretells too few."""
    begin = UNTIL - timedelta(days=1110)
    stay = tuple(begin + timedelta(days=28 * n) for n in range(40))
    stop = tuple(day for day in stay if day <= UNTIL - timedelta(days=740))
    total = asked(
        connection,
        [
            ClientVisits(f"c{n}", days, (1,) * len(days))
            for n in range(100)
            for days in ((stop, stay)[n % 2],)
        ],
    )
    assert (total["method"], total["refused"]) == (None, "worse_than_last_year")
    assert (total["expected_visits"], total["expected_minor"]) == (None, None)
    assert [each["refused"] for each in total["tried"]] == ["too_regular", "worse_than_last_year"]
    assert total["tried"][1]["error"] > total["tried"][1]["last_year_error"]


def test_a_young_base_gets_no_forecast_and_is_listed_by_what_was_paid(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    clients = [ClientVisits(f"c{n:03d}", (UNTIL - timedelta(days=n),), (n % 100,)) for n in range(300)]
    total = asked(connection, clients)
    assert total["method"] is None
    assert [each["refused"] for each in total["tried"]] == ["too_few_clients", "too_few_clients"]
    found = [(-each.value.realised_minor, each.client_id) for each in listed(connection, 60) if each.value]
    assert len(found) == 300
    assert found == sorted(found)


def test_a_base_without_repeats_has_no_model(connection: duckdb.DuckDBPyConnection) -> None:
    clients = [ClientVisits(f"c{n}", (UNTIL - timedelta(days=n),), (300,)) for n in range(700)]
    assert asked(connection, clients)["tried"][0]["refused"] == "not_converged"


def test_equal_bills_have_no_model_of_spending(connection: duckdb.DuckDBPyConnection) -> None:
    two = (date(2025, 1, 5), date(2025, 2, 5))
    total = asked(connection, [ClientVisits(f"c{n}", two, (500, 500)) for n in range(40)])
    assert (total["spend_refused"], total["frequency_correlation"]) == ("not_converged", None)


def test_expected_value_is_expected_visits_times_the_expected_bill(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Clients spend 200 to 1,000 a visit, each about their own mean."""
    random, clients = Random(8), []
    for each in lives(random, 1500, at_random):
        mean = random.uniform(200, 1000)
        clients.append(
            each._replace(bills=tuple(max(1, round(random.gauss(mean, mean / 5))) for _ in each.days))
        )
    total = asked(connection, clients)
    assert (total["method"], total["spend_refused"]) == ("bg_nbd", None)
    assert total["frequency_correlation"] == pytest.approx(0, abs=0.1)
    later = sum(
        bill for each in clients for day, bill in zip(each.days, each.bills, strict=True)
        if UNTIL < day <= YEAR_LATER
    )  # fmt: skip
    assert total["expected_minor"] == pytest.approx(later, rel=0.15)


# --- what is asked


def test_the_base_is_shown_by_source_and_each_source_as_its_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    whole = asked(connection, regular_base()[:800])
    rows = run_report(connection, Question(report="value", by="source"), NOON, ZONE).rows
    assert [row["key"] for row in rows] == ["", "instagram"]
    for name in ("clients", "realised_minor", "expected_visits"):
        assert sum(row[name] for row in rows) == pytest.approx(whole[name])
    for row in rows:
        of_source = run_report(connection, Question(report="value", source=row["key"]), NOON, ZONE)
        assert {name: of_source.total[name] for name in row if name not in {"key", "name"}} == {
            name: near(row[name]) for name in row if name not in {"key", "name"}
        }
        assert len(listed(connection, source=row["key"])) == row["clients"]


def test_a_period_shows_the_clients_who_came_first_in_it_and_foretells_them_as_before(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    asked(connection, regular_base()[:500])
    first, last = date(2024, 2, 1), date(2024, 2, 29)
    whole = run_report(connection, VALUE, NOON, ZONE)
    part = run_report(connection, Question(report="value", first=first, last=last), NOON, ZONE)
    (row,) = part.rows
    assert row == {
        name: near(value) for name, value in next(r for r in whole.rows if r["key"] == "2024-02").items()
    }
    assert part.total["method"] == whole.total["method"]
    assert part.total["tried"] == whole.total["tried"]


def test_money_of_two_currencies_is_never_added_up(connection: duckdb.DuckDBPyConnection) -> None:
    two = (date(2025, 1, 5), date(2025, 2, 5))
    facts = facts_of([ClientVisits("anna", two, (500, 500))]) + facts_of(
        [ClientVisits("anna", (date(2025, 3, 1),), (70,))], "EUR"
    )
    fill_with(connection, facts)
    found = {
        currency: run_report(connection, Question(report="value", currency=currency), NOON, ZONE).total
        for currency in (None, "EUR", "USD")
    }
    assert [(each["currency"], each["clients"], each["realised_minor"]) for each in found.values()] == [
        ("MDL", 1, 1000),
        ("EUR", 1, 70),
        ("USD", 0, 0),
    ]


def test_a_visit_whose_bill_nobody_told_counts_as_a_visit_and_is_told(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    first, second = facts_of([ClientVisits("anna", (date(2025, 1, 5), date(2025, 2, 5)), (500, 500))])
    fill_with(connection, [first, VisitFact(**{**vars_of(second), "paid_minor": None})])
    total = run_report(connection, VALUE, NOON, ZONE).total
    assert (total["realised_minor"], total["visits_without_bill"]) == (500, 1)


def vars_of(fact: VisitFact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__struct_fields__}


@pytest.mark.parametrize("cursor", ["", "x", "1e9.cli", "9" * 30])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str, connection: duckdb.DuckDBPyConnection) -> None:
    asked(connection, [ClientVisits("anna", (date(2025, 1, 5),), (500,))])
    with pytest.raises(DomainError, match="page before"):
        run_list(connection, Question(report="value", listed="base", after=cursor), NOON, ZONE)


def test_no_table_of_the_report_stays(connection: duckdb.DuckDBPyConnection) -> None:
    asked(connection, [ClientVisits("anna", (date(2025, 1, 5),), (500,))])
    tables = connection.execute("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall()
    assert tables == []
