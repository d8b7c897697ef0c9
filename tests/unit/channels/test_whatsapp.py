"""WhatsApp, against the service's model in botocore."""

import json
from typing import Any

import pytest

from chalicelib.domain.messages.messages import MessageState, Outcome, Worded
from tests.unit.channels.channels import CHANNELS, PHONE_ID, an_outgoing
from tests.unit.channels.stubbed import given_to, refused_with

CHANNEL = CHANNELS["whatsapp"]
CONTEXT = "net_lotos00001 cli_0000000000000001 msg_01kb6z5m8g0123456789"


def message(**fields: Any) -> dict[str, Any]:
    sent: dict[str, Any] = json.loads(given_to(CHANNEL, an_outgoing(**fields))["message"])
    return sent


def test_a_message_goes_by_its_template_with_its_values() -> None:
    given = given_to(CHANNEL, an_outgoing())
    assert given["originationPhoneNumberId"] == PHONE_ID
    assert given["metaApiVersion"] == "v20.0"
    assert json.loads(given["message"]) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "+37369000001",
        "biz_opaque_callback_data": CONTEXT,
        "type": "template",
        "template": {
            "name": "perennial_control_reminder",
            "language": {"code": "ru", "policy": "deterministic"},
            "components": [
                {
                    "type": "body",
                    "parameters": [{"type": "text", "text": "12:00"}, {"type": "text", "text": "Анна"}],
                }
            ],
        },
    }  # fmt: skip


def test_in_a_conversation_free_text_goes() -> None:
    sent = message(in_conversation=True)
    assert sent["type"] == "text"
    assert sent["text"] == {"body": "Lotos: завтра в 12:00, Анна.", "preview_url": False}
    assert sent["biz_opaque_callback_data"] == CONTEXT
    assert "template" not in sent


def test_a_template_without_placeholders_has_no_values() -> None:
    assert message(worded=Worded("Здравствуйте!"))["template"]["components"] == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [("Анна\nи Мария", "Анна и Мария"), ("a\tb     c", "a b c"), ("", "-"), ("  ", "-")],
)
def test_a_value_that_meta_would_refuse_is_put_on_one_line(value: str, expected: str) -> None:
    sent = message(worded=Worded("…", parameters=(value,)))
    assert sent["template"]["components"][0]["parameters"] == [{"type": "text", "text": expected}]


def test_a_network_with_a_number_of_its_own_sends_as_itself() -> None:
    own = "phone-number-id-fedcba9876543210fedcba9876543210"
    assert given_to(CHANNEL, an_outgoing(identity=own))["originationPhoneNumberId"] == own


@pytest.mark.parametrize(
    ("code", "status", "reason"),
    [
        ("ValidationException", 400, "refused"),
        ("InvalidParametersException", 400, "refused"),
        ("AccessDeniedException", 403, "not_allowed"),
        ("ResourceNotFoundException", 404, "not_set_up"),
    ],
)
def test_what_is_refused_for_good_says_why(code: str, status: int, reason: str) -> None:
    assert refused_with(CHANNEL, an_outgoing(), code, status=status) == Outcome(
        MessageState.FAILED, reason=reason
    )
