"""SMS by SNS, against the service's model in botocore."""

import pytest

from chalicelib.domain.messages.messages import MessageState, Outcome
from tests.unit.channels.channels import CHANNELS, an_outgoing
from tests.unit.channels.stubbed import given_to, refused_with

CHANNEL = CHANNELS["sms, SNS"]


@pytest.mark.parametrize(("marketing", "kind"), [(False, "Transactional"), (True, "Promotional")])
def test_a_message_goes_to_a_number_with_its_kind(marketing: bool, kind: str) -> None:
    assert given_to(CHANNEL, an_outgoing(marketing=marketing)) == {
        "PhoneNumber": "+37369000001",
        "Message": "Lotos: завтра в 12:00, Анна.",
        "MessageAttributes": {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": kind}},
    }


def test_a_phone_that_cannot_get_sms_is_a_bad_address() -> None:
    words = "Invalid parameter: PhoneNumber Reason: +3732 is not valid to publish to"
    outcome = refused_with(CHANNEL, an_outgoing(), "InvalidParameter", words)
    assert outcome == Outcome(MessageState.FAILED, reason="no_sms_there", bad_address=True)


def test_a_phone_that_opted_out_says_so() -> None:
    words = "Invalid parameter: PhoneNumber Reason: Phone number is opted out"
    outcome = refused_with(CHANNEL, an_outgoing(), "InvalidParameter", words)
    assert outcome == Outcome(MessageState.FAILED, reason="opted_out")


def test_any_other_fault_of_a_request_is_not_the_addresses() -> None:
    outcome = refused_with(CHANNEL, an_outgoing(), "InvalidParameter", "Invalid parameter: Message too long")
    assert outcome == Outcome(MessageState.FAILED, reason="refused")
