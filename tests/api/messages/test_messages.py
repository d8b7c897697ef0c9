"""The log of messages and their preview over HTTP."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.touches import TouchKind
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW
from tests.api.conftest import BASE_URL

MARIA = "cli_maria00000000001"


def a_message(message_id: str, **fields: Any) -> Message:
    given = {
        "client_id": MARIA,
        "salon_id": "sal_centru",
        "kind": TouchKind.NOTICE,
        "channel": "sms",
        "state": MessageState.SENT,
        "planned_at": NOW,
        "recorded_at": NOW,
        "to": "+37369123456",
        "text": "Hello",
        "parts": 1,
        "alphabet": "gsm7",
        "booking_id": "bkg_0000000000000001",
        "sent_at": NOW,
        "provider_id": "p-1",
    }
    return Message(network_id=NETWORK, id=message_id, **{**given, **fields})


@pytest.fixture
def log(world: Any, mine: Any) -> None:
    world.store.save(a_message("msg_1"))
    world.store.save(
        a_message("msg_2", state=MessageState.SKIPPED, reason="no_consent", to=None, text="", sent_at=None,
                  recorded_at=NOW + timedelta(hours=1))
    )  # fmt: skip
    world.store.save(
        a_message("msg_3", kind=TouchKind.REPEAT_INVITATION, salon_id="sal_york", booking_id=None,
                  recorded_at=NOW + timedelta(days=1))
    )  # fmt: skip


@pytest.mark.usefixtures("log")
def test_the_log_tells_what_was_sent_and_why_not(http: Http) -> None:
    def found(query: str) -> list[str]:
        return [each["id"] for each in http.get(f"/v1/messages?{query}").json["items"]]

    assert found("") == ["msg_2", "msg_1", "msg_3"]
    assert found("salon_id=sal_york") == ["msg_3"]
    assert found("state=skipped") == ["msg_2"]
    assert found("kind=repeat_invitation") == ["msg_3"]
    assert found("from=2026-11-23T08:30:00Z&to=2026-11-23") == ["msg_2"]
    sent = http.get("/v1/messages?state=sent&kind=notice").json["items"][0]
    assert (sent["to"], sent["text"], sent["parts"], sent["alphabet"]) == ("+37369123456", "Hello", 1, "gsm7")
    assert (sent["provider_id"], sent["booking_id"], sent["sent_at"]) == (
        "p-1",
        "bkg_0000000000000001",
        "2026-11-23T08:00:00Z",
    )
    skipped = http.get("/v1/messages?state=skipped").json["items"][0]
    assert (skipped["reason"], skipped["to"]) == ("no_consent", None)


def test_what_went_along_in_another_text_has_a_line_of_its_own_in_the_clients_log_only(
    http: Http, world: Any
) -> None:
    world.store.save(a_message("msg_r", kind=TouchKind.REVIEW_REQUEST, carries="msg_b"))
    world.store.save(a_message("msg_b", kind=TouchKind.BONUS_NOTICE, with_message="msg_r", parts=0))

    def found(query: str) -> list[tuple[str, str]]:
        return [(each["id"], each.get("carries", "")) for each in http.get(query).json["items"]]

    assert found("/v1/messages") == [("msg_r", "msg_b")]
    assert found("/v1/messages?kind=bonus_notice") == [("msg_r", "msg_b")]
    assert found("/v1/messages?kind=bonus_notice&state=failed") == []
    assert {message_id for message_id, _ in found(f"/v1/clients/{MARIA}/messages")} == {"msg_r", "msg_b"}
    assert found(f"/v1/clients/{MARIA}/messages?kind=bonus_notice") == [("msg_b", "")]


KINDS = [
    "notice",
    "confirm_request",
    "control_reminder",
    "review_request",
    "bonus_notice",
    "repeat_invitation",
    "no_show_invitation",
    "birthday",
    "bonus_expiry",
    "at_risk",
    "win_back",
    "campaign",
]


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_the_contract_can_be_asked_for(kind: str, http: Http) -> None:
    answer = http.get(f"/v1/messages?kind={kind}")
    made = {"notice": ["msg_2", "msg_1"], "repeat_invitation": ["msg_3"]}
    assert [each["id"] for each in answer.json["items"]] == made.get(kind, [])


def test_a_kind_that_is_none_is_refused_and_what_is_made_can_be_asked_for(http: Http) -> None:
    answer = http.get("/v1/messages?kind=telegram")
    assert (answer.status, answer.code) == (400, "INVALID_FIELD")
    assert set(TouchKind) <= set(KINDS)


@pytest.mark.usefixtures("log")
def test_a_clients_messages_come_newest_first(http: Http) -> None:
    assert [each["id"] for each in http.get(f"/v1/clients/{MARIA}/messages").json["items"]] == [
        "msg_3",
        "msg_2",
        "msg_1",
    ]


@pytest.mark.usefixtures("log")
def test_a_specialist_sees_masked_messages_about_own_bookings(http: Http, keys: dict[str, str]) -> None:
    anna = http.with_key(keys["specialist"])
    for path in ("/v1/messages", f"/v1/clients/{MARIA}/messages"):
        items = anna.get(path).json["items"]
        assert [each["id"] for each in items] == ["msg_2", "msg_1"]
        assert items[1]["to"] == "+373******56"


def test_a_specialist_cannot_open_the_clients_pages_by_what_the_client_was_sent(
    http: Http, world: Any, mine: Any, given_container: Any, keys: dict[str, str]
) -> None:
    """Whoever opens them reviews, confirms and cancels as the client."""
    links = given_container.links()
    link = links.link(NETWORK, MARIA, mine.id, NOW)
    words = f"Rate us: {links.url(link, LinkPurpose.REVIEW)}. Stop: {links.url(link, LinkPurpose.STOP)}"
    world.store.save(a_message("msg_1", text=words, channel="email", to="maria@example.com"))
    path = f"/v1/clients/{MARIA}/messages"
    (shown,) = http.with_key(keys["specialist"]).get(path).json["items"]
    assert shown["text"] == f"Rate us: {BASE_URL}/r/…. Stop: {BASE_URL}/u/…"
    assert shown["to"] == "m***@example.com"
    assert http.get(path).json["items"][0]["text"] == words


@pytest.mark.usefixtures("log")
def test_a_clients_messages_can_be_asked_for_by_state_and_kind(http: Http) -> None:
    def found(query: str) -> list[str]:
        return [each["id"] for each in http.get(f"/v1/clients/{MARIA}/messages?{query}").json["items"]]

    assert found("state=skipped") == ["msg_2"]
    assert found("kind=notice") == ["msg_2", "msg_1"]
    assert found("kind=birthday") == []
    assert found("state=sent&kind=notice") == ["msg_1"]
    assert http.get(f"/v1/clients/{MARIA}/messages?state=lost").code == "INVALID_FIELD"


@pytest.mark.usefixtures("log")
def test_a_skip_says_why_in_plain_words(http: Http) -> None:
    (skipped,) = http.get(f"/v1/clients/{MARIA}/messages?state=skipped").json["items"]
    assert skipped["reason"] == "no_consent"
    assert skipped["reason_words"].startswith("The client has not agreed")
    assert "cost" not in skipped


def test_a_message_tells_what_it_cost_and_whether_that_was_charged(http: Http, world: Any, mine: Any) -> None:
    world.store.save(a_message("msg_1", cost_micros=90_000, charged=True))
    world.store.save(a_message("msg_2", cost_micros=45_000))
    second, first = http.get(f"/v1/clients/{MARIA}/messages").json["items"]
    assert first["cost"] == {"amount_micros": 90_000, "currency": "USD", "charged": True}
    assert second["cost"] == {"amount_micros": 45_000, "currency": "USD", "charged": False}
