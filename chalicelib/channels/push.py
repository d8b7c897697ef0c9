"""Push messages by SNS to the endpoint of a device, and where devices get their endpoints."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.channels.attempt import Answer, Refusal, attempt, error_message
from chalicelib.domain.messages.messages import Outcome, Outgoing
from chalicelib.services.shared.ports import DeviceRefused, PlatformMissing

MAX_BODY = 900
"""Characters. Google and Apple take 4096 bytes in all, and a character has up to four."""

MAX_TTL = 2_419_200
_TTLS = tuple(f"AWS.SNS.MOBILE.{service}.TTL" for service in ("FCM", "APNS", "APNS_SANDBOX"))

_KNOWN = re.compile(r"Endpoint (arn:\S+) already exists")
"""SNS returns a known token's endpoint only if its attributes are unchanged; otherwise the error names it."""

_DEVICE_GONE = Refusal("device_gone", bad_address=True)
_REFUSALS = {
    "EndpointDisabled": _DEVICE_GONE,
    "NotFound": _DEVICE_GONE,
    "PlatformApplicationDisabled": Refusal("not_set_up"),
}


class Push:
    """channel `push` through a botocore client of SNS. An address is an endpoint's ARN."""

    channel = "push"

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client

    def send(self, outgoing: Outgoing) -> Outcome:
        seconds = str(min(max(outgoing.useful_seconds, 1), MAX_TTL))
        request = {
            "TargetArn": outgoing.to,
            "MessageStructure": "json",
            "Message": json.dumps(_payloads(outgoing), ensure_ascii=False),
            "MessageAttributes": {name: {"DataType": "String", "StringValue": seconds} for name in _TTLS},
        }
        return attempt(lambda: self._client().publish(**request), "MessageId", _explain)


class PushEndpoints:
    """Registers devices through a botocore client of SNS. applications: the ARN of the platform application,
    by platform (android, ios, web)."""

    def __init__(self, client: Callable[[], Any], applications: Mapping[str, str]) -> None:
        self._client, self._applications = client, applications

    def register(self, platform: str, token: str) -> str:
        """The endpoint of the device, ready to be sent to; the same whenever the same token is registered.
        Raises DeviceRefused, PlatformMissing, and what botocore raises when SNS does not answer."""
        application = self._applications.get(platform)
        if application is None:
            raise PlatformMissing(platform)
        try:
            answer = self._client().create_platform_endpoint(PlatformApplicationArn=application, Token=token)
            endpoint = str(answer["EndpointArn"])
        except ClientError as error:
            words = error_message(error.response)
            if known := _KNOWN.search(words):
                endpoint = known[1]
            elif "token" in words.lower():
                raise DeviceRefused(platform) from error
            else:
                raise
        # The endpoint of a known token may be disabled, since the app was uninstalled for a while.
        self._client().set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "true"})
        return endpoint


def _payloads(outgoing: Outgoing) -> dict[str, str]:
    """The message in the form of each push service, from which SNS takes the one of the endpoint. Android and
    the web use Google's."""
    alert = {"body": _cut(outgoing.worded.text)}
    if outgoing.worded.subject:
        alert["title"] = outgoing.worded.subject
    data = {"message": outgoing.message_id, **({"link": outgoing.link} if outgoing.link else {})}
    google = json.dumps(
        {"fcmV1Message": {"message": {"notification": alert, "data": data}}}, ensure_ascii=False
    )
    apple = json.dumps({"aps": {"alert": alert, "sound": "default"}, **data}, ensure_ascii=False)
    return {"default": alert["body"], "GCM": google, "APNS": apple, "APNS_SANDBOX": apple}


def _cut(text: str) -> str:
    return text if len(text) <= MAX_BODY else text[: MAX_BODY - 1] + "…"


def _explain(code: str, answer: Answer) -> Refusal | None:
    if code == "InvalidParameter":
        return _DEVICE_GONE if "targetarn" in error_message(answer).lower() else None
    return _REFUSALS.get(code)
