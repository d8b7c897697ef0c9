"""The rules over HTTP: whole, overridden, refused with the field, kept by version, planned anew."""

from typing import Any

import pytest

from chalicelib.domain.waking.walks import Walk
from infra.testkit.api_client import Http

LATER = {"confirm_request_hours_before": 48}


def put(http: Http, **body: Any) -> Any:
    version = http.get("/v1/rules").json["version"]
    return http.put("/v1/rules", {"version": version, **body})


def test_all_rules_are_seen_and_what_is_seen_can_be_sent_back(http: Http) -> None:
    seen = http.get("/v1/rules").json
    assert set(seen) == {"version", "messages", "bonuses", "overrides", "categories", "walk_id"}
    assert seen["messages"]["channels"] == [{"channel": "sms", "wait_minutes": 0}]
    assert seen["messages"]["bonus_expiry_days_before"] == [14, 3]
    assert seen["messages"]["monthly_budget_usd_cents"] is None
    assert http.put("/v1/rules", seen).json == seen


EVERYTHING: dict[str, Any] = {
    "enabled": True,
    "off": ["birthday", "win_back"],
    "on": ["campaign"],
    "confirm_request_hours_before": 12,
    "confirm_cutoff_hours_before": 3,
    "control_reminder_minutes_before": 90,
    "review_request_minutes_after": 60,
    "notice_again_when_moved_by_minutes": 15,
    "notice_again_when_staff_changes": True,
    "no_show_invitation_days_after": 2,
    "birthday_days_before": 3,
    "bonus_expiry_days_before": [30, 7, 1],
    "day_touch_hour": 12,
    "quiet_hours": {"start": "22:00", "end": "08:30"},
    "marketing_needs_consent": False,
    "weekly_cap": 5,
    "weekly_marketing_cap": 2,
    "monthly_budget_usd_cents": 50_000,
    "channels": [{"channel": "push", "wait_minutes": 15}, {"channel": "sms", "wait_minutes": 0}],
    "channels_of": {"win_back": [{"channel": "email", "wait_minutes": 0}]},
    "holdout_percent": {"win_back": 10},
    "part_price_micros": {"sms": 45_000},
    "essential_budget_percent": 150,
    "network_daily_cap": 700,
    "network_daily_usd_cents": 9_000,
    "origin_hourly_cap": 30,
    "origin_daily_cap": 120,
    "daily_notice_cap": 4,
    "sms_countries": ["MD", "RO"],
}
OWN: dict[str, Any] = {
    "off": [],
    "quiet_hours": {"start": "23:00", "end": "07:00"},
    "channels_of": {"notice": [{"channel": "whatsapp", "wait_minutes": 5}]},
}


def test_every_rule_can_be_set_and_is_kept(http: Http) -> None:
    overrides = [{"salon_id": "sal_york", "messages": OWN}, {"service_id": "srv_cut", "messages": LATER}]
    changed = put(http, messages=EVERYTHING, overrides=overrides)
    assert changed.status == 200
    assert changed.json["messages"] == EVERYTHING
    assert changed.json["overrides"] == overrides
    assert http.get("/v1/rules").json == changed.json


def test_overrides_stay_until_others_take_their_place(http: Http) -> None:
    overrides = [{"salon_id": "sal_york", "messages": LATER}]
    put(http, overrides=overrides)
    assert put(http, messages={"weekly_cap": 4}).json["overrides"] == overrides
    assert put(http, overrides=[]).json["overrides"] == []


def test_a_change_that_is_said_again_counts_once(http: Http) -> None:
    body = {"version": 1, "messages": LATER}
    assert http.put("/v1/rules", body).json == http.put("/v1/rules", body).json
    assert http.get("/v1/rules").json["version"] == 2
    assert len(http.get("/v1/walks").json["items"]) == 1
    assert http.put("/v1/rules", {"version": 1, "messages": {"weekly_cap": 9}}).code == "STALE_VERSION"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"messages": {"off": ["greeting"]}}, "messages.off"),
        ({"messages": {"confirm_request_hours_before": 0}}, "messages.confirm_request_hours_before"),
        ({"messages": {"birthday_days_before": 0}}, "messages.birthday_days_before"),
        ({"messages": {"quiet_hours": {"start": "00:00", "end": "23:59"}}}, "messages.quiet_hours"),
        ({"messages": {"channels": []}}, "messages.channels"),
        ({"messages": {"channels": [{"channel": "pigeon"}]}}, "messages.channels[0].channel"),
        ({"messages": {"channels_of": {"greeting": [{"channel": "sms"}]}}}, "messages.channels_of"),
        ({"messages": {"holdout_percent": {"notice": 10}}}, "messages.holdout_percent.notice"),
        ({"messages": {"holdout_percent": {"win_back": 101}}}, "messages.holdout_percent.win_back"),
        ({"messages": {"monthly_budget_usd_cents": -1}}, "messages.monthly_budget_usd_cents"),
        ({"messages": {"essential_budget_percent": 99}}, "messages.essential_budget_percent"),
        ({"messages": {"daily_notice_cap": 0}}, "messages.daily_notice_cap"),
        ({"messages": {"sms_countries": ["MD", "Romania"]}}, "messages.sms_countries"),
        ({"overrides": [{"salon_id": "sal_none", "messages": {}}]}, "overrides[0].salon_id"),
        ({"overrides": [{"messages": {}}]}, "overrides[0]"),
        (
            {"overrides": [{"service_id": "srv_cut", "messages": {"off": ["greeting"]}}]},
            "overrides[0].messages.off",
        ),
        (
            {"overrides": [{"salon_id": "sal_york", "messages": {"confirm_request_hours_before": 2}}]},
            "overrides[0].messages.confirm_request_hours_before",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_field_and_why(body: Any, field: str, http: Http) -> None:
    answer = put(http, **body)
    assert (answer.status, answer.code, answer.json["details"]["field"]) == (422, "INVALID_RULE", field)
    assert len(answer.json["message"]) > 20
    assert http.get("/v1/rules").json["version"] == 1
    assert http.get("/v1/rules/changes").json["items"] == []
    assert http.get("/v1/walks").json["items"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"messages": {"weekly_capp": 1}}, "UNKNOWN_FIELD"),
        ({"messages": {"quiet_hours": {"start": "24:00", "end": "08:00"}}}, "INVALID_FIELD"),
        ({"messages": {"channels": [{"wait_minutes": 5}]}}, "MISSING_FIELD"),
        ({"overrides": [{"salon_id": "sal_york", "messages": {"weekly_cap": 1}}]}, "UNKNOWN_FIELD"),
        ({"overrides": [{"salon_id": "sal_york"}]}, "MISSING_FIELD"),
        ({"messages": {"weekly_cap": 1.5}}, "INVALID_FIELD"),
    ],
)
def test_what_is_no_rule_at_all_is_malformed(body: Any, code: str, http: Http) -> None:
    answer = put(http, **body)
    assert (answer.status, answer.code) == (400, code)


def test_rules_are_set_by_those_who_see_the_whole_network(http: Http) -> None:
    secret = http.post("/v1/keys", {"role": "manager", "name": "York", "salon_ids": ["sal_york"]}).json[
        "secret"
    ]
    york = http.with_key(secret)
    assert york.put("/v1/rules", {"version": 1, "messages": LATER}).code == "FORBIDDEN"
    assert york.get("/v1/rules").status == 200


# --- history


def test_the_history_tells_who_changed_what(http: Http) -> None:
    put(http, messages=LATER)
    put(
        http,
        bonuses={"cashback_percent": 7},
        overrides=[{"salon_id": "sal_york", "messages": {"quiet_hours": {"start": "22:00", "end": "08:00"}}}],
    )
    lines = http.get("/v1/rules/changes").json["items"]
    assert [(each["version"], each["actor"]) for each in lines] == [
        (3, "key:key_owner"),
        (2, "key:key_owner"),
        (1, "system"),
    ]
    assert lines[0]["changes"] == [
        {"field": "bonuses.cashback_percent", "before": 5, "after": 7},
        {
            "field": "overrides[sal_york].messages.quiet_hours",
            "before": None,
            "after": {"start": "22:00", "end": "08:00"},
        },
    ]
    assert lines[1]["changes"] == [
        {"field": "messages.confirm_request_hours_before", "before": 24, "after": 48}
    ]
    assert lines[2]["changes"] == []
    assert lines[0]["messages"] == http.get("/v1/rules").json["messages"]
    assert lines[2]["messages"]["confirm_request_hours_before"] == 24


def test_the_history_comes_in_pages(http: Http) -> None:
    for hours in (48, 47, 46):
        put(http, messages={"confirm_request_hours_before": hours})
    found, cursor = [], ""
    while cursor is not None:
        page = http.get(f"/v1/rules/changes?limit=1&cursor={cursor}").json
        found += page["items"]
        cursor = page["next_cursor"]
    assert found == http.get("/v1/rules/changes").json["items"]
    assert [each["version"] for each in found] == [4, 3, 2, 1]
    assert http.get("/v1/rules/changes?limit=21").code == "INVALID_FIELD"


# --- walks


def test_a_change_is_answered_with_the_walk_that_plans_anew(http: Http, world: Any, clock: Any) -> None:
    from chalicelib.services.waking.walk_on import walk_on
    from infra.testkit.builders import NETWORK

    changed = put(http, messages=LATER).json
    walk = http.get(f"/v1/walks/{changed['walk_id']}").json
    assert (walk["kind"], walk["stage"], walk["share"], walk["finished_at"]) == (
        "replan",
        "waiting",
        None,
        None,
    )
    assert http.get("/v1/walks").json["items"] == [walk]
    clock.forward(seconds=91)
    walk_on(world, world.store.get(Walk, network_id=NETWORK, id=walk["id"]))
    done = http.get(f"/v1/walks/{walk['id']}").json
    assert (done["stage"], done["share"], done["seen"]) == ("done", 1.0, 1)
    assert done["finished_at"] == "2026-11-23T08:01:31Z"
    assert http.get("/v1/rules").json["walk_id"] is None
    again = put(http, messages={"confirm_request_hours_before": 47}).json["walk_id"]
    assert http.get(f"/v1/walks/{again}").json["share"] == 0.0  # of the one item of last time
    assert [each["id"] for each in http.get("/v1/walks").json["items"]] == [again, walk["id"]]


def test_a_change_that_moves_no_touch_walks_nowhere(http: Http) -> None:
    assert put(http, bonuses={"cashback_percent": 7}).json["walk_id"] is None
    assert put(http, messages={"weekly_cap": 7}).json["walk_id"] is None


def test_another_time_zone_walks_too(http: Http) -> None:
    http.patch("/v1/salons/sal_centru", {"timezone": "Europe/Moscow"})
    assert [each["kind"] for each in http.get("/v1/walks").json["items"]] == ["replan"]


def test_a_walk_that_there_is_not_is_not_found(http: Http) -> None:
    assert http.get("/v1/walks/wlk_none").status == 404
