"""Bookings over HTTP: made, moved, taken through their steps."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.api.http.kept import kept_of
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from infra.testkit.api_client import Http
from infra.testkit.builders import NOW, a_booking, save_booking

MARIA = "cli_maria00000000001"
AT = "2026-11-25T10:00:00+02:00"
SAID = {
    "salon_id": "sal_centru",
    "client_id": MARIA,
    "starts_at": AT,
    "lines": [{"service_id": "srv_cut", "staff_id": "stf_anna"}],
}


def mdl(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "MDL"}


def test_a_booking_is_made_and_tells_what_will_be_sent(http: Http, wake_queue: Any) -> None:
    made = http.post("/v1/bookings", SAID)
    assert made.status == 201
    booking = made.json
    assert booking["status"] == "booked"
    assert (booking["starts_at"], booking["ends_at"]) == ("2026-11-25T08:00:00Z", "2026-11-25T09:00:00Z")
    assert booking["local_time"] == "2026-11-25T10:00:00+02:00"
    assert booking["lines"][0]["service"] == "Haircut"
    assert (booking["total"], booking["client_id"], booking["version"]) == (mdl(50_000), MARIA, 1)
    assert booking["touches"] == [
        {"kind": "notice", "state": "planned", "at": "2026-11-23T08:00:00Z"},
        {"kind": "confirm_request", "state": "planned", "at": "2026-11-24T08:00:00Z"},
        {"kind": "control_reminder", "state": "planned", "at": "2026-11-25T07:00:00Z"},
    ]
    assert booking["wake"] == {"at": "2026-11-23T08:00:00Z", "why": "notice"}
    assert [item.id for item in wake_queue.items] == [booking["id"]]
    assert http.get(f"/v1/bookings/{booking['id']}").json == booking


def test_a_booking_finds_its_client_by_phone_else_makes_one(http: Http) -> None:
    said = {key: value for key, value in SAID.items() if key != "client_id"}
    known = http.post("/v1/bookings", {**said, "client": {"name": "Masha", "phone": "069123456"}})
    assert known.json["client_id"] == MARIA
    new = http.post("/v1/bookings", {**said, "client": {"name": "Ion", "phone": "069222333"}})
    assert http.get(f"/v1/clients/{new.json['client_id']}").json["next_booking"]["id"] == new.json["id"]


def test_a_booking_at_another_salon_is_told_on_its_clock_and_in_its_money(http: Http) -> None:
    lines = [
        {"service_id": "srv_cut", "price": {"amount_minor": 9000, "currency": "USD"}},
        {"service_id": "srv_nails"},
    ]
    made = http.post(
        "/v1/bookings", {**SAID, "salon_id": "sal_york", "starts_at": "2026-11-25T15:00:00Z", "lines": lines}
    )
    assert made.json["local_time"] == "2026-11-25T10:00:00-05:00"
    assert made.json["total"] == {"amount_minor": 9000, "currency": "USD"}
    assert made.json["lines"][1]["price"] is None  # the service's price is in lei


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"starts_at": "2025-11-21T07:59:59Z"}, 422, "START_IN_PAST"),
        ({"starts_at": "2030-11-23T07:59:59Z"}, 422, "START_TOO_FAR"),
        ({"starts_at": "2026-11-25T10:00:00"}, 400, "INVALID_FIELD"),
        ({"starts_at": "0001-01-01T00:00:00+14:00"}, 400, "INVALID_FIELD"),
        ({"starts_at": "9999-12-31T23:59:59-14:00"}, 400, "INVALID_FIELD"),
        ({"starts_at": 1766000000}, 400, "INVALID_FIELD"),
        ({"lines": []}, 422, "INVALID_LINES"),
        ({"lines": [{"service_id": "srv_none"}]}, 404, "NOT_FOUND"),
        ({"lines": [{"service_id": "srv_cut", "staff_id": "stf_none"}]}, 404, "NOT_FOUND"),
        ({"lines": [{"service_id": "srv_cut", "minutes": 0}]}, 422, "INVALID_MINUTES"),
        ({"lines": [{"service_id": "srv_cut", "price": mdl(-5)}]}, 422, "INVALID_AMOUNT"),
        (
            {"lines": [{"service_id": "srv_cut", "price": {"amount_minor": 5, "currency": "USD"}}]},
            422,
            "CURRENCY_MISMATCH",
        ),
        ({"salon_id": "sal_none"}, 404, "NOT_FOUND"),
        (
            {"salon_id": "sal_york", "lines": [{"service_id": "srv_cut", "staff_id": "stf_anna"}]},
            422,
            "STAFF_ELSEWHERE",
        ),
        ({"client_id": "cli_nobody0000000001"}, 404, "NOT_FOUND"),
        ({"client_id": None}, 400, "INVALID_FIELD"),
        ({"client": {"name": "Both"}}, 400, "INVALID_FIELD"),
        ({"client_id": None, "client": {"name": "Ion", "phone": "none"}}, 422, "INVALID_PHONE"),
    ],
)
def test_a_booking_that_cannot_be_is_refused_and_leaves_nothing(
    change: Any, status: int, code: str, http: Http
) -> None:
    answer = http.post("/v1/bookings", {**SAID, **change})
    assert (answer.status, answer.code) == (status, code), answer
    assert http.get("/v1/bookings").json["items"] == []
    assert len(http.get("/v1/clients").json["items"]) == 1


def test_a_moved_booking_is_planned_anew(http: Http, mine: Any) -> None:
    path = f"/v1/bookings/{mine.id}"
    http.post(f"{path}/confirm")
    moved = http.patch(path, {"starts_at": "2026-11-26T12:00:00+02:00"}).json
    assert (moved["status"], moved["starts_at"]) == ("booked", "2026-11-26T10:00:00Z")
    assert {touch["kind"]: touch["at"] for touch in moved["touches"]}[
        "confirm_request"
    ] == "2026-11-25T10:00:00Z"


def test_lines_and_note_are_changed(http: Http, mine: Any) -> None:
    lines = [{"service_id": "srv_nails", "staff_id": "stf_vera", "price": mdl(45_000)}]
    changed = http.patch(f"/v1/bookings/{mine.id}", {"lines": lines, "note": "brings a friend"}).json
    assert (changed["total"], changed["note"]) == (mdl(45_000), "brings a friend")
    assert http.patch(f"/v1/bookings/{mine.id}", {"note": None}).json["note"] is None


def test_a_change_of_an_older_version_is_refused(http: Http, mine: Any) -> None:
    http.patch(f"/v1/bookings/{mine.id}", {"note": "x"})
    answer = http.patch(f"/v1/bookings/{mine.id}", {"note": "y", "version": mine.version})
    assert (answer.status, answer.code, answer.json["details"]["version"]) == (409, "STALE_VERSION", 2)


def test_each_step_may_be_asked_for_twice(http: Http, begun: Any) -> None:
    path = f"/v1/bookings/{begun.id}"
    for step, status in (
        ("confirm", "confirmed"),
        ("cancel", "cancelled"),
        ("reopen", "booked"),
        ("no-show", "no_show"),
    ):
        first = http.post(f"{path}/{step}")
        assert (first.status, first.json["status"]) == (200, status)
        assert http.post(f"{path}/{step}").json == first.json


def test_a_step_that_the_status_does_not_allow_is_a_conflict(http: Http, mine: Any) -> None:
    path = f"/v1/bookings/{mine.id}"
    assert http.post(f"{path}/cancel", {"reason": "ill"}).json["reason"] == "ill"
    for step, body in (("confirm", None), ("no-show", None), ("complete", {"paid": mdl(1)})):
        answer = http.post(f"{path}/{step}", body)
        assert (answer.status, answer.code) == (409, "WRONG_STATUS")
    assert http.patch(path, {"starts_at": "2026-11-26T12:00:00+02:00"}).code == "WRONG_STATUS"


def test_what_is_completed_counts_for_the_days_bills_of_its_key(
    http: Http, keys: dict[str, str], mine: Any, world: Any, clock: Any
) -> None:
    clock.now = mine.starts_at
    body = {"paid": {"amount_minor": 50_000, "currency": "MDL"}}
    answer = http.with_key(keys["reception"]).post(f"/v1/bookings/{mine.id}/complete", body)
    assert answer.status == 200, answer.text
    ((network_id, caller),) = kept_of(world).bills.held
    assert (network_id, caller) == (mine.network_id, "bills of key:key_reception MDL")


def test_a_completed_visit_earns_and_redeems(http: Http, mine: Any, clock: Any) -> None:
    grant = {"kind": "grant", "points": 100, "reason": "welcome"}
    http.post(f"/v1/clients/{MARIA}/bonus/entries", grant)
    clock.forward(days=2, hours=2)
    said = {"paid": mdl(50_000), "goods": mdl(10_000), "tip": mdl(5_000), "redeem_points": 100}
    done = http.post(f"/v1/bookings/{mine.id}/complete", said)
    assert done.status == 200
    assert (done.json["status"], done.json["paid"], done.json["goods"], done.json["tip"]) == (
        "completed",
        mdl(50_000),
        mdl(10_000),
        mdl(5_000),
    )
    bonus = done.json["bonus"]
    assert (bonus["earned"], bonus["redeemed"], bonus["balance"], len(bonus["entry_ids"])) == (20, 100, 20, 2)
    assert http.post(f"/v1/bookings/{mine.id}/complete", said).json == done.json
    client = http.get(f"/v1/clients/{MARIA}").json
    assert (client["visits_count"], client["category"]) == (1, "new")
    assert client["bonus"] == {"balance": 20, "available": 0, "pending": 20}
    assert client["upcoming"]["why"] == "repeat_invitation"


def test_a_visit_taken_back_leaves_no_bonus(http: Http, begun: Any) -> None:
    http.post(f"/v1/bookings/{begun.id}/complete", {"paid": mdl(50_000)})
    back = http.post(f"/v1/bookings/{begun.id}/reopen").json
    assert (back["status"], back["paid"], back["earned_points"]) == ("booked", None, 0)
    client = http.get(f"/v1/clients/{MARIA}").json
    assert (client["bonus"]["balance"], client["visits_count"]) == (0, 0)
    kinds = [each["kind"] for each in http.get(f"/v1/clients/{MARIA}/bonus/entries").json["items"]]
    assert kinds == ["reversal", "cashback"]


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"paid": {"amount_minor": 5, "currency": "EUR"}}, 422, "CURRENCY_MISMATCH"),
        ({"paid": mdl(5), "tip": {"amount_minor": 5, "currency": "EUR"}}, 422, "CURRENCY_MISMATCH"),
        ({"paid": mdl(-5)}, 422, "INVALID_AMOUNT"),
        ({"paid": mdl(5), "goods": mdl(6)}, 422, "INVALID_AMOUNT"),
        ({"paid": mdl(50_000), "redeem_points": -1}, 422, "INVALID_POINTS"),
        ({"paid": mdl(50_000), "redeem_points": 126}, 422, "OVER_CAP"),
        ({"paid": mdl(50_000), "redeem_points": 1}, 422, "INSUFFICIENT_POINTS"),
        ({"paid": {"amount_minor": 5.5, "currency": "MDL"}}, 400, "INVALID_FIELD"),
        ({}, 400, "MISSING_FIELD"),
    ],
)
def test_a_bill_that_does_not_add_up_closes_nothing(
    said: Any, status: int, code: str, http: Http, begun: Any
) -> None:
    answer = http.post(f"/v1/bookings/{begun.id}/complete", said)
    assert (answer.status, answer.code) == (status, code)
    assert http.get(f"/v1/bookings/{begun.id}").json["version"] == begun.version


def test_a_list_is_sifted_by_salon_day_staff_and_status(http: Http, world: Any, mine: Any) -> None:
    york = save_booking(world.store, a_booking("bkg_york", salon_id="sal_york", currency="USD", lines=()))
    late = save_booking(world.store, a_booking("bkg_late", starts_at=NOW + timedelta(days=5)))
    http.post(f"/v1/bookings/{late.id}/cancel")

    def found(query: str) -> list[str]:
        return [each["id"] for each in http.get(f"/v1/bookings?{query}").json["items"]]

    assert found("") == [mine.id, late.id, york.id]
    assert found("salon_id=sal_york") == [york.id]
    assert found("from=2026-11-25&to=2026-11-25") == [mine.id, york.id]
    assert found("from=2026-11-25T08:00:00Z&to=2026-11-25T08:00:01Z&salon_id=sal_centru") == [mine.id]
    assert found("from=2026-11-25T10:00:00+02:00&salon_id=sal_centru") == [mine.id, late.id]
    assert found("to=2026-11-25T08:00:00Z") == []
    assert found("staff_id=stf_anna") == [mine.id, late.id]
    assert found("status=cancelled") == [late.id]
    pages, cursor = [], ""
    while cursor is not None:
        page = http.get(f"/v1/bookings?limit=1&cursor={cursor}").json
        pages.append([each["id"] for each in page["items"]])
        cursor = page["next_cursor"]
    assert [each for page in pages for each in page] == [mine.id, late.id, york.id]


def test_a_touch_names_the_message_that_it_became(http: Http, world: Any) -> None:
    sent = Touch(TouchKind.NOTICE, TouchState.SENT, NOW, 0)
    booking = save_booking(world.store, with_touches(a_booking(), sent))
    touches = {each["kind"]: each for each in http.get(f"/v1/bookings/{booking.id}").json["touches"]}
    assert touches["notice"]["state"] == "sent"
    assert touches["notice"]["message_id"].startswith("msg_")
    assert touches["confirm_request"]["state"] == "planned"
