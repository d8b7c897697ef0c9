"""Webhooks in, over HTTP; the inbox; what was parked."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK, NOW, a_booking, a_connection, save_booking
from infra.testkit.webhooks import signed_headers
from tests.api.conftest import BASE_URL, TestContainer

EVENT = {
    "type": "booking.upserted",
    "timestamp": "2026-11-23T07:59:50Z",
    "data": {
        "external_id": "b-1",
        "status": "booked",
        "starts_at": "2026-11-25T08:00:00Z",
        "timezone": "Europe/Chisinau",
        "client": {"external_id": "c-1", "name": "Olga", "phone": "+37369555666"},
        "lines": [{"service": "Haircut", "staff": "Anna"}],
    },
}


@pytest.fixture
def path(world: Any, town: Any) -> str:
    return f"/hooks/standard/{world.store.save(a_connection())[0].token}"


def deliver(
    http: Http, path: str, raw: bytes, delivery_id: str = "msg-1", *, encoded: bool = False, **headers: str
) -> Answer:
    """As a sender of Standard Webhooks signs it."""
    signed = {
        name.replace("-", "_"): value
        for name, value in signed_headers(str(a_connection().secret), delivery_id, NOW, raw).items()
    }
    signed["Content_Type"] = "application/json"
    return http.with_key(None).ask("POST", path, raw if encoded else raw.decode(), **{**signed, **headers})


def test_a_webhook_is_durable_before_it_is_answered(
    http: Http, path: str, world: Any, intake_queue: Any, given_container: TestContainer
) -> None:
    answer = deliver(http, path, json.dumps(EVENT).encode())
    assert (answer.status, answer.json["status"]) == (200, "accepted")
    assert [item.id for item in intake_queue.items] == [answer.json["inbox_id"]]
    intake = Intake(world, given_container.receiving().sites, lambda: BASE_URL)
    assert ingest(intake, NETWORK, answer.json["inbox_id"]) == "applied"
    (item,) = http.get("/v1/inbox").json["items"]
    assert (item["state"], item["site"], len(item["booking_ids"])) == ("applied", "standard", 1)
    booking = http.get(f"/v1/bookings/{item['booking_ids'][0]}").json
    assert (booking["status"], booking["lines"][0]["staff"], booking["source"]) == (
        "booked",
        "Anna",
        "standard",
    )


def test_the_same_delivery_again_is_a_duplicate(http: Http, path: str) -> None:
    first = deliver(http, path, json.dumps(EVENT).encode())
    again = deliver(http, path, json.dumps(EVENT).encode())
    assert again.json == {"status": "duplicate", "inbox_id": first.json["inbox_id"]}
    assert len(http.get("/v1/inbox").json["items"]) == 1


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "x/y; charset=z", ""]
)
def test_any_content_type_and_encoding_will_do(content_type: str, http: Http, path: str) -> None:
    raw = json.dumps(EVENT).encode()
    assert deliver(http, path, raw, encoded=True, Content_Type=content_type).json["status"] == "accepted"


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[1, 2]", b"\xff\xfe\x00", b'{"type": "booking.upserted", "data": 5}', b"[" * 50_000]
)
def test_what_cannot_be_understood_is_kept_for_a_person(
    raw: bytes, http: Http, path: str, intake_queue: Any
) -> None:
    answer = deliver(http, path, raw, encoded=True)
    assert (answer.status, answer.json["status"]) == (200, "quarantined")
    assert intake_queue.items == []
    (item,) = http.get("/v1/inbox?state=quarantined").json["items"]
    assert item["reason"] is not None
    whole = http.get(f"/v1/inbox/{item['id']}").json
    assert whole["body"] == raw.decode("utf-8", "replace")
    again = http.post(f"/v1/inbox/{item['id']}/replay")
    assert (again.status, again.json["state"]) == (200, "received")
    assert [each.id for each in intake_queue.items] == [item["id"]]


def test_an_event_that_needs_nothing_is_ignored_with_its_reason(http: Http, path: str) -> None:
    answer = deliver(
        http, path, b'{"type": "salon.painted", "timestamp": "2026-11-23T08:00:00Z", "data": {}}'
    )
    assert answer.json["status"] == "ignored"
    assert http.get("/v1/inbox?state=ignored").json["items"][0]["reason"] == "unknown_type"


def test_a_wrong_signature_is_refused_and_leaves_nothing(http: Http, path: str) -> None:
    raw = json.dumps(EVENT).encode()
    for headers in ({"webhook_signature": "v1,AAAA"}, {"webhook_timestamp": "1"}, {"webhook_id": "other"}):
        answer = deliver(http, path, raw, **headers)
        assert (answer.status, answer.code) == (401, "BAD_SIGNATURE")
    assert http.with_key(None).post(path, raw.decode()).status == 401
    assert http.get("/v1/inbox").json["items"] == []


@pytest.mark.parametrize(
    "address",
    [
        "/hooks/square/{token}",
        "/hooks/fresha/{token}",
        "/hooks/standard/lotos00001.nothing",
        "/hooks/standard/nonsense",
        "/hooks/standard/%D0%BA%D0%BB%D1%8E%D1%87",
        "/hooks/standard/%00%23%2F",
    ],
)
def test_an_address_that_was_given_to_nobody_is_not_found(address: str, http: Http, path: str) -> None:
    address = address.format(token=path.rpartition("/")[2])
    for method in ("GET", "HEAD", "POST"):
        answer = http.with_key(None).ask(method, address)
        assert (answer.status, answer.code) == (404, "NOT_FOUND")
        assert "lotos" not in answer.text


def test_sites_may_look_whether_the_address_exists(http: Http, path: str) -> None:
    assert http.with_key(None).ask("GET", path).status == 200
    assert http.with_key(None).ask("HEAD", path).status == 200


def test_a_webhook_of_more_than_256_kB_is_too_large(http: Http, path: str) -> None:
    answer = deliver(http, path, b'"' + b"x" * 300_000 + b'"')
    assert (answer.status, answer.code) == (413, "TOO_LARGE")


def test_the_log_holds_no_address_of_a_webhook(http: Http, path: str, caplog: Any) -> None:
    deliver(http, path, json.dumps(EVENT).encode())
    (line,) = [record.__dict__ for record in caplog.records if record.message == "request"]
    assert (line["route"], line["method"], line["status"]) == ("/hooks/{site}/{token}", "POST", 200)
    assert path.rpartition("/")[2] not in str(line)
    assert "Olga" not in str(line)


def test_a_manager_of_one_salon_sees_what_came_for_it(http: Http, path: str, world: Any) -> None:
    item = deliver(http, path, json.dumps(EVENT).encode()).json["inbox_id"]
    here, there = (
        http.with_key(make_key(world, NETWORK, Role.MANAGER, KeyScope([salon_id]), name="x")[1])
        for salon_id in ("sal_centru", "sal_york")
    )
    assert [each["id"] for each in here.get("/v1/inbox").json["items"]] == [item]
    assert there.get("/v1/inbox").json["items"] == []
    assert there.get(f"/v1/inbox/{item}").status == 403
    assert there.post(f"/v1/inbox/{item}/replay").status == 403


def test_what_was_parked_is_seen_and_woken_again(http: Http, world: Any, town: Any) -> None:
    trouble = Trouble(6, "ValueError: x", NOW, NOW + timedelta(hours=1), parked=True)
    booking = save_booking(world.store, replace(a_booking(), trouble=trouble))
    world.store.save(Parked(network_id=NETWORK, item=f"BOOKING {booking.id}", error="ValueError: x", at=NOW))
    (parked,) = http.get("/v1/parked").json["items"]
    assert (parked["id"], parked["error"]) == (booking.id, "ValueError: x")
    assert http.post(f"/v1/parked/{booking.id}/retry").status == 200
    assert http.get("/v1/parked").json["items"] == []
    assert http.get(f"/v1/bookings/{booking.id}").json["wake"] == {
        "at": "2026-11-23T08:00:00Z",
        "why": "notice",
    }
    assert http.post(f"/v1/parked/{booking.id}/retry").status == 404
