"""The touches that a booking is answered with: what was done, and what is planned yet."""

from datetime import timedelta
from typing import Any

from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from infra.testkit.api_client import Http
from infra.testkit.builders import NOW, a_booking, save_booking

NOTICE = TouchKind.NOTICE


def touches(http: Http, world: Any, *done: Touch, **fields: Any) -> dict[str, Any]:
    booking = save_booking(world.store, with_touches(a_booking(**fields), *done))
    found = http.get(f"/v1/bookings/{booking.id}").json["touches"]
    assert [each["at"] for each in found] == sorted(each["at"] for each in found)
    return {each["kind"]: each for each in found}


def test_what_is_planned_and_what_is_left_out(http: Http, world: Any, town: Any) -> None:
    found = touches(http, world, starts_at=NOW + timedelta(hours=5))
    assert {kind: (each["state"], each.get("reason")) for kind, each in found.items()} == {
        "notice": ("planned", None),
        "confirm_request": ("skipped", "booked_late"),
        "control_reminder": ("planned", None),
    }
    assert found["confirm_request"]["reason_words"].startswith("The booking was made after")


def test_what_may_go_on_through_another_channel_is_sent(http: Http, world: Any, town: Any) -> None:
    later = NOW + timedelta(minutes=5)
    notice = touches(http, world, Touch(NOTICE, TouchState.AWAITING, NOW, again_at=later))["notice"]
    assert (notice["state"], notice["at"]) == ("sent", "2026-11-23T08:00:00Z")
    assert notice["message_id"].startswith("msg_")


def test_what_was_put_off_is_planned_still(http: Http, world: Any, town: Any) -> None:
    later = NOW + timedelta(days=1)
    put_off = Touch(NOTICE, TouchState.DEFERRED, NOW, attempt=0, reason="weekly_cap", again_at=later)
    notice = touches(http, world, put_off)["notice"]
    assert (notice["state"], notice["at"], notice["reason"]) == (
        "planned",
        "2026-11-24T08:00:00Z",
        "weekly_cap",
    )
    assert "message_id" not in notice


def test_what_was_done_for_an_old_time_gives_way_to_the_plan(http: Http, world: Any, town: Any) -> None:
    notice = touches(http, world, Touch(NOTICE, TouchState.SENT, NOW, occurrence=0), moves=1)["notice"]
    assert notice["state"] == "planned"


def test_a_salons_own_rules_plan_its_bookings(http: Http, world: Any, town: Any) -> None:
    own = {"confirm_request_hours_before": 20}
    http.put("/v1/rules", {"version": 1, "overrides": [{"salon_id": "sal_centru", "messages": own}]})
    assert touches(http, world)["confirm_request"]["at"] == "2026-11-24T12:00:00Z"
