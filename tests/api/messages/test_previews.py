"""What messages would say and cost, and test sends to oneself, over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.messages import MessageState, Outcome
from chalicelib.domain.networks.network import Price, Template
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import SettableClock
from tests.api.conftest import TestContainer

MARIA = "cli_maria00000000001"
BOOKING = "bkg_0000000000000001"
ABOUT_BOOKING = (
    "notice",
    "confirm_request",
    "control_reminder",
    "review_request",
    "bonus_notice",
    "no_show_invitation",
)
ABOUT_CLIENT = ("repeat_invitation", "birthday", "bonus_expiry", "at_risk", "win_back")
CHANNELS = ("sms", "whatsapp", "email", "push")

pytestmark = pytest.mark.usefixtures("mine")


def preview(http: Http, **fields: Any) -> Any:
    given = {"kind": "confirm_request", "channel": "sms", "language": "en", "booking_id": BOOKING}
    return http.post("/v1/messages/preview", {**given, **fields})


def try_out(http: Http, key: str | None = None, **fields: Any) -> Any:
    given = {
        "kind": "confirm_request", "channel": "sms", "language": "en", "booking_id": BOOKING,
        "to": "+373 69 555 111",
    }  # fmt: skip
    headers = {"Idempotency_Key": key} if key else {}
    return http.post("/v1/messages/test", {**given, **fields}, **headers)


def save_template(world: Any, text: str, kind: TouchKind = TouchKind.CONFIRM_REQUEST, **fields: Any) -> None:
    given: dict[str, Any] = {"channel": "sms", "language": "en", "changed_at": NOW, "actor": "key:1"}
    world.store.save(Template(network_id=NETWORK, kind=kind, text=text, **{**given, **fields}))
    world.directories.forget(NETWORK)


@pytest.mark.parametrize(("language", "alphabet"), [("en", "gsm7"), ("ro", "gsm7"), ("ru", "ucs2")])
def test_a_message_is_shown_as_it_would_be_sent(language: str, alphabet: str, http: Http) -> None:
    answer = preview(http, language=language)
    assert answer.status == 200
    assert "Lotos Centru" in answer.json["text"]
    assert "https://perennial.example/api/b/" in answer.json["text"]
    assert answer.json["alphabet"] == alphabet
    assert answer.json["parts"] >= 1
    assert answer.json["warnings"] == []


@pytest.mark.parametrize("channel", CHANNELS)
def test_every_kind_has_a_preview_through_every_channel(channel: str, http: Http) -> None:
    for kind in ABOUT_BOOKING + ABOUT_CLIENT:
        answer = preview(http, kind=kind, channel=channel)
        assert answer.status == 200, kind
        assert answer.json["text"], kind
        assert ("html" in answer.json) == (channel == "email")
        assert ("subject" in answer.json) == (channel == "email")
        assert channel == "sms" or answer.json["parts"] == 1
    for kind in ABOUT_CLIENT:
        assert preview(http, kind=kind, channel=channel, booking_id=None, client_id=MARIA).status == 200, kind


def test_a_campaign_is_shown_from_its_draft_alone(http: Http) -> None:
    fields = {"kind": "campaign", "booking_id": None, "client_id": MARIA}
    assert preview(http, **fields).code == "TEXT_NEEDED"
    answer = preview(http, **fields, text="Spring is here, {client}!")
    assert answer.json["text"].startswith(
        "Spring is here, Maria Popescu!\nStop: https://perennial.example/api/u/"
    )


def test_a_draft_is_filled_with_what_the_message_would_know(http: Http) -> None:
    draft = "{client}, {services} with {staff} {on_weekday} {date} at {time}. {link}"
    assert (
        preview(http, text=draft)
        .json["text"]
        .startswith(
            "Maria Popescu, Haircut with Anna on Wednesday 25 Nov at 10:00 am. https://perennial.example/api/b/"
        )
    )
    draft = "{points} {points|point|points}, {balance} in all"
    assert (
        preview(http, kind="bonus_notice", text=draft).json["text"].startswith("25 points, 0 in all\nStop: ")
    )


def test_the_saved_text_is_shown_until_there_is_a_draft(http: Http, world: Any) -> None:
    save_template(world, "Come, {client}!")
    assert preview(http).json["text"] == "Come, Maria Popescu!"
    assert preview(http, text="Please come, {client}!").json["text"] == "Please come, Maria Popescu!"


def test_an_e_mail_has_the_subject_of_the_draft(http: Http) -> None:
    answer = preview(http, channel="email", text="Dear {client}", subject="See you {when}")
    assert answer.json["subject"] == "See you Wed 25 Nov, 10:00 am"
    assert "Dear Maria Popescu" in answer.json["html"]


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        ("Dear {nmae}", "UNKNOWN_PLACEHOLDER"),
        ("{}", "UNKNOWN_PLACEHOLDER"),
        ("{client.__class__}", "UNKNOWN_PLACEHOLDER"),
        ("{0}", "UNKNOWN_PLACEHOLDER"),
        ("{points}", "UNKNOWN_PLACEHOLDER"),
        ("a lonely { is refused", "UNCLOSED_PLACEHOLDER"),
        ("a bell \a", "CONTROL_CHARACTERS"),
        (" ", "EMPTY_TEXT"),
        ("x" * 2000, "TEXT_TOO_LONG"),
    ],
)
def test_a_draft_that_could_not_be_saved_is_refused(draft: str, code: str, http: Http) -> None:
    answer = preview(http, text=draft)
    assert (answer.status, answer.code) == (422, code)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"kind": "greeting"}, 422, "UNKNOWN_KIND"),
        ({"channel": "pigeon"}, 422, "UNKNOWN_CHANNEL"),
        ({"language": "fr"}, 422, "UNKNOWN_LANGUAGE"),
        ({"booking_id": None, "client_id": MARIA}, 422, "BOOKING_NEEDED"),
        ({"booking_id": "bkg_none"}, 404, "NOT_FOUND"),
        ({"client_id": MARIA}, 400, "INVALID_FIELD"),
        ({"text": "x" * 20_001}, 400, "INVALID_FIELD"),
        ({"text": "x", "subject": "y"}, 422, "NO_SUBJECT_HERE"),
    ],
)
def test_a_preview_of_nothing_is_refused(fields: Any, status: int, code: str, http: Http) -> None:
    answer = preview(http, **fields)
    assert (answer.status, answer.code) == (status, code)


def test_what_it_would_cost_is_told_by_the_last_receipt_for_that_country(http: Http, world: Any) -> None:
    guessed = preview(http, text="x" * 161).json
    assert guessed["parts"] == 2
    assert guessed["cost"] == {"amount_micros": 100_000, "currency": "USD", "charged": False}
    for code, micros in (("+3", 7), ("+373", 53_700), ("+1", 9)):
        world.store.save(Price(network_id=NETWORK, channel="sms", country_code=code, micros=micros, at=NOW))
    world.directories.forget(NETWORK)
    assert preview(http, text="x" * 161).json["cost"]["amount_micros"] == 2 * 53_700


def test_what_makes_a_text_dear_is_pointed_out(http: Http) -> None:
    answer = preview(http, language="ro", text="Vă așteptăm, {client}! " + "a" * 35)
    assert [each["code"] for each in answer.json["warnings"]] == ["UCS2_BY", "GROWS_A_PART"]
    assert answer.json["warnings"][0]["details"] == {"characters": ["ă", "ș"]}


def test_a_preview_writes_nothing(http: Http, world: Any) -> None:
    before = list(world.store.item.scan())
    preview(http)
    assert len(list(world.store.item.scan())) == len(before)


class TestSending:
    def test_a_test_goes_out_for_real_with_links_that_lead_nowhere(
        self, http: Http, given_container: TestContainer
    ) -> None:
        answer = try_out(http)
        assert answer.status == 200
        assert (answer.json["state"], answer.json["provider_id"]) == ("sent", "provider-1")
        assert answer.json["to"] == "+37369555111"
        (sent,) = given_container.sender.sent
        assert (sent.to, sent.kind, sent.language) == ("+37369555111", "confirm_request", "en")
        assert sent.worded.text == answer.json["text"]
        token = sent.worded.text.rpartition("/")[2]
        assert http.get(f"/b/{token}").status == 404
        assert preview(http).json["text"] != sent.worded.text

    def test_a_draft_can_be_tried(self, http: Http, given_container: TestContainer) -> None:
        try_out(http, text="Try {client}")
        assert given_container.sender.sent[0].worded.text == "Try Maria Popescu"

    def test_the_same_request_again_sends_nothing_again(
        self, http: Http, given_container: TestContainer
    ) -> None:
        first, again = try_out(http, "one"), try_out(http, "one")
        assert first.json == again.json
        assert len(given_container.sender.sent) == 1
        try_out(http, "two")
        assert len(given_container.sender.sent) == 2

    def test_nor_where_the_answer_was_lost(
        self, http: Http, given_container: TestContainer, world: Any
    ) -> None:
        try_out(http, "one")
        for item in list(world.store.item.scan()):
            if item.sk == "ANSWER":
                item.delete()
        again = try_out(http, "one")
        assert (again.status, again.json["state"], again.json["reason"]) == (200, "unknown", "sent_before")
        assert len(given_container.sender.sent) == 1

    def test_what_the_channel_refuses_is_told(self, http: Http, given_container: TestContainer) -> None:
        given_container.sender.answers.append(Outcome(MessageState.FAILED, reason="opted_out"))
        answer = try_out(http)
        assert (answer.status, answer.json["state"], answer.json["reason"]) == (200, "failed", "opted_out")

    def test_twenty_an_hour_and_no_more(
        self, http: Http, given_container: TestContainer, clock: SettableClock
    ) -> None:
        for _ in range(20):
            assert try_out(http).status == 200
        refused = try_out(http)
        assert (refused.status, refused.code) == (429, "TOO_MANY")
        assert refused.json["details"] == {"most": 20, "retry_after_seconds": 3600}
        assert len(given_container.sender.sent) == 20
        clock.now += timedelta(hours=1)
        assert try_out(http).status == 200

    def test_sixty_a_day_and_no_more(self, http: Http, given_container: TestContainer, world: Any) -> None:
        sent = tuple(f"tst_{number}" for number in range(60))
        ends = NOW + timedelta(days=2)
        world.store.save(Tally(network_id=NETWORK, name="test sends 2026-11-23", done=sent, expires_at=ends))
        refused = try_out(http)
        assert (refused.status, refused.json["details"]["most"]) == (429, 60)
        assert refused.json["details"]["retry_after_seconds"] == 16 * 3600
        assert given_container.sender.sent == []

    @pytest.mark.parametrize(
        ("to", "reason"), [("+37390012345", "number_type"), ("+40721234567", "country_not_allowed")]
    )
    def test_none_goes_where_no_message_may_go(self, to: str, reason: str, http: Http) -> None:
        answer = try_out(http, to=to)
        assert (answer.code, answer.json["details"]) == ("NUMBER_NOT_ALLOWED", {"reason": reason})

    def test_none_goes_out_with_a_budget_of_0(self, http: Http, given_container: TestContainer) -> None:
        http.put("/v1/rules", {"version": 1, "messages": {"monthly_budget_usd_cents": 0}})
        assert (try_out(http).code, given_container.sender.sent) == ("NO_BUDGET", [])

    def test_it_is_no_message_to_the_client(self, http: Http) -> None:
        try_out(http)
        assert http.get(f"/v1/clients/{MARIA}/messages").json["items"] == []

    @pytest.mark.parametrize("role", ["reception", "specialist", "partner"])
    def test_it_is_for_the_office(self, role: str, http: Http, keys: dict[str, str]) -> None:
        answer = try_out(http.with_key(keys[role]))
        assert (answer.status, answer.code) == (403, "FORBIDDEN")

    @pytest.mark.parametrize(
        ("fields", "code"),
        [
            ({"to": "12"}, "INVALID_PHONE"),
            ({"channel": "email", "to": "nobody"}, "INVALID_EMAIL"),
            ({"channel": "whatsapp"}, "NO_CHANNEL"),
            ({"text": "{"}, "UNCLOSED_PLACEHOLDER"),
        ],
    )
    def test_what_cannot_be_sent_is_refused_and_not_counted(
        self, fields: Any, code: str, http: Http, world: Any
    ) -> None:
        answer = try_out(http, **fields)
        assert (answer.status, answer.code) == (422, code)
        assert world.store.get(Tally, network_id=NETWORK, name=f"test sends {NOW:%Y-%m-%dT%H}") is None
