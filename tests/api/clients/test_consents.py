"""Consents, their history, and the devices for push messages, over HTTP."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, DeadAddress
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW
from tests.api.conftest import TestContainer

MARIA = "cli_maria00000000001"
PATH = f"/v1/clients/{MARIA}/consents"


def test_a_consent_is_taken_down_with_who_when_and_how(http: Http) -> None:
    granted = http.put(f"{PATH}/sms/marketing", {"granted": True, "how": "asked at the desk"})
    (consent,) = granted.json["consents"]
    assert consent["granted"] is True
    assert consent["at"] == "2026-11-23T08:00:00Z"
    taken_back = http.put(f"{PATH}/sms/marketing", {"granted": False, "how": "by phone"}).json["consents"]
    assert [(each["granted"], each["how"]) for each in taken_back] == [(False, "by phone")]


@pytest.mark.parametrize(
    ("pair", "code"), [("fax/marketing", "UNKNOWN_CHANNEL"), ("sms/fun", "UNKNOWN_PURPOSE")]
)
def test_a_consent_to_what_there_is_not_is_refused(pair: str, code: str, http: Http) -> None:
    answer = http.put(f"{PATH}/{pair}", {"granted": True, "how": "x"})
    assert (answer.status, answer.code) == (422, code)
    assert http.get(PATH).json == {"consents": [], "items": [], "next_cursor": None}


def test_the_history_tells_how_consents_came_about_the_newest_first(http: Http, clock: Any) -> None:
    for granted in (True, False, True):
        clock.forward(minutes=1)
        http.put(f"{PATH}/sms/marketing", {"granted": granted, "how": "asked"})
    clock.forward(minutes=1)
    http.patch(f"/v1/clients/{MARIA}", {"phone": "069777777"})
    found = http.get(PATH).json
    assert found["consents"] == []
    assert [(each["granted"], each["void"], each["how"]) for each in found["items"]] == [
        (False, True, "phone changed"),
        (True, False, "asked"),
        (False, False, "asked"),
        (True, False, "asked"),
    ]
    assert found["items"][0]["at"] == "2026-11-23T08:04:00Z"
    assert found["items"][0]["actor"] == "key:key_owner"


def test_the_history_is_read_page_by_page(http: Http) -> None:
    for number in range(5):
        http.put(f"{PATH}/sms/marketing", {"granted": number % 2 == 0, "how": f"{number}"})
    seen, cursor = [], ""
    while cursor is not None:
        page = http.get(f"{PATH}?limit=2&cursor={cursor}").json
        seen += [each["how"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["4", "3", "2", "1", "0"]


def test_what_a_client_does_on_their_page_is_in_the_history(
    http: Http, given_container: TestContainer, world: Any
) -> None:
    links = given_container.links()
    link = links.link(NETWORK, MARIA, None, NOW)
    world.store.save(link)
    http.with_key(None).post(f"/u/{links.token(link, 'u')}", "what=marketing")  # type: ignore[arg-type]
    lines = http.get(PATH).json["items"]
    assert [each["channel"] for each in lines] == ["push", "email", "whatsapp", "sms"]
    assert {(each["actor"], each["how"]) for each in lines} == {("client", "stop page")}


def test_a_client_tells_which_channels_reach_them(http: Http, world: Any) -> None:
    client = world.store.get(Client, network_id=NETWORK, id=MARIA)
    dead = DeadAddress("sms", client.phone, "no_such_number", NOW)
    world.store.save(replace(client, dead_addresses=(dead,)))
    found = {each.pop("channel"): each for each in http.get(f"/v1/clients/{MARIA}").json["reachable"]}
    why = {"reason": "no_such_number", "at": "2026-11-23T08:00:00Z"}
    assert found == {
        "sms": {"known": True, "reachable": False, "dead": why},
        "whatsapp": {"known": True, "reachable": True, "dead": None},
        "email": {"known": True, "reachable": True, "dead": None},
        "push": {"known": False, "reachable": False, "dead": None},
    }


def test_a_birth_date_decides_when_the_client_is_looked_at_next(http: Http) -> None:
    changed = http.patch(f"/v1/clients/{MARIA}", {"birth_date": "1990-12-25"})
    assert changed.json["upcoming"] == {"at": "2026-12-18T09:00:00Z", "why": "birthday"}
    assert http.patch(f"/v1/clients/{MARIA}", {"birth_date": None}).json["upcoming"] is None


# --- devices

DEVICES = f"/v1/clients/{MARIA}/devices"


def test_a_device_is_registered_seen_and_taken_away(http: Http, given_container: TestContainer) -> None:
    body = {"platform": "android", "token": "fcm-token-0001"}
    for _ in range(2):
        made = http.put(DEVICES, body)
    assert made.status == 200
    (device,) = made.json["items"]
    assert (device["platform"], device["endpoint"], device["failing"]) == ("android", "***n-0001", False)
    assert given_container.registry.registered[0] == ("android", "fcm-token-0001")
    assert http.get(DEVICES).json == made.json
    assert http.delete(f"{DEVICES}/{device['id']}").json["items"] == []
    assert http.delete(f"{DEVICES}/{device['id']}").status == 200


def test_the_five_newest_devices_are_kept(http: Http) -> None:
    for number in range(7):
        http.put(DEVICES, {"platform": "web", "token": f"token-000{number}"})
    found = http.get(DEVICES).json["items"]
    assert [each["endpoint"][-1] for each in found] == ["6", "5", "4", "3", "2"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"platform": "android", "token": "bad-token"}, 422, "INVALID_DEVICE_TOKEN"),
        ({"platform": "ios", "token": "a-good-token"}, 422, "UNKNOWN_PLATFORM"),
        ({"platform": "toaster", "token": "a-good-token"}, 400, "INVALID_FIELD"),
        ({"platform": "web", "token": "short"}, 400, "INVALID_FIELD"),
        ({"platform": "web", "token": "with a blank"}, 400, "INVALID_FIELD"),
        ({"platform": "web", "token": "x" * 4097}, 400, "INVALID_FIELD"),
        ({"platform": "web"}, 400, "MISSING_FIELD"),
    ],
)
def test_a_device_that_is_none_is_refused(body: Any, status: int, code: str, http: Http) -> None:
    answer = http.put(DEVICES, body)
    assert (answer.status, answer.code) == (status, code)
    assert http.get(DEVICES).json["items"] == []


def test_a_partners_app_registers_devices_of_its_own_clients_alone(http: Http, keys: dict[str, str]) -> None:
    partner = http.with_key(keys["partner"])
    body = {"platform": "web", "token": "token-0001"}
    assert partner.put(DEVICES, body).status == 404
    own = partner.post("/v1/clients", {"name": "Ana", "phone": "069222333"}).json["id"]
    assert len(partner.put(f"/v1/clients/{own}/devices", body).json["items"]) == 1
