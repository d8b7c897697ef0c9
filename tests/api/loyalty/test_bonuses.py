"""Bonuses over HTTP."""

from typing import Any

import pytest

from chalicelib.domain.loyalty.ledger_check import faults
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, save_booking

MARIA = "cli_maria00000000001"
BONUS = f"/v1/clients/{MARIA}/bonus"


def post(http: Http, kind: str, points: int, **said: Any) -> Any:
    return http.post(f"{BONUS}/entries", {"kind": kind, "points": points, "reason": "because", **said})


def test_points_are_granted_and_stand_in_lots(http: Http) -> None:
    granted = post(http, "grant", 100, expires_on="2026-12-31")
    assert granted.status == 201
    entry = granted.json
    assert (entry["kind"], entry["points"], entry["balance_after"]) == ("grant", 100, 100)
    assert entry["lots"] == [{"id": "lot_0", "points": 100, "held": 0}]
    assert (entry["reason"], entry["actor"][:8], entry["recorded_at"]) == (
        "because",
        "key:key_",
        "2026-11-23T08:00:00Z",
    )
    assert "reverses" not in entry
    bonus = http.get(BONUS).json
    assert (bonus["balance"], bonus["available"], bonus["pending"]) == (100, 100, 0)
    (lot,) = bonus["lots"]
    assert (lot["id"], lot["granted_on"], lot["expires_on"], lot["remaining"], lot["reason"]) == (
        "lot_0",
        "2026-11-23",
        "2026-12-31",
        100,
        "grant",
    )


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-01", "2026-11-22", "0001-01-01"])
def test_points_expire_in_a_future_that_there_will_be(http: Http, day: str) -> None:
    refused = post(http, "grant", 100, expires_on=day)
    assert (refused.status, refused.code) == (422, "INVALID_EXPIRY")
    assert post(http, "grant", 100, expires_on="2199-12-31").status == 201


def test_entries_are_signed_and_listed_newest_first(http: Http, world: Any) -> None:
    post(http, "grant", 100)
    post(http, "redeem", 30)
    post(http, "correction", -20)
    post(http, "compensation", 5)
    entries = http.get(f"{BONUS}/entries").json["items"]
    assert [(each["kind"], each["points"], each["balance_after"]) for each in entries] == [
        ("compensation", 5, 55),
        ("correction", -20, 50),
        ("redeem", -30, 70),
        ("grant", 100, 100),
    ]
    first = http.get(f"{BONUS}/entries?limit=3").json
    post(http, "grant", 1)
    rest = http.get(f"{BONUS}/entries?limit=3&cursor={first['next_cursor']}").json
    assert [each["id"] for each in first["items"] + rest["items"]] == [each["id"] for each in entries]
    assert rest["next_cursor"] is None
    assert faults(world.store.account(NETWORK, MARIA), world.store.entries(NETWORK, MARIA)) == []


def test_an_entry_is_undone_by_another_that_names_it(http: Http) -> None:
    entry = post(http, "grant", 100).json
    undone = http.post(f"/v1/bonus/entries/{entry['id']}/reverse", {"reason": "wrong client"})
    assert undone.status == 201
    assert (undone.json["kind"], undone.json["points"], undone.json["reverses"]) == (
        "reversal",
        -100,
        entry["id"],
    )
    assert http.post(f"/v1/bonus/entries/{entry['id']}/reverse", {"reason": "again"}).json == undone.json
    again = http.post(f"/v1/bonus/entries/{undone.json['id']}/reverse", {"reason": "x"})
    assert (again.status, again.code) == (422, "CANNOT_REVERSE")
    assert http.post("/v1/bonus/entries/ent_nonsense/reverse", {"reason": "x"}).status == 404


def test_a_quote_for_nobody_is_not_found_and_one_for_who_has_nothing_is_of_nothing(http: Http) -> None:
    bill = {"bill": {"amount_minor": 40_000, "currency": "MDL"}}
    assert http.post("/v1/clients/cli_nobody/bonus/quote", bill).status == 404
    answer = http.post(f"{BONUS}/quote", bill)
    assert (answer.status, answer.json["points"], answer.json["balance"]) == (200, 0, 0)


def test_a_quote_tells_the_most_that_may_be_redeemed_and_why(http: Http) -> None:
    def quoted(amount_minor: int) -> tuple[int, str]:
        bill = {"bill": {"amount_minor": amount_minor, "currency": "MDL"}}
        answer = http.post(f"{BONUS}/quote", bill)
        assert answer.status == 200
        return answer.json["points"], answer.json["limited_by"]

    assert quoted(40_000) == (0, "minimum")
    post(http, "grant", 60)
    assert quoted(40_000) == (60, "balance")
    assert quoted(20_000) == (50, "cap")
    assert (
        http.post(f"{BONUS}/quote", {"bill": {"amount_minor": 1, "currency": "EUR"}}).code
        == "CURRENCY_MISMATCH"
    )
    assert (
        http.post(f"{BONUS}/quote", {"bill": {"amount_minor": -1, "currency": "MDL"}}).code
        == "INVALID_AMOUNT"
    )


@pytest.mark.parametrize(
    ("kind", "points", "said", "status", "code"),
    [
        ("redeem", 1, {}, 422, "INSUFFICIENT_POINTS"),
        ("grant", 0, {}, 422, "INVALID_POINTS"),
        ("grant", -5, {}, 422, "INVALID_POINTS"),
        ("grant", 10**11, {}, 422, "INVALID_POINTS"),
        ("grant", 10**18, {}, 400, "MALFORMED_JSON"),
        ("grant", 1.5, {}, 400, "INVALID_FIELD"),
        ("grant", True, {}, 400, "INVALID_FIELD"),
        ("grant", "5", {}, 400, "INVALID_FIELD"),
        ("cashback", 5, {}, 422, "INVALID_KIND"),
        ("grant", 5, {"expires_on": "2026-11-22"}, 422, "INVALID_EXPIRY"),
        ("grant", 5, {"expires_on": "2026-02-30"}, 400, "INVALID_FIELD"),
        ("grant", 5, {"booking_id": "bkg_none"}, 404, "NOT_FOUND"),
        ("grant", 5, {"reason": ""}, 400, "INVALID_FIELD"),
    ],
)
def test_a_posting_that_makes_no_sense_is_refused(
    kind: str, points: Any, said: Any, status: int, code: str, http: Http
) -> None:
    answer = post(http, kind, points, **said)
    assert (answer.status, answer.code) == (status, code)
    assert http.get(BONUS).json["balance"] == 0


def test_more_than_the_limit_needs_the_owner(http: Http, keys: dict[str, str]) -> None:
    desk = http.with_key(keys["reception"])
    assert (post(desk, "grant", 100_001).code, post(desk, "correction", -100_001).code) == (
        "OVER_LIMIT",
        "OVER_LIMIT",
    )
    assert post(http, "grant", 100_001).status == 201


def test_a_posting_names_a_booking_of_the_same_client_only(http: Http, world: Any) -> None:
    save_booking(world.store, a_booking("bkg_other", client_id="cli_other00000000001"))
    save_booking(world.store, a_booking("bkg_theirs"))
    assert post(http, "compensation", 5, booking_id="bkg_other").code == "OTHER_CLIENT"
    assert post(http, "compensation", 5, booking_id="bkg_theirs").json["booking_id"] == "bkg_theirs"


# --- holds at the desk


@pytest.fixture
def held(http: Http) -> str:
    """Fifty points, for a bill in the salon in Chisinau."""
    post(http, "grant", 500)
    bill = {"amount_minor": 100_000, "currency": "MDL"}
    return str(http.post(f"{BONUS}/holds", {"points": 50, "salon_id": "sal_centru", "bill": bill}).json["id"])


def redeemed(http: Http, hold: str, points: int = 50, salon_id: str = "sal_centru") -> Any:
    return http.post(f"/v1/bonus/holds/{hold}/redeem", {"points": points, "salon_id": salon_id})


def test_a_hold_is_redeemed_once(http: Http, held: str) -> None:
    first = redeemed(http, held, 30)
    assert (first.status, first.json["points"], first.json["cause"]) == (201, -30, held)
    assert redeemed(http, held, 30).json == first.json
    assert redeemed(http, held, 20).code == "ENTRY_EXISTS"
    assert http.post(f"/v1/bonus/holds/{held}/release").code == "HOLD_CLOSED"
    assert http.get(BONUS).json["available"] == 470


def test_a_hold_is_not_redeemed_after_it_ran_out(http: Http, clock: Any, held: str) -> None:
    clock.forward(days=3)
    assert redeemed(http, held).code == "HOLD_CLOSED"
    assert http.get(BONUS).json["available"] == 500


@pytest.mark.parametrize("points", [0, -1, 51, 10**12])
def test_a_hold_gives_no_more_than_it_has(http: Http, held: str, points: int) -> None:
    assert redeemed(http, held, points).code == "OVER_CAP"
    assert http.get(BONUS).json["held"] == 50


def test_a_hold_is_not_redeemed_in_another_currency(http: Http, held: str) -> None:
    """What the cap was a part of is a bill in lei."""
    assert redeemed(http, held, salon_id="sal_york").code == "HELD_ELSEWHERE"
    assert redeemed(http, held).status == 201


def test_a_hold_is_not_redeemed_where_another_programme_holds(http: Http, held: str) -> None:
    salon = {"name": "Botanica", "timezone": "Europe/Chisinau", "currency": "MDL", "address": "Dacia 1"}
    other = http.post("/v1/salons", salon).json["id"]
    rules = {"programmes": [{"name": "Botanica", "salon_ids": [other]}]}
    assert http.put("/v1/rules", {"version": 1, "bonuses": rules}).status == 200
    assert redeemed(http, held, salon_id=other).code == "HELD_ELSEWHERE"
    assert http.put("/v1/rules", {"version": 2, "bonuses": {"programmes": []}}).status == 200
    assert redeemed(http, held, salon_id=other).status == 201
