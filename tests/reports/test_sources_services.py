"""The reports of sources and of services: what a count by hand says, and which source to feed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.analytics.run_report import run_list, run_report
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.reports.questions import Question, Report, needed_days
from chalicelib.domain.reports.report_forms import LISTS
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.months import number_of_month
from chalicelib.domain.shared.zones import local_date
from tests.profile import tries
from tests.reports.histories import (
    CATEGORIES,
    ZONES,
    empty_connection,
    fill,
    some_asking,
    some_history,
)
from tests.reports.oracle import Figures, History, Oracle
from tests.reports.oracle_sources import referral_figures, service_figures, source_figures

HOME = "Europe/Chisinau"
BY_HAND = {"sources": source_figures, "services": service_figures, "referrals": referral_figures}
AS_OF = datetime(2026, 9, 1, 12, tzinfo=UTC)
MARCH = {"first": date(2026, 3, 1), "last": date(2026, 3, 31)}
OF_COSTS = {
    "type", "cost_minor", "costs_unknown_months", "cost_currency", "cost_per_new_client_minor",
    "cost_per_returned_client_minor", "cost_per_paid_back_client_minor", "sales_less_cost_minor",
    "verdict", "others_rate", "difference", "difference_interval", "recommended", "others",
}  # fmt: skip
NOT_COUNTED = OF_COSTS | {"name", "interval", "days", "visits_by_currency"}


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with empty_connection() as made:
        yield made


# --- counted by hand


def counted(figures: Mapping[str, Any]) -> Figures:
    return {
        name: counted(value) if isinstance(value, dict) else value
        for name, value in figures.items()
        if name not in NOT_COUNTED
    }


@pytest.mark.hypothesis
@tries(30, 2_000)
@given(seed=st.integers(0, 10**9), name=st.sampled_from(sorted(BY_HAND)))
def test_they_are_what_a_count_by_hand_says(
    connection: duckdb.DuckDBPyConnection, seed: int, name: str
) -> None:
    random = Random(seed)
    history = some_history(random)
    fill(connection, history)
    asking = some_asking(random, history)
    filters = {each: getattr(asking.question, each) for each in FILTERS}
    days = asking.question.days[-1:] or (10,)
    question = Question(
        report=name, first=asking.question.first, last=asking.question.last, days=days, **filters
    )
    note(history)
    note(question)
    today = min(local_date(asking.as_of, zone) for zone in ZONES.values())
    oracle = Oracle(history, settled(question, today), today)
    rows, total = BY_HAND[name](oracle)
    report = run_report(connection, question, asking.as_of, HOME)
    assert [counted(row) for row in report.rows] == [counted(row) for row in rows]
    assert counted(report.total) == counted(total)


FILTERS = ("salon_ids", "staff_id", "service_id", "service_category", "source")


@pytest.mark.hypothesis
@tries(6, 500)
@given(seed=st.integers(0, 10**9), which=st.sampled_from(LISTS))
def test_the_clients_behind_a_row_are_as_many_as_it_says(
    connection: duckdb.DuckDBPyConnection, seed: int, which: str
) -> None:
    random = Random(seed)
    history = some_history(random)
    fill(connection, history)
    asking = some_asking(random, history)
    for name, filter_name in (("sources", "source"), ("services", "service_id")):
        question = Question(report=name, first=asking.question.first, last=asking.question.last, days=(5,))
        for row in run_report(connection, question, asking.as_of, HOME).rows:
            asked = replace(question, listed=which, **{filter_name: row["key"]})
            lost = row["clients"] - row["returned"]
            numbers = dict(zip(LISTS, (row["clients"], row["returned"], lost, row["maturing"]), strict=True))
            assert len(run_list(connection, asked, asking.as_of, HOME).items) == numbers[which]


# --- sources


def first_visits(source: str | None, clients: int, returned: int, **changed: Any) -> list[VisitFact]:
    """New clients of a source, who came on 10 March 2026. Some return 30 days later."""
    found = []
    for number in range(clients):
        client = f"cli_{source}_{number}"
        days = [date(2026, 3, 10), date(2026, 4, 9)]
        found += [a_line(client, day, source=source, **changed) for day in days[: 1 + (number < returned)]]
    return found


def a_line(client: str, day: date, **changed: Any) -> VisitFact:
    line = VisitFact(
        salon="sal_centru",
        booking=f"bkg_{client}_{day}",
        line=0,
        client=client,
        visit_on=day,
        visit_at=datetime(day.year, day.month, day.day, 9, tzinfo=UTC),
        service="srv_cut",
        staff="stf_anna",
        currency="MDL",
        list_minor=30_000,
        price_minor=30_000,
        paid_minor=30_000,
        source="instagram",
    )
    return replace(line, **changed)


def asked(
    connection: duckdb.DuckDBPyConnection,
    facts: list[VisitFact],
    report: str = "sources",
    *,
    types: Mapping[str, str] | None = None,
    costs: Mapping[tuple[str, str], int] | None = None,
    **question: Any,
) -> tuple[Report, dict[str, dict[str, Any]]]:
    """types: of listed sources. costs: by source and month."""
    fill(connection, History(facts, {}, CATEGORIES, ZONES))
    for table in ("sources", "costs"):
        connection.execute(f"DELETE FROM {table}")
    for source, kind in (types or {}).items():
        connection.execute("INSERT INTO sources VALUES (?, ?, ?)", [source, source.title(), kind])
    for (source, month), amount in (costs or {}).items():
        row = [source, number_of_month(month), amount, "MDL"]
        connection.execute("INSERT INTO costs VALUES (?, ?, ?, ?)", row)
    found = run_report(connection, Question(report=report, **MARCH | question), AS_OF, HOME)
    return found, {row["key"]: dict(row) for row in found.rows}


THREE = [
    *first_visits("friend", 50, 40),
    *first_visits("coupons", 60, 6),
    *first_visits("instagram", 50, 22),
]


def test_the_source_to_feed_and_the_one_to_stop_are_told(connection: duckdb.DuckDBPyConnection) -> None:
    _, rows = asked(connection, THREE)
    assert {key: row["verdict"] for key, row in rows.items()} == {
        "friend": "feed", "coupons": "stop", "instagram": "alike",
    }  # fmt: skip
    friend = rows["friend"]
    assert (friend["rate"], friend["others_rate"]) == (0.8, pytest.approx(28 / 110))
    low, high = friend["difference_interval"]
    assert 0 < low < friend["difference"] < high


def test_of_few_clients_no_source_is_told_apart(connection: duckdb.DuckDBPyConnection) -> None:
    _, rows = asked(connection, [*first_visits("friend", 29, 29), *first_visits("coupons", 200, 0)])
    assert {row["verdict"] for row in rows.values()} == {"too_few"}


def test_a_source_alone_is_compared_with_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    _, rows = asked(
        connection, [*first_visits("friend", 40, 29), *first_visits(None, 40, 0)], source="friend"
    )
    assert (rows["friend"]["verdict"], rows["friend"]["others_rate"]) == ("too_few", None)


def test_clients_of_no_known_source_are_a_row_without_type_cost_and_verdict(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    _, rows = asked(connection, [*THREE, *first_visits(None, 5, 1)])
    unknown = rows[""]
    assert (unknown["clients"], unknown["verdict"], unknown["type"], unknown["cost_minor"]) == (
        5,
        None,
        None,
        None,
    )
    assert unknown["costs_unknown_months"] == []


def test_what_a_source_cost_is_told_a_client(connection: duckdb.DuckDBPyConnection) -> None:
    visits = [*first_visits("instagram", 9, 3), *(
        a_line("cli_instagram_0", date(2026, month, 20)) for month in (5, 6, 7)
    )]  # fmt: skip
    report, rows = asked(
        connection, visits, types={"instagram": "social"}, costs={("instagram", "2026-03"): 90_000}
    )
    row = rows["instagram"]
    assert (row["name"], row["type"]) == ("Instagram", "social")
    assert (row["cost_minor"], row["cost_currency"]) == ({"MDL": 90_000}, "MDL")
    assert row["cost_per_new_client_minor"] == 10_000
    assert row["cost_per_returned_client_minor"] == 30_000
    assert (row["paid_back"]["clients"], row["cost_per_paid_back_client_minor"]) == (1, 90_000)
    assert row["sales_minor"] == {"MDL": 15 * 30_000}
    assert row["sales_less_cost_minor"] == 15 * 30_000 - 90_000
    assert report.total["cost_per_new_client_minor"] == 10_000


def test_a_source_that_cost_something_and_brought_nobody_is_a_row(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    costs = {("leaflets", "2026-03"): 50_000, ("leaflets", "2026-04"): 1, ("radio", "2026-02"): 70_000}
    _, rows = asked(connection, THREE, types={"leaflets": "platform"}, costs=costs)
    row = rows["leaflets"]
    assert (row["new_clients"], row["cost_minor"], row["rate"]) == (0, {"MDL": 50_000}, None)
    assert (row["cost_per_new_client_minor"], row["sales_less_cost_minor"]) == (None, -50_000)
    assert "radio" not in rows
    assert list(asked(connection, THREE, costs=costs, source="leaflets")[1]) == ["leaflets"]


def test_a_month_without_a_cost_is_unknown_and_not_free(connection: duckdb.DuckDBPyConnection) -> None:
    report, rows = asked(
        connection, THREE, costs={("friend", "2026-03"): 0, ("coupons", "2026-02"): 60_000},
        first=date(2026, 2, 1), days=(30,),
    )  # fmt: skip
    assert rows["friend"]["costs_unknown_months"] == ["2026-02"]
    assert rows["coupons"]["costs_unknown_months"] == ["2026-03"]
    assert rows["coupons"]["cost_minor"] == {"MDL": 60_000}
    for row in (rows["friend"], rows["coupons"], report.total):
        assert (row["cost_currency"], row["cost_per_new_client_minor"]) == (None, None)
    free = asked(connection, THREE, costs={("friend", "2026-03"): 0})[1]["friend"]
    assert (free["cost_minor"], free["cost_per_new_client_minor"]) == ({"MDL": 0}, 0)


def test_a_cost_of_the_network_says_nothing_about_a_part_of_it(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    costs = {("friend", "2026-03"): 60_000, ("leaflets", "2026-03"): 50_000}
    for part in ({"salon_ids": ("sal_centru",)}, {"staff_id": "stf_anna"}, {"service_category": "hair"}):
        report, rows = asked(connection, THREE, costs=costs, **part)
        assert "leaflets" not in rows
        assert (rows["friend"]["cost_minor"], rows["friend"]["cost_per_new_client_minor"]) == (None, None)
        assert report.total["cost_minor"] is None


def test_the_cost_of_a_month_that_goes_on_counts_until_today(connection: duckdb.DuckDBPyConnection) -> None:
    visits = [a_line("cli_1", date(2026, 9, 1), source="friend")]
    ends = {"first": date(2026, 9, 1), "last": date(2026, 9, 30)}
    costs = {("friend", "2026-09"): 60_000}
    assert asked(connection, visits, costs=costs, **ends)[1]["friend"]["cost_minor"] == {"MDL": 2_000}


def test_recommended_clients_are_told_beside_all_others(connection: duckdb.DuckDBPyConnection) -> None:
    late = [a_line(f"cli_friend_{number}", date(2026, 7, 1)) for number in (40, 41)]
    types = {"friend": "client_word", "colleague": "colleague_word", "coupons": "platform"}
    visits = [*THREE, *late, *first_visits("colleague", 10, 5), *first_visits(None, 10, 5)]
    report, rows = asked(connection, visits, types=types)
    recommended, others = report.total["recommended"], report.total["others"]
    assert (recommended["clients"], recommended["returned"]) == (60, 45)
    assert (recommended["late"]["clients"], recommended["late"]["of"]) == (2, 15)
    assert (others["clients"], others["returned"], others["late"]["clients"]) == (110, 28, 0)
    assert rows["friend"]["late"]["rate"] == 0.2
    assert report.total["clients"] == 180


def test_the_discount_of_a_dear_line_is_none(connection: duckdb.DuckDBPyConnection) -> None:
    """What is asked for above a list price does not hide what was taken off another."""
    day = date(2026, 3, 10)
    visits = [
        a_line("cli_1", day, price_minor=20_000),
        a_line("cli_2", day, price_minor=40_000),
        a_line("cli_3", day, list_minor=None),
    ]
    found = asked(connection, visits)[1]["instagram"]["discounts"]
    assert (found["priced_visits"], found["discounted_visits"], found["visits_rate"]) == (2, 1, 0.5)
    assert (found["money_rate"], found["unpriced_lines"]) == (pytest.approx(1 / 6), 1)


def test_money_of_two_currencies_is_not_added_up(connection: duckdb.DuckDBPyConnection) -> None:
    day = date(2026, 3, 10)
    visits = [a_line("cli_1", day), a_line("cli_1", day, salon="sal_arbat", booking="bkg_2", currency="RUB")]
    row = asked(connection, visits, costs={("instagram", "2026-03"): 1_000})[1]["instagram"]
    assert row["sales_minor"] == {"MDL": 30_000, "RUB": 30_000}
    assert (row["discounts"]["money_rate"], row["sales_less_cost_minor"]) == (None, None)
    assert (row["visits"], row["cost_per_new_client_minor"]) == (2, 1_000)


def test_by_default_the_last_month_is_asked_about_of_which_all_windows_are_over() -> None:
    question = settled(Question(report="sources"), AS_OF.date())
    assert (question.first, question.last, question.days) == (date(2026, 5, 1), date(2026, 5, 31), (90,))
    assert needed_days(question) == (None, date.max)
    assert settled(question, AS_OF.date()) == question


def test_windows_decide_when_the_report_is_final(connection: duckdb.DuckDBPyConnection) -> None:
    assert asked(connection, THREE)[0].final_on == date(2026, 3, 31) + timedelta(days=91)


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"report": "sources", "by": "salon"}, "UNUSED_PARAMETER"),
        ({"report": "sources", "definition": "window"}, "UNUSED_PARAMETER"),
        ({"report": "sources", "days": (30, 60)}, "ONE_WINDOW_NEEDED"),
        ({"report": "services", "days": (0,)}, "OUT_OF_RANGE"),
        ({"report": "services", "who": "new"}, "UNUSED_PARAMETER"),
        ({"report": "services", "listed": "everybody"}, "UNKNOWN_CHOICE"),
    ],
)
def test_what_cannot_be_asked_is_refused(question: dict[str, Any], code: str) -> None:
    with pytest.raises(DomainError) as error:
        settled(Question(**MARCH, **question), AS_OF.date())
    assert error.value.code == code


# --- services


def test_a_service_is_the_entrance_of_clients_who_come_back_for_it_or_for_another_category(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    visits = [
        a_line("cli_new", date(2026, 3, 10)),
        a_line("cli_new", date(2026, 4, 10), service="srv_nails"),
        a_line("cli_again", date(2026, 2, 10), service="srv_nails"),
        a_line("cli_again", date(2026, 3, 10)),
        a_line("cli_again", date(2026, 4, 10)),
        a_line("cli_once", date(2026, 3, 31)),
    ]
    report, rows = asked(connection, visits, "services")
    cut = rows["srv_cut"]
    assert (cut["served_clients"], cut["new_clients"], cut["returned"]) == (3, 2, 2)
    assert (cut["same_service"]["clients"], cut["second_category"]["clients"]) == (1, 1)
    assert cut["spend_per_visit_minor"] == {"MDL": 30_000}
    assert list(rows) == ["srv_cut"]
    assert report.total["served_clients"] == 3


def test_a_booking_without_a_service_is_a_row_of_its_own(connection: duckdb.DuckDBPyConnection) -> None:
    day = date(2026, 3, 10)
    _, rows = asked(connection, [a_line("cli_1", day, service=None), a_line("cli_2", day)], "services")
    assert list(rows) == ["", "srv_cut"]
    assert rows[""]["same_service"] is None
    unknown = Question(report="spend", by="service", service_id="", **MARCH)
    assert [row["key"] for row in run_report(connection, unknown, AS_OF, HOME).rows] == [""]
    assert asked(connection, [], "services")[0].total["served_clients"] == 0


# --- referrals


def friend(client: str, referrer: str | None, *days: date) -> list[VisitFact]:
    return [a_line(client, day, referrer=referrer) for day in days or (date(2026, 3, 10),)]


def test_friends_of_friends_are_told_by_level(connection: duckdb.DuckDBPyConnection) -> None:
    visits = [
        *friend("anna", None),
        *friend("boris", "anna", date(2026, 3, 10), date(2026, 4, 10)),
        *friend("clara", "anna"),
        *friend("dan", "boris"),
        *friend("eva", "dan"),
        *friend("fiona", "gone"),
    ]
    report, rows = asked(connection, visits, "referrals")
    assert list(rows) == ["anna", "boris", "dan", "gone"]
    anna = rows["anna"]
    assert (anna["friends"], anna["returned"], anna["levels"], anna["further_friends"]) == (
        2,
        1,
        [2, 1, 1],
        2,
    )
    assert (anna["visits"], anna["sales_minor"]) == (3, {"MDL": 90_000})
    total = report.total
    assert (total["referrers"], total["friends"], total["visits"]) == (4, 5, 6)


def test_a_circle_of_recommendations_ends(connection: duckdb.DuckDBPyConnection) -> None:
    """As it may be after a merge."""
    visits = [*friend("anna", "boris"), *friend("boris", "clara"), *friend("clara", "anna")]
    _, rows = asked(connection, visits, "referrals")
    assert {key: row["levels"] for key, row in rows.items()} == {
        each: [1, 1] for each in ("anna", "boris", "clara")
    }
    assert asked(connection, friend("anna", "anna"), "referrals")[1] == {}


def test_friends_are_followed_for_five_levels(connection: duckdb.DuckDBPyConnection) -> None:
    visits = [line for number in range(9) for line in friend(f"cli_{number + 1}", f"cli_{number}")]
    assert asked(connection, visits, "referrals")[1]["cli_0"]["levels"] == [1] * 5


def test_the_two_hundred_referrers_with_most_friends_are_rows_and_all_are_in_the_total(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    visits = [line for number in range(230) for line in friend(f"friend_{number}", f"cli_{number % 210:03d}")]
    report, rows = asked(connection, visits, "referrals")
    assert (len(rows), report.total["referrers"], report.total["friends"]) == (200, 210, 230)
    assert (next(iter(rows)), rows["cli_000"]["friends"], rows["cli_020"]["friends"]) == ("cli_000", 2, 1)
