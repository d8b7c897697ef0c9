"""What providers tell is read as they document it, and nothing that is not so."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.channels.context import Context, as_pairs, as_tags, as_text, of_pairs, of_tags, of_text
from chalicelib.domain.messages.message_events import NotUnderstood
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.events.read import read
from infra.testkit.builders import NOW
from tests.unit.events.provider_events import (
    CALLBACK,
    CLIENT,
    MESSAGE,
    NETWORK,
    PHONE_ID,
    email_event,
    sms_event,
    sms_reply,
    whatsapp_event,
    whatsapp_reply,
    whatsapp_status,
)

S = MessageState


def only_event(event: Any) -> Any:
    (found,) = read(event if isinstance(event, str) else json.dumps(event), NOW)
    return found


def refused(event: Any) -> str:
    with pytest.raises(NotUnderstood) as error:
        only_event(event)
    return error.value.code


# --- whose it is


def test_what_a_channel_carries_along_is_read_back() -> None:
    ours = Context(NETWORK, CLIENT, MESSAGE)
    tags = {tag["Name"]: [tag["Value"]] for tag in as_tags(ours)}
    assert of_pairs(as_pairs(ours)) == of_tags(tags) == of_text(as_text(ours)) == ours


@pytest.mark.parametrize(
    "carried",
    [None, {}, {"network": NETWORK}, {**as_pairs(Context("n", "c", "m")), "client": ""}, [], 5,
     {"network": "net_a#KEYS", "client": "c", "message": "m"}, {"network": 1, "client": 2, "message": 3}],
)  # fmt: skip
def test_what_is_not_ours_is_nobodys(carried: Any) -> None:
    assert of_pairs(carried) is None
    assert refused(sms_event(context=carried)) in ("NO_CONTEXT", "INVALID_FIELD")


# --- SMS


def test_an_sms_that_arrived() -> None:
    assert only_event(sms_event()) == Receipt(
        network_id=NETWORK,
        client_id=CLIENT,
        message_id=MESSAGE,
        state=S.DELIVERED,
        at=datetime(2026, 11, 23, 8, 5, 3, 470_000, tzinfo=UTC),
        provider_id="862a8790-60c0-4430-9b2b-658bdexample",
        parts=2,
        cost_micros=98_820,
    )


@pytest.mark.parametrize(
    ("kind", "final", "state", "reason"),
    [
        ("TEXT_SENT", False, S.SENT, None),
        ("TEXT_QUEUED", False, S.SENT, None),
        ("TEXT_PENDING", False, S.SENT, None),
        ("TEXT_SUCCESSFUL", False, S.SENT, None),
        ("TEXT_SUCCESSFUL", True, S.DELIVERED, None),
        ("TEXT_DELIVERED", True, S.DELIVERED, None),
        ("TEXT_INVALID", True, S.FAILED, "invalid"),
        ("TEXT_INVALID_MESSAGE", True, S.FAILED, "invalid_message"),
        ("TEXT_UNREACHABLE", True, S.FAILED, "phone_unreachable"),
        ("TEXT_CARRIER_UNREACHABLE", True, S.FAILED, "carrier_unreachable"),
        ("TEXT_BLOCKED", True, S.FAILED, "blocked"),
        ("TEXT_CARRIER_BLOCKED", True, S.FAILED, "carrier_blocked"),
        ("TEXT_SPAM", True, S.FAILED, "spam"),
        ("TEXT_TTL_EXPIRED", True, S.FAILED, "ttl_expired"),
        ("TEXT_PROTECT_BLOCKED", True, S.FAILED, "protect_blocked"),
        ("TEXT_UNKNOWN", True, S.UNKNOWN, None),
    ],
)
def test_each_word_of_the_carriers(kind: str, final: bool, state: S, reason: str | None) -> None:
    receipt = only_event(sms_event(kind, isFinal=final))
    assert (receipt.state, receipt.reason, receipt.bad_address) == (state, reason, reason == "invalid")


def test_a_price_may_be_missing_or_written_as_text() -> None:
    assert only_event(sms_event(totalMessagePrice=None)).cost_micros is None
    assert only_event(sms_event(totalMessagePrice="0.00581", totalCarrierFee=None)).cost_micros == 5_810
    assert only_event(sms_event(totalMessagePrice=-1)).cost_micros is None


def test_an_answer_by_sms() -> None:
    assert only_event(sms_reply()) == Reply(
        channel="sms",
        to="+37360000000",
        sender="+37369123456",
        text="СТОП",
        id="cae173d2-66b9-564c-8309-21f858e9fb84",
        at=NOW,
        in_reply_to="862a8790-60c0-4430-9b2b-658bdexample",
    )
    event = sms_reply()
    del event["previousPublishedMessageId"]
    assert only_event(event).in_reply_to is None


# --- e-mail


@pytest.mark.parametrize(
    ("kind", "fields", "state", "reason", "bad"),
    [
        ("Send", {}, S.SENT, None, False),
        ("DeliveryDelay", {"delayType": "MailboxFull"}, S.SENT, None, False),
        ("Delivery", {"recipients": ["maria@example.com"]}, S.DELIVERED, None, False),
        ("Open", {"ipAddress": "192.0.2.1"}, S.DELIVERED, None, False),
        ("Click", {"link": "https://a.example"}, S.DELIVERED, None, False),
        ("Bounce", {"bounceType": "Permanent", "bounceSubType": "General"}, S.FAILED, "bounced", True),
        (
            "Bounce",
            {"bounceType": "Transient", "bounceSubType": "MailboxFull"},
            S.FAILED,
            "bounced_for_now",
            False,
        ),
        ("Bounce", {"bounceType": "Undetermined"}, S.FAILED, "bounced_for_now", False),
        ("Complaint", {"complaintFeedbackType": "abuse"}, S.DELIVERED, "complained", True),
        ("Complaint", {"complaintSubType": "OnAccountSuppressionList"}, S.FAILED, "suppressed", True),
        ("Reject", {"reason": "Bad content"}, S.FAILED, "rejected", False),
        ("Rendering Failure", {"errorMessage": "x"}, S.FAILED, "rendering_failed", False),
    ],
)
def test_each_event_of_an_e_mail(
    kind: str, fields: dict[str, Any], state: S, reason: str | None, bad: bool
) -> None:
    receipt = only_event(email_event(kind, **fields))
    assert (receipt.state, receipt.reason, receipt.bad_address) == (state, reason, bad)
    assert receipt.complaint is (kind == "Complaint")
    assert (receipt.network_id, receipt.client_id, receipt.message_id) == (NETWORK, CLIENT, MESSAGE)


def test_an_e_mails_event_has_its_own_time_in_milliseconds() -> None:
    assert only_event(email_event("Bounce", bounceType="Permanent")).at == NOW.replace(
        second=5, microsecond=456_000
    )
    assert only_event(email_event("Reject")).at == NOW.replace(microsecond=123_000)


# --- WhatsApp


@pytest.mark.parametrize(
    ("status", "state"),
    [("sent", S.SENT), ("delivered", S.DELIVERED), ("read", S.DELIVERED), ("failed", S.FAILED)],
)
def test_each_status_of_whatsapp(status: str, state: S) -> None:
    receipt = only_event(whatsapp_event({"statuses": [whatsapp_status(status)]}))
    assert (receipt.state, receipt.message_id, receipt.bad_address) == (state, MESSAGE, False)
    assert receipt.at == datetime(2026, 11, 23, 8, 5, 5, tzinfo=UTC)


def test_a_number_that_has_no_whatsapp_is_not_tried_again() -> None:
    errors = [
        {"code": 131026, "title": "Message undeliverable", "message": "x", "error_data": {"details": "y"}}
    ]
    receipt = only_event(whatsapp_event({"statuses": [whatsapp_status("failed", errors=errors)]}))
    assert (receipt.reason, receipt.bad_address) == ("whatsapp_131026", True)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({}, "+"),
        ({"type": "button", "text": {}, "button": {"payload": "p", "text": "Да"}}, "Да"),
        ({"type": "interactive", "text": {}, "interactive": {"type": "button_reply",
          "button_reply": {"id": "1", "title": "Yes"}}}, "Yes"),
        ({"type": "image", "text": {}, "image": {"id": "1"}}, "[image]"),
    ],
)  # fmt: skip
def test_an_answer_by_whatsapp(fields: dict[str, Any], text: str) -> None:
    event = whatsapp_event({"messages": [whatsapp_reply(**fields)], "contacts": [{"wa_id": "37369123456"}]})
    reply = only_event(event)
    assert (reply.channel, reply.to, reply.sender, reply.text) == ("whatsapp", PHONE_ID, "+37369123456", text)
    assert reply.at == datetime(2026, 11, 23, 8, 5, 6, tzinfo=UTC)


def test_one_event_may_tell_several_things_and_what_is_not_ours_is_left_out() -> None:
    strange = whatsapp_status("delivered", biz_opaque_callback_data="somebody else")
    event = whatsapp_event({"statuses": [whatsapp_status("sent"), strange, whatsapp_status("read")]})
    assert [receipt.state for receipt in read(json.dumps(event), NOW)] == [S.SENT, S.DELIVERED]
    assert refused(whatsapp_event({"statuses": [strange]})) == "NO_CONTEXT"
    assert refused(whatsapp_event({})) == "UNKNOWN_EVENT"


# --- bad input


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("Successfully validated SNS topic for Amazon SES event publishing.", "NOT_JSON"),
        ("", "NOT_JSON"),
        ("[" * 5000, "INVALID_FIELD"),
        ("[]", "INVALID_FIELD"),
        ("{}", "UNKNOWN_EVENT"),
        ('{"a": 1', "NOT_JSON"),
        ({"eventType": "VOICE_RINGING"}, "UNKNOWN_EVENT"),
        (sms_event("TEXT_SOMETHING_NEW"), "UNKNOWN_EVENT"),
        (sms_event(eventTimestamp="yesterday"), "INVALID_FIELD"),
        (sms_event(eventTimestamp=10**30), "INVALID_FIELD"),
        (sms_event(totalMessageParts=0), "INVALID_FIELD"),
        (sms_event(isFinal="true"), "INVALID_FIELD"),
        (email_event("Subscription"), "UNKNOWN_EVENT"),
        ({"eventType": "Bounce", "mail": {}}, "INVALID_FIELD"),
        (
            {"eventType": "Bounce", "mail": {"timestamp": "2026-11-23T08:00:00", "messageId": "m"}},
            "INVALID_FIELD",
        ),
        (sms_reply(originationNumber=""), "INVALID_FIELD"),
        (sms_reply(messageBody="x" * 9000), "INVALID_FIELD"),
        (whatsapp_event({}, whatsAppWebhookEntry="{"), "NOT_JSON"),
        (whatsapp_event({}, whatsAppWebhookEntry="null"), "INVALID_FIELD"),
        (whatsapp_event({"statuses": [whatsapp_status(timestamp="soon")]}), "INVALID_FIELD"),
        (whatsapp_event({"messages": [whatsapp_reply(**{"from": "+373 69"})]}), "INVALID_FIELD"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_stable_code(event: Any, code: str) -> None:
    assert refused(event) == code


EVENTS = st.sampled_from(
    [sms_event(), sms_reply(), email_event("Bounce", bounceType="Permanent"),
     whatsapp_event({"statuses": [whatsapp_status()], "messages": [whatsapp_reply()]})]
)  # fmt: skip
JUNK = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text()
    | st.lists(st.integers())
)


@given(EVENTS, st.data())
def test_junk_in_any_field_is_read_or_refused_but_never_an_error(
    event: dict[str, Any], data: st.DataObject
) -> None:
    field, junk = data.draw(st.sampled_from(sorted(event))), data.draw(JUNK)
    with suppress(NotUnderstood):
        assert read(json.dumps({**event, field: junk}), NOW)


@given(st.text())
def test_any_text_at_all_is_refused_in_good_order(text: str) -> None:
    with pytest.raises(NotUnderstood):
        read(text, NOW)


def test_what_a_client_wrote_is_in_no_error() -> None:
    with pytest.raises(NotUnderstood) as error:
        only_event(sms_reply(messageBody="secret " * 1000))
    assert "secret" not in str(error.value)
    assert CALLBACK not in str(error.value)
