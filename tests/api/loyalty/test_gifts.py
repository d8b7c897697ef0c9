"""Coupons, referral codes and compensations over HTTP."""

from typing import Any

import pytest

from chalicelib.domain.shared.tasks import Task, TaskKind
from infra.testkit.api_client import Http
from infra.testkit.builders import (
    NETWORK,
    NOW,
    OTHER_NETWORK,
    a_booking,
    a_client,
    a_town,
    save_booking,
    save_client,
)

MARIA = "cli_maria00000000001"
COUPONS = f"/v1/clients/{MARIA}/coupons"
TEN_PERCENT = {"name": "10 % off goods", "percent": 10, "reason": "for waiting", "valid_days": 8}


def lei(amount_minor: int) -> dict[str, Any]:
    return {"amount_minor": amount_minor, "currency": "MDL"}


def issued(http: Http, **said: Any) -> Any:
    answer = http.post(COUPONS, {**TEN_PERCENT, **said})
    assert answer.status == 201, answer.text
    return answer.json


def redeemed(http: Http, coupon_id: str, **said: Any) -> Any:
    return http.post(
        f"/v1/coupons/{coupon_id}/redeem",
        {"salon_id": "sal_centru", "bill": lei(50_000), "goods": lei(9_999), **said},
    )


# --- coupons


def test_a_coupon_is_given_by_hand_and_shown_while_it_is_open(http: Http) -> None:
    coupon = issued(http)
    assert {name: coupon[name] for name in ("name", "percent", "amount", "service_id", "state", "cause")} == {
        "name": "10 % off goods", "percent": 10, "amount": None, "service_id": None, "state": "open",
        "cause": "hand",
    }  # fmt: skip
    assert (coupon["issued_at"], coupon["valid_until"]) == ("2026-11-23T08:00:00Z", "2026-12-01")
    assert http.get(COUPONS).json == {"items": [coupon], "next_cursor": None}


def test_a_coupon_is_redeemed_once(http: Http) -> None:
    coupon_id = issued(http)["id"]
    first = redeemed(http, coupon_id)
    assert (first.status, first.json["discount"]) == (200, lei(999))
    assert first.json["coupon"]["use"]["discount"] == lei(999)
    assert redeemed(http, coupon_id).json == first.json
    assert redeemed(http, coupon_id, bill=lei(50_001)).code == "COUPON_USED"
    assert http.get(COUPONS).json["items"] == []
    (kept,) = http.get(f"{COUPONS}?state=all").json["items"]
    assert (kept["state"], kept["use"]["bill"]) == ("redeemed", lei(50_000))


def test_an_amount_off_a_booked_service(http: Http, world: Any) -> None:
    coupon = issued(http, percent=0, amount=lei(60_000), service_id="srv_cut")
    assert coupon["amount"] == lei(60_000)
    booking = save_booking(world.store, a_booking("bkg_theirs"))
    answer = redeemed(http, coupon["id"], bill=lei(90_000), booking_id=booking.id)
    assert answer.json["discount"] == lei(50_000)


def test_a_coupon_is_made_void_with_a_reason(http: Http) -> None:
    coupon_id = issued(http)["id"]
    assert http.post(f"/v1/coupons/{coupon_id}/void", {}).code == "MISSING_FIELD"
    voided = http.post(f"/v1/coupons/{coupon_id}/void", {"reason": "wrong client"})
    assert (voided.status, voided.json["state"], voided.json["void_reason"]) == (200, "void", "wrong client")
    assert redeemed(http, coupon_id).code == "COUPON_VOID"


def test_a_coupon_lapses_on_its_last_local_day(http: Http, clock: Any) -> None:
    coupon_id = issued(http)["id"]
    clock.forward(days=8, hours=14)  # 22:00 UTC on 1 December: midnight in Chisinau
    assert redeemed(http, coupon_id).code == "COUPON_EXPIRED"
    assert http.get(COUPONS).json["items"] == []
    assert http.get(f"{COUPONS}?state=all").json["items"][0]["state"] == "expired"


def test_a_repeated_request_gives_one_coupon(http: Http) -> None:
    for _ in range(2):
        http.post(COUPONS, TEN_PERCENT, Idempotency_Key="k-1")
    assert len(http.get(COUPONS).json["items"]) == 1


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"percent": 0}, 422, "INVALID_COUPON"),
        ({"amount": lei(1)}, 422, "INVALID_COUPON"),
        ({"percent": 101}, 422, "INVALID_COUPON"),
        ({"percent": 1.5}, 400, "INVALID_FIELD"),
        ({"percent": 0, "amount": lei(-1)}, 422, "INVALID_COUPON"),
        ({"percent": 0, "amount": {"amount_minor": 1, "currency": "EUR"}}, 422, "CURRENCY_MISMATCH"),
        ({"service_id": "srv_none"}, 404, "NOT_FOUND"),
        ({"valid_days": 0}, 422, "INVALID_COUPON"),
        ({"name": "  "}, 400, "INVALID_FIELD"),
        ({"reason": ""}, 400, "INVALID_FIELD"),
        ({"colour": "red"}, 400, "UNKNOWN_FIELD"),
    ],
)
def test_a_coupon_that_makes_no_sense_is_refused(http: Http, said: Any, status: int, code: str) -> None:
    answer = http.post(COUPONS, {**TEN_PERCENT, **said})
    assert (answer.status, answer.code) == (status, code)
    assert http.get(f"{COUPONS}?state=all").json["items"] == []


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"bill": lei(-1)}, 422, "INVALID_AMOUNT"),
        ({"goods": lei(50_001)}, 422, "INVALID_AMOUNT"),
        ({"goods": lei(0)}, 422, "NOTHING_TO_DISCOUNT"),
        ({"bill": {"amount_minor": 1, "currency": "USD"}, "goods": None}, 422, "CURRENCY_MISMATCH"),
        ({"salon_id": "sal_none"}, 404, "NOT_FOUND"),
        ({"booking_id": "bkg_none"}, 404, "NOT_FOUND"),
        ({"booking_id": "bkg_other"}, 422, "OTHER_CLIENT"),
    ],
)
def test_a_bill_that_does_not_fit_leaves_the_coupon_open(
    http: Http, world: Any, said: Any, status: int, code: str
) -> None:
    save_booking(world.store, a_booking("bkg_other", client_id="cli_other00000000001"))
    answer = redeemed(http, issued(http)["id"], **said)
    assert (answer.status, answer.code) == (status, code)
    assert len(http.get(COUPONS).json["items"]) == 1


def test_a_coupon_is_not_found_by_what_is_none(http: Http, world: Any) -> None:
    for each_id in ("cpn_nonsense", MARIA, "cpn_"):
        assert redeemed(http, each_id).status == 404
        assert http.post(f"/v1/coupons/{each_id}/void", {"reason": "x"}).status == 404


# --- referral codes


def test_a_friend_is_registered_by_the_code_that_a_client_hands_on(http: Http) -> None:
    referral = http.get(f"/v1/clients/{MARIA}/referral").json
    assert http.get(f"/v1/clients/{MARIA}/referral").json == referral
    assert referral["friends"] == 0
    friend = http.post("/v1/clients", {"name": "Elena", "referral_code": referral["code"]})
    assert (friend.status, friend.json["referred_by"]) == (201, MARIA)
    plain = http.post("/v1/clients", {"name": "Olga"}).json
    answer = http.patch(f"/v1/clients/{plain['id']}", {"referral_code": referral["code"].lower()})
    assert answer.json["referred_by"] == MARIA


def test_a_client_who_books_for_the_first_time_may_say_a_code(http: Http) -> None:
    code = http.get(f"/v1/clients/{MARIA}/referral").json["code"]
    booked = http.post(
        "/v1/bookings",
        {
            "salon_id": "sal_centru",
            "client": {"name": "Elena", "phone": "069000111", "referral_code": code},
            "starts_at": "2026-11-25T10:00:00+02:00",
            "lines": [{"service_id": "srv_cut"}],
        },
    )
    assert booked.status == 201
    assert http.get(f"/v1/clients/{booked.json['client_id']}").json["referred_by"] == MARIA


def test_codes_that_cannot_be_are_refused(http: Http, world: Any) -> None:
    code = http.get(f"/v1/clients/{MARIA}/referral").json["code"]
    both = http.post("/v1/clients", {"name": "E", "referral_code": code, "referred_by": MARIA})
    assert (both.status, both.code) == (422, "TWO_REFERRERS")
    assert http.patch(f"/v1/clients/{MARIA}", {"referral_code": code}).code == "SELF_REFERRAL"
    assert http.post("/v1/clients", {"name": "E", "referral_code": "?"}).code == "UNKNOWN_REFERRAL_CODE"
    assert http.post("/v1/clients", {"name": "E", "referral_code": ""}).code == "INVALID_FIELD"
    save_client(world.store, a_client("cli_ion0000000000001", phone=None, email=None, visits_count=1))
    answer = http.patch("/v1/clients/cli_ion0000000000001", {"referred_by": MARIA})
    assert (answer.status, answer.code) == (422, "NOT_NEW")


# --- compensations


def compensate(http: Http, **said: Any) -> Any:
    asked = {"kind": "compensation", "points": 50, "reason": "waited half an hour", **said}
    return http.post(f"/v1/clients/{MARIA}/bonus/entries", asked)


def test_a_specialist_makes_up_to_whom_they_serve(http: Http, keys: dict[str, str], mine: Any) -> None:
    anna = http.with_key(keys["specialist"])
    given = compensate(anna, booking_id=mine.id, complaint_id=mine.id)
    assert (given.status, given.json["cause"], given.json["kind"]) == (201, mine.id, "compensation")
    again = compensate(anna)
    assert (again.status, again.code) == (422, "OVER_LIMIT")
    assert again.json["details"]["which"] == "times_a_client_a_month"
    assert again.json["details"]["may"] == ["manager", "owner"]
    assert compensate(http.with_key(keys["manager"])).status == 201


def test_a_specialist_makes_up_to_nobody_else(http: Http, keys: dict[str, str], town: Any) -> None:
    assert compensate(http.with_key(keys["specialist"])).status == 404


def test_a_complaint_is_a_task_or_a_booking_of_the_client(http: Http, world: Any) -> None:
    tasks = [
        Task(network_id=network, id=f"tsk_{number}", kind=TaskKind.CALL_CLIENT, at=NOW, client_id=client)
        for number, network, client in (
            (1, NETWORK, MARIA), (2, NETWORK, "cli_other00000000001"), (3, OTHER_NETWORK, MARIA),
        )
    ]  # fmt: skip
    world.store.save(*tasks)
    assert compensate(http, complaint_id="tsk_1").json["cause"] == "tsk_1"
    assert compensate(http, complaint_id="tsk_2").code == "OTHER_CLIENT"
    for each_id in ("tsk_3", "tsk_none", "bkg_none", MARIA):
        assert compensate(http, complaint_id=each_id).status == 404
    assert compensate(http, kind="grant", complaint_id="tsk_1").code == "INVALID_KIND"


@pytest.mark.parametrize("reason", ["", " ", "\n"])
def test_a_compensation_says_why(http: Http, reason: str) -> None:
    assert compensate(http, reason=reason).code == "INVALID_FIELD"


def test_another_networks_client_has_neither_coupons_nor_a_code(http: Http, world: Any) -> None:
    a_town(world.store, OTHER_NETWORK)
    theirs = save_client(world.store, a_client("cli_theirs0000000001", OTHER_NETWORK, phone=None, email=None))
    for path in ("coupons", "referral"):
        assert http.get(f"/v1/clients/{theirs.id}/{path}").status == 404
    assert http.post(f"/v1/clients/{theirs.id}/coupons", TEN_PERCENT).status == 404
