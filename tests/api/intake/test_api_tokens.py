"""The token of a booking site's API: written, never shown, and checked for its form."""

import json
from typing import Any

import pytest

from chalicelib.domain.networks.network import Connection
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK

TOKEN = "partner-token-1, user-token-2"


def made(http: Http, site: str = "yclients") -> str:
    answer = http.post("/v1/connections", {"site": site, "salon_id": "sal_centru"})
    assert answer.json["has_api_token"] is False
    return str(answer.json["id"])


def stored(world: Any, connection_id: str) -> Connection:
    (found,) = [
        each for each in world.store.get_all(Connection, network_id=NETWORK) if each.id == connection_id
    ]
    return found


def test_a_token_is_kept_and_shown_nowhere(http: Http, town: Any, world: Any) -> None:
    connection_id = made(http)
    put = http.put(f"/v1/connections/{connection_id}/api-token", {"api_token": TOKEN})
    assert (put.status, put.json["has_api_token"]) == (200, True)
    assert stored(world, connection_id).api_token == TOKEN
    answers = [
        put,
        http.put(f"/v1/connections/{connection_id}/api-token", {"api_token": TOKEN}),
        http.get(f"/v1/connections/{connection_id}"),
        http.get("/v1/connections"),
        http.patch(f"/v1/connections/{connection_id}", {"settings": {"company_id": "9911"}}),
        http.post(f"/v1/connections/{connection_id}/rotate"),
    ]
    assert [each.status for each in answers] == [200] * 6
    assert not any("partner-token" in json.dumps(each.json) for each in answers)
    assert stored(world, connection_id).api_token == TOKEN


def test_a_token_is_taken_back(http: Http, town: Any, world: Any) -> None:
    connection_id = made(http)
    http.put(f"/v1/connections/{connection_id}/api-token", {"api_token": TOKEN})
    taken = http.put(f"/v1/connections/{connection_id}/api-token", {"api_token": None})
    assert (taken.status, taken.json["has_api_token"]) == (200, False)
    assert stored(world, connection_id).api_token is None


@pytest.mark.parametrize(
    ("site", "token"),
    [("yclients", "one-token-only"), ("yclients", "a, b, c-and-d"), ("altegio", "partner-token,"),
     ("square", "short"), ("calcom", "line\nbreak-in-it"), ("square", "t\u00f6ken-of-square"),
     ("calcom", ""), ("standard", "some-token-of-a-bridge")],
)  # fmt: skip
def test_what_is_no_token_is_refused(http: Http, town: Any, site: str, token: str) -> None:
    refused = http.put(f"/v1/connections/{made(http, site)}/api-token", {"api_token": token})
    assert (refused.status, refused.code) == (422, "INVALID_API_TOKEN")
    assert not token or token not in json.dumps(refused.json)


def test_a_connection_of_others_is_not_found(http: Http, town: Any) -> None:
    assert http.put("/v1/connections/con_none/api-token", {"api_token": TOKEN}).status == 404
