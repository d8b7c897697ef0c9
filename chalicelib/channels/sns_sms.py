"""SMS by SNS Publish: the simple fallback, and the default of the local cloud.

SNS knows no time to live, no price limit and no context: no receipt says what became of a message.
"""

from collections.abc import Callable
from typing import Any

from chalicelib.channels.attempt import Answer, Refusal, attempt, error_message
from chalicelib.domain.messages.messages import Outcome, Outgoing


class SnsSms:
    """channel `sms` through a botocore client of SNS."""

    channel = "sms"

    def __init__(self, client: Callable[[], Any]) -> None:
        self._client = client

    def send(self, outgoing: Outgoing) -> Outcome:
        kind = "Promotional" if outgoing.marketing else "Transactional"
        request = {
            "PhoneNumber": outgoing.to,
            "Message": outgoing.worded.text,
            "MessageAttributes": {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": kind}},
        }
        return attempt(lambda: self._client().publish(**request), "MessageId", _explain)


def _explain(code: str, answer: Answer) -> Refusal | None:
    """SNS has one code for all faults of a request, so that its message decides."""
    words = error_message(answer).lower()
    if code not in ("InvalidParameter", "ParameterValueInvalid"):
        return None
    if "opted out" in words:
        return Refusal("opted_out")
    return Refusal("no_sms_there", bad_address=True) if "phonenumber" in words else None
