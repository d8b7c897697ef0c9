"""A network's own texts over HTTP."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Key, Role, Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.manage_keys import key_hash
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_network

NOTICE = "/v1/templates/notice/sms/en"
SIXTY = "a" * 60


def test_what_is_built_in_is_shown_to_begin_with(http: Http, town: Any) -> None:
    answer = http.get(NOTICE)
    assert answer.status == 200
    shown = answer.json
    assert (shown["id"], shown["own"], shown["version"]) == ("notice.sms.en", False, 0)
    assert shown["text"] == "{salon}: you are booked for {when}, {services} with {staff}. {address}. {link}"
    assert shown["preview"]["text"].startswith(
        "Lotos Centru: you are booked for tomorrow, 24 Nov, 2:30 pm, Manicure with Anna. str. Columna 42. "
        "https://perennial.example/api/b/"
    )
    assert (shown["preview"]["parts"], shown["preview"]["alphabet"]) == (1, "gsm7")
    assert shown["preview"]["cost"]["amount_micros"] > 0
    assert shown["warnings"] == []
    assert "changed_at" not in shown
    assert "when" in shown["placeholders"]
    assert "gift" not in shown["placeholders"]


def test_a_text_is_kept_shown_and_dropped(http: Http, town: Any) -> None:
    kept = http.put(NOTICE, {"text": " {client}, see you {when}! "})
    assert kept.status == 200
    assert (kept.json["own"], kept.json["version"], kept.json["text"]) == (
        True,
        1,
        "{client}, see you {when}!",
    )
    assert kept.json["preview"]["text"] == "Maria, see you tomorrow, 24 Nov, 2:30 pm!"
    assert kept.json["changed_at"] == "2026-11-23T08:00:00Z"
    assert http.get(NOTICE).json == kept.json
    assert http.delete(NOTICE).status == 204
    assert http.delete(NOTICE).status == 204
    assert http.get(NOTICE).json["own"] is False


def test_the_same_again_changes_nothing(http: Http, town: Any) -> None:
    for _ in range(2):
        assert http.put(NOTICE, {"text": "Hello"}).json["version"] == 1
    assert http.put(NOTICE, {"text": "Hello!"}).json["version"] == 2


def test_who_names_a_version_overwrites_nobody(http: Http, town: Any) -> None:
    assert http.put(NOTICE, {"text": "One", "version": 0}).json["version"] == 1
    for request in ({"text": "Two", "version": 0}, {"text": "Two", "version": 7}):
        answer = http.put(NOTICE, request)
        assert (answer.status, answer.code, answer.json["details"]) == (409, "STALE_VERSION", {"version": 1})
    assert http.delete(f"{NOTICE}?version=7").code == "STALE_VERSION"
    assert http.put(NOTICE, {"text": "Two", "version": 1}).json["version"] == 2
    assert http.delete(f"{NOTICE}?version=2").status == 204


def test_an_e_mail_has_a_subject_of_its_own(http: Http, town: Any) -> None:
    path = "/v1/templates/birthday/email/ru"
    assert http.get(path).json["subject"] == "{salon}: Скоро ваш день рождения!"
    answer = http.put(path, {"text": "{client}, поздравляем!", "subject": "Подарок для вас, {client}"})
    assert answer.json["preview"]["subject"] == "Подарок для вас, Мария"
    assert "Мария, поздравляем!" in answer.json["preview"]["html"]


def test_whatsapp_is_shown_what_to_register(http: Http, town: Any) -> None:
    answer = http.put("/v1/templates/notice/whatsapp/ro", {"text": "Bună, {client}! Vă așteptăm {when}."})
    assert answer.json["numbered"] == "Bună, {{1}}! Vă așteptăm {{2}}."
    assert "numbered" not in http.get(NOTICE).json


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "EMPTY_TEXT"),
        ("Hi {", "UNCLOSED_PLACEHOLDER"),
        ("Hi {nmae}", "UNKNOWN_PLACEHOLDER"),
        ("Hi {gift}", "UNKNOWN_PLACEHOLDER"),
        ("Hi \x00", "CONTROL_CHARACTERS"),
        ("x" * 2000, "TEXT_TOO_LONG"),
        ("{client|a|b}", "WRONG_FORMS"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused_when_it_is_saved(
    text: str, code: str, http: Http, town: Any
) -> None:
    answer = http.put(NOTICE, {"text": text})
    assert (answer.status, answer.code) == (422, code)
    assert http.get(NOTICE).json["own"] is False


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/v1/templates/greeting/sms/en", "UNKNOWN_KIND"),
        ("/v1/templates/campaign/sms/en", "UNKNOWN_KIND"),
        ("/v1/templates/notice/pigeon/en", "UNKNOWN_CHANNEL"),
        ("/v1/templates/notice/sms/fr", "UNKNOWN_LANGUAGE"),
    ],
)
def test_there_are_texts_for_what_there_are_messages(path: str, code: str, http: Http, town: Any) -> None:
    for answer in (http.get(path), http.put(path, {"text": "Hello"})):
        assert (answer.status, answer.code) == (422, code)


class TestWarnings:
    def of(self, http: Http, text: str, path: str = NOTICE) -> dict[str, Any]:
        answer = http.put(path, {"text": text})
        assert answer.status == 200, answer.text
        assert http.get(path).json["warnings"] == answer.json["warnings"]
        return {each["code"]: each["details"] for each in answer.json["warnings"]}

    def test_a_text_that_long_names_make_dearer_is_pointed_out(self, http: Http, town: Any) -> None:
        assert self.of(http, f"{SIXTY} {{client}} {{services}} {{staff}}") == {}
        assert self.of(http, f"{SIXTY} {'b' * 60} {{client}} {{services}}") == {
            "GROWS_A_PART": {
                "parts": 2, "usual_parts": 1, "letters": 30, "placeholders": ["client", "services"],
            }
        }  # fmt: skip

    def test_a_long_salon_of_ones_own_counts(self, http: Http, town: Any, world: Any) -> None:
        text = "{salon}" + "b" * 145
        assert "GROWS_A_PART" not in self.of(http, text)
        world.store.save(replace(town.salons[1], name="Lotos Boulevard of the Arts", version=1))
        assert self.of(http, text)["GROWS_A_PART"]["placeholders"] == ["salon"]

    def test_the_characters_that_make_it_dear_are_named(self, http: Http, town: Any) -> None:
        path = "/v1/templates/notice/sms/ro"
        assert self.of(http, "Vă așteptăm {when}, {client} 💅", path)["UCS2_BY"] == {
            "characters": ["ă", "ș", "💅"]
        }
        assert self.of(http, "Va asteptam {when}, {client}", path) == {}
        assert self.of(http, "Ждём вас {when}", "/v1/templates/notice/sms/ru") == {}
        assert self.of(http, "Vă așteptăm {when}", "/v1/templates/notice/whatsapp/ro") == {}

    def test_what_is_not_known_of_every_message_is_named(self, http: Http, town: Any) -> None:
        path = "/v1/templates/birthday/sms/en"
        assert self.of(http, "A gift of {gift} until {until}!", path)["SOMETIMES_UNKNOWN"] == {
            "placeholders": ["gift", "until"]
        }


class TestTheList:
    def test_has_every_text_of_every_kind_channel_and_language(self, http: Http, town: Any) -> None:
        http.put(NOTICE, {"text": "Hello"})
        ids, cursor = [], ""
        while True:
            page = http.get(f"/v1/templates?limit=50{cursor}").json
            ids += [each["id"] for each in page["items"]]
            if page.get("next_cursor") is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert len(ids) == len(set(ids)) == 11 * 4 * 3
        assert ids == sorted(ids)

    def test_can_be_of_ones_own(self, http: Http, town: Any) -> None:
        http.put(NOTICE, {"text": "Hello"})
        (item,) = http.get("/v1/templates?own=true").json["items"]
        assert (item["id"], item["text"], item["own"]) == ("notice.sms.en", "Hello", True)
        found = http.get("/v1/templates?kind=notice&channel=sms").json["items"]
        assert [each["language"] for each in found] == ["en", "ro", "ru"]
        assert len(http.get("/v1/templates?kind=notice&language=ru&own=false").json["items"]) == 4


@pytest.mark.parametrize("role", ["reception", "specialist", "partner"])
def test_texts_are_for_the_office(role: str, http: Http, keys: dict[str, str]) -> None:
    caller = http.with_key(keys[role])
    for answer in (caller.get("/v1/templates"), caller.get(NOTICE), caller.put(NOTICE, {"text": "x"})):
        assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_who_has_some_salons_reads_but_does_not_write(http: Http, world: Any, town: Any) -> None:
    secret = f"pk_{NETWORK[-10:]}.{'one':0<32}"
    world.store.save(
        Key(
            network_id=NETWORK, id="key_one", hash=key_hash(secret), role=Role.MANAGER, name="One salon",
            created_at=NOW, salon_ids=("sal_centru",),
        )
    )  # fmt: skip
    caller = http.with_key(secret)
    assert caller.get(NOTICE).status == 200
    for answer in (caller.put(NOTICE, {"text": "x"}), caller.delete(NOTICE)):
        assert (answer.status, answer.code) == (403, "FORBIDDEN")


def test_a_text_is_nothing_to_another_network(http: Http, world: Any, town: Any) -> None:
    world.store.save(a_network(OTHER_NETWORK))
    world.store.save(
        Template(
            network_id=OTHER_NETWORK, kind=TouchKind.NOTICE, channel="sms", language="en", text="Theirs",
            changed_at=NOW, actor="key:x",
        )
    )  # fmt: skip
    assert http.get(NOTICE).json["own"] is False
    assert http.get("/v1/templates?own=true").json["items"] == []
