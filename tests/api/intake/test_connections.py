"""Connections over HTTP: given a new address, changed, taken over, and what is missing."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.services.intake.ingest import Intake, ingest
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK
from infra.testkit.unsigned_site import a_record
from infra.testkit.webhooks import signed_headers
from tests.api.conftest import BASE_URL, TestContainer


def made(http: Http, site: str = "yclients", **fields: Any) -> dict[str, Any]:
    answer = http.post("/v1/connections", {"site": site, "salon_id": "sal_centru", **fields})
    assert answer.status == 201, answer.json
    found: dict[str, Any] = answer.json
    return found


def address(connection: dict[str, Any]) -> str:
    return str(connection["url"]).removeprefix(BASE_URL)


def deliver(http: Http, connection: dict[str, Any], body: Any) -> Any:
    return http.with_key(None).post(address(connection), body)


def test_a_rotated_connection_has_another_address_at_once_and_keeps_its_id(http: Http, town: Any) -> None:
    before = made(http)
    after = http.post(f"/v1/connections/{before['id']}/rotate")
    assert after.status == 200
    assert after.json["id"] == before["id"]
    assert after.json["url"] != before["url"]
    assert after.json["secret"] != before["secret"]
    refused = deliver(http, before, a_record())
    assert (refused.status, refused.code) == (404, "NOT_FOUND")
    assert deliver(http, after.json, a_record()).status == 200
    (listed,) = http.get("/v1/connections").json["items"]
    assert listed["url"] == after.json["url"]


def test_a_rotation_that_is_repeated_gives_the_same_address(http: Http, town: Any) -> None:
    path = f"/v1/connections/{made(http)['id']}/rotate"
    first, again = (http.post(path, None, idempotency_key="r-1").json for _ in range(2))
    assert (first["url"], first["secret"]) == (again["url"], again["secret"])


def test_a_signing_site_signs_with_the_new_secret_after_a_rotation(http: Http, town: Any) -> None:
    before = made(http, "standard")
    after = http.post(f"/v1/connections/{before['id']}/rotate").json
    raw = json.dumps({"type": "x", "timestamp": "2026-11-23T08:00:00Z", "data": {}})
    now = datetime(2026, 11, 23, 8, tzinfo=UTC)
    for secret, status in ((before["secret"], 401), (after["secret"], 200)):
        headers = signed_headers(secret, "msg-1", now, raw.encode())
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        assert http.with_key(None).ask("POST", address(after), raw, **sent).status == status


def test_a_deleted_connection_is_refused_at_once_and_another_takes_its_bookings_over(
    http: Http, town: Any, world: Any, given_container: TestContainer
) -> None:
    before = made(http)
    intake = Intake(world, given_container.receiving().sites, lambda: BASE_URL)
    ingest(intake, NETWORK, deliver(http, before, a_record()).json["inbox_id"])
    taken = http.post("/v1/connections", {"site": "yclients", "replaces": before["id"]})
    assert (taken.status, taken.code) == (409, "STILL_CONNECTED")
    assert http.delete(f"/v1/connections/{before['id']}").status == 204
    assert deliver(http, before, a_record(2)).status == 404
    other = http.post("/v1/connections", {"site": "square", "replaces": before["id"]})
    assert (other.status, other.code) == (422, "OTHER_SITE")
    after = made(http, "altegio", replaces=before["id"])
    assert after["id"] == before["id"]
    changed = a_record(kind="update", comment="later", last_change_date="2026-11-23T08:00:05Z")
    ingest(intake, NETWORK, deliver(http, after, changed).json["inbox_id"])
    (booking,) = http.get("/v1/bookings?salon_id=sal_centru&from=2026-11-25&to=2026-11-26").json["items"]
    assert booking["note"] == "later"
    gone = http.post("/v1/connections", {"site": "yclients", "replaces": "con_never"})
    assert (gone.status, gone.code) == (404, "NOT_FOUND")


def test_settings_are_changed_one_by_one(http: Http, town: Any) -> None:
    connection = made(http, settings={"company_id": "1", "source": "YCLIENTS"})
    path = f"/v1/connections/{connection['id']}"
    changed = http.patch(path, {"settings": {"salon:7": "sal_york", "source": None}})
    assert (changed.status, changed.json["settings"]) == (200, {"company_id": "1", "salon:7": "sal_york"})
    assert changed.json["url"] == connection["url"]


def test_a_site_that_signs_nothing_is_asked_for_its_company(http: Http, town: Any) -> None:
    unnamed, named, signing = made(http), made(http, settings={"company_id": "5"}), made(http, "square")
    assert unnamed["missing"] == ["company_id"]
    assert unnamed["settings"] == {"company_id": "first"}
    assert (named["missing"], signing["missing"]) == ([], [])
    mapped = made(http, settings={"salon:7": "sal_york", "salon:8": "sal_centru"})
    assert (mapped["missing"], mapped["settings"]["company_id"]) == ([], "7,8")


@pytest.mark.parametrize(
    "settings",
    [
        {"largest_visit": "much"},
        {"largest_visit": "-1"},
        {"new_a_day": "1e9"},
        {"source_ranges": "everywhere"},
        {"source_ranges": ""},
        {"source_ranges": "203.0.113.0/24,"},
    ],
)
def test_settings_that_nobody_can_read_are_refused(settings: dict[str, str], http: Http, town: Any) -> None:
    path = f"/v1/connections/{made(http)['id']}"
    for answer in (
        http.post("/v1/connections", {"site": "yclients", "settings": settings}),
        http.patch(path, {"settings": settings}),
    ):
        assert (answer.status, answer.code) == (422, "INVALID_SETTINGS")


def test_only_the_named_networks_are_heard_and_others_are_refused(http: Http, town: Any) -> None:
    here = made(http, settings={"source_ranges": "192.0.2.0/24"})
    elsewhere = made(http, settings={"source_ranges": "203.0.113.0/24, 2001:db8::/32"})
    assert deliver(http, here, a_record()).status == 200
    refused = deliver(http, elsewhere, a_record())
    assert (refused.status, refused.code) == (403, "SOURCE_REFUSED")


def test_a_second_connection_of_a_company_is_refused_by_the_name_of_the_first(http: Http, town: Any) -> None:
    first = made(http, settings={"company_id": "9911"})
    wanted = {"site": "yclients", "salon_id": "sal_york", "settings": {"company_id": "9911"}}
    refused = http.post("/v1/connections", wanted)
    assert (refused.status, refused.code) == (409, "ALREADY_CONNECTED")
    assert first["id"] in refused.json["message"]
    assert "Lotos Centru" in refused.json["message"]
    assert http.delete(f"/v1/connections/{first['id']}").status == 204
    assert made(http, settings={"company_id": "9911"})["id"] == first["id"]


def test_a_salon_that_was_not_known_is_named_and_what_waited_is_replayed(
    http: Http, town: Any, world: Any, given_container: TestContainer
) -> None:
    wanted = {"site": "yclients", "settings": {"company_id": "71001"}}
    connection = http.post("/v1/connections", wanted).json
    intake = Intake(world, given_container.receiving().sites, lambda: BASE_URL)
    item = f"/v1/inbox/{deliver(http, connection, a_record()).json['inbox_id']}"
    ingest(intake, NETWORK, item.rpartition("/")[2])
    assert http.get(item).json["reason"] == "SALON_UNKNOWN"
    path = f"/v1/connections/{connection['id']}"
    assert http.patch(path, {"settings": {"salon:71001": "sal_york"}}).status == 200
    assert http.post(f"{item}/replay").status == 200
    ingest(intake, NETWORK, item.rpartition("/")[2])
    assert http.get(item).json["state"] == "applied"
    days = "from=2026-11-24&to=2026-11-27"
    assert len(http.get(f"/v1/bookings?salon_id=sal_york&{days}").json["items"]) == 1


def test_a_connection_shows_what_came_and_what_was_refused(http: Http, town: Any, world: Any) -> None:
    connection, other = made(http, "standard"), made(http, "square")
    now = world.now()
    raw = json.dumps({"type": "x", "timestamp": "2026-11-23T08:00:00Z", "data": {}})

    def send(number: int, **changed: str) -> int:
        headers = signed_headers(connection["secret"], f"msg-{number}", now, raw.encode())
        sent = {name.replace("-", "_"): value for name, value in {**headers, **changed}.items()}
        return int(http.with_key(None).ask("POST", address(connection), raw, **sent).status)

    assert send(1) == 200
    assert deliver(http, connection, {}).status == 401
    world.clock.now += timedelta(minutes=11)
    late = [send(2, **{"webhook-timestamp": "1"}), send(3, **{"webhook-signature": "v1,AAAA"})]
    now = world.now()
    assert [*late, send(4, **{"webhook-signature": "v1,AAAA"})] == [401] * 3
    world.clock.now += timedelta(minutes=10)
    assert send(5, **{"webhook-timestamp": "1"}) == 401
    seen = http.get(f"/v1/connections/{connection['id']}").json
    assert (seen["delivered"], seen["quarantined"]) == (1, 0)
    assert seen["last_delivery_at"] == "2026-11-23T08:00:00Z"
    assert seen["refused"] == {"no_signature": 1, "bad_signature": 1, "clock": 3}
    listed = {each["id"]: each for each in http.get("/v1/connections").json["items"]}
    assert listed[connection["id"]]["refused"] == seen["refused"]
    assert listed[other["id"]]["last_delivery_at"] is None


def test_a_connection_shows_what_is_quarantined(http: Http, town: Any) -> None:
    connection = made(http)
    assert deliver(http, connection, {"nonsense": True}).json["status"] == "quarantined"
    assert http.get(f"/v1/connections/{connection['id']}").json["quarantined"] == 1


def test_a_flood_of_refused_deliveries_is_saved_once_in_ten_minutes(
    http: Http, town: Any, world: Any
) -> None:
    connection = made(http, "square")
    for _ in range(5):
        assert deliver(http, connection, {}).status == 401
    seen = http.get(f"/v1/connections/{connection['id']}").json
    assert seen["refused"] == {"no_signature": 1, "bad_signature": 0, "clock": 0}
