"""The reports of sources and services over HTTP: with costs that the network told, and by roles."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Role
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, a_client, save_client
from infra.testkit.report_function import LocalReports

MARIA, ION = "cli_maria00000000001", "cli_ion0000000000001"
SOURCES = "/v1/reports/sources?from=2026-03-01&to=2026-03-31"
SERVICES = "/v1/reports/services?from=2026-03-01&to=2026-03-31"


@pytest.fixture
def visits(given_container: Any, world: Any, town: Any, tmp_path: Path) -> None:
    """Maria came to Anna in Centru and in York, Ion to Vera in York; both first in March, by Insta."""
    given_container.reports_function = LocalReports(world, tmp_path)
    save_client(world.store, a_client(ION, name="Ion", phone="+37369222333", email=None))
    for client_id, month, salon_id, staff_id in (
        (MARIA, 3, "sal_centru", "stf_anna"),
        (MARIA, 4, "sal_york", "stf_vera"),
        (ION, 3, "sal_york", "stf_vera"),
    ):
        at = datetime(2026, month, 10, 15, tzinfo=UTC)
        visit = a_booking(
            f"bkg_{at:%m%d}{client_id[4:16]}",
            client_id=client_id,
            salon_id=salon_id,
            starts_at=at,
            status=Status.COMPLETED,
            closed_at=at + timedelta(hours=1),
            paid_minor=50_000,
            currency="MDL",
            lines=(Line("srv_cut", 60, staff_id, 50_000),),
        )
        client = world.store.get(Client, network_id=NETWORK, id=client_id)
        world.store.save(visit, replace(client, source="Insta"))


@pytest.fixture
def instagram(http: Http, visits: None) -> str:
    """The id of the source, which cost 300.00 in March."""
    listed = {"name": "Instagram", "type": "social", "aliases": ["insta"]}
    source_id: str = http.post("/v1/sources", listed).json["id"]
    cost = {"cost": {"amount_minor": 30_000, "currency": "MDL"}}
    assert http.put(f"/v1/sources/{source_id}/costs/2026-03", cost).status == 200
    return source_id


def test_a_source_has_its_name_its_type_and_what_a_client_cost(http: Http, instagram: str) -> None:
    answer = http.get(SOURCES).json
    (row,) = answer["rows"]
    assert (row["key"], row["name"], row["type"]) == (instagram, "Instagram", "social")
    assert (row["new_clients"], row["returned"], row["one_time"]["clients"]) == (2, 1, 1)
    assert (row["cost_minor"], row["cost_per_new_client_minor"]) == ({"MDL": 30_000}, 15_000)
    assert row["sales_less_cost_minor"] == 3 * 50_000 - 30_000
    assert row["verdict"] == "too_few"
    assert answer["final_on"] == "2026-06-30"
    assert answer["definition"]["parameters"] == {
        "from": "2026-03-01", "to": "2026-03-31", "days": [90], "by": "source",
    }  # fmt: skip


def test_a_cost_that_is_changed_counts_in_the_next_report(http: Http, instagram: str) -> None:
    http.get(SOURCES)
    cost = {"cost": {"amount_minor": 10_000, "currency": "MDL"}}
    http.put(f"/v1/sources/{instagram}/costs/2026-03", cost)
    assert http.get(SOURCES).json["rows"][0]["cost_per_new_client_minor"] == 5_000
    http.put(f"/v1/sources/{instagram}/costs/2026-03", {"cost": None})
    row = http.get(SOURCES).json["rows"][0]
    assert (row["cost_minor"], row["costs_unknown_months"]) == ({}, ["2026-03"])


def test_the_clients_of_a_source_are_listed(http: Http, instagram: str) -> None:
    for which, wanted in (("base", [ION, MARIA]), ("returned", [MARIA]), ("lost", [ION])):
        items = http.get(f"{SOURCES}&source=Insta&list={which}").json["items"]
        assert [each["client_id"] for each in items] == wanted
    listed = http.get(f"{SERVICES}&service_id=srv_cut&list=lost").json["items"]
    assert [each["client_id"] for each in listed] == [ION]


def test_a_manager_gets_the_sales_of_their_salons_and_no_cost_of_the_network(
    http: Http, instagram: str, world: Any
) -> None:
    key = make_key(world, NETWORK, Role.MANAGER, KeyScope(["sal_centru"]), name="Manager")[1]
    (row,) = http.with_key(key).get(SOURCES).json["rows"]
    assert (row["new_clients"], row["returned"], row["visits"]) == (1, 1, 1)
    assert (row["sales_minor"], row["cost_minor"]) == ({"MDL": 50_000}, None)
    assert row["cost_per_new_client_minor"] is None
    assert http.with_key(key).get(f"{SOURCES}&salon_id=sal_york").code == "FORBIDDEN"


def test_a_specialist_gets_their_own_clients(http: Http, instagram: str, keys: dict[str, str]) -> None:
    anna = http.with_key(keys["specialist"])
    assert anna.get(SOURCES).json["total"]["new_clients"] == 1
    (row,) = anna.get(SERVICES).json["rows"]
    assert (row["served_clients"], row["sales_minor"]) == (1, {"MDL": 50_000})
    assert anna.get(f"{SERVICES}&staff_id=stf_vera").code == "FORBIDDEN"


def test_both_come_as_files(http: Http, instagram: str) -> None:
    for path, columns in (
        (SOURCES, "type,clients,returned,rate,interval_0"),
        (SERVICES, "clients,returned,rate,interval_0"),
    ):
        head, row, *_ = http.get(f"{path}&format=csv").text.splitlines()
        assert head.startswith(f"\ufeffkey,name,{columns}")
        assert len(row.split(",")) == len(head.split(","))
        assert "sales_minor_MDL" in head


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ("&by=salon", 422, "UNUSED_PARAMETER"),
        ("&days=30,60", 422, "ONE_WINDOW_NEEDED"),
        ("&days=10000", 422, "OUT_OF_RANGE"),
        ("&definition=window", 422, "UNUSED_PARAMETER"),
        ("&list=late", 422, "UNKNOWN_CHOICE"),
        ("&salon_id=sal_none", 404, "NOT_FOUND"),
    ],
)
def test_bad_input_is_refused(asked: str, status: int, code: str, http: Http, visits: None) -> None:
    for path in (SOURCES, SERVICES):
        answer = http.get(path + asked)
        assert (answer.status, answer.code) == (status, code)


def test_who_brings_friends_is_told_by_name(
    http: Http, instagram: str, world: Any, keys: dict[str, str]
) -> None:
    at = datetime(2026, 4, 11, 15, tzinfo=UTC)
    client = world.store.get(Client, network_id=NETWORK, id=ION)
    visit = a_booking(
        "bkg_0411cli_ion0000000",
        client_id=ION,
        salon_id="sal_york",
        starts_at=at,
        status=Status.COMPLETED,
        closed_at=at + timedelta(hours=1),
        paid_minor=20_000,
        currency="MDL",
        lines=(Line("srv_cut", 60, "stf_vera", 20_000),),
    )
    assert http.get("/v1/reports/referrals").json["rows"] == []
    world.store.save(visit, replace(client, referred_by=MARIA))
    (row,) = http.get("/v1/reports/referrals").json["rows"]
    name = http.get(f"/v1/clients/{MARIA}").json["name"]
    assert (row["key"], row["name"], row["friends"], row["levels"]) == (MARIA, name, 1, [1])
    assert (row["visits"], row["returned"], row["sales_minor"]) == (2, 1, {"MDL": 70_000})
    assert http.get("/v1/reports/referrals?format=csv").text.splitlines()[1].startswith(f"{MARIA},{name},1")
    assert http.with_key(keys["specialist"]).get("/v1/reports/referrals").json["rows"] == []
