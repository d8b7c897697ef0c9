"""SMS by End User Messaging, against the service's model in botocore."""

import pytest
from msgspec.structs import replace

from chalicelib.channels.end_user_sms import EndUserSms
from chalicelib.domain.messages.messages import MessageState, Outcome
from tests.unit.channels.channels import CHANNELS, POOL, Channel, an_outgoing
from tests.unit.channels.stubbed import given_to, refused_with

CHANNEL = CHANNELS["sms, End User Messaging"]


def set_up(**fields: str) -> Channel:
    return replace(CHANNEL, sender=lambda client: EndUserSms(client, **fields))


def failed(reason: str, bad_address: bool = False) -> Outcome:
    return Outcome(MessageState.FAILED, reason=reason, bad_address=bad_address)


def test_a_message_says_all_that_the_service_can_make_use_of() -> None:
    channel = set_up(pool=POOL, configuration_set="perennial-prod", max_price="0.20")
    assert given_to(channel, an_outgoing()) == {
        "DestinationPhoneNumber": "+37369000001",
        "OriginationIdentity": POOL,
        "MessageBody": "Lotos: завтра в 12:00, Анна.",
        "MessageType": "TRANSACTIONAL",
        "ConfigurationSetName": "perennial-prod",
        "MaxPrice": "0.20",
        "TimeToLive": 3600,
        "Context": {
            "network": "net_lotos00001",
            "client": "cli_0000000000000001",
            "message": "msg_01kb6z5m8g0123456789",
        },
    }


def test_what_is_not_set_is_left_to_the_account() -> None:
    given = given_to(set_up(), an_outgoing())
    assert not given.keys() & {"OriginationIdentity", "ConfigurationSetName", "MaxPrice"}


def test_a_network_with_an_identity_of_its_own_sends_as_itself() -> None:
    assert given_to(CHANNEL, an_outgoing(identity="LOTOS"))["OriginationIdentity"] == "LOTOS"


def test_marketing_is_promotional() -> None:
    assert given_to(CHANNEL, an_outgoing(marketing=True))["MessageType"] == "PROMOTIONAL"


@pytest.mark.parametrize(
    ("useful", "lives"), [(0, 5), (-60, 5), (5, 5), (259_200, 259_200), (10**6, 259_200)]
)
def test_a_message_lives_as_long_as_it_is_useful_within_what_the_service_takes(
    useful: int, lives: int
) -> None:
    assert given_to(CHANNEL, an_outgoing(useful_seconds=useful))["TimeToLive"] == lives


@pytest.mark.parametrize(
    ("code", "reason", "expected"),
    [
        ("ConflictException", "DESTINATION_PHONE_NUMBER_OPTED_OUT", "opted_out"),
        ("ConflictException", "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "number_not_verified"),
        ("ConflictException", "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", "country_blocked"),
        (
            "ConflictException",
            "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE",
            "number_blocked",
        ),
        ("ConflictException", "NO_ORIGINATION_IDENTITIES_FOUND", "no_sender_for_country"),
        ("ValidationException", "DESTINATION_COUNTRY_BLOCKED", "country_blocked"),
        ("ValidationException", "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", "no_sender_for_country"),
        ("ValidationException", "PRICE_OVER_THRESHOLD", "too_expensive"),
        ("ServiceQuotaExceededException", "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "spend_limit_reached"),
        ("ServiceQuotaExceededException", "DAILY_DESTINATION_CALL_LIMIT", "quota_reached"),
        ("AccessDeniedException", "ACCOUNT_DISABLED", "account_suspended"),
        ("AccessDeniedException", None, "not_allowed"),
        ("ResourceNotFoundException", None, "not_set_up"),
        ("ValidationException", "OTHER", "refused"),
    ],
)  # fmt: skip
def test_what_is_refused_for_good_says_why_and_is_not_the_addresses_fault(
    code: str, reason: str | None, expected: str
) -> None:
    fields = {"Reason": reason} if reason else {}
    assert refused_with(CHANNEL, an_outgoing(), code, **fields) == failed(expected)


def test_a_phone_that_cannot_get_sms_is_a_bad_address() -> None:
    fields = [{"Name": "DestinationPhoneNumber", "Message": "The number is a landline"}]
    outcome = refused_with(
        CHANNEL, an_outgoing(), "ValidationException", Reason="FIELD_VALIDATION_FAILED", Fields=fields
    )
    assert outcome == failed("no_sms_there", bad_address=True)


def test_a_country_without_a_sender_does_not_make_the_number_a_bad_one() -> None:
    fields = [{"Name": "DestinationPhoneNumber", "Message": "No identity for it"}]
    outcome = refused_with(
        CHANNEL, an_outgoing(), "ValidationException",
        Reason="INVALID_IDENTITY_FOR_DESTINATION_COUNTRY", Fields=fields,
    )  # fmt: skip
    assert outcome == failed("no_sender_for_country")
