"""Passes over HTTP: what a client's phone gets, what Apple's devices ask, what the desk sees."""

import base64
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import jwt
import pytest
from msgspec.structs import replace

from chalicelib.api.http import container
from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.loyalty.passes import PassDevice, serial_of
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.shared.ids import entry_id
from chalicelib.passes.apple_pass import AppleIssuer
from chalicelib.passes.google_pass import SAVE_URL, GoogleIssuer, ServiceAccount
from chalicelib.passes.wallets import Wallets
from chalicelib.services.loyalty.passes import MAX_DEVICES, pass_token
from chalicelib.services.loyalty.post_bonus import post_to_client
from infra.testkit.api_client import Answer, Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_client, save_client
from tests.api.conftest import TestContainer
from tests.api.pages.test_pages import MARIA, Visitor

TYPE = "pass.example.bonus"
SERIAL = serial_of(NETWORK, MARIA)
BASE = f"/w/apple/{NETWORK.removeprefix('net_')}/v1"
REGISTRATIONS = f"{BASE}/devices/phone-1/registrations/{TYPE}"
EVERYTHING = "*/*"


@pytest.fixture
def given_container(given_container: TestContainer) -> TestContainer:
    wallets = Wallets(
        AppleIssuer(TYPE, "TEAM123456", lambda manifest: b"signed"),
        GoogleIssuer(
            "3388",
            "https://pictures.example/logo.png",
            lambda: ServiceAccount("w@example", lambda claims: jwt.encode(claims, None, "none")),
        ),
    )
    made = replace(given_container, the_wallets=wallets)
    container.use(made)
    return made


@pytest.fixture
def visitor(http: Http, given_container: TestContainer, world: Any, town: Any) -> Visitor:
    link = given_container.links().link(NETWORK, MARIA, None, NOW)
    world.store.save(link)
    return Visitor(http, given_container, link)


@pytest.fixture
def give(world: Any, town: Any) -> Any:
    given: list[int] = []

    def granted(points: int, until: date | None = None) -> None:
        given.append(points)
        end = day_end(until, "Europe/Chisinau") if until else None
        each_id = entry_id(MARIA, "test", str(len(given)))
        kind = EntryKind.GRANT
        posting = Posting(id=each_id, kind=kind, points=points, reason="test", actor="test", expires_at=end)
        post_to_client(world, town.client, posting)

    return granted


class Phone:
    """Apple Wallet on a phone that was given Maria's pass."""

    def __init__(self, http: Http, given_container: TestContainer) -> None:
        self._http = http.with_key(None)
        self.token = pass_token(given_container.links(), SERIAL)

    def keep(self, serial: str = SERIAL, device: str = "phone-1", **said: Any) -> Answer:
        body = said.get("body", {"pushToken": said.get("push", "a1b2c3")})
        return self._http.post(
            f"{BASE}/devices/{device}/registrations/{TYPE}/{serial}", body, Authorization=self._shown(said)
        )

    def forget(self, device: str = "phone-1", **said: Any) -> Answer:
        path = f"{BASE}/devices/{device}/registrations/{TYPE}/{SERIAL}"
        return self._http.delete(path, Authorization=self._shown(said))

    def ask(self, since: str = "", device: str = "phone-1") -> Answer:
        query = f"?passesUpdatedSince={since}" if since else ""
        return self._http.get(f"{BASE}/devices/{device}/registrations/{TYPE}{query}")

    def fetch(self, **said: Any) -> Answer:
        path = f"{BASE}/passes/{TYPE}/{SERIAL}"
        return self._http.get(path, Authorization=self._shown(said), Accept=EVERYTHING)

    def _shown(self, said: dict[str, Any]) -> str:
        return str(said.get("authorization", f"ApplePass {self.token}"))


@pytest.fixture
def phone(http: Http, given_container: TestContainer, town: Any) -> Phone:
    return Phone(http, given_container)


def fields_of(answer: Answer) -> Any:
    assert answer.status == 200, answer.text
    assert answer.headers["Content-Type"] == "application/vnd.apple.pkpass"
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(answer.text))) as archive:
        return json.loads(archive.read("pass.json"))


def claims_of(address: str) -> Any:
    assert address.startswith(SAVE_URL)
    said = address.removeprefix(SAVE_URL).split(".")[1]
    return json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))


# --- the client


def test_the_card_offers_both_wallets_and_lets_its_form_lead_to_google_alone(visitor: Visitor) -> None:
    page = visitor.see("w", "?lang=en")
    assert "Add to Apple Wallet" in page.text
    assert "Add to Google Wallet" in page.text
    assert "form-action 'self' https://pay.google.com;" in page.headers["Content-Security-Policy"]


def test_a_phone_is_given_a_pass_that_knows_where_to_ask(visitor: Visitor, give: Any, http: Http) -> None:
    give(120)
    place = {"latitude": 47.0105, "longitude": 28.8638}
    assert http.patch("/v1/salons/sal_centru", place).status == 200
    said = fields_of(visitor.see("w", "/pass.pkpass?lang=en", Accept=EVERYTHING))
    assert said["storeCard"]["primaryFields"][0]["value"] == 120
    assert said["serialNumber"] == SERIAL
    assert said["webServiceURL"] == f"https://perennial.example/api/w/apple/{NETWORK.removeprefix('net_')}"
    assert said["locations"] == [{**place, "relevantText": "Lotos Centru: 120 points to use"}]
    code = said["barcodes"][0]["message"]
    assert [each["id"] for each in http.get(f"/v1/clients?card={code}").json["items"]] == [MARIA]


def test_getting_the_pass_changes_nothing(visitor: Visitor, world: Any) -> None:
    before = sorted(str(item.attribute_values) for item in world.store.item.scan())
    assert visitor.see("w", "/pass.pkpass", Accept=EVERYTHING).status == 200
    assert sorted(str(item.attribute_values) for item in world.store.item.scan()) == before


def test_a_client_is_led_to_google_with_the_card_in_the_address(
    visitor: Visitor, give: Any, world: Any
) -> None:
    give(120)
    for _ in range(2):
        answer = visitor.post("w", "/google?lang=ro")
        assert answer.status == 303
    claims = claims_of(answer.headers["Location"])
    (card,) = claims["payload"]["loyaltyObjects"]
    assert (claims["iss"], claims["iat"]) == ("w@example", int(NOW.timestamp()))
    assert card["loyaltyPoints"] == {"label": "Puncte", "balance": {"int": 120}}
    assert card["id"] == f"3388.{SERIAL}"
    assert [each.device for each in world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA)] == [
        "google"
    ]
    assert len(answer.headers["Location"]) < 2_000


def test_without_keys_there_is_no_pass_and_none_is_offered(
    visitor: Visitor, given_container: TestContainer
) -> None:
    container.use(replace(given_container, the_wallets=Wallets()))
    assert "Wallet" not in visitor.see("w", "?lang=en").text
    assert visitor.see("w", "/pass.pkpass", Accept=EVERYTHING).status == 404
    assert visitor.post("w", "/google").status == 404


def test_no_other_purpose_gives_a_pass(visitor: Visitor, http: Http, world: Any) -> None:
    for purpose in ("b", "r", "u"):
        token = visitor.path(purpose).rpartition("/")[2]
        assert http.with_key(None).get(f"/w/{token}/pass.pkpass", Accept=EVERYTHING).status == 404
        assert http.with_key(None).post(f"/w/{token}/google").status == 404
    assert world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA) == []


# --- Apple's devices


def test_a_device_keeps_a_pass_is_told_what_is_new_and_forgets_it(
    phone: Phone, give: Any, world: Any
) -> None:
    assert [phone.keep().status, phone.keep().status, phone.keep(push="d4e5").status] == [201, 200, 200]
    (kept,) = world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA)
    assert kept.push_token == "d4e5"
    first = phone.ask()
    assert first.json["serialNumbers"] == [SERIAL]
    since = first.json["lastUpdated"]
    assert phone.ask(since).status == 204
    give(50)
    assert phone.ask(since).json["serialNumbers"] == [SERIAL]
    assert fields_of(phone.fetch())["storeCard"]["primaryFields"][0]["value"] == 50
    assert [phone.forget().status, phone.forget().status] == [200, 200]
    assert phone.ask().status == 204
    assert world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA) == []


def test_a_pass_keeps_its_serial_when_its_client_turns_out_to_be_another(
    phone: Phone, give: Any, http: Http, world: Any
) -> None:
    give(50)
    phone.keep()
    since = phone.ask().json["lastUpdated"]
    masha = save_client(world.store, a_client("cli_masha00000000002", phone="+37369000002", email=None)).id
    assert http.post(f"/v1/clients/{MARIA}/merge", {"into": masha}).status == 200
    said = {"kind": "grant", "points": 20, "reason": "gift"}
    assert http.post(f"/v1/clients/{masha}/bonus/entries", said).status == 201
    assert phone.ask(since).json["serialNumbers"] == [SERIAL]
    shown = fields_of(phone.fetch())
    assert (shown["serialNumber"], shown["authenticationToken"]) == (SERIAL, phone.token)
    assert shown["storeCard"]["primaryFields"][0]["value"] == 70


def test_points_that_expire_make_a_pass_new_though_nothing_was_posted(
    phone: Phone, give: Any, clock: Any
) -> None:
    give(50, date(2026, 12, 1))
    phone.keep()
    since = phone.ask().json["lastUpdated"]
    clock.now = day_end(date(2026, 12, 1), "Europe/Chisinau") - timedelta(milliseconds=1)
    assert phone.ask(since).status == 204
    clock.forward(seconds=0.001)
    assert phone.ask(since).json["serialNumbers"] == [SERIAL]
    assert fields_of(phone.fetch())["storeCard"]["primaryFields"][0]["value"] == 0


def test_without_the_passs_own_token_nothing_is_kept_given_or_forgotten(phone: Phone, world: Any) -> None:
    phone.keep()
    other = serial_of(NETWORK, "cli_irina00000000001")
    world.store.save(a_client("cli_irina00000000001", phone=None, email=None))
    for shown in ("", "ApplePass", "ApplePass x", f"Bearer {phone.token}", f"ApplePass {phone.token}0"):
        assert phone.keep(device="phone-2", authorization=shown).status == 401
        assert phone.fetch(authorization=shown).status == 401
        assert phone.forget(authorization=shown).status == 401
    assert phone.keep(other).status == 401
    assert [each.device for each in world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA)] == [
        "phone-1"
    ]
    assert world.store.get_all(PassDevice, network_id=NETWORK, client_id="cli_irina00000000001") == []


def test_a_pass_is_not_found_under_another_networks_address_or_type(
    http: Http, phone: Phone, given_container: TestContainer
) -> None:
    anybody, shown = http.with_key(None), {"Authorization": f"ApplePass {phone.token}", "Accept": EVERYTHING}
    elsewhere = BASE.replace(NETWORK.removeprefix("net_"), OTHER_NETWORK.removeprefix("net_"))
    assert anybody.get(f"{elsewhere}/passes/{TYPE}/{SERIAL}", **shown).status == 404
    assert anybody.get(f"{BASE}/passes/pass.other/{SERIAL}", **shown).status == 404
    theirs = serial_of(OTHER_NETWORK, MARIA)
    shown["Authorization"] = f"ApplePass {pass_token(given_container.links(), theirs)}"
    assert anybody.get(f"{BASE}/passes/{TYPE}/{theirs}", **shown).status == 404


@pytest.mark.parametrize(
    "body", ["", "nothing", "[]", {}, {"pushToken": ""}, {"pushToken": "a b"}, {"pushToken": 5},
             {"pushToken": "x" * 201}, {"pushToken": "a", "more": "x" * 9000}, b"\xff\xfe"],
)  # fmt: skip
def test_a_registration_that_is_none_is_refused(body: Any, phone: Phone, world: Any) -> None:
    assert phone.keep(body=body).status == 400
    assert world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA) == []


@pytest.mark.parametrize("device", ["google", "apple", "a%23b", "x" * 65, "%D0%BA", "a%20b"])
def test_a_device_of_an_impossible_name_keeps_nothing(device: str, phone: Phone, world: Any) -> None:
    assert phone.keep(device=device).status in (400, 404)
    assert phone.ask(device=device).status in (400, 404)
    assert world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA) == []


@pytest.mark.parametrize(
    "serial", ["x", "lotos00001", "lotos00001.", "a.b.c", "%23", "lotos00001.MARIA00000000001"]
)
def test_a_serial_that_is_none_is_nobodys(serial: str, phone: Phone) -> None:
    assert phone.keep(serial).status == 401


@pytest.mark.parametrize("network", ["x", "LOTOS00001", "lotos00001%23CLI", "%D0%BA"])
def test_an_address_of_no_network_leads_nowhere(network: str, http: Http, phone: Phone) -> None:
    phone.keep()
    path = f"/w/apple/{network}/v1/devices/phone-1/registrations/{TYPE}"
    assert http.with_key(None).get(path).status == 404


def test_no_client_has_more_devices_than_are_told(phone: Phone, world: Any) -> None:
    statuses = [phone.keep(device=f"phone-{number}").status for number in range(MAX_DEVICES + 2)]
    assert statuses == [201] * MAX_DEVICES + [200, 200]
    assert len(world.store.get_all(PassDevice, network_id=NETWORK, client_id=MARIA)) == MAX_DEVICES


def test_nonsense_about_what_was_known_means_everything_is_new(phone: Phone) -> None:
    phone.keep()
    for since in ("x", "%00", ",,,", "9" * 5000, "%D0%BA"):
        assert phone.ask(since).json["serialNumbers"] == [SERIAL]


def test_what_devices_complain_of_is_heard(http: Http) -> None:
    anybody = http.with_key(None)
    assert anybody.post(f"{BASE}/log", {"logs": ["x" * 1000] * 3}).status == 200
    assert anybody.post(f"{BASE}/log", "nonsense").status == 400


# --- the desk


def test_the_desk_gets_the_cards_address_and_the_kinds_of_pass(http: Http, keys: Any) -> None:
    for _ in range(2):
        said = http.with_key(keys["reception"]).get(f"/v1/clients/{MARIA}/bonus/pass").json
    assert said["kinds"] == ["apple", "google"]
    assert (said["apple"]["signed"], said["apple"]["preview"]) == (True, None)
    page = http.with_key(None).get(said["card_url"].removeprefix("https://perennial.example/api"))
    assert page.status == 200
    path = said["apple"]["url"].removeprefix("https://perennial.example/api")
    assert fields_of(http.with_key(None).get(path, Accept=EVERYTHING))["serialNumber"] == SERIAL


def test_without_keys_the_desk_sees_what_passes_would_say(
    http: Http, given_container: TestContainer, give: Any
) -> None:
    container.use(replace(given_container, the_wallets=Wallets()))
    give(70)
    said = http.get(f"/v1/clients/{MARIA}/bonus/pass").json
    assert said["kinds"] == []
    assert [said[kind]["signed"] for kind in ("apple", "google")] == [False, False]
    assert [said[kind]["url"] for kind in ("apple", "google")] == [None, None]
    assert said["apple"]["preview"]["storeCard"]["primaryFields"][0]["value"] == 70
    assert "authenticationToken" not in said["apple"]["preview"]
    (card,) = said["google"]["preview"]["loyaltyObjects"]
    assert card["loyaltyPoints"]["balance"] == {"int": 70}


def test_others_than_the_desk_get_no_pass(http: Http, keys: Any) -> None:
    for role in ("specialist", "partner"):
        assert http.with_key(keys[role]).get(f"/v1/clients/{MARIA}/bonus/pass").status == 403
    assert http.get("/v1/clients/cli_nobody0000000001/bonus/pass").status == 404


# --- where a salon is


def test_a_salon_says_where_it_is(http: Http) -> None:
    salon = http.patch("/v1/salons/sal_centru", {"latitude": 47.0105123, "longitude": -28.8638}).json
    assert (salon["latitude"], salon["longitude"]) == (47.010512, -28.8638)
    salon = http.patch("/v1/salons/sal_centru", {"latitude": None, "longitude": None}).json
    assert (salon["latitude"], salon["longitude"]) == (None, None)


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ({"latitude": 47.0}, 422, "INVALID_PLACE"),
        ({"longitude": 28}, 422, "INVALID_PLACE"),
        ({"latitude": 90.1, "longitude": 0}, 400, "INVALID_FIELD"),
        ({"latitude": 0, "longitude": -180.5}, 400, "INVALID_FIELD"),
        ({"latitude": "47", "longitude": "28"}, 400, "INVALID_FIELD"),
    ],
)
def test_a_place_that_is_none_is_refused(said: Any, status: int, code: str, http: Http) -> None:
    answer = http.patch("/v1/salons/sal_centru", said)
    assert (answer.status, answer.code) == (status, code)
    assert http.get("/v1/salons/sal_centru").json["latitude"] is None
