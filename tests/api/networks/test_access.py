"""Who is let in, and to what: every route for every role, without a key, and with a key that is none."""

from typing import Any

import pytest

from chalicelib.api.http.openapi import routes
from chalicelib.domain.bookings.bookings import Line
from chalicelib.domain.networks.network import Role
from chalicelib.services.networks.manage_keys import KeyScope, make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_booking, a_client, save_booking, save_client

# The first letters of the roles that each route admits: owner, manager, reception, specialist, partner.
ADMITTED = {
    "GET /v1/network": "omrsp",
    "PATCH /v1/network": "o",
    "POST /v1/network/identities/email/verify": "o",
    "POST /v1/network/live": "o",
    "GET /v1/network/trial": "om",
    "GET /v1/rules": "omr",
    "PUT /v1/rules": "om",
    "GET /v1/rules/changes": "om",
    "POST /v1/rules/categories/check": "om",
    "GET /v1/rules/categories/check/{walk_id}": "om",
    "GET /v1/campaigns": "om",
    "POST /v1/campaigns": "om",
    "GET /v1/campaigns/{campaign_id}": "om",
    "PATCH /v1/campaigns/{campaign_id}": "om",
    "POST /v1/campaigns/{campaign_id}/dry-run": "om",
    "POST /v1/campaigns/{campaign_id}/count": "om",
    "POST /v1/campaigns/{campaign_id}/start": "om",
    "POST /v1/campaigns/{campaign_id}/pause": "om",
    "POST /v1/campaigns/{campaign_id}/resume": "om",
    "POST /v1/campaigns/{campaign_id}/stop": "om",
    "GET /v1/promotions": "om",
    "POST /v1/promotions": "om",
    "GET /v1/promotions/{promotion_id}": "om",
    "PATCH /v1/promotions/{promotion_id}": "om",
    "POST /v1/promotions/{promotion_id}/stop": "om",
    "GET /v1/reports/bonus/surprises": "om",
    "POST /v1/programme/simulate": "om",
    "GET /v1/programme/simulations": "om",
    "GET /v1/programme/simulations/{simulation_id}": "om",
    "GET /v1/walks": "om",
    "GET /v1/walks/{walk_id}": "om",
    "GET /v1/tasks": "omr",
    "POST /v1/tasks/{task_id}/done": "omr",
    "GET /v1/reports/{name}": "oms",
    "GET /v1/reports/call-today": "omr",
    "GET /v1/reports/metrics": "om",
    "PUT /v1/reports/metrics": "om",
    "GET /v1/reports/trend": "om",
    "GET /v1/reports/messages/costs": "om",
    "GET /v1/reports/bonus/clearing": "om",
    "POST /v1/reports/bonus/clearing": "om",
    "GET /v1/bonus/audit": "o",
    "POST /v1/bonus/audit": "o",
    "GET /v1/bookings/{booking_id}/touches/{kind}/explain": "omrs",
    "GET /v1/salons": "omrsp",
    "POST /v1/salons": "o",
    "GET /v1/salons/{salon_id}": "omrsp",
    "PATCH /v1/salons/{salon_id}": "om",
    "GET /v1/staff": "omrsp",
    "GET /v1/staff/mixed": "om",
    "POST /v1/staff/{staff_id}/split": "om",
    "POST /v1/staff": "om",
    "GET /v1/staff/{staff_id}": "omrsp",
    "PATCH /v1/staff/{staff_id}": "om",
    "GET /v1/services": "omrsp",
    "GET /v1/services/mixed": "om",
    "POST /v1/services/{service_id}/split": "om",
    "POST /v1/services": "om",
    "GET /v1/services/{service_id}": "omrsp",
    "PATCH /v1/services/{service_id}": "om",
    "POST /v1/sources": "o",
    "GET /v1/sources": "om",
    "GET /v1/sources/unknown": "om",
    "GET /v1/sources/{source_id}": "om",
    "PATCH /v1/sources/{source_id}": "o",
    "DELETE /v1/sources/{source_id}": "o",
    "PUT /v1/sources/{source_id}/costs/{month}": "o",
    "GET /v1/connections": "om",
    "POST /v1/connections": "om",
    "GET /v1/connections/{connection_id}": "om",
    "DELETE /v1/connections/{connection_id}": "om",
    "PATCH /v1/connections/{connection_id}": "om",
    "DELETE /v1/salons/{salon_id}": "om",
    "DELETE /v1/staff/{staff_id}": "om",
    "DELETE /v1/services/{service_id}": "om",
    "POST /v1/staff/archive": "om",
    "POST /v1/services/archive": "om",
    "POST /v1/connections/{connection_id}/rotate": "om",
    "PUT /v1/connections/{connection_id}/api-token": "om",
    "GET /v1/keys": "o",
    "POST /v1/keys": "o",
    "DELETE /v1/keys/{key_id}": "o",
    "GET /v1/clients": "omrp",
    "POST /v1/clients": "omrp",
    "GET /v1/clients/{client_id}": "omrsp",
    "PATCH /v1/clients/{client_id}": "omr",
    "GET /v1/clients/{client_id}/categories": "omrs",
    "GET /v1/clients/{client_id}/consents": "omr",
    "PUT /v1/clients/{client_id}/consents/{channel}/{purpose}": "omr",
    "GET /v1/clients/{client_id}/devices": "omrp",
    "PUT /v1/clients/{client_id}/devices": "omrp",
    "DELETE /v1/clients/{client_id}/devices/{device_id}": "omrp",
    "GET /v1/clients/{client_id}/bookings": "omrsp",
    "GET /v1/clients/{client_id}/messages": "omrs",
    "GET /v1/clients/{client_id}/bonus/pass": "omr",
    "GET /v1/clients/{client_id}/bonus": "omrs",
    "GET /v1/clients/{client_id}/bonus/entries": "omrs",
    "POST /v1/clients/{client_id}/merge": "om",
    "POST /v1/clients/{client_id}/unmerge": "om",
    "POST /v1/clients/{client_id}/bonus/entries": "omrs",
    "GET /v1/clients/{client_id}/coupons": "omrs",
    "POST /v1/clients/{client_id}/coupons": "om",
    "POST /v1/coupons/{coupon_id}/redeem": "omr",
    "POST /v1/coupons/{coupon_id}/void": "om",
    "GET /v1/clients/{client_id}/referral": "omr",
    "PUT /v1/clients/{client_id}/leaving-reason": "omr",
    "POST /v1/clients/{client_id}/called": "omr",
    "GET /v1/leaving-reasons": "omr",
    "POST /v1/clients/{client_id}/bonus/quote": "omr",
    "POST /v1/clients/{client_id}/bonus/holds": "omr",
    "POST /v1/bonus/holds/{hold_id}/release": "omr",
    "POST /v1/bonus/holds/{hold_id}/redeem": "omr",
    "POST /v1/bonus/entries/{entry_id}/reverse": "om",
    "GET /v1/bookings": "omrsp",
    "POST /v1/bookings": "omrp",
    "GET /v1/bookings/{booking_id}": "omrsp",
    "PATCH /v1/bookings/{booking_id}": "omr",
    "POST /v1/bookings/{booking_id}/confirm": "omrs",
    "POST /v1/bookings/{booking_id}/cancel": "omr",
    "POST /v1/bookings/{booking_id}/no-show": "omrs",
    "POST /v1/bookings/{booking_id}/reopen": "omr",
    "POST /v1/bookings/{booking_id}/complete": "omr",
    "POST /v1/bookings/{booking_id}/bill": "omr",
    "POST /v1/bookings/{booking_id}/refund": "omr",
    "GET /v1/messages": "omrs",
    "POST /v1/messages/preview": "omr",
    "POST /v1/messages/test": "om",
    "GET /v1/templates": "om",
    "GET /v1/templates/{kind}/{channel}/{language}": "om",
    "PUT /v1/templates/{kind}/{channel}/{language}": "om",
    "DELETE /v1/templates/{kind}/{channel}/{language}": "om",
    "GET /v1/inbox": "om",
    "GET /v1/inbox/{inbox_id}": "om",
    "POST /v1/inbox/{inbox_id}/replay": "om",
    "GET /v1/parked": "om",
    "POST /v1/parked/{item_id}/retry": "om",
    "POST /v1/parked/retry": "om",
    "POST /v1/parked/remove": "om",
    "DELETE /v1/parked/{item_id}": "om",
}
FOR_ANYBODY = {
    "GET /health",
    "GET /openapi.json",
    "GET /hooks/{site}/{token}",
    "HEAD /hooks/{site}/{token}",
    "POST /hooks/{site}/{token}",
    "GET /b/{token}",
    "GET /b/{token}/calendar.ics",
    "POST /b/{token}/confirm",
    "POST /b/{token}/cancel",
    "POST /b/{token}/move",
    "POST /b/{token}/bonus",
    "POST /b/{token}/bonus/release",
    "GET /r/{token}",
    "POST /r/{token}",
    "GET /w/{token}",
    "GET /w/{token}/pass.pkpass",
    "POST /w/{token}/google",
    "POST /w/apple/{network}/v1/devices/{device}/registrations/{pass_type}/{serial}",
    "DELETE /w/apple/{network}/v1/devices/{device}/registrations/{pass_type}/{serial}",
    "GET /w/apple/{network}/v1/devices/{device}/registrations/{pass_type}",
    "GET /w/apple/{network}/v1/passes/{pass_type}/{serial}",
    "POST /w/apple/{network}/v1/log",
    "GET /u/{token}",
    "POST /u/{token}",
    "POST /u/{token}/resume",
}
NOT_LET_IN = {401, 403}


def _asked(http: Http, route: str) -> Any:
    method, _, path = route.partition(" ")
    body = {} if method in ("POST", "PUT", "PATCH") else None
    return http.ask(method, path.replace("{", "").replace("}", ""), body)


def test_every_route_stands_in_the_table(app: Any) -> None:
    """Neither the table here nor the routes change unnoticed."""
    found = {f"{route.method} {route.path}": route.contract.roles for route in routes(app.routes)}
    assert {name for name, roles in found.items() if roles is None} == FOR_ANYBODY
    admitted = {
        name: "".join(role.value[0] for role in Role if role in roles)
        for name, roles in found.items()
        if roles is not None
    }
    assert admitted == ADMITTED
    served = {f"{method} {path}" for path, methods in app.routes.items() for method in methods}
    assert served == set(found)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_let_into_its_routes_and_no_other(role: Role, http: Http, keys: dict[str, str]) -> None:
    asking = http.with_key(keys[role.value])
    for route, letters in ADMITTED.items():
        answer = _asked(asking, route)
        if role.value[0] in letters:
            assert answer.status not in {*NOT_LET_IN, 500}, (route, answer)
        else:
            assert (answer.status, answer.code) == (403, "FORBIDDEN"), (route, answer)


@pytest.mark.parametrize(
    "key",
    [
        None,
        "",
        "x",
        "pk_lotos00001",
        "pk_lotos00001.",
        "pk_lotos00001." + "0" * 32,
        "pk_ключ." + "0" * 32,
        "Ω" * 500,
    ],
)
def test_nothing_behind_a_key_opens_to_what_is_none(key: str | None, http: Http) -> None:
    asking = http.with_key(key)
    for route in ADMITTED:
        answer = _asked(asking, route)
        assert (answer.status, answer.code) == (401, "UNAUTHENTICATED"), (route, answer)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_another_scheme_than_bearer_is_refused(http: Http, keys: dict[str, str]) -> None:
    bare = http.with_key(None)
    assert bare.get("/v1/network", Authorization=f"Basic {keys['owner']}").status == 401
    assert bare.get("/v1/network", Authorization=f"bearer  {keys['owner']}").status == 200


# --- keys


def test_an_owner_makes_a_key_that_works_and_is_shown_once(http: Http) -> None:
    made = http.post("/v1/keys", {"role": "reception", "name": "Desk", "salon_ids": ["sal_centru"]})
    assert made.status == 201
    assert made.json["secret"].startswith("pk_lotos00001.")
    assert http.with_key(made.json["secret"]).get("/v1/salons").json["items"][0]["id"] == "sal_centru"
    listed = http.get("/v1/keys")
    assert made.json["id"] in [key["id"] for key in listed.json["items"]]
    assert made.json["secret"].partition(".")[2] not in listed.text


def test_a_secret_is_nowhere_in_the_table(http: Http, world: Any) -> None:
    made = http.post("/v1/keys", {"role": "manager", "name": "Office"}, Idempotency_Key="once")
    random = made.json["secret"].partition(".")[2]
    assert all(random not in str(item.attribute_values) for item in world.store.item.scan())


def test_a_revoked_key_opens_nothing_within_a_minute(http: Http, clock: Any) -> None:
    made = http.post("/v1/keys", {"role": "manager", "name": "Office"}).json
    office = http.with_key(made["secret"])
    assert office.get("/v1/network").status == 200
    assert http.delete(f"/v1/keys/{made['id']}").status == 204
    assert http.delete(f"/v1/keys/{made['id']}").status == 204
    clock.forward(seconds=61)
    assert office.get("/v1/network").status == 401
    listed = {key["id"]: key for key in http.get("/v1/keys").json["items"]}
    assert listed[made["id"]]["revoked_at"] is not None


def test_the_last_owner_key_is_not_revoked(http: Http) -> None:
    (owner,) = (key for key in http.get("/v1/keys").json["items"] if key["role"] == "owner")
    answer = http.delete(f"/v1/keys/{owner['id']}")
    assert (answer.status, answer.code) == (409, "LAST_OWNER_KEY")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"role": "specialist", "name": "x"}, 422, "INVALID_KEY"),
        ({"role": "partner", "name": "x"}, 422, "INVALID_KEY"),
        ({"role": "owner", "name": "x", "salon_ids": ["sal_centru"]}, 422, "INVALID_KEY"),
        ({"role": "manager", "name": "x", "staff_id": "stf_anna"}, 422, "INVALID_KEY"),
        ({"role": "manager", "name": "x", "salon_ids": ["sal_none"]}, 404, "NOT_FOUND"),
        ({"role": "specialist", "name": "x", "staff_id": "stf_none"}, 404, "NOT_FOUND"),
        ({"role": "god", "name": "x"}, 400, "INVALID_FIELD"),
        ({"role": "manager", "name": " "}, 422, "INVALID_NAME"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(body: Any, status: int, code: str, http: Http) -> None:
    answer = http.post("/v1/keys", body)
    assert (answer.status, answer.code) == (status, code)


# --- how far a role reaches


@pytest.fixture
def centru(http: Http, world: Any) -> Http:
    """The desk of one salon of two."""
    secret = make_key(world, NETWORK, Role.MANAGER, KeyScope(["sal_centru"]), name="Centru")[1]
    return http.with_key(secret)


def test_a_key_of_one_salon_stays_out_of_the_other(centru: Http, world: Any) -> None:
    away = save_booking(world.store, a_booking("bkg_york", salon_id="sal_york", currency="USD"))
    for method, path, body in (
        ("GET", "/v1/salons/sal_york", None),
        ("PATCH", "/v1/salons/sal_york", {"name": "Ours"}),
        ("GET", f"/v1/bookings/{away.id}", None),
        ("PATCH", f"/v1/bookings/{away.id}", {"note": "x"}),
        ("POST", f"/v1/bookings/{away.id}/cancel", {}),
        ("POST", f"/v1/bookings/{away.id}/complete", {"paid": {"amount_minor": 1, "currency": "USD"}}),
        ("POST", f"/v1/bookings/{away.id}/bill", {"paid": {"amount_minor": 1, "currency": "USD"}}),
        ("GET", "/v1/bookings?salon_id=sal_york", None),
        ("GET", "/v1/messages?salon_id=sal_york", None),
        ("PUT", "/v1/rules", {"version": 1}),
        ("POST", "/v1/services", {"name": "Massage"}),
        ("POST", "/v1/staff", {"name": "Ion"}),
        ("POST", "/v1/connections", {"site": "square"}),
        ("GET", "/v1/parked", None),
        ("POST", "/v1/parked/retry", {"kind": "booking"}),
        ("POST", "/v1/parked/remove", {"kind": "booking"}),
        ("DELETE", f"/v1/parked/{away.id}", None),
    ):
        answer = centru.ask(method, path, body)
        assert (answer.status, answer.code) == (403, "FORBIDDEN"), (method, path, answer)


def test_a_key_of_one_salon_undoes_what_was_posted_there(http: Http, centru: Http) -> None:
    def reversed_by(desk: Http, salon_id: str) -> Any:
        body = {"kind": "grant", "points": 10, "reason": "x", "salon_id": salon_id}
        entry = http.post("/v1/clients/cli_maria00000000001/bonus/entries", body).json
        return desk.post(f"/v1/bonus/entries/{entry['id']}/reverse", {"reason": "mistake"})

    assert reversed_by(centru, "sal_york").code == "FORBIDDEN"
    assert reversed_by(centru, "sal_centru").status == 201
    assert reversed_by(http, "sal_york").status == 201


def test_a_key_of_one_salon_lists_what_is_there(centru: Http, world: Any, mine: Any) -> None:
    save_booking(world.store, a_booking("bkg_york", salon_id="sal_york", currency="USD"))
    assert [each["id"] for each in centru.get("/v1/salons").json["items"]] == ["sal_centru"]
    assert [each["id"] for each in centru.get("/v1/bookings").json["items"]] == [mine.id]


@pytest.fixture
def anna(http: Http, keys: dict[str, str]) -> Http:
    return http.with_key(keys["specialist"])


def test_a_specialist_sees_own_bookings_and_their_clients_alone(anna: Http, world: Any, mine: Any) -> None:
    other = save_booking(
        world.store,
        a_booking(
            "bkg_vera", client_id="cli_ion0000000000001", lines=(Line("srv_nails", 45, "stf_vera", 40_000),)
        ),
    )
    save_client(world.store, a_client("cli_ion0000000000001", name="Ion", phone="+37369000001", email=None))
    assert [each["id"] for each in anna.get("/v1/bookings").json["items"]] == [mine.id]
    assert anna.get(f"/v1/bookings/{mine.id}").status == 200
    assert anna.get(f"/v1/bookings/{other.id}").status == 403
    assert anna.get("/v1/clients/cli_ion0000000000001").status == 404
    client = anna.get(f"/v1/clients/{mine.client_id}").json
    assert (client["phone"], client["email"]) == ("+373******56", "m***@example.com")


def test_a_specialist_marks_own_bookings_and_touches_no_money(anna: Http, begun: Any) -> None:
    assert anna.post(f"/v1/bookings/{begun.id}/confirm").json["status"] == "confirmed"
    assert anna.post(f"/v1/bookings/{begun.id}/no-show").json["status"] == "no_show"
    assert anna.post(f"/v1/bookings/{begun.id}/reopen").status == 403
    grant = {"kind": "grant", "points": 5, "reason": "friends"}
    assert anna.post(f"/v1/clients/{begun.client_id}/bonus/entries", grant).status == 403
    assert anna.get(f"/v1/clients/{begun.client_id}/bonus").json["balance"] == 0


@pytest.fixture
def partner(http: Http, keys: dict[str, str]) -> Http:
    return http.with_key(keys["partner"])


def test_a_partner_makes_and_reads_what_is_of_its_source(partner: Http, http: Http, mine: Any) -> None:
    client = partner.post("/v1/clients", {"name": "Ana", "phone": "069222333", "source": "google"}).json
    assert client["source"] == "instagram"
    body = {
        "salon_id": "sal_centru",
        "client_id": client["id"],
        "starts_at": "2026-11-26T10:00:00Z",
        "lines": [{"service_id": "srv_cut"}],
    }
    made = partner.post("/v1/bookings", body).json
    assert made["source"] == "instagram"
    assert [each["id"] for each in partner.get("/v1/bookings").json["items"]] == [made["id"]]
    assert [each["id"] for each in partner.get("/v1/clients").json["items"]] == [client["id"]]
    assert partner.get("/v1/clients?phone=%2B37369123456").json["items"] == []
    assert partner.get(f"/v1/bookings/{mine.id}").status == 403
    assert partner.get(f"/v1/clients/{mine.client_id}").status == 404
    assert partner.post("/v1/bookings", {**body, "client_id": mine.client_id}).status == 404
    assert partner.post(f"/v1/bookings/{made['id']}/cancel").status == 403
