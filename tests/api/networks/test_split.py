"""The report of those who may be several, and the split, over HTTP."""

from typing import Any

from infra.testkit.api_client import Http
from infra.testkit.builders import a_connection, a_service, a_staff_member

IDS = ("con_old:31", "con_new:7")


def test_a_specialist_is_seen_and_separated(http: Http, town: Any, world: Any) -> None:
    world.store.save(a_connection("yclients", "con_old"), a_connection("square", "con_new"))
    world.store.save(a_staff_member("stf_olga", name="Olga", external_ids=IDS, made_by="con_old"))
    (found,) = http.get("/v1/staff/mixed").json["items"]
    assert (found["id"], found["namesakes"]) == ("stf_olga", [])
    assert found["site_ids"][1] == {
        "site_id": "con_new:7", "connection_id": "con_new", "site": "square", "id": "7", "called": "Olga",
    }  # fmt: skip
    done = http.post("/v1/staff/stf_olga/split", {"site_ids": ["con_new:7"], "name": "Olga Petrova"})
    names = [done.json[each]["name"] for each in ("staff", "source")]
    assert (done.status, names) == (201, ["Olga Petrova", "Olga"])
    assert done.json["staff"]["unreviewed"] is True
    walk = http.get(f"/v1/walks/{done.json['walk_id']}").json
    assert (walk["kind"], walk["finished_at"]) == ("split", None)
    assert http.get("/v1/staff/mixed").json["items"] == []
    again = http.post("/v1/staff/stf_olga/split", {"site_ids": ["con_new:7"], "name": "Olga Petrova"}).json
    assert (again["staff"]["id"], again["walk_id"]) == (done.json["staff"]["id"], None)


def test_a_service_is_seen_and_separated(http: Http, town: Any, world: Any) -> None:
    world.store.save(a_service("srv_peel", name="Peeling", external_ids=IDS))
    (found,) = http.get("/v1/services/mixed").json["items"]
    assert [each["called"] for each in found["site_ids"]] == ["Peeling", "Peeling"]
    done = http.post("/v1/services/srv_peel/split", {"site_ids": ["con_new:7"]})
    assert (done.status, done.json["service"]["name"]) == (201, "Peeling")
    refused = http.post("/v1/services/srv_peel/split", {"site_ids": ["con_new:9"]})
    assert (refused.status, refused.code) == (422, "INVALID_SPLIT")
    assert http.post("/v1/services/srv_none/split", {"site_ids": ["con_new:9"]}).status == 404


def test_what_has_no_name_is_shown_as_such(http: Http, town: Any, world: Any) -> None:
    unnamed = {"name": "88010", "name_known": False, "external_ids": ("con_1:88010",), "unreviewed": True}
    world.store.save(a_service("srv_un", **unnamed), a_staff_member("stf_un", **unnamed))
    service = http.get("/v1/services/srv_un").json
    assert (service["name"], service["name_known"]) == ("Unnamed service 88010", False)
    assert http.get("/v1/staff/stf_un").json["name"] == "Unnamed specialist 88010"
    named = http.patch("/v1/services/srv_un", {"name": "Peeling"}).json
    assert (named["name"], named["name_known"], named["unreviewed"]) == ("Peeling", True, False)
    assert http.get("/v1/services/srv_cut").json["name_known"] is True
