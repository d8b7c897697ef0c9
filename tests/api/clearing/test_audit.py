"""The audit over HTTP: a page at once, or the whole network by a walk; for the owner alone."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Role
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.shared.walks import NIGHTLY_ID
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_client, a_network

PATH = "/v1/bonus/audit"
MARIA, VERA = "cli_maria00000000001", "cli_vera000000000001"


@pytest.fixture
def points(http: Http, world: Any) -> None:
    """Maria has 70 points after two entries, Vera 20 after one."""
    later = NOW - timedelta(days=1)
    world.store.save(a_client(VERA, phone=None, email=None, created_at=later))
    for client_id, kind, number in ((MARIA, "grant", 100), (MARIA, "redeem", 30), (VERA, "grant", 20)):
        said = {"kind": kind, "points": number, "reason": "test"}
        assert http.post(f"/v1/clients/{client_id}/bonus/entries", said).status == 201


def spoil(world: Any) -> None:
    account = world.store.account(NETWORK, MARIA)
    world.store.save(replace(account, balance=account.balance + 1))


DIFFERENCE = {"client_id": MARIA, "faults": ["balance is 71, the entries sum to 70"]}


@pytest.mark.usefixtures("points")
def test_every_account_is_recomputed_a_page_at_a_time(http: Http, world: Any) -> None:
    whole = http.get(PATH).json
    assert whole == {
        "checked": 2,
        "entries": 3,
        "differences": [],
        "totals": {"balance": 90, "debt": 0, "held": 0},
        "next_cursor": None,
    }
    spoil(world)
    first = http.get(f"{PATH}?limit=1").json
    assert (first["checked"], first["totals"]["balance"], first["differences"]) == (1, 20, [])
    second = http.get(f"{PATH}?limit=1&cursor={first['next_cursor']}").json
    assert (second["totals"]["balance"], second["differences"]) == (70, [DIFFERENCE])
    assert second["next_cursor"] is None


@pytest.mark.usefixtures("points")
def test_a_walk_recomputes_the_whole_network(http: Http, world: Any) -> None:
    spoil(world)
    begun = http.post(PATH)
    assert (begun.status, begun.json["kind"], begun.json["audit"]) == (202, "audit", None)
    assert http.post(PATH).json["id"] == begun.json["id"]
    walk_on(world, world.store.get(Walk, network_id=NETWORK, id=begun.json["id"]))
    found = http.get(f"/v1/walks/{begun.json['id']}").json
    assert (found["stage"], found["share"], found["seen"], found["changed"]) == ("done", 1.0, 2, 1)
    assert found["audit"] == {
        "checked": 2,
        "entries": 3,
        "balance": 90,
        "debt": 0,
        "held": 0,
        "differing": 1,
        "differences": [DIFFERENCE],
    }
    (task,) = http.get("/v1/tasks").json["items"]
    assert (task["kind"], task["client_id"], task["detail"]) == (
        "ledger_differs",
        MARIA,
        "balance is 71, the entries sum to 70",
    )


def test_a_network_that_began_before_gets_its_nights_with_its_first_audit(http: Http, world: Any) -> None:
    http.post(PATH)
    nightly = http.get(f"/v1/walks/{NIGHTLY_ID}").json
    assert (nightly["kind"], nightly["sleeps_until"]) == ("audit_sample", "2026-11-24T01:00:00Z")


@pytest.mark.usefixtures("points")
def test_who_is_not_the_owner_sees_no_audit(http: Http, world: Any, keys: dict[str, str]) -> None:
    walk = http.post(PATH).json["id"]
    walk_on(world, world.store.get(Walk, network_id=NETWORK, id=walk))
    for role, key in keys.items():
        if role != "owner":
            assert http.with_key(key).get(PATH).code == "FORBIDDEN"
            assert http.with_key(key).post(PATH).code == "FORBIDDEN"
    assert http.with_key(keys["manager"]).get(f"/v1/walks/{walk}").json["audit"] is None


@pytest.mark.usefixtures("points")
def test_another_network_sees_nothing(http: Http, world: Any) -> None:
    world.store.save(a_network(OTHER_NETWORK, name="Orchid"))
    stranger = http.with_key(make_key(world, OTHER_NETWORK, Role.OWNER, name="owner")[1])
    assert (stranger.get(PATH).json["checked"], stranger.get(PATH).json["next_cursor"]) == (0, None)
    assert stranger.get(f"/v1/walks/{http.post(PATH).json['id']}").status == 404
    cursor = http.get(f"{PATH}?limit=1").json["next_cursor"]
    assert stranger.get(f"{PATH}?cursor={cursor}").code == "INVALID_CURSOR"
