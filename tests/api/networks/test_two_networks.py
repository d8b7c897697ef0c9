"""Two networks in one table: what belongs to one does not exist for the other."""

from typing import Any

import pytest

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.networks.manage_keys import make_key
from infra.testkit.api_client import Http
from infra.testkit.builders import NOW, OTHER_NETWORK, a_client, a_connection, a_network, a_salon

CLIENT, BOOKING = "cli_maria00000000001", "bkg_0000000000000001"
MONEY = {"amount_minor": 100, "currency": "MDL"}


@pytest.fixture
def stranger(http: Http, world: Any) -> Http:
    """The owner of another network, which has nothing yet."""
    world.store.save(a_network(OTHER_NETWORK, name="Orchid"))
    return http.with_key(make_key(world, OTHER_NETWORK, Role.OWNER, name="owner")[1])


def everything(world: Any) -> list[str]:
    """All items, without the stranger's own quota, of which the requests take."""
    own = f"NET#{OTHER_NETWORK}#QUOTA#"
    items = (item for item in world.store.item.scan() if not item.pk.startswith(own))
    return sorted(str(item.attribute_values) for item in items)


def test_what_is_anothers_is_not_there(stranger: Http, http: Http, world: Any, mine: Any) -> None:
    world.store.save(a_connection())
    world.store.save(Parked(network_id=mine.network_id, item=f"BOOKING {BOOKING}", error="x", at=NOW))
    entry = http.post(
        f"/v1/clients/{CLIENT}/bonus/entries", {"kind": "grant", "points": 5, "reason": "x"}
    ).json["id"]
    walk = http.put("/v1/rules", {"version": 1, "messages": {"off": ["notice"]}}).json["walk_id"]
    world.store.save(Task(network_id=mine.network_id, id="tsk_1", kind=TaskKind.UNCONFIRMED, at=NOW))
    key = http.get("/v1/keys").json["items"][0]["id"]
    planned = {"starts_at": "2026-11-26T10:00:00Z", "ends_at": "2026-11-27T10:00:00Z"}
    campaign = http.post("/v1/campaigns", {"name": "x", "texts": {"ru": "x"}, **planned}).json["id"]
    simulation = http.post("/v1/programme/simulate", {"bonuses": {}}).json["id"]
    booked = {"starts_at": "2026-11-26T10:00:00Z", "lines": [{"service_id": "srv_cut"}]}
    asked = [
        ("GET", "/v1/salons/sal_centru", None),
        ("PATCH", "/v1/salons/sal_centru", {"name": "Ours"}),
        ("GET", "/v1/staff/stf_anna", None),
        ("PATCH", "/v1/staff/stf_anna", {"name": "Ours"}),
        ("GET", "/v1/services/srv_cut", None),
        ("PATCH", "/v1/services/srv_cut", {"name": "Ours"}),
        ("GET", "/v1/connections/con_standard", None),
        ("DELETE", "/v1/connections/con_standard", None),
        ("POST", "/v1/connections", {"site": "square", "salon_id": "sal_centru"}),
        ("DELETE", f"/v1/keys/{key}", None),
        ("POST", "/v1/keys", {"role": "manager", "name": "x", "salon_ids": ["sal_centru"]}),
        ("POST", "/v1/staff", {"name": "x", "salon_ids": ["sal_centru"]}),
        ("GET", f"/v1/clients/{CLIENT}", None),
        ("PATCH", f"/v1/clients/{CLIENT}", {"name": "Ours"}),
        ("PUT", f"/v1/clients/{CLIENT}/consents/sms/marketing", {"granted": True, "how": "x"}),
        ("GET", f"/v1/clients/{CLIENT}/consents", None),
        ("GET", f"/v1/clients/{CLIENT}/devices", None),
        ("PUT", f"/v1/clients/{CLIENT}/devices", {"platform": "web", "token": "token-0001"}),
        ("DELETE", f"/v1/clients/{CLIENT}/devices/dev_0000000000000000", None),
        ("GET", f"/v1/clients/{CLIENT}/bookings", None),
        ("GET", f"/v1/clients/{CLIENT}/messages", None),
        ("GET", f"/v1/clients/{CLIENT}/bonus", None),
        ("GET", f"/v1/clients/{CLIENT}/bonus/pass", None),
        ("GET", f"/v1/clients/{CLIENT}/bonus/entries", None),
        ("POST", f"/v1/clients/{CLIENT}/bonus/entries", {"kind": "grant", "points": 5, "reason": "x"}),
        ("POST", f"/v1/clients/{CLIENT}/bonus/quote", {"bill": MONEY}),
        ("POST", f"/v1/bonus/entries/{entry}/reverse", {"reason": "x"}),
        ("GET", f"/v1/campaigns/{campaign}", None),
        ("PATCH", f"/v1/campaigns/{campaign}", {"name": "Ours"}),
        *(
            ("POST", f"/v1/campaigns/{campaign}/{step}", None)
            for step in ("dry-run", "count", "start", "pause", "resume", "stop")
        ),
        ("GET", f"/v1/bookings/{BOOKING}", None),
        ("PATCH", f"/v1/bookings/{BOOKING}", {"note": "Ours"}),
        ("POST", f"/v1/bookings/{BOOKING}/confirm", None),
        ("POST", f"/v1/bookings/{BOOKING}/cancel", None),
        ("POST", f"/v1/bookings/{BOOKING}/no-show", None),
        ("POST", f"/v1/bookings/{BOOKING}/reopen", None),
        ("POST", f"/v1/bookings/{BOOKING}/complete", {"paid": MONEY}),
        ("POST", f"/v1/bookings/{BOOKING}/bill", {"paid": MONEY}),
        ("POST", "/v1/bookings", {**booked, "salon_id": "sal_centru", "client_id": CLIENT}),
        ("GET", "/v1/bookings?salon_id=sal_centru", None),
        ("GET", "/v1/messages?salon_id=sal_centru", None),
        ("GET", f"/v1/bookings/{BOOKING}/touches/notice/explain", None),
        ("GET", f"/v1/walks/{walk}", None),
        ("GET", f"/v1/programme/simulations/{simulation}", None),
        ("GET", "/v1/tasks?salon_id=sal_centru", None),
        ("POST", "/v1/tasks/tsk_1/done", None),
        ("GET", "/v1/reports/messages/costs?salon_id=sal_centru", None),
        (
            "POST",
            "/v1/messages/preview",
            {"kind": "notice", "channel": "sms", "language": "en", "booking_id": BOOKING},
        ),
        (
            "POST",
            "/v1/messages/test",
            {
                "kind": "at_risk",
                "channel": "sms",
                "language": "en",
                "client_id": CLIENT,
                "to": "+37369555111",
            },
        ),
        ("GET", "/v1/inbox/inb_none", None),
        ("POST", "/v1/inbox/inb_none/replay", None),
        ("POST", f"/v1/parked/{BOOKING}/retry", None),
        ("DELETE", f"/v1/parked/{BOOKING}", None),
    ]
    before = everything(world)
    for method, path, body in asked:
        answer = stranger.ask(method, path, body)
        assert (answer.status, answer.code) == (404, "NOT_FOUND"), (method, path, answer)
    assert everything(world) == before


def test_what_belongs_to_anothers_bonuses_is_not_there(
    stranger: Http, http: Http, world: Any, mine: Any
) -> None:
    def posted(path: str, body: Any) -> Any:
        answer = http.post(path, body)
        assert answer.status in (201, 202), answer.text
        return answer.json["id"]

    ours = "cli_other00000000001"
    world.store.save(a_salon("sal_ours", OTHER_NETWORK))
    world.store.save(a_client(ours, OTHER_NETWORK, phone=None, email=None))
    http.post(f"/v1/clients/{CLIENT}/bonus/entries", {"kind": "grant", "points": 500, "reason": "x"})
    at_desk = {"points": 10, "bill": {"amount_minor": 100_000, "currency": "MDL"}}
    their_client = f"/v1/clients/{CLIENT}"
    hold = posted(f"{their_client}/bonus/holds", {**at_desk, "salon_id": "sal_centru"})
    off = {"name": "x", "percent": 10, "reason": "x"}
    coupon = posted(f"{their_client}/coupons", off)
    days = {"starts_on": "2026-12-01", "ends_on": "2026-12-05"}
    promotion = posted("/v1/promotions", {"name": "x", **days, "multiplier_percent": 200})
    audit = posted("/v1/bonus/audit", None)
    clearing = posted("/v1/reports/bonus/clearing", {"month": "2026-11"})
    give = {"points": 5, "reason": "x"}
    before = everything(world)
    for method, path, body in (
        ("POST", f"/v1/bonus/holds/{hold}/release", None),
        ("POST", f"/v1/bonus/holds/{hold}/redeem", {"points": 5, "salon_id": "sal_ours"}),
        ("POST", f"/v1/coupons/{coupon}/void", {"reason": "x"}),
        ("POST", f"/v1/coupons/{coupon}/redeem", {"salon_id": "sal_ours", "bill": MONEY, "goods": MONEY}),
        ("GET", f"/v1/promotions/{promotion}", None),
        ("PATCH", f"/v1/promotions/{promotion}", {"name": "Ours"}),
        ("POST", f"/v1/promotions/{promotion}/stop", None),
        ("GET", f"/v1/walks/{audit}", None),
        ("GET", f"/v1/walks/{clearing}", None),
        ("GET", "/v1/reports/bonus/clearing?month=2026-11", None),
        ("GET", f"{their_client}/coupons", None),
        ("POST", f"{their_client}/coupons", off),
        ("GET", f"{their_client}/referral", None),
        ("POST", f"{their_client}/merge", {"into": ours}),
        ("POST", f"/v1/clients/{ours}/merge", {"into": CLIENT}),
        ("POST", f"{their_client}/unmerge", None),
        ("POST", f"{their_client}/bonus/holds", {**at_desk, "salon_id": "sal_ours"}),
        ("POST", f"/v1/clients/{ours}/bonus/holds", {**at_desk, "salon_id": "sal_centru"}),
        ("POST", f"/v1/clients/{ours}/bonus/holds", {"points": 10, "booking_id": BOOKING}),
        ("POST", f"/v1/clients/{ours}/bonus/quote", {"bill": MONEY, "booking_id": BOOKING}),
        ("POST", f"/v1/clients/{ours}/bonus/quote", {"bill": MONEY, "salon_id": "sal_centru"}),
        (
            "POST",
            f"/v1/clients/{ours}/bonus/entries",
            {**give, "kind": "compensation", "complaint_id": BOOKING},
        ),
        ("POST", f"/v1/clients/{ours}/bonus/entries", {**give, "kind": "grant", "salon_id": "sal_centru"}),
        ("POST", f"/v1/bookings/{BOOKING}/refund", {"amount": MONEY, "reason": "x"}),
        ("POST", "/v1/clients", {"name": "Elena", "referred_by": CLIENT}),
    ):
        answer = stranger.ask(method, path, body)
        assert answer.status == 404, (method, path, answer)
    assert everything(world) == before
    code = http.get(f"{their_client}/bonus/pass").json["code"]
    assert len(http.get(f"/v1/clients?card={code}").json["items"]) == 1
    assert stranger.get(f"/v1/clients?card={code}").json["items"] == []


def test_lists_hold_nothing_of_anothers(stranger: Http, http: Http, world: Any, mine: Any) -> None:
    world.store.save(a_connection())
    http.put("/v1/rules", {"version": 1, "messages": {"off": ["notice"]}})
    http.post("/v1/programme/simulate", {"bonuses": {}})
    world.store.save(Task(network_id=mine.network_id, id="tsk_1", kind=TaskKind.UNCONFIRMED, at=NOW))
    for path in (
        "salons",
        "staff",
        "services",
        "connections",
        "clients",
        "bookings",
        "messages",
        "inbox",
        "parked",
        "rules/changes",
        "walks",
        "programme/simulations",
        "tasks",
        "reports/messages/costs",
    ):
        assert stranger.get(f"/v1/{path}").json["items"] == [], path
    assert stranger.get("/v1/clients?phone=%2B37369123456").json["items"] == []
    assert stranger.get("/v1/network").json["name"] == "Orchid"


def test_the_same_phone_is_another_client_in_another_network(stranger: Http, town: Any) -> None:
    made = stranger.post("/v1/clients", {"name": "Maria", "phone": "+37369123456"})
    assert made.status == 201
    assert made.json["id"] != CLIENT


def test_a_cursor_does_not_lead_into_another_network(stranger: Http, http: Http, town: Any) -> None:
    http.post("/v1/clients", {"name": "Ion"})
    cursor = http.get("/v1/clients?limit=1").json["next_cursor"]
    answer = stranger.get(f"/v1/clients?cursor={cursor}")
    assert (answer.status, answer.code) == (400, "INVALID_CURSOR")
