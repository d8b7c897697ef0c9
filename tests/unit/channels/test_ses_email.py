"""E-mail by SES v2, against the service's model in botocore."""

import re
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.channels.ses_email import SesEmail
from chalicelib.domain.messages.messages import MessageState, Outcome, Worded
from tests.unit.channels.channels import CHANNELS, Channel, an_outgoing
from tests.unit.channels.stubbed import given_to, refused_with

CHANNEL = CHANNELS["email"]


def set_up(*settings: str) -> Channel:
    return replace(CHANNEL, sender=lambda client: SesEmail(client, *settings))


def simple(**fields: Any) -> dict[str, Any]:
    content: dict[str, Any] = given_to(CHANNEL, an_outgoing(**fields))["Content"]["Simple"]
    return content


def test_a_message_goes_as_html_and_text_and_can_be_stopped_by_one_tap() -> None:
    channel = set_up("salon@example.com", "perennial-prod")
    assert given_to(channel, an_outgoing(to="maria@example.com")) == {
        "FromEmailAddress": "salon@example.com",
        "Destination": {"ToAddresses": ["maria@example.com"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Завтра у вас запись", "Charset": "UTF-8"},
                "Body": {
                    "Text": {"Data": "Lotos: завтра в 12:00, Анна.", "Charset": "UTF-8"},
                    "Html": {"Data": "<p>завтра</p>", "Charset": "UTF-8"},
                },
                "Headers": [
                    {"Name": "List-Unsubscribe", "Value": "<https://s.example.com/s/abc>"},
                    {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
                ],
            }
        },
        "ConfigurationSetName": "perennial-prod",
        "EmailTags": [
            {"Name": "network", "Value": "net_lotos00001"},
            {"Name": "client", "Value": "cli_0000000000000001"},
            {"Name": "message", "Value": "msg_01kb6z5m8g0123456789"},
        ],
    }


def test_tags_have_only_characters_that_ses_takes() -> None:
    tags = given_to(CHANNEL, an_outgoing())["EmailTags"]
    assert all(re.fullmatch(r"[A-Za-z0-9_.@-]{1,256}", text) for tag in tags for text in tag.values())


def test_without_a_configuration_set_none_is_named() -> None:
    assert "ConfigurationSetName" not in given_to(CHANNEL, an_outgoing())


def test_without_a_page_to_stop_at_nothing_is_promised() -> None:
    assert "Headers" not in simple(stop_url=None)


def test_without_html_the_text_goes_alone() -> None:
    assert simple(worded=Worded("Text", "Subject"))["Body"] == {"Text": {"Data": "Text", "Charset": "UTF-8"}}


def test_a_subject_is_one_line_whatever_was_written() -> None:
    assert simple(worded=Worded("Text", "Hello\r\nBcc: all@example.com"))["Subject"]["Data"] == (
        "Hello Bcc: all@example.com"
    )


def test_without_a_subject_the_text_tells_it() -> None:
    assert simple(worded=Worded("Завтра в 12:00\nАнна" + "!" * 200))["Subject"]["Data"].startswith(
        "Завтра в 12:00 Анна!"
    )


@pytest.mark.parametrize(
    ("identity", "as_header"),
    [
        ("Lotos <hello@lotos.example>", "Lotos <hello@lotos.example>"),
        ("Лотос <hello@lotos.example>", "=?utf-8?b?0JvQvtGC0L7RgQ==?= <hello@lotos.example>"),
        ("hello@lotos.example", "hello@lotos.example"),
    ],
)
def test_a_network_with_an_address_of_its_own_sends_as_itself(identity: str, as_header: str) -> None:
    assert given_to(CHANNEL, an_outgoing(identity=identity))["FromEmailAddress"] == as_header


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("MessageRejected", "rejected"),
        ("AccountSuspendedException", "account_suspended"),
        ("SendingPausedException", "sending_paused"),
        ("MailFromDomainNotVerifiedException", "not_set_up"),
        ("LimitExceededException", "quota_reached"),
        ("NotFoundException", "not_set_up"),
        ("BadRequestException", "refused"),
    ],
)
def test_what_is_refused_for_good_says_why(code: str, reason: str) -> None:
    assert refused_with(CHANNEL, an_outgoing(), code) == Outcome(MessageState.FAILED, reason=reason)


def test_an_address_of_ours_that_ses_does_not_know_is_not_the_clients_fault() -> None:
    words = "Email address is not verified. The following identities failed the check: salon@example.com"
    assert refused_with(CHANNEL, an_outgoing(), "MessageRejected", words) == Outcome(
        MessageState.FAILED, reason="rejected"
    )


@pytest.mark.parametrize(
    "words", ["Illegal address", "Missing final '@domain'", "Local address contains control or whitespace"]
)
def test_an_address_that_is_none_is_a_bad_one(words: str) -> None:
    assert refused_with(CHANNEL, an_outgoing(), "BadRequestException", words) == Outcome(
        MessageState.FAILED, reason="no_mail_there", bad_address=True
    )
