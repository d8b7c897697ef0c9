"""Salons, staff and services that are archived are offered to nobody, and nothing that names them is lost."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.networks.network import Role
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_service, a_staff_member

IN_TWO_DAYS = (NOW + timedelta(days=2)).isoformat()
BOOKING: dict[str, Any] = {
    "salon_id": "sal_centru",
    "client_id": "cli_maria00000000001",
    "starts_at": IN_TWO_DAYS,
    "lines": [{"service_id": "srv_cut", "staff_id": "stf_anna"}],
}
PATHS = ["/v1/salons/sal_centru", "/v1/staff/stf_anna", "/v1/services/srv_cut"]


def ids(http: Http, path: str) -> list[str]:
    return [item["id"] for item in http.get(path).json["items"]]


@pytest.mark.parametrize("path", PATHS)
def test_what_is_archived_is_listed_only_if_asked_for_and_is_restored(
    path: str, http: Http, town: Any
) -> None:
    where, _, its_id = path.rpartition("/")
    gone = http.delete(path)
    assert (gone.status, gone.json["archived"]) == (200, True)
    assert http.delete(path).json == gone.json
    assert its_id not in ids(http, where)
    assert its_id in ids(http, f"{where}?archived=true")
    assert http.get(path).json["archived"] is True
    assert http.patch(path, {"archived": False}).json["archived"] is False
    assert its_id in ids(http, where)


@pytest.mark.parametrize("path", PATHS)
def test_what_is_archived_cannot_be_booked_and_bookings_keep_its_name(
    path: str, http: Http, town: Any
) -> None:
    booking = http.post("/v1/bookings", BOOKING).json
    http.delete(path)
    refused = http.post("/v1/bookings", BOOKING)
    assert (refused.status, refused.code) == (422, "ARCHIVED")
    assert refused.json["details"]["id"] == path.rpartition("/")[2]
    kept = http.get(f"/v1/bookings/{booking['id']}").json
    assert (kept["lines"][0]["service"], kept["lines"][0]["staff"]) == ("Haircut", "Anna")
    lines = [*BOOKING["lines"], {"service_id": "srv_nails"}]
    changed = http.patch(f"/v1/bookings/{booking['id']}", {"lines": lines})
    assert (changed.status, len(changed.json["lines"])) == (200, 2)


def test_to_archive_is_not_to_review(http: Http, town: Any, world: Any) -> None:
    world.store.save(a_service("srv_new", unreviewed=True))
    assert http.delete("/v1/services/srv_new").json["unreviewed"] is True
    assert http.patch("/v1/services/srv_new", {"archived": False}).json["unreviewed"] is True
    assert http.patch("/v1/services/srv_new", {"name": "Peeling"}).json["unreviewed"] is False


def test_all_that_a_connection_named_and_nobody_reviewed_is_archived_at_once(
    http: Http, town: Any, world: Any
) -> None:
    named = {"unreviewed": True, "made_by": "con_1", "made_at": NOW}
    for n in range(60):
        world.store.save(a_service(f"srv_{n}", name=f"S{n}", **named))
    world.store.save(a_service("srv_before", unreviewed=True, external_ids=("con_1:9",)))
    world.store.save(a_service("srv_other", unreviewed=True, made_by="con_2"))
    done = http.post("/v1/services/archive", {"unreviewed": True, "connection_id": "con_1"})
    assert (done.status, done.json) == (200, {"archived": 61, "left": 0})
    assert sorted(ids(http, "/v1/services")) == ["srv_cut", "srv_nails", "srv_other"]
    again = http.post("/v1/services/archive", {"unreviewed": True})
    assert again.json == {"archived": 1, "left": 0}


def test_those_that_are_named_are_archived(http: Http, town: Any) -> None:
    done = http.post("/v1/staff/archive", {"ids": ["stf_anna", "stf_anna"]})
    assert done.json == {"archived": 1, "left": 0}
    assert ids(http, "/v1/staff") == ["stf_vera"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "INVALID_CHOICE"),
        ({"ids": ["srv_cut"], "unreviewed": True}, 422, "INVALID_CHOICE"),
        ({"ids": ["srv_cut"], "connection_id": "con_1"}, 422, "INVALID_CHOICE"),
        ({"ids": ["srv_cut", "srv_none"]}, 404, "NOT_FOUND"),
        ({"ids": []}, 400, "INVALID_FIELD"),
    ],
)
def test_what_to_archive_is_said_in_one_way(body: Any, status: int, code: str, http: Http, town: Any) -> None:
    answer = http.post("/v1/services/archive", body)
    assert (answer.status, answer.code) == (status, code)
    assert ids(http, "/v1/services") == ["srv_cut", "srv_nails"]


def test_a_manager_of_one_salon_archives_its_own_staff_alone(http: Http, town: Any, world: Any) -> None:
    world.store.save(a_staff_member("stf_york", salon_ids=("sal_york",)))
    key = make_key(world, NETWORK, Role.MANAGER, KeyScope(["sal_centru"]), name="x")[1]
    manager = http.with_key(key)
    for path in ("/v1/services/srv_cut", "/v1/salons/sal_centru", "/v1/staff/stf_york", "/v1/staff/stf_vera"):
        assert manager.delete(path).status == 403
    assert manager.post("/v1/services/archive", {"unreviewed": True}).status == 403
    assert manager.post("/v1/staff/archive", {"unreviewed": True}).status == 403
    assert manager.post("/v1/staff/archive", {"ids": ["stf_york"]}).status == 403
    assert manager.delete("/v1/staff/stf_anna").json["archived"] is True


def test_an_archived_salon_leaves_the_networks_zone_as_it_was(http: Http, town: Any, world: Any) -> None:
    before = world.fresh_directory(NETWORK).zone
    http.delete("/v1/salons/sal_centru")
    assert world.fresh_directory(NETWORK).zone == before
