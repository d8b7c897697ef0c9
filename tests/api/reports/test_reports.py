"""Reports over HTTP: the question goes to the reports function, and its answer comes back."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Role
from chalicelib.domain.reports.report_forms import FORMS
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, a_client, save_booking, save_client
from infra.testkit.report_function import LocalReports

MARIA, ION = "cli_maria00000000001", "cli_ion0000000000001"
MARCH = "from=2026-03-01&to=2026-03-31"
WINDOW = f"/v1/reports/retention?definition=window&{MARCH}"


@pytest.fixture
def reports(given_container: Any, world: Any, tmp_path: Path) -> LocalReports:
    given_container.reports_function = LocalReports(world, tmp_path)
    return given_container.reports_function


@pytest.fixture
def visits(world: Any, town: Any, reports: LocalReports) -> None:
    """Maria came to Anna in March and in April, Ion to Vera in March alone, and both once to New York."""
    save_client(world.store, a_client(ION, name="Ion, 069 222 333", phone="+37369222333", email=None))
    for client_id, month, salon_id, staff_id in (
        (MARIA, 3, "sal_centru", "stf_anna"),
        (MARIA, 4, "sal_centru", "stf_anna"),
        (ION, 3, "sal_centru", "stf_vera"),
        (MARIA, 1, "sal_york", "stf_vera"),
        (ION, 6, "sal_york", "stf_vera"),
    ):
        at = datetime(2026, month, 10, 15, tzinfo=UTC)
        save_booking(world.store, a_visit(client_id, at, salon_id, staff_id))


def a_visit(
    client_id: str, at: datetime, salon_id: str = "sal_centru", staff_id: str = "stf_anna"
) -> Booking:
    return a_booking(
        f"bkg_{at:%m%d}{client_id[4:16]}",
        client_id=client_id,
        salon_id=salon_id,
        starts_at=at,
        status=Status.COMPLETED,
        closed_at=at + timedelta(hours=1),
        paid_minor=50_000,
        currency="MDL" if salon_id == "sal_centru" else "USD",
        lines=(Line("srv_cut", 60, staff_id, 50_000),),
    )


def table_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"))))


def manager_of(http: Http, world: Any, *salon_ids: str) -> Http:
    return http.with_key(make_key(world, NETWORK, Role.MANAGER, KeyScope([*salon_ids]), name="Manager")[1])


def test_a_report_names_its_definition_and_tells_figures_for_each_salon(http: Http, visits: None) -> None:
    answer = http.get(f"{WINDOW}&by=salon&days=120").json
    assert (answer["report"], answer["zone"], answer["as_of"]) == (
        "retention", "Europe/Chisinau", "2026-11-23T08:00:00Z",
    )  # fmt: skip
    assert (answer["definition"]["id"], answer["definition"]["version"]) == ("window", 1)
    assert answer["definition"]["parameters"]["days"] == [120]
    assert answer["definition"]["says"] == FORMS["retention", "window"].says
    assert answer["final_on"] == "2026-07-30"
    (row,) = answer["rows"]
    assert (row["key"], row["name"], row["clients"], row["returned"]) == ("sal_centru", "Lotos Centru", 2, 2)
    assert answer["total"]["rate"] == 1.0


def test_the_clients_behind_a_figure_come_in_pages_with_their_names(http: Http, visits: None) -> None:
    first = http.get(f"{WINDOW}&list=base&limit=1").json
    assert first["items"] == [
        {
            "client_id": ION, "name": "Ion, 069 222 333", "last_visit_on": "2026-06-10", "visits_count": 2,
            "spent": [{"amount_minor": 50_000, "currency": each} for each in ("MDL", "USD")],
            "staff_id": "stf_vera",
        }
    ]  # fmt: skip
    second = http.get(f"{WINDOW}&list=base&limit=1&cursor={first['next_cursor']}").json
    assert [each["client_id"] for each in second["items"]] == [MARIA]
    assert second["next_cursor"] is None
    other = http.get(f"{WINDOW}&list=returned&limit=1&cursor={first['next_cursor']}")
    assert (other.status, other.code) == (400, "INVALID_CURSOR")


def test_the_rows_come_as_a_file(http: Http, visits: None) -> None:
    answer = http.get(f"{WINDOW}&by=staff&format=csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="retention.csv"'
    rows = table_of(answer.text)
    assert [(row["key"], row["name"], row["clients"]) for row in rows] == [
        ("stf_anna", "Anna", "1"), ("stf_vera", "Vera", "1"),
    ]  # fmt: skip
    assert {"interval_0", "interval_1"} <= rows[0].keys()


def test_a_list_comes_as_a_file_in_which_no_name_is_a_formula(http: Http, visits: None, world: Any) -> None:
    http.patch(f"/v1/clients/{MARIA}", {"name": "=HYPERLINK(1)"})
    rows = table_of(http.get(f"{WINDOW}&list=base&format=csv").text)
    assert [(row["client_id"], row["name"], row["spent_MDL"]) for row in rows] == [
        (ION, "Ion, 069 222 333", "50000"), (MARIA, "'=HYPERLINK(1)", "100000"),
    ]  # fmt: skip


def test_a_cohort_table_is_asked_for_by_months(http: Http, visits: None) -> None:
    rows = http.get("/v1/reports/cohorts?from=2026-01&to=2026-03").json["rows"]
    assert [(row["key"], row["clients"]) for row in rows] == [("2026-01", 1), ("2026-02", 0), ("2026-03", 1)]
    assert rows[0]["returned"][:4] == [1, 0, 1, 1]


def test_rebooking_counts_a_booking_that_is_to_come(http: Http, visits: None, world: Any) -> None:
    """Maria's visit in April was rebooked at the desk, Ion's in March was not."""
    made_at, starts_at = (datetime(2026, month, 10, 15, tzinfo=UTC) for month in (4, 12))
    save_booking(world.store, a_booking("bkg_next", client_id=MARIA, made_at=made_at, starts_at=starts_at))
    rebooking = "/v1/reports/rebooking?from=2026-03-01&to=2026-04-30"
    answer = http.get(f"{rebooking}&by=staff").json
    assert [(row["name"], row["visits"], row["rebooked"]) for row in answer["rows"]] == [
        ("Anna", 2, 1), ("Vera", 1, 0),
    ]  # fmt: skip
    assert answer["total"].items() >= {"visits": 3, "rebooked": 1, "clients": 2, "unknown": 0}.items()
    assert answer["definition"]["id"] == "rebooking"
    listed = {which: http.get(f"{rebooking}&list={which}").json["items"] for which in ("returned", "lost")}
    assert [[each["client_id"] for each in items] for items in listed.values()] == [[MARIA], [ION]]
    assert [row["rebooked"] for row in table_of(http.get(f"{rebooking}&format=csv").text)] == ["1"]
    of_york = manager_of(http, world, "sal_york").get(rebooking).json
    assert of_york["total"]["visits"] == 0


def test_words_for_a_source_count_under_what_they_mean_today(http: Http, visits: None, world: Any) -> None:
    for client_id, word in ((MARIA, "INSTA "), (ION, "Tik Tok")):
        client = world.store.get(Client, network_id=NETWORK, id=client_id)
        booking = a_visit(client_id, datetime(2026, 3, 20, 15, tzinfo=UTC))
        world.store.save(booking, replace(client, source=word))

    def counted(question: str) -> list[tuple[str, str, int]]:
        rows = http.get(f"{WINDOW}{question}").json["rows"]
        return [(row["key"], row["name"], row["clients"]) for row in rows]

    assert counted("&by=source") == [("insta", "INSTA ", 1), ("tik tok", "Tik Tok", 1)]
    assert counted("&by=source&source=tik-tok") == [("tik tok", "Tik Tok", 1)]
    listed = {"name": "Social networks", "type": "social", "aliases": ["insta", "tik tok"]}
    source_id = http.post("/v1/sources", listed).json["id"]
    assert counted("&by=source") == [(source_id, "Social networks", 2)]
    for word in (source_id, "social networks", "Insta"):
        answer = http.get(f"{WINDOW}&source={word.replace(' ', '%20')}").json
        assert answer["total"]["clients"] == 2
        assert answer["definition"]["parameters"]["source"] == source_id


def test_flows_are_asked_for_by_months_and_the_clients_of_a_pair_are_listed(
    http: Http, visits: None, kept: None
) -> None:
    answer = http.get("/v1/reports/flows?from=2026-08&to=2026-11-23").json
    found = [(row["key"], row["clients"], row["causes"]) for row in answer["rows"]]
    assert found == [
        ("2026-08:new>lost", 1, {"time_passed": 1}), ("2026-09:new>lost", 1, {"time_passed": 1}),
        ("2026-11:lost>developing", 1, {"visit": 1}),
    ]  # fmt: skip
    assert [each["on"] for each in answer["total"]["stock"]] == [
        "2026-07-31", "2026-08-31", "2026-09-30", "2026-10-31", "2026-11-23",
    ]  # fmt: skip
    assert answer["total"]["stock"][-1]["lost"] == 1
    listed = http.get("/v1/reports/flows?from=2026-08&to=2026-09&list=base&before=new&after=lost").json
    assert [each["client_id"] for each in listed["items"]] == [ION, MARIA]
    rows = table_of(http.get("/v1/reports/flows?from=2026-08&to=2026-09&format=csv").text)
    assert [(row["month"], row["causes_time_passed"]) for row in rows] == [("2026-08", "1"), ("2026-09", "1")]


def test_a_manager_and_a_specialist_get_flows_of_those_who_came_to_them_last(
    http: Http, visits: None, kept: None, world: Any, keys: dict[str, str]
) -> None:
    asked = "/v1/reports/flows?from=2026-08&to=2026-11-23"
    for caller in (manager_of(http, world, "sal_centru"), http.with_key(keys["specialist"])):
        found = caller.get(asked).json
        assert [row["key"] for row in found["rows"]] == ["2026-09:new>lost", "2026-11:lost>developing"]
        assert found["total"]["stock"] is None
    by_salon = http.get(f"{asked}&by=salon").json["rows"]
    assert [(row["key"], row["name"], row["salon"]) for row in by_salon][:1] == [
        ("2026-08:new>lost:sal_york", "Lotos New York", "sal_york")
    ]


def test_reasons_that_were_stated_stand_beside_what_is_observed(
    http: Http, visits: None, kept: None, world: Any
) -> None:
    http.put(f"/v1/clients/{ION}/leaving-reason", {"reason": "moved", "words": "to another town"})
    http.patch("/v1/staff/stf_vera", {"archived": True})
    asked = "/v1/reports/leaving?from=2026-08&to=2026-11-23"
    answer = http.get(asked).json
    found = {row["key"]: (row["clients"], row["known"]) for row in answer["rows"]}
    assert (found["stated:moved"], found["stated:none"]) == ((1, 2), (1, 2))
    assert (found["fact:specialist_left"], found["fact:gap_grew"]) == ((1, 2), (0, 1))
    assert answer["total"]["outside"] == 1
    listed = http.get(f"{asked}&list=base&reason=fact:specialist_left").json["items"]
    assert [each["client_id"] for each in listed] == [ION]
    by_staff = table_of(http.get(f"{asked}&by=staff&format=csv").text)
    assert ("fact:specialist_left:stf_vera", "Vera", "1") in [
        (row["key"], row["name"], row["clients"]) for row in by_staff
    ]
    centru = manager_of(http, world, "sal_centru")
    assert [each["client_id"] for each in centru.get(f"{asked}&list=base").json["items"]] == [MARIA]


@pytest.fixture
def kept(world: Any) -> None:
    """Maria, who came to Anna last, was lost in September and came again; Ion is lost since August."""
    changes = {
        MARIA: [
            ("new", "lost", date(2026, 9, 11), "time_passed"),
            ("lost", "developing", date(2026, 11, 9), "visit"),
        ],
        ION: [("new", "lost", date(2026, 8, 11), "time_passed")],
    }
    for client_id, of_client in changes.items():
        client = world.store.get(Client, network_id=NETWORK, id=client_id)
        done = tuple(CategoryChange(one, to, on, CategoryCause(why)) for one, to, on, why in of_client)
        of_now = {"category": done[-1].to, "category_since": done[-1].on, "visits_count": 2}
        world.store.save(replace(client, category_changes=done, **of_now))


# --- who asks


def test_a_manager_gets_the_figures_of_their_salons(http: Http, visits: None, world: Any) -> None:
    york = manager_of(http, world, "sal_york")
    spend = "/v1/reports/spend?from=2026-01-01&to=2026-11-01&by=salon"
    assert [row["key"] for row in york.get(spend).json["rows"]] == ["sal_york"]
    assert {row["key"] for row in http.get(spend).json["rows"]} == {"sal_centru", "sal_york"}
    assert [each["client_id"] for each in york.get(f"{WINDOW}&list=base").json["items"]] == []


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("&salon_id=sal_centru", 403, "FORBIDDEN"),
        ("&salon_id=sal_york,sal_centru", 403, "FORBIDDEN"),
        ("&salon_id=sal_none", 404, "NOT_FOUND"),
        ("&staff_id=stf_none", 404, "NOT_FOUND"),
        ("&service_id=srv_none", 404, "NOT_FOUND"),
        ("&salon_id=sal_york", 200, None),
    ],
)
def test_a_manager_asks_about_no_other_salon(
    asked: str, status: int, code: str | None, http: Http, visits: None, world: Any
) -> None:
    answer = manager_of(http, world, "sal_york").get(WINDOW + asked)
    assert (answer.status, answer.json.get("code")) == (status, code)


def test_a_specialist_gets_their_own_figures_alone(
    http: Http, visits: None, keys: dict[str, str], reports: LocalReports
) -> None:
    anna = http.with_key(keys["specialist"])
    assert anna.get(WINDOW).json["total"]["clients"] == 1
    assert [row["key"] for row in anna.get(f"{WINDOW}&by=staff").json["rows"]] == ["stf_anna"]
    assert [each["client_id"] for each in anna.get(f"{WINDOW}&list=base").json["items"]] == [MARIA]
    assert anna.get(f"{WINDOW}&staff_id=stf_anna").json["total"]["clients"] == 1
    calls = reports.calls
    for asked in ("&staff_id=stf_vera", "&staff_id=-"):
        assert anna.get(WINDOW + asked).code == "FORBIDDEN"
    assert reports.calls == calls


def test_a_report_counts_as_a_request_that_writes(http: Http, visits: None, keys: dict[str, str]) -> None:
    from chalicelib.domain.shared.quotas import QUOTAS, CallerKind
    from chalicelib.services.shared.request_quotas import FREE

    anna = http.with_key(keys["specialist"])
    for _ in range(QUOTAS[CallerKind.SPECIALIST].hour + FREE):
        anna.get("/v1/reports/none")
    assert anna.get(WINDOW).code == "QUOTA_SPENT"


# --- bad input, and a function that fails


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/reports/none", 404, "NOT_FOUND"),
        ("/v1/reports/retention", 422, "UNKNOWN_DEFINITION"),
        ("/v1/reports/rebooking?list=maturing", 422, "UNKNOWN_CHOICE"),
        ("/v1/reports/rebooking?days=30", 422, "UNUSED_PARAMETER"),
        ("/v1/reports/rebooking?who=some", 422, "UNKNOWN_CHOICE"),
        (f"{WINDOW}&by=weather", 422, "UNKNOWN_DIMENSION"),
        (f"{WINDOW}&days=0", 422, "OUT_OF_RANGE"),
        (f"{WINDOW}&days=10000", 422, "OUT_OF_RANGE"),
        (f"{WINDOW}&days=many", 400, "INVALID_FIELD"),
        (f"{WINDOW}&list=everybody", 422, "UNKNOWN_CHOICE"),
        (f"{WINDOW}&format=pdf", 400, "INVALID_FIELD"),
        (f"{WINDOW}&colour=red", 400, "UNKNOWN_FIELD"),
        ("/v1/reports/spend?from=2026-03&to=2026-04", 400, "INVALID_FIELD"),
        ("/v1/reports/spend?from=2026-02-30&to=2026-04-01", 400, "INVALID_FIELD"),
        ("/v1/reports/spend?from=2026-04-01&to=2026-03-01", 422, "INVALID_PERIOD"),
        ("/v1/reports/spend?from=2027-04-01&to=2027-05-01", 422, "INVALID_PERIOD"),
        ("/v1/reports/cohorts?from=2026-13&to=2027-01", 400, "INVALID_FIELD"),
        ("/v1/reports/flows?from=2026-13&to=2027-01", 400, "INVALID_FIELD"),
        ("/v1/reports/flows?before=happy", 422, "UNKNOWN_CHOICE"),
        ("/v1/reports/flows?list=returned", 422, "UNKNOWN_CHOICE"),
        ("/v1/reports/flows?days=30", 422, "UNUSED_PARAMETER"),
        ("/v1/reports/spend?before=new", 422, "UNUSED_PARAMETER"),
        ("/v1/reports/leaving?reason=fact:price_rose", 422, "UNUSED_PARAMETER"),
        ("/v1/reports/leaving?list=base&reason=rain", 422, "UNKNOWN_CHOICE"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_before_the_function_is_asked(
    path: str, status: int, code: str, http: Http, visits: None, reports: LocalReports
) -> None:
    answer = http.get(path)
    assert (answer.status, answer.code) == (status, code)
    assert reports.calls == 0


def test_an_item_that_cannot_be_read_is_named_by_the_function_too(
    http: Http, visits: None, given_container: Any
) -> None:
    refused = {"kind": "unreadable", "code": "booking bkg_1", "message": "no JSON"}
    answer = {"Payload": BytesIO(json.dumps({"refused": refused}).encode())}
    given_container.reports_function = FailingFunction(answer)
    found = http.get(WINDOW)
    assert (found.status, found.code) == (409, "UNREADABLE_ITEM")
    assert found.json["details"]["item"] == "booking bkg_1"


class FailingFunction:
    def __init__(self, outcome: Any) -> None:
        self._outcome = outcome

    def invoke(self, **asked: Any) -> Any:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


@pytest.mark.parametrize(
    "outcome",
    [
        ClientError({"Error": {"Code": "TooManyRequestsException"}}, "Invoke"),
        ReadTimeoutError(endpoint_url="https://lambda"),
        {"FunctionError": "Unhandled", "Payload": BytesIO(b'{"errorMessage": "Runtime exited"}')},
        {"Payload": BytesIO(b"{}")},
    ],
)
def test_a_function_that_fails_is_a_report_to_ask_for_again(
    outcome: Any, http: Http, visits: None, given_container: Any
) -> None:
    given_container.reports_function = FailingFunction(outcome)
    answer = http.get(WINDOW)
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "REPORT_FAILED", "60")
    assert "Runtime" not in answer.text


def test_what_clients_are_worth_is_told_with_the_reason_why_nothing_is_foretold(
    http: Http, visits: None
) -> None:
    answer = http.get("/v1/reports/value?currency=MDL").json
    assert [(row["key"], row["clients"]) for row in answer["rows"]] == [("2026-03", 2)]
    total = answer["total"]
    assert (total["method"], total["refused"], total["currency"]) == (None, "too_few_clients", "MDL")
    assert [each["method"] for each in total["tried"]] == ["bg_nbd", "own_rhythm"]
    assert http.get("/v1/reports/value?by=staff").code == "UNKNOWN_DIMENSION"
    assert http.get(f"{WINDOW}&currency=MDL").code == "UNUSED_PARAMETER"


def test_the_best_clients_come_first_page_by_page_and_as_a_file(http: Http, visits: None) -> None:
    listed = "/v1/reports/value?currency=MDL&list=base"
    first = http.get(f"{listed}&limit=1").json
    (best,) = first["items"]
    assert (best["client_id"], best["value"]) == (
        MARIA,
        {"realised": {"amount_minor": 100_000, "currency": "MDL"}, "expected": None, "expected_visits": None},
    )
    second = http.get(f"{listed}&limit=1&cursor={first['next_cursor']}").json
    assert [each["client_id"] for each in second["items"]] == [ION]
    rows = table_of(http.get(f"{listed}&format=csv").text)
    assert [(row["client_id"], row["value_realised_amount_minor"]) for row in rows] == [
        (MARIA, "100000"), (ION, "50000"),
    ]  # fmt: skip


def test_the_base_kept_is_set_against_what_the_sources_cost(http: Http, visits: None) -> None:
    source = http.post("/v1/sources", {"name": "Instagram", "type": "social"}).json["id"]
    http.put(f"/v1/sources/{source}/costs/2026-04", {"cost": {"amount_minor": 90_000, "currency": "MDL"}})
    total = http.get("/v1/reports/base-kept?from=2026-04&to=2026-04").json["total"]
    assert (total["clients"], total["cost_minor"], total["brought"]) == (2, 90_000, 0)
    assert (total["base"], total["former_base"]) == (
        ["2026-03-01", "2026-03-31"],
        ["2026-02-01", "2026-02-28"],
    )
    assert (total["saved_minor"], total["unknown"]) == (None, "no_former_base")
    assert http.get("/v1/reports/base-kept?by=salon").code == "UNUSED_PARAMETER"
    (row,) = table_of(http.get("/v1/reports/base-kept?from=2026-04&to=2026-04&format=csv").text)
    assert row["clients"] == "2"
