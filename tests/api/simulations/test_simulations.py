"""A programme is tried over HTTP: begun, followed, and its result kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.client_visits import with_visit
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.waking import Trouble
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, Town, a_booking

SIMULATE, ALL = "/v1/programme/simulate", "/v1/programme/simulations"


@pytest.fixture
def past(world: Any, town: Town) -> None:
    """Maria came in June, and in August redeemed 10 of the 25 points that she then had."""
    client = world.store.get(Client, network_id=NETWORK, id=town.client.id)
    for month, redeemed in ((6, 0), (8, 10)):
        at = datetime(2026, month, 10, 9, tzinfo=UTC)
        said = {"closed_at": at + timedelta(hours=1), "paid_minor": 50_000, "redeemed_points": redeemed}
        world.store.save(
            a_booking(f"bkg_{month:016d}", starts_at=at, status=Status.COMPLETED, earned_points=25, **said)
        )
        client = with_visit(client, VisitDay(at.date(), "sal_centru"), "MDL", 50_000)
    world.store.save(client)


def finished(http: Http, world: Any, begun: Any) -> Any:
    walk = world.store.get(Walk, network_id=NETWORK, id=begun["walk_id"])
    walk_on(world, walk)
    return http.get(f"{ALL}/{begun['id']}").json


def test_a_proposed_programme_is_compared_with_the_present_one(http: Http, world: Any, past: None) -> None:
    answer = http.post(SIMULATE, {"bonuses": {"cashback_percent": 10}})
    assert answer.status == 202
    begun = answer.json
    assert (begun["stage"], begun["result"], begun["finished_at"]) == ("waiting", None, None)
    assert (begun["from"], begun["to"], begun["warm_up_from"]) == ("2025-11-01", "2026-10-31", "2024-11-01")
    assert begun["present"]["cashback_percent"] == 5
    assert begun["proposed"] == {**begun["present"], "cashback_percent": 10}
    done = finished(http, world, begun)
    assert (done["stage"], done["seen"], done["visits"]) == ("done", 1, 2)
    present, proposed, actual = (done["result"][name] for name in ("present", "proposed", "actual"))
    assert present["points"] == {
        "granted": 49, "by_kind": {"cashback": 49}, "redeemed": 10, "expired": 0, "outstanding": 39,
    }  # fmt: skip
    assert proposed["points"]["granted"] == 50 + 48
    assert proposed["points"]["redeemed"] == 20
    reach = {"clients": 1, "earning": 1, "able": 1, "redeeming": 1, "tiers": {}}
    assert present["reach"] == proposed["reach"] == reach
    assert present["money"] == [
        {
            "currency": "MDL", "revenue": 100_000, "granted": 4_900, "gifts": 0, "redeemed": 1_000,
            "expired": 0, "outstanding": 3_900, "coupons": 0, "share_percent": 1.0,
            "granted_share_percent": 4.9,
        }
    ]  # fmt: skip
    assert done["result"]["difference"] == {
        "granted": 49,
        "redeemed": 10,
        "expired": 0,
        "outstanding": 39,
        "coupons": 0,
        "earning": 0,
        "able": 0,
        "redeeming": 0,
        "money": [{"currency": "MDL", "granted": 4_900, "redeemed": 1_000, "outstanding": 3_900}],
    }
    assert len(present["months"]) == 12
    assert present["months"][-1] == {
        "month": "2026-10", "granted": 0, "redeemed": 0, "expired": 0, "outstanding": 39,
    }  # fmt: skip
    assert (actual["granted"], actual["redeemed"], actual["redeeming"]) == (50, 10, 1)
    assert actual["months"][7] == {"month": "2026-06", "granted": 25, "redeemed": 0}


def test_whole_programmes_are_proposed(http: Http, world: Any, past: None) -> None:
    bonuses = {
        "tiers": [
            {"name": "new", "at_least": 0, "below": 1, "percent": 5},
            {"name": "known", "at_least": 1, "below": None, "percent": 10},
        ],
        "tiers_by": "visits",
        "expiry": {"model": "days", "after": 30},
        "birthday": {"points": 100, "valid_days": 10},
    }
    begun = http.post(SIMULATE, {"bonuses": bonuses}).json
    assert begun["proposed"] == {**begun["present"], **bonuses}
    proposed = finished(http, world, begun)["result"]["proposed"]
    assert proposed["reach"]["tiers"] == {"known": 1}
    assert proposed["points"] == {
        "granted": 75, "by_kind": {"cashback": 75}, "redeemed": 0, "expired": 75, "outstanding": 0,
    }  # fmt: skip


def test_its_result_is_kept_and_listed(http: Http, world: Any, clock: Any, past: None) -> None:
    first = http.post(SIMULATE, {"bonuses": {}}).json
    kept = finished(http, world, first)
    clock.forward(seconds=1)
    second = http.post(SIMULATE, {"bonuses": {}, "redeem_share_percent": 100}).json
    http.put("/v1/rules", {"version": 1, "bonuses": {"cashback_percent": 50}})
    assert http.get(f"{ALL}/{first['id']}").json == kept
    listed = http.get(ALL).json
    assert [each["id"] for each in listed["items"]] == [second["id"], first["id"]]
    assert "result" not in listed["items"][0]
    page = http.get(f"{ALL}?limit=1").json
    assert http.get(f"{ALL}?limit=1&cursor={page['next_cursor']}").json["items"] == listed["items"][1:]


def test_the_walk_shows_whose_it_is(http: Http, past: None) -> None:
    begun = http.post(SIMULATE, {"bonuses": {}}).json
    (walk,) = http.get("/v1/walks").json["items"]
    assert (walk["id"], walk["kind"], walk["simulation_id"]) == (begun["walk_id"], "simulate", begun["id"])


def test_asked_again_it_is_the_same(http: Http, past: None) -> None:
    said = {"bonuses": {"cashback_percent": 7}, "from": "2026-01-01", "to": "2026-03-31"}
    first = http.post(SIMULATE, said, Idempotency_Key="once")
    again = http.post(SIMULATE, said, Idempotency_Key="once")
    assert again.json == first.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert http.post(SIMULATE, said).json["id"] == first.json["id"]
    other = http.post(SIMULATE, {**said, "redeem_share_percent": 50})
    assert (other.status, other.code) == (409, "SIMULATION_RUNNING")


def test_why_it_does_not_go_on_is_shown(http: Http, world: Any, past: None) -> None:
    begun = http.post(SIMULATE, {"bonuses": {}}).json
    walk = world.store.get(Walk, network_id=NETWORK, id=begun["walk_id"])
    trouble = Trouble(6, "the table was away", NOW, NOW, parked=True)

    world.store.save(replace(walk, wake=None, trouble=trouble))
    shown = http.get(f"{ALL}/{begun['id']}").json
    assert (shown["error"], shown["parked"], shown["result"]) == ("the table was away", True, None)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({}, 400, "MISSING_FIELD"),
        ({"bonuses": []}, 400, "INVALID_FIELD"),
        ({"bonuses": {"generosity": 1}}, 400, "UNKNOWN_FIELD"),
        ({"bonuses": {"cashback_percent": 1.5}}, 400, "INVALID_FIELD"),
        ({"bonuses": {"cashback_percent": 101}}, 422, "INVALID_RULE"),
        ({"bonuses": {"point_value_minor": 0}}, 422, "INVALID_RULE"),
        (
            {"bonuses": {"tiers": [{"name": "x", "at_least": 5, "below": None, "percent": 5}]}},
            422,
            "INVALID_RULE",
        ),
        ({"bonuses": {"earn_excludes": {"service_ids": ["srv_none"]}}}, 422, "INVALID_RULE"),
        ({"bonuses": {}, "until": "2026-01-01"}, 400, "UNKNOWN_FIELD"),
        ({"bonuses": {}, "from": "yesterday"}, 400, "INVALID_FIELD"),
        ({"bonuses": {}, "from": "2026-05-02", "to": "2026-05-01"}, 422, "INVALID_PERIOD"),
        ({"bonuses": {}, "to": "2026-11-23"}, 422, "INVALID_PERIOD"),
        ({"bonuses": {}, "from": "0001-01-01"}, 422, "INVALID_PERIOD"),
        ({"bonuses": {}, "to": "9999-12-31"}, 422, "INVALID_PERIOD"),
        ({"bonuses": {}, "warm_up_months": 25}, 400, "INVALID_FIELD"),
        ({"bonuses": {}, "warm_up_months": -1}, 400, "INVALID_FIELD"),
        ({"bonuses": {}, "redeem_share_percent": 101}, 400, "INVALID_FIELD"),
        ({"bonuses": {}, "redeem_share_percent": 0.5}, 400, "INVALID_FIELD"),
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_begun(
    said: Any, status: int, code: str, http: Http, world: Any, past: None
) -> None:
    answer = http.post(SIMULATE, said)
    assert (answer.status, answer.code) == (status, code)
    assert http.get(ALL).json["items"] == []
    assert world.store.get_page(Walk, network_id=NETWORK).items == []


def test_what_there_is_not_is_not_found(http: Http) -> None:
    for each_id in ("sim_none", "wlk_none", "x" * 150):
        answer = http.get(f"{ALL}/{each_id}")
        assert (answer.status, answer.code) == (404, "NOT_FOUND")


def test_a_manager_of_some_salons_is_kept_out(http: Http, world: Any, past: None) -> None:
    secret = make_key(world, NETWORK, Role.MANAGER, KeyScope(["sal_centru"]), name="Centru")[1]
    begun = http.post(SIMULATE, {"bonuses": {}}).json
    manager = http.with_key(secret)
    for method, path, body in (
        ("POST", SIMULATE, {"bonuses": {}}),
        ("GET", ALL, None),
        ("GET", f"{ALL}/{begun['id']}", None),
    ):
        answer = manager.ask(method, path, body)
        assert (answer.status, answer.code) == (403, "FORBIDDEN"), path
