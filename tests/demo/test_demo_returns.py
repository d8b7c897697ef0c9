"""What is true of returns in the demo's year, and what reports find of it. The API's questions and answers
are made in this process, from the visits that the year lays out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import duckdb
import msgspec
import pytest

from chalicelib.analytics.change_tables import unpack_changes
from chalicelib.analytics.run_report import run_report
from chalicelib.api.reports.report_schemas import ReportQuery, question_of, report_shown
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.packed_changes import packed_changes
from chalicelib.domain.facts.packed_visits import facts_of
from chalicelib.domain.facts.touch_facts import listed_message, touch_fact
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.sources import source_key
from chalicelib.domain.shared.months import number_of_month
from infra.demo.http import Caller, Http, Refused
from infra.demo.report.ask import Reports
from infra.demo.report.report import Report
from infra.demo.report.returns import ReturnsReport
from infra.demo.report.returns_by_source import by_source
from infra.demo.report.returns_in_words import compared, rate_of
from infra.demo.report.slipping_away import SlippingAway
from infra.demo.year.data import CLIENTS, SOURCES
from infra.demo.year.sources import LISTED, list_sources
from infra.demo.year.true_effects import (
    COST_A_MONTH,
    NEWCOMERS_GO_TO,
    OF_SOURCE,
    OF_STAFF,
    WIN_BACK,
    percent_who_come_again,
)
from tests.demo.demo_network import NOW, all_of, directory, year
from tests.reports.histories import empty_connection, fill_facts
from tests.reports.touches import fill_touches, make_view

HTTP = Http("https://api.example")
CALLS = [
    {
        "name": "Maria Popa", "last_visit_on": "2026-10-14", "usual_gap_days": 30, "staff_name": "Ana Rusu",
        "reasons": [
            {"code": "low_rating", "says": "низкая оценка", "stars": 2, "task_id": "tsk_1"},
            {"code": "regular_at_risk", "says": "постоянный клиент пропадает", "days_over": 10},
        ],
    },
    {"name": "Ion Rotaru", "last_visit_on": "2026-09-01", "usual_gap_days": None, "staff_name": None,
     "reasons": [
        {"code": "high_value_lost", "says": "ценный клиент потерян", "spent_minor": 1545000,
         "currency": "MDL", "lost_on": "2026-11-20"},
        {"code": "balance_expiring", "says": "сгорают баллы", "points": 100, "expires_on": "2026-12-01"},
        {"code": "reply_unanswered", "says": "ответ без ответа"},
    ]},
]  # fmt: skip
"""Clients to call, as far as the demo reads of them."""


@dataclass
class ReportsApi(Caller):
    """Answers of the API's routes for reports and sources. lives: the clients of the year. busy: how often it
    first says that facts are being prepared."""

    http: Http = field(default_factory=lambda: HTTP)
    key: str = "owner"
    connection: Any = None
    lives: list[list[Any]] = field(default_factory=list)
    busy: int = 0
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)

    def get(self, path: str) -> Any:
        url = urlsplit(path)
        if url.path == "/v1/reports/call-today":
            return {"items": CALLS}
        if url.path.startswith("/v1/reports/"):
            return self._report(url.path.rpartition("/")[2], dict(parse_qsl(url.query)))
        if url.path == "/v1/sources":
            return {"items": list(self.sources.values())}
        return self.sources[url.path.rpartition("/")[2]]

    def post(self, path: str, body: Any, once: str) -> Any:
        words = [source_key(word) for word in body["aliases"]]
        return self.sources.setdefault(once, {**body, "id": once, "aliases": words, "costs": []})

    def put(self, path: str, body: Any) -> Any:
        _, _, _, source_id, _, month = path.split("/")
        self.sources[source_id]["costs"].append({"month": month, **body})

    def _report(self, name: str, query: dict[str, str]) -> Any:
        if self.busy:
            self.busy -= 1
            raise Refused(503, '{"code": "FACTS_NOT_READY"}', name)
        question = question_of(name, msgspec.convert(query, ReportQuery, strict=False), None)
        return msgspec.to_builtins(
            report_shown(run_report(self.connection, question, NOW, "Europe/Chisinau"))
        )


@pytest.fixture(scope="module")
def api() -> Iterator[ReportsApi]:
    lives = year(clients=CLIENTS)
    bookings = all_of(Booking, lives)
    known = directory()
    with empty_connection() as made:
        fill_facts(made, [f for each in bookings if each.status is Status.COMPLETED for f in facts_of(each)])
        for service in known.services.values():
            made.execute(
                "INSERT INTO services VALUES (?, ?, ?)", [service.id, service.name, service.category]
            )
        for staff in known.staff.values():
            made.execute("INSERT INTO staff VALUES (?, ?)", [staff.id, staff.name])
        for salon in known.salons.values():
            made.execute("INSERT INTO salons VALUES (?, ?, ?)", [salon.id, salon.name, salon.timezone])
        for client in all_of(Client, lives):
            row = [client.id, client.category, client.category_since, packed_changes(client)]
            made.execute("INSERT INTO listed_categories VALUES (?, ?, ?, ?)", row)
        unpack_changes(made)
        zones = {salon.id: salon.timezone for salon in known.salons.values()}
        messages = [(listed_message(each), str(each.salon_id)) for each in all_of(Message, lives)]
        make_view(made)
        fill_touches(made, [touch_fact(each, salon_id, zones[salon_id]) for each, salon_id in messages])
        answers = ReportsApi(connection=made, lives=lives)
        list_sources(answers, NOW)
        fill_sources(made, list(answers.sources.values()))
        yield answers


def fill_sources(connection: duckdb.DuckDBPyConnection, sources: list[dict[str, Any]]) -> None:
    """As the engine does it from the network's list."""
    for each in sources:
        connection.execute("INSERT INTO sources VALUES (?, ?, ?)", [each["id"], each["name"], each["type"]])
        for word in (word for word in SOURCES if source_key(word) in each["aliases"]):
            connection.execute("INSERT INTO words VALUES (?, ?)", [word, each["id"]])
        for cost in each["costs"]:
            row = [number_of_month(cost["month"]), cost["cost"]["amount_minor"], cost["cost"]["currency"]]
            connection.execute("INSERT INTO costs VALUES (?, ?, ?, ?)", [each["id"], *row])


@pytest.fixture(scope="module")
def lines(api: ReportsApi) -> list[str]:
    report = Report()
    ReturnsReport(Reports(api, pause_seconds=0)).all(report)
    SlippingAway(Reports(api, pause_seconds=0)).all(report)
    return report.lines


def line_with(lines: list[str], words: str) -> str:
    (found,) = (line for line in lines if words in line)
    return found


def test_every_true_effect_is_of_a_specialist_and_a_source_of_the_network() -> None:
    assert {*OF_STAFF, NEWCOMERS_GO_TO} <= {staff.name for staff in directory().staff.values()}
    assert set(OF_SOURCE) | set(COST_A_MONTH) <= set(SOURCES) == set(LISTED)


def test_a_source_counts_after_the_first_visit_alone_and_no_chance_is_beyond_a_hundred() -> None:
    assert percent_who_come_again("Daniel Kim", "beautymap", first=False) == 92
    assert percent_who_come_again("Daniel Kim", "beautymap", first=True) == 32
    assert percent_who_come_again("Elena Moraru", "friend", first=True) == 100
    assert percent_who_come_again("Daniel Kim", None, first=True) == 72


def test_three_definitions_stand_beside_each_other_and_why_they_differ(lines: list[str]) -> None:
    begin = lines.index(next(line for line in lines if line.startswith("Who returns")))
    rows = [line.split()[0] for line in lines[begin + 1 : begin + 4]]
    assert rows == ["since_visit", "period", "first_time"]
    assert "they differ" in lines[begin + 4]


def test_the_better_and_the_worse_specialist_are_found(lines: list[str]) -> None:
    assert "Ion Cebotari" in line_with(lines, "talk to, and help")
    assert "Elena Moraru" in line_with(lines, "learn from")


def test_who_is_given_the_new_clients_looks_worse_and_is_not_blamed(lines: list[str]) -> None:
    assert NEWCOMERS_GO_TO in line_with(lines, "do not blame")


def test_the_source_to_feed_and_the_one_to_stop_are_found(lines: list[str]) -> None:
    assert "Friends" in line_with(lines, "feed ")
    assert "Beauty Map" in line_with(lines, "stop ")
    assert line_with(lines, "Passers-by").count("unknown") == 2


def test_what_is_true_stands_beside_what_was_found(lines: list[str]) -> None:
    begin = lines.index(next(line for line in lines if line.startswith("True and found")))
    end = lines.index(next(line for line in lines if line.startswith("Slipping away")))
    told = "\n".join(lines[begin:end])
    assert told.count("true:") == told.count("found:") == len(OF_STAFF) + 1 + len(OF_SOURCE) + 1


def test_while_facts_are_being_prepared_the_api_is_asked_again(api: ReportsApi, lines: list[str]) -> None:
    api.busy, report = 2, Report()
    ReturnsReport(Reports(api, pause_seconds=0)).all(report)
    assert report.lines == lines[: len(report.lines)]


def test_costs_are_entered_once(api: ReportsApi) -> None:
    before = msgspec.json.encode(api.sources)
    list_sources(api, NOW)
    assert msgspec.json.encode(api.sources) == before


def test_a_source_without_a_cost_and_one_of_few_clients() -> None:
    row = {
        "key": "flyers", "name": "Flyers", "clients": 40, "returned": 10,
        "rate": 0.25, "interval": [0.1, 0.4],
        "verdict": "stop", "difference": -0.3, "difference_interval": [-0.5, -0.1],
        "cost_minor": {}, "cost_currency": None, "cost_per_returned_client_minor": None,
    }  # fmt: skip
    report = Report()
    by_source(report, [row, {**row, "name": "Few", "clients": 29}])
    stop = "stop Flyers: 25.0 % (10.0 to 40.0), 10 of 40 came again, at a cost that nobody has entered"
    assert line_with(report.lines, stop).endswith("30.0 points fewer (10.0 to 50.0) than others")
    assert not [line for line in report.lines if "Few" in line]


def test_a_comparison_with_the_own_past_says_so() -> None:
    row = {
        "name": "Vera", "returned": 50, "clients": 100, "rate": 0.5, "interval": [0.4, 0.6],
        "equal_rate": 0.5, "others_rate": 0.7, "compared_with": "own_past", "verdict": "worse",
        "difference": -0.2, "difference_interval": [-0.3, -0.1],
    }  # fmt: skip
    assert compared(row) == [
        "Vera: 50.0 % (40.0 to 60.0), 50 of 100 came again",
        "  on equal terms 50.0 %, in the former period 70.0 %: 20.0 points fewer (10.0 to 30.0)",
    ]


def test_three_months_say_how_many_went_from_regular_to_at_risk_to_lost(
    api: ReportsApi, lines: list[str]
) -> None:
    begin = next(number for number, line in enumerate(lines) if line.startswith("Slipping away"))
    months = [line.strip().partition(":")[0] for line in lines[begin + 1 : begin + 4]]
    assert months == ["August 2026", "September 2026", "October 2026"]
    regular, at_risk = re.findall(r"-> (?:at risk|lost) (\d+)", lines[begin + 3])
    kept = [change for client in all_of(Client, api.lives) for change in client.category_changes]
    october = [(each.before, each.to) for each in kept if f"{each.on:%Y-%m}" == "2026-10"]
    assert (int(regular), int(at_risk)) == (
        october.count(("regular", "at_risk")),
        october.count(("at_risk", "lost")),
    )


def test_each_client_to_call_has_the_reasons_in_words(lines: list[str]) -> None:
    due = "low rating, 2 stars; regular at risk, 10 days over: last here 2026-10-14, comes each 30 days"
    assert due in line_with(lines, "Maria Popa")
    lost = "high value lost, spent 15,450 MDL, lost on 2026-11-20"
    others = "balance expiring, 100 points until 2026-12-01; reply unanswered"
    assert line_with(lines, "Ion Rotaru").endswith(f"{lost}; {others}: last here 2026-09-01")


def test_the_message_to_lost_clients_is_found_to_work(lines: list[str]) -> None:
    verdict = line_with(lines, "the verdict:")
    assert "works" in verdict
    low, high = re.findall(r"\((\+[\d.]+) to (\+[\d.]+)\)", verdict)[0]
    assert float(low) < WIN_BACK.written_to - WIN_BACK.left_alone < float(high) + 5, "some gave no consent"


def test_without_anybody_held_out_nothing_is_said_of_the_message() -> None:
    assert rate_of(0, 0, None) == "nobody"
