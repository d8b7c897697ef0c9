"""Setting a network up: salons, staff, services, rules, connections."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.shared.aliases import InboundNumber
from chalicelib.domain.shared.operations import Parked
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW

SALON = {"name": "Botanica", "timezone": "Europe/Chisinau", "currency": "MDL", "address": "bd. Dacia 7"}


def test_the_network_is_seen_and_renamed(http: Http) -> None:
    changed = http.patch("/v1/network", {"name": "Lotos & Co", "language": "ro"})
    assert (changed.status, changed.json["name"], changed.json["language"]) == (200, "Lotos & Co", "ro")
    assert http.get("/v1/network").json == changed.json


def test_a_salon_is_added_seen_and_changed(http: Http) -> None:
    links = [{"site": "Google", "url": "https://g.example/1"}]
    made = http.post("/v1/salons", {**SALON, "phone": "022 12-34-56", "review_links": links})
    assert made.status == 201
    assert made.json["phone"] == "+37322123456"
    path = f"/v1/salons/{made.json['id']}"
    assert http.get(path).json == made.json
    assert made.json in http.get("/v1/salons").json["items"]
    changed = http.patch(path, {"phone": None, "map_url": "https://maps.example/7", "version": 1})
    assert (changed.json["phone"], changed.json["map_url"], changed.json["version"]) == (
        None,
        "https://maps.example/7",
        2,
    )


def test_a_salon_has_a_language_and_a_country_of_its_own_or_none(http: Http) -> None:
    made = http.post("/v1/salons", {**SALON, "language": "ro", "country": "RO", "phone": "0721 234 567"})
    assert (made.json["language"], made.json["country"], made.json["phone"]) == ("ro", "RO", "+40721234567")
    path = f"/v1/salons/{made.json['id']}"
    assert http.patch(path, {"name": "Botanica 2"}).json["country"] == "RO"
    changed = http.patch(path, {"language": "en", "country": None})
    assert (changed.json["language"], changed.json["country"]) == ("en", None)
    first = http.get("/v1/salons/sal_centru").json
    assert (first["language"], first["country"]) == (None, None)


def test_a_client_who_books_has_a_phone_of_the_country_that_the_salon_names(http: Http) -> None:
    http.patch("/v1/salons/sal_centru", {"country": "RO"})
    lines = [{"service_id": "srv_cut", "staff_id": "stf_anna"}]
    client = {"name": "Vera", "phone": "0721 234 567"}
    begins = (NOW + timedelta(days=3)).isoformat()
    body = {"salon_id": "sal_centru", "client": client, "starts_at": begins, "lines": lines}
    booked = http.post("/v1/bookings", body)
    assert booked.status == 201
    assert http.get(f"/v1/clients/{booked.json['client_id']}").json["phone"] == "+40721234567"


def test_staff_and_services_are_added_and_changed(http: Http) -> None:
    staff = http.post(
        "/v1/staff", {"name": "Ion", "salon_ids": ["sal_york"], "tip_url": "https://t.example/i"}
    )
    assert staff.status == 201
    moved = http.patch(f"/v1/staff/{staff.json['id']}", {"salon_ids": ["sal_centru", "sal_york"]})
    assert moved.json["salon_ids"] == ["sal_centru", "sal_york"]
    price = {"amount_minor": 60000, "currency": "MDL"}
    service = http.post(
        "/v1/services",
        {"name": "Massage", "category": "body", "minutes": 90, "price": price, "repeat_after_days": 14},
    )
    assert service.status == 201
    assert service.json["price"] == price
    free = http.patch(f"/v1/services/{service.json['id']}", {"price": None, "minutes": 60})
    assert (free.json["price"], free.json["minutes"]) == (None, 60)
    assert free.json in http.get("/v1/services").json["items"]


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/salons", {**SALON, "timezone": "Europe/Kishinev City"}, "UNKNOWN_TIMEZONE"),
        ("/v1/salons", {**SALON, "timezone": "../../etc/passwd"}, "UNKNOWN_TIMEZONE"),
        ("/v1/salons", {**SALON, "currency": "lei"}, "INVALID_CURRENCY"),
        ("/v1/salons", {**SALON, "currency": "mdl"}, "INVALID_CURRENCY"),
        ("/v1/salons", {**SALON, "currency": "ZZZ"}, "INVALID_CURRENCY"),
        ("/v1/salons", {**SALON, "currency": "XXX"}, "INVALID_CURRENCY"),
        ("/v1/services", {"name": "x", "price": {"amount_minor": 1, "currency": "ZZZ"}}, "INVALID_CURRENCY"),
        ("/v1/salons", {**SALON, "map_url": "javascript:alert(1)"}, "INVALID_URL"),
        ("/v1/salons", {**SALON, "map_url": "http://maps.example"}, "INVALID_URL"),
        ("/v1/salons", {**SALON, "phone": "12"}, "INVALID_PHONE"),
        ("/v1/salons", {**SALON, "country": "XX", "phone": "0721 234 567"}, "UNKNOWN_COUNTRY"),
        ("/v1/salons", {**SALON, "language": "fr"}, "UNKNOWN_LANGUAGE"),
        ("/v1/salons", {**SALON, "name": "\u0000"}, "INVALID_NAME"),
        ("/v1/salons", {**SALON, "review_links": [{"site": "x", "url": "ftp://x.example"}]}, "INVALID_URL"),
        ("/v1/staff", {"name": "Ion", "tip_url": "https://"}, "INVALID_URL"),
        ("/v1/services", {"name": "x", "minutes": 0}, "OUT_OF_RANGE"),
        ("/v1/services", {"name": "x", "price": {"amount_minor": -1, "currency": "MDL"}}, "OUT_OF_RANGE"),
        ("/v1/services", {"name": "x", "repeat_after_days": 10000}, "OUT_OF_RANGE"),
    ],
)
def test_what_no_salon_could_use_is_refused(path: str, body: Any, code: str, http: Http) -> None:
    answer = http.post(path, body)
    assert (answer.status, answer.code) == (422, code)


def test_a_country_that_is_none_and_a_language_that_we_do_not_speak_are_refused(http: Http) -> None:
    assert http.patch("/v1/network", {"country": "XX"}).code == "UNKNOWN_COUNTRY"
    assert http.patch("/v1/network", {"language": "fr"}).code == "UNKNOWN_LANGUAGE"


def test_a_salon_keeps_its_currency(http: Http) -> None:
    assert http.patch("/v1/salons/sal_centru", {"currency": "EUR"}).code == "CURRENCY_FIXED"
    assert http.patch("/v1/salons/sal_centru", {"currency": "MDL"}).status == 200


def test_a_change_of_an_older_version_is_refused(http: Http) -> None:
    http.patch("/v1/salons/sal_centru", {"name": "Centru"})
    answer = http.patch("/v1/salons/sal_centru", {"name": "Center", "version": 1})
    assert (answer.status, answer.code, answer.json["details"]) == (409, "STALE_VERSION", {"version": 2})


def pages_of(http: Http, path: str, limit: int) -> list[str]:
    found: list[str] = []
    cursor = ""
    for _ in range(20):
        page = http.get(f"{path}?limit={limit}&cursor={cursor}").json
        assert len(page["items"]) <= limit
        found += [each["id"] for each in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


SET_UP_LISTS = ["/v1/salons", "/v1/staff", "/v1/services", "/v1/keys", "/v1/connections", "/v1/parked"]


@pytest.fixture
def full(http: Http, world: Any) -> None:
    """At least three of everything."""
    for number in range(3):
        http.post("/v1/salons", SALON)
        http.post("/v1/staff", {"name": "Ion"})
        http.post("/v1/services", {"name": "Massage"})
        http.post("/v1/connections", {"site": "square"})
        item = f"booking bkg_{number}"
        world.store.save(Parked(network_id=NETWORK, item=item, error="E", at=NOW))


@pytest.mark.usefixtures("full")
@pytest.mark.parametrize("path", SET_UP_LISTS)
def test_a_list_of_the_set_up_in_pages_is_the_whole_list(path: str, http: Http) -> None:
    whole = [each["id"] for each in http.get(path).json["items"]]
    assert len(whole) >= 3
    assert pages_of(http, path, 1) == pages_of(http, path, 2) == pages_of(http, path, 200) == whole


@pytest.mark.usefixtures("full")
def test_what_is_removed_meanwhile_moves_nothing_else(http: Http) -> None:
    first, second, third = pages_of(http, "/v1/connections", 3)
    cursor = http.get("/v1/connections?limit=1").json["next_cursor"]
    http.delete(f"/v1/connections/{first}")
    rest = http.get(f"/v1/connections?cursor={cursor}").json["items"]
    assert [each["id"] for each in rest] == [second, third]


@pytest.mark.parametrize("path", SET_UP_LISTS)
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "INVALID_FIELD"),
        ("limit=201", "INVALID_FIELD"),
        ("cursor=nonsense", "INVALID_CURSOR"),
        ("cursor=x", "INVALID_CURSOR"),
        ("cursor=%F0%9F%92%A9", "INVALID_CURSOR"),
        ("cursor=eyJQSyI6IngifQ", "INVALID_CURSOR"),
        ("colour=red", "UNKNOWN_FIELD"),
    ],
)
def test_a_list_of_the_set_up_that_cannot_be_is_refused(path: str, query: str, code: str, http: Http) -> None:
    answer = http.get(f"{path}?{query}")
    assert (answer.status, answer.code) == (400, code)


# --- rules


def test_rules_are_changed_by_who_read_them_last(http: Http) -> None:
    rules = http.get("/v1/rules").json
    rules["bonuses"]["cashback_percent"] = 10
    rules["messages"]["quiet_hours"] = {"start": "22:00", "end": "08:30"}
    changed = http.put("/v1/rules", rules)
    assert (changed.status, changed.json["version"]) == (200, 2)
    assert http.get("/v1/rules").json == changed.json
    assert changed.json["bonuses"]["cashback_percent"] == 10
    stale = http.put("/v1/rules", {"version": 1, "bonuses": {"cashback_percent": 20}})
    assert (stale.status, stale.code, stale.json["details"]) == (409, "STALE_VERSION", {"version": 2})


def test_what_is_not_said_of_the_rules_stays(http: Http) -> None:
    http.put("/v1/rules", {"version": 1, "messages": {"confirm_request_hours_before": 48}})
    rules = http.get("/v1/rules").json
    assert rules["messages"]["confirm_request_hours_before"] == 48
    assert rules["messages"]["control_reminder_minutes_before"] == 60
    assert rules["bonuses"]["redeem_cap_percent"] == 25


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("bonuses", "cashback_percent", 101),
        ("bonuses", "redeem_cap_percent", -1),
        ("bonuses", "point_value_minor", 0),
        ("bonuses", "pending_days", -1),
        ("messages", "confirm_request_hours_before", 0),
        ("messages", "control_reminder_minutes_before", -60),
        ("messages", "confirm_cutoff_hours_before", 24),
        ("messages", "quiet_hours", {"start": "09:00", "end": "08:59"}),
    ],
)
def test_a_rule_that_would_silence_or_ruin_everything_is_refused(
    section: str, field: str, value: Any, http: Http
) -> None:
    answer = http.put("/v1/rules", {"version": 1, section: {field: value}})
    assert (answer.status, answer.code) == (422, "INVALID_RULE")
    assert answer.json["details"]["field"] == f"{section}.{field}"
    assert http.get("/v1/rules").json["version"] == 1


# --- connections


def test_a_connection_has_an_address_and_a_secret_of_its_own(http: Http) -> None:
    made = http.post("/v1/connections", {"site": "standard", "salon_id": "sal_centru"})
    assert made.status == 201
    assert made.json["url"].startswith("https://perennial.example/api/hooks/standard/lotos00001.")
    assert made.json["secret"].startswith("whsec_")
    path = f"/v1/connections/{made.json['id']}"
    seen = http.get(path)
    assert "secret" not in seen.json
    assert http.get("/v1/connections").json["items"] == [seen.json]
    assert http.delete(path).status == 204
    assert http.get(path).status == 404
    assert http.delete(path).status == 404


def test_a_secret_that_the_site_gave_is_taken(http: Http) -> None:
    made = http.post("/v1/connections", {"site": "square", "secret": "sellers-signature-key"})
    assert made.json["secret"] == "sellers-signature-key"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"site": "fresha"}, 422, "UNKNOWN_SITE"),
        ({"site": "square", "secret": "short"}, 422, "INVALID_SECRET"),
        ({"site": "standard", "secret": "whsec_no base64 at all"}, 422, "INVALID_SECRET"),
        ({"site": "square", "salon_id": "sal_none"}, 404, "NOT_FOUND"),
        ({"site": "square", "settings": {"salon:L1": "sal_none"}}, 404, "NOT_FOUND"),
        ({"site": "square", "settings": {"x": 1}}, 400, "INVALID_FIELD"),
    ],
)
def test_a_connection_that_could_not_work_is_refused(body: Any, status: int, code: str, http: Http) -> None:
    answer = http.post("/v1/connections", body)
    assert (answer.status, answer.code) == (status, code)


# --- whom messages come from

VERIFY = "/v1/network/identities/email/verify"


def test_a_network_sends_from_an_address_that_its_owner_proves(
    http: Http, world: Any, given_container: Any
) -> None:
    asked = http.patch("/v1/network", {"name": "Lotos & Co", "identities": {"email": "Salon@Example.com"}})
    assert (asked.status, asked.json["name"], asked.json["identities"]) == (200, "Lotos & Co", {})
    assert asked.json["pending_email"] == {
        "address": "salon@example.com", "expires_at": "2026-11-24T08:00:00Z", "tries_left": 5
    }  # fmt: skip
    assert http.get("/v1/network").json == asked.json
    wrong = http.post(VERIFY, {"code": "AAAA-AAAA-AAAA"})
    assert (wrong.status, wrong.code, wrong.json["details"]["tries_left"]) == (422, "WRONG_CODE", 4)
    (mail,) = given_container.mail.sent
    assert mail.to == "salon@example.com"
    proven = http.post(VERIFY, {"code": mail.worded.text.split("Код: ")[1].split(".")[0]})
    assert (proven.status, proven.json["identities"]) == (200, {"email": "salon@example.com"})
    assert (proven.json["pending_email"], http.get("/v1/network").json) == (None, proven.json)
    assert world.store.get(InboundNumber, number="salon@example.com").network_ids == (NETWORK,)
    back = http.patch("/v1/network", {"identities": {"email": None}})
    assert (back.json["identities"], back.json["pending_email"]) == ({}, None)
    assert world.store.get(InboundNumber, number="salon@example.com").network_ids == ()


def test_the_owner_alone_proves_an_address_and_sees_which_is_pending(
    http: Http, keys: dict[str, str]
) -> None:
    http.patch("/v1/network", {"identities": {"email": "salon@example.com"}})
    manager = http.with_key(keys["manager"])
    assert manager.post(VERIFY, {"code": "AAAA-AAAA-AAAA"}).status == 403
    assert manager.get("/v1/network").json["pending_email"] is None


@pytest.mark.parametrize(
    ("identities", "status", "code"),
    [
        ({"sms": "call me"}, 422, "INVALID_IDENTITY"),
        ({"sms": "+37322000111"}, 403, "OPERATOR_ONLY"),
        ({"sms": "VictoriaBnk"}, 403, "OPERATOR_ONLY"),
        ({"whatsapp": "phone-number-id-976c72a700aac43eaf573ae050ex"}, 403, "OPERATOR_ONLY"),
        ({"email": "salon@perennial.example"}, 409, "IDENTITY_TAKEN"),
        ({"whatsapp": "+37322000111"}, 422, "INVALID_IDENTITY"),
        ({"pigeon": "x"}, 400, "UNKNOWN_FIELD"),
    ],
)
def test_who_nobody_can_send_as_is_refused_and_nothing_changes(
    identities: Any, status: int, code: str, http: Http
) -> None:
    answer = http.patch("/v1/network", {"name": "Other", "identities": identities})
    assert (answer.status, answer.code) == (status, code)
    assert http.get("/v1/network").json["name"] == "Lotos"
