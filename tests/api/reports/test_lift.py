"""The lift of touches over HTTP: figures, lists, files, who may ask, and what makes no sense."""

import csv
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, a_client, save_booking, save_client
from infra.testkit.report_function import LocalReports

MARIA, ION, OLGA = "cli_maria00000000001", "cli_ion0000000000001", "cli_olga000000000001"
LIFT = "/v1/reports/lift?kind=win_back&from=2026-05-01&to=2026-05-31"


@pytest.fixture
def reports(given_container: Any, world: Any, tmp_path: Path) -> LocalReports:
    given_container.reports_function = LocalReports(world, tmp_path)
    return given_container.reports_function


@pytest.fixture
def touched(world: Any, town: Any, reports: LocalReports) -> None:
    """Maria and Olga were written to in May, and Maria came again; Ion was held out in New York."""
    for client_id in (ION, OLGA):
        save_client(world.store, a_client(client_id, name=client_id, phone=None, email=None))
    world.store.save(a_message(MARIA, 11, state=MessageState.DELIVERED, cost_micros=70_000))
    world.store.save(a_message(OLGA, 12, state=MessageState.SENT, cost_micros=60_000))
    world.store.save(a_message(ION, 13, "sal_york", state=MessageState.SKIPPED, reason="held_out"))
    for month, day in ((3, 10), (5, 20)):
        visited(world, MARIA, datetime(2026, month, day, 15, tzinfo=UTC))


def a_message(client_id: str, day: int, salon_id: str = "sal_centru", **fields: Any) -> Message:
    at = datetime(2026, 5, day, 8, tzinfo=UTC)
    return Message(
        network_id=NETWORK,
        id=f"msg_{day:02d}",
        client_id=client_id,
        salon_id=salon_id,
        kind=TouchKind.WIN_BACK,
        channel="sms",
        planned_at=at,
        recorded_at=at,
        **fields,
    )


def visited(world: Any, client_id: str, at: datetime) -> None:
    visit = a_booking(
        f"bkg_{at:%m%d}{client_id[4:16]}",
        client_id=client_id,
        starts_at=at,
        status=Status.COMPLETED,
        closed_at=at + timedelta(hours=1),
        paid_minor=50_000,
        lines=(Line("srv_cut", 60, "stf_anna", 50_000),),
    )
    save_booking(world.store, visit)


def manager_of(http: Http, world: Any, *salon_ids: str) -> Http:
    return http.with_key(make_key(world, NETWORK, Role.MANAGER, KeyScope([*salon_ids]), name="Manager")[1])


def test_a_kind_of_touch_has_its_lift_and_what_it_cost(http: Http, touched: None) -> None:
    answer = http.get(LIFT).json
    assert (answer["definition"]["id"], answer["definition"]["version"]) == ("lift", 1)
    assert answer["definition"]["parameters"] == {
        "from": "2026-05-01", "to": "2026-05-31", "days": [30], "kind": "win_back",
    }  # fmt: skip
    assert answer["final_on"] == "2026-07-01"
    (row,) = answer["rows"]
    assert (row["key"], row["clients"], row["returned"], row["rate"]) == ("win_back", 2, 1, 0.5)
    assert (row["held_out"], row["held_out_returned"], row["held_out_rate"]) == (1, 0, 0.0)
    assert (row["lift"], row["verdict"], row["cost_of_each_micros"]) == (0.5, "too_few", None)
    assert (row["reached"], row["messages"], row["cost_micros"]) == (2, 2, 130_000)
    assert answer["total"].items() == {key: row[key] for key in answer["total"]}.items()


def test_without_a_kind_there_is_a_row_for_each_kind_of_marketing(http: Http, touched: None) -> None:
    answer = http.get("/v1/reports/lift?from=2026-05-01&to=2026-05-31").json
    assert [row["key"] for row in answer["rows"]] == [
        "at_risk", "birthday", "campaign", "no_show_invitation", "repeat_invitation", "win_back",
    ]  # fmt: skip
    assert answer["total"] == {"messages": 2, "cost_micros": 130_000}


@pytest.mark.parametrize(
    ("listed", "clients"),
    [
        ("base", [MARIA, OLGA]),
        ("returned", [MARIA]),
        ("lost", [OLGA]),
        ("maturing", []),
        ("held_out", [ION]),
    ],
)
def test_the_clients_of_each_group_are_listed(
    listed: str, clients: list[str], http: Http, touched: None
) -> None:
    items = http.get(f"{LIFT}&list={listed}").json["items"]
    assert [each["client_id"] for each in items] == clients
    assert {each["staff_id"] for each in items if each["client_id"] == MARIA} <= {"stf_anna"}


def test_rows_and_lists_come_as_files(http: Http, touched: None) -> None:
    (row,) = csv.DictReader(StringIO(http.get(f"{LIFT}&format=csv").text.removeprefix("\ufeff")))
    assert (row["key"], row["clients"], row["lift"], row["lift_interval_0"]) == (
        "win_back", "2", "0.5", row["lift_interval_0"],
    )  # fmt: skip
    listed = http.get(f"{LIFT}&list=held_out&format=csv").text
    assert [each["client_id"] for each in csv.DictReader(StringIO(listed.removeprefix("\ufeff")))] == [ION]


def test_a_manager_gets_the_touches_of_their_salons(http: Http, touched: None, world: Any) -> None:
    york = manager_of(http, world, "sal_york")
    total = york.get(LIFT).json["total"]
    assert (total["clients"], total["held_out"], total["messages"]) == (0, 1, 0)
    assert york.get(f"{LIFT}&salon_id=sal_centru").code == "FORBIDDEN"
    assert http.get(f"{LIFT}&salon_id=sal_centru").json["total"]["held_out"] == 0


def test_a_specialist_gets_no_lift_and_a_partner_no_report(
    http: Http, touched: None, keys: dict[str, str], reports: LocalReports
) -> None:
    for role in ("specialist", "reception", "partner"):
        assert http.with_key(keys[role]).get(LIFT).code == "FORBIDDEN"
    assert reports.calls == 0


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("kind=notice", "UNKNOWN_CHOICE"),
        ("kind=win_back&list=everybody", "UNKNOWN_CHOICE"),
        ("kind=win_back&days=0", "OUT_OF_RANGE"),
        ("kind=win_back&days=10000", "OUT_OF_RANGE"),
        ("kind=win_back&days=30,60", "ONE_WINDOW_NEEDED"),
        ("kind=win_back&from=2026-05-31&to=2026-05-01", "INVALID_PERIOD"),
        ("kind=win_back&from=2027-05-01&to=2027-05-31", "INVALID_PERIOD"),
        ("staff_id=stf_anna", "UNUSED_PARAMETER"),
        ("by=salon", "UNUSED_PARAMETER"),
        ("returned_to=salon", "UNUSED_PARAMETER"),
        ("definition=window", "UNUSED_PARAMETER"),
        ("source=walk-in", "UNUSED_PARAMETER"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    asked: str, code: str, http: Http, touched: None, reports: LocalReports
) -> None:
    assert http.get(f"/v1/reports/lift?{asked}").code == code
    assert reports.calls == 0


def test_another_report_takes_no_kind_of_touch(http: Http, touched: None) -> None:
    assert http.get("/v1/reports/spend?kind=win_back").code == "UNUSED_PARAMETER"
