"""SMS by SNS Publish: the simple fallback, and the default of the local cloud.

SNS takes no idempotency token and knows no time to live; botocore would send a timed-out message up to three
times, so it is told to try once. What times out after it was sent is `unknown`: nobody can say whether the
client got it.
"""

from typing import Any

from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, HTTPClientError

from chalicelib.domain.messages import MessageState, Outcome, Outgoing

CONNECT_SECONDS = 2
READ_SECONDS = 5

_THROTTLED = frozenset(
    {"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException"}
)
_NOT_SENT = (ConnectTimeoutError, EndpointConnectionError)


class SnsSms:
    """channel `sms` through a botocore SNS client that was made with `total_max_attempts=1`."""

    channel = "sms"

    def __init__(self, client: Any) -> None:
        self._client = client

    def send(self, outgoing: Outgoing) -> Outcome:
        kind = "Promotional" if outgoing.marketing else "Transactional"
        attributes = {"AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": kind}}
        try:
            answer = self._client.publish(
                PhoneNumber=outgoing.to, Message=outgoing.text, MessageAttributes=attributes
            )
        except ClientError as error:
            return _refused(error)
        except _NOT_SENT:
            return Outcome(MessageState.FAILED, reason="unreachable", throttled=True)
        except HTTPClientError:
            return Outcome(MessageState.UNKNOWN, reason="timed_out")
        return Outcome(MessageState.SENT, provider_id=answer["MessageId"])


def _refused(error: ClientError) -> Outcome:
    """What SNS answered: throttled (surely not sent), its own fault (who knows), or refused for good."""
    code = error.response.get("Error", {}).get("Code", "Unknown")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
    if code in _THROTTLED or status == 429:
        return Outcome(MessageState.FAILED, reason=code, throttled=True)
    if status >= 500:
        return Outcome(MessageState.UNKNOWN, reason=code)
    return Outcome(MessageState.FAILED, reason=code)
