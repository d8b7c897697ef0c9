"""Push by SNS, and the registration of devices, against the service's model in botocore."""

import json

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from chalicelib.channels.push import MAX_BODY, PushEndpoints
from chalicelib.domain.messages.messages import MessageState, Outcome, Worded
from chalicelib.services.shared.ports import DeviceRefused, PlatformMissing
from tests.unit.channels.channels import CHANNELS, ENDPOINT, a_client, an_outgoing
from tests.unit.channels.stubbed import given_to, refused_with

CHANNEL = CHANNELS["push"]
APPLICATION = "arn:aws:sns:us-east-1:000000000000:app/GCM/perennial"
ALERT = {"title": "Завтра у вас запись", "body": "Lotos: завтра в 12:00, Анна."}
DATA = {"message": "msg_01kb6z5m8g0123456789", "link": "https://s.example.com/b/abc"}


def test_a_message_goes_in_the_form_of_each_service_and_dies_when_it_is_useless() -> None:
    given = given_to(CHANNEL, an_outgoing(to=ENDPOINT))
    assert given["TargetArn"] == ENDPOINT
    assert given["MessageStructure"] == "json"
    payloads = json.loads(given["Message"])
    assert payloads["default"] == ALERT["body"]
    assert json.loads(payloads["GCM"]) == {"fcmV1Message": {"message": {"notification": ALERT, "data": DATA}}}
    assert json.loads(payloads["APNS"]) == {"aps": {"alert": ALERT, "sound": "default"}, **DATA}
    assert payloads["APNS_SANDBOX"] == payloads["APNS"]
    assert {name: it["StringValue"] for name, it in given["MessageAttributes"].items()} == {
        "AWS.SNS.MOBILE.FCM.TTL": "3600",
        "AWS.SNS.MOBILE.APNS.TTL": "3600",
        "AWS.SNS.MOBILE.APNS_SANDBOX.TTL": "3600",
    }


@pytest.mark.parametrize("character", ["a", "я", "🌸", '"'])
def test_no_text_is_too_long_for_a_device(character: str) -> None:
    given = given_to(CHANNEL, an_outgoing(to=ENDPOINT, worded=Worded(character * 2000)))
    payloads = json.loads(given["Message"])
    assert len(payloads["default"]) == MAX_BODY
    assert max(len(payloads[service].encode()) for service in ("GCM", "APNS")) <= 4096


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("EndpointDisabled", "Endpoint is disabled"),
        ("NotFound", "Endpoint does not exist"),
        ("InvalidParameter", "Invalid parameter: TargetArn Reason: No endpoint found for it"),
    ],
)  # fmt: skip
def test_a_device_that_is_gone_is_a_bad_address(code: str, words: str) -> None:
    assert refused_with(CHANNEL, an_outgoing(to=ENDPOINT), code, words) == Outcome(
        MessageState.FAILED, reason="device_gone", bad_address=True
    )


@pytest.mark.parametrize(
    ("code", "reason"), [("PlatformApplicationDisabled", "not_set_up"), ("AuthorizationError", "not_allowed"),
                         ("InvalidParameter", "refused")]
)  # fmt: skip
def test_what_is_our_own_fault_leaves_the_device_its_address(code: str, reason: str) -> None:
    assert refused_with(CHANNEL, an_outgoing(to=ENDPOINT), code) == Outcome(
        MessageState.FAILED, reason=reason
    )


def test_a_device_gets_an_endpoint_that_is_switched_on() -> None:
    sns = a_client("sns")
    with Stubber(sns) as stub:
        stub.add_response("create_platform_endpoint", {"EndpointArn": ENDPOINT},
                          {"PlatformApplicationArn": APPLICATION, "Token": "token-1"})  # fmt: skip
        stub.add_response("set_endpoint_attributes", {},
                          {"EndpointArn": ENDPOINT, "Attributes": {"Enabled": "true"}})  # fmt: skip
        assert PushEndpoints(lambda: sns, {"android": APPLICATION}).register("android", "token-1") == ENDPOINT
        stub.assert_no_pending_responses()


def test_a_token_that_is_known_with_other_attributes_keeps_its_endpoint() -> None:
    sns = a_client("sns")
    words = f"Invalid parameter: Token Reason: Endpoint {ENDPOINT} already exists with the same Token,"
    with Stubber(sns) as stub:
        stub.add_client_error(
            "create_platform_endpoint", "InvalidParameter", f"{words} but different attributes."
        )
        stub.add_response("set_endpoint_attributes", {},
                          {"EndpointArn": ENDPOINT, "Attributes": {"Enabled": "true"}})  # fmt: skip
        assert PushEndpoints(lambda: sns, {"android": APPLICATION}).register("android", "token-1") == ENDPOINT
        stub.assert_no_pending_responses()


def test_a_token_that_is_none_is_refused() -> None:
    sns = a_client("sns")
    with Stubber(sns) as stub:
        stub.add_client_error("create_platform_endpoint", "InvalidParameter",
                              "Invalid parameter: Token Reason: must be 64 digits")  # fmt: skip
        with pytest.raises(DeviceRefused):
            PushEndpoints(lambda: sns, {"ios": APPLICATION}).register("ios", "nonsense")


def test_an_application_that_is_wrong_is_not_the_devices_fault() -> None:
    sns = a_client("sns")
    with Stubber(sns) as stub:
        stub.add_client_error("create_platform_endpoint", "NotFound", "PlatformApplication does not exist")
        with pytest.raises(ClientError):
            PushEndpoints(lambda: sns, {"ios": APPLICATION}).register("ios", "token-1")


def test_a_platform_without_an_application_is_missing() -> None:
    with pytest.raises(PlatformMissing):
        PushEndpoints(lambda: None, {"ios": APPLICATION}).register("android", "token-1")
