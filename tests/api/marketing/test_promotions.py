"""The annual plan over HTTP: promotions planned, changed, stopped and seen with what they came to; and the
report of surprises."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.marketing.promotions import Promotion
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift, Surprise
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.marketing.step_promotion import step_promotion
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_network
from tests.api.networks.test_set_up import pages_of

PATH = "/v1/promotions"
DOUBLE: dict[str, Any] = {
    "name": "Двойные баллы",
    "starts_on": "2026-11-23",
    "ends_on": "2026-11-30",
    "multiplier_percent": 200,
}
GRANT: dict[str, Any] = {
    "name": "8 марта",
    "starts_on": "2027-03-08",
    "ends_on": "2027-03-08",
    "grant": {"points": 100, "valid_days": 14},
}
PAID = {"paid": {"amount_minor": 50_000, "currency": "MDL"}}


def made(http: Http, said: Any = DOUBLE, **more: Any) -> dict[str, Any]:
    answer = http.post(PATH, {**said, **more})
    assert answer.status == 201, answer.text
    found: dict[str, Any] = answer.json
    return found


def test_a_promotion_is_planned_seen_and_changed(http: Http) -> None:
    planned = made(http, GRANT, audience={"categories": ["regular"]}, cap_points=5000)
    path = f"{PATH}/{planned['id']}"
    assert http.get(path).json == planned
    assert (planned["state"], planned["result"], planned["granting"]) == ("planned", None, None)
    assert (planned["grant"], planned["multiplier_percent"]) == ({"points": 100, "valid_days": 14}, None)
    changed = http.patch(path, {"ends_on": "2027-03-10", "cap_points": None, "version": 1})
    assert changed.status == 200
    assert (changed.json["ends_on"], changed.json["cap_points"], changed.json["version"]) == (
        "2027-03-10",
        None,
        2,
    )
    assert changed.json["audience"]["categories"] == ["regular"]
    stale = http.patch(path, {"name": "x", "version": 1})
    assert (stale.status, stale.code) == (409, "STALE_VERSION")


def test_the_same_request_again_is_the_same_promotion(http: Http) -> None:
    answers = [http.post(PATH, DOUBLE, Idempotency_Key="k-1") for _ in range(2)]
    assert answers[0].json == answers[1].json
    assert len(http.get(PATH).json["items"]) == 1


def test_the_annual_plan_is_in_the_order_of_its_dates(http: Http) -> None:
    dates = {"May": "2027-05-01", "January": "2027-01-01", "March": "2027-03-01", "next": "2028-01-01"}
    for name, day in dates.items():
        made(http, name=name, starts_on=day, ends_on=day)
    made(http, name="New Year", starts_on="2026-12-25", ends_on="2027-01-07")
    found = http.get(f"{PATH}?year=2027").json["items"]
    assert [each["name"] for each in found] == ["New Year", "January", "March", "May"]
    whole = [each["id"] for each in http.get(PATH).json["items"]]
    assert len(whole) == 5
    assert pages_of(http, PATH, 2) == whole
    assert http.get(f"{PATH}?year=2031").json == {"items": [], "next_cursor": None}


def test_a_completed_visit_earns_twice_and_the_result_shows_it(http: Http, begun: Any, world: Any) -> None:
    planned = made(http, cap_points=1000)
    answer = http.post(f"/v1/bookings/{begun.id}/complete", PAID)
    assert answer.json["bonus"]["earned"] == 50
    entries = http.get(f"/v1/clients/{begun.client_id}/bonus/entries").json["items"]
    assert {each["kind"]: each["points"] for each in entries} == {"cashback": 25, "promotion": 25}
    step_promotion(world, world.store.get(Promotion, network_id=NETWORK, id=planned["id"]))
    seen = http.get(f"{PATH}/{planned['id']}").json
    assert seen["state"] == "running"
    expected = {
        "points": 25,
        "clients": 1,
        "visits": 1,
        "value": [{"amount_minor": 2500, "currency": "MDL"}],
        "left_points": 975,
    }
    assert seen["result"] == expected
    assert http.get(PATH).json["items"][0]["result"] == expected
    http.post(f"/v1/bookings/{begun.id}/reopen")
    assert http.get(f"{PATH}/{planned['id']}").json["result"]["points"] == 0


def test_a_grant_is_given_and_its_progress_shown(http: Http, world: Any) -> None:
    planned = made(http, GRANT)
    world.clock.now = datetime(2027, 3, 7, 22, 0, tzinfo=UTC)
    step_promotion(world, world.store.get(Promotion, network_id=NETWORK, id=planned["id"]))
    walk_id = world.store.get(Promotion, network_id=NETWORK, id=planned["id"]).walk_id
    walk_on(world, world.store.get(Walk, network_id=NETWORK, id=walk_id))
    seen = http.get(f"{PATH}/{planned['id']}").json
    progress = {"walk_id": walk_id, "kind": "promote", "seen": 1, "found": 1, "finished": True}
    assert seen["granting"] == progress
    assert (seen["result"]["points"], seen["result"]["left_points"]) == (100, None)
    assert http.get(f"/v1/walks/{walk_id}").json["kind"] == "promote"


def test_one_that_starts_today_is_woken_at_once(http: Http, world: Any) -> None:
    planned = made(http)
    assert [each.id for each in world.wake_queue.items] == [planned["id"]]


def test_a_promotion_is_stopped_for_good(http: Http, begun: Any) -> None:
    path = f"{PATH}/{made(http)['id']}"
    states = [http.post(f"{path}/stop").json["state"] for _ in range(2)]
    assert states == ["stopped", "stopped"]
    assert http.post(f"/v1/bookings/{begun.id}/complete", PAID).json["bonus"]["earned"] == 25
    late = http.patch(path, {"name": "x"})
    assert (late.status, late.code, late.json["details"]["state"]) == (409, "WRONG_STATE", "stopped")


def test_one_that_has_ended_is_not_stopped(http: Http, world: Any) -> None:
    planned = made(http)
    world.clock.now = NOW + timedelta(days=20)
    step_promotion(world, world.store.get(Promotion, network_id=NETWORK, id=planned["id"]))
    assert http.post(f"{PATH}/{planned['id']}/stop").code == "WRONG_STATE"


def test_a_parked_promotion_is_retried(http: Http, world: Any) -> None:
    from chalicelib.domain.shared.operations import Parked

    planned = made(http, GRANT)
    promotion = world.store.get(Promotion, network_id=NETWORK, id=planned["id"])
    parked = Parked(network_id=NETWORK, item=f"PROMOTION#{promotion.id} {promotion.id}", error="x", at=NOW)
    world.store.save(replace(promotion, wake=None), parked)
    assert http.post(f"/v1/parked/{promotion.id}/retry").status == 200
    assert world.store.get(Promotion, network_id=NETWORK, id=promotion.id).wake == Wake(NOW, "retried")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"name": "\u0000"}, 422, "INVALID_NAME"),
        ({"ends_on": "2026-11-22"}, 422, "INVALID_DATES"),
        ({"starts_on": "2026-11-22"}, 422, "INVALID_DATES"),
        ({"ends_on": "2027-12-01"}, 422, "INVALID_DATES"),
        ({"starts_on": "2029-01-01", "ends_on": "2029-01-02"}, 422, "INVALID_DATES"),
        ({"starts_on": "9999-12-31", "ends_on": "9999-12-31"}, 422, "INVALID_DATES"),
        ({"starts_on": "2027-02-29"}, 400, "INVALID_FIELD"),
        ({"multiplier_percent": None}, 422, "INVALID_REWARD"),
        ({"grant": {"points": 5}}, 422, "INVALID_REWARD"),
        ({"multiplier_percent": None, "grant": {"points": 0}}, 422, "INVALID_REWARD"),
        ({"multiplier_percent": None, "grant": {"points": 10**10}}, 422, "INVALID_REWARD"),
        ({"multiplier_percent": None, "grant": {"points": 5, "valid_days": -1}}, 422, "INVALID_REWARD"),
        ({"multiplier_percent": 100}, 422, "OUT_OF_RANGE"),
        ({"multiplier_percent": 1001}, 422, "OUT_OF_RANGE"),
        ({"multiplier_percent": 150.5}, 400, "INVALID_FIELD"),
        ({"cap_points": 0}, 422, "INVALID_CAP"),
        ({"client_cap_points": -5}, 422, "INVALID_CAP"),
        ({"cap_points": 10, "client_cap_points": 11}, 422, "INVALID_CAP"),
        ({"multiplier_percent": None, "grant": {"points": 50}, "cap_points": 49}, 422, "INVALID_CAP"),
        ({"audience": {"salon_ids": ["sal_nowhere"]}}, 422, "INVALID_SEGMENT"),
        ({"audience": {"service_ids": ["srv_none"]}}, 422, "INVALID_SEGMENT"),
        ({"audience": {"categories": ["rich"]}}, 400, "INVALID_FIELD"),
        ({"audience": {"colour": "red"}}, 400, "UNKNOWN_FIELD"),
        ({"state": "running"}, 400, "UNKNOWN_FIELD"),
    ],
)
def test_what_cannot_be_a_promotion_is_refused_and_nothing_is_written(
    said: Any, status: int, code: str, http: Http, world: Any
) -> None:
    answer = http.post(PATH, {**DOUBLE, **said})
    assert (answer.status, answer.code) == (status, code)
    if code == "INVALID_SEGMENT":
        assert answer.json["details"]["field"].startswith("audience.")
    assert http.get(PATH).json["items"] == []
    planned = made(http, starts_on="2026-11-24")
    if "starts_on" not in said and said.get("ends_on") != "2026-11-22":
        changed = http.patch(f"{PATH}/{planned['id']}", said)
        assert (changed.status, changed.code) == (status, code)
        assert http.get(f"{PATH}/{planned['id']}").json == planned
    assert len(world.directory(NETWORK).offers) == 1


def test_a_key_of_some_salons_plans_no_promotions_and_sees_no_surprises(http: Http) -> None:
    path = f"{PATH}/{made(http)['id']}"
    said = {"role": "manager", "name": "Centru", "salon_ids": ["sal_centru"]}
    manager = http.with_key(http.post("/v1/keys", said).json["secret"])
    asked = [manager.get(PATH), manager.post(PATH, DOUBLE), manager.get(path), manager.post(f"{path}/stop")]
    assert {answer.code for answer in [*asked, manager.get("/v1/reports/bonus/surprises")]} == {"FORBIDDEN"}


@pytest.mark.parametrize("role", ["reception", "specialist", "partner"])
def test_only_the_office_plans(role: str, http: Http, keys: dict[str, str]) -> None:
    asking = http.with_key(keys[role])
    path = f"{PATH}/{made(http)['id']}"
    answers = [asking.get(PATH), asking.get(path), asking.post(f"{path}/stop"), asking.patch(path, {})]
    assert {answer.status for answer in [*answers, asking.get("/v1/reports/bonus/surprises")]} == {403}


def test_another_network_s_promotion_does_not_exist(http: Http, world: Any) -> None:
    path = f"{PATH}/{made(http)['id']}"
    world.store.save(a_network(OTHER_NETWORK, name="Orchid"))
    stranger = http.with_key(make_key(world, OTHER_NETWORK, Role.OWNER, name="owner")[1])
    answers = [stranger.get(path), stranger.patch(path, {"name": "Ours"}), stranger.post(f"{path}/stop")]
    assert {(answer.status, answer.code) for answer in answers} == {(404, "NOT_FOUND")}
    assert stranger.get(PATH).json["items"] == []
    salon = {**DOUBLE, "audience": {"salon_ids": ["sal_centru"]}}
    assert stranger.post(PATH, salon).code == "INVALID_SEGMENT"


def test_the_report_of_surprises_tells_what_a_month_s_draw_came_to(http: Http, world: Any) -> None:
    nothing = http.get("/v1/reports/bonus/surprises").json
    assert (nothing["month"], nothing["budget"], nothing["spent"]) == ("2026-11", None, 0)
    gifts = BonusRules(surprise=Surprise(gift=Gift(100), monthly_budget_points=500))
    network = world.store.get(Network, network_id=NETWORK)
    world.store.save(replace(network, rules=replace(network.rules, bonuses=gifts)))
    world.store.save(
        SurpriseMonth(
            network_id=NETWORK, month="2026-12", budget_points=500, regulars=9, held_out=1, rested=2, drawn=5,
            spent_points=500, begun_at=NOW,
        )
    )  # fmt: skip
    found = http.get("/v1/reports/bonus/surprises?month=2026-12").json
    assert found == {
        "month": "2026-12", "budget": 500, "spent": 500, "drawn": 5, "held_out": 1, "regulars": 9,
        "rested": 2,
        "begun_at": "2026-11-23T08:00:00Z", "done_at": None,
    }  # fmt: skip
    wrong = http.get("/v1/reports/bonus/surprises?month=2026-13")
    assert (wrong.status, wrong.code) == (400, "INVALID_FIELD")
