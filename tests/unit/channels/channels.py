"""The channels as tests meet them: a message to send, a botocore client, what providers answer."""

from collections.abc import Callable
from functools import cache
from typing import Any

import botocore.session
from botocore.config import Config
from msgspec import Struct

from chalicelib.channels.end_user_sms import EndUserSms
from chalicelib.channels.push import Push
from chalicelib.channels.ses_email import SesEmail
from chalicelib.channels.sns_sms import SnsSms
from chalicelib.channels.whatsapp import WhatsApp
from chalicelib.domain.messages.messages import Outgoing, Worded
from chalicelib.services.shared.ports import Sender

POOL = "pool-0123456789abcdef0123456789abcdef"
PHONE_ID = "phone-number-id-0123456789abcdef0123456789abcdef"
ENDPOINT = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/perennial/5e3e9847-3183-3f18-a7e8-671c3a57d4b3"


def an_outgoing(**fields: Any) -> Outgoing:
    """A reminder of tomorrow's booking, as SMS."""
    given: dict[str, Any] = {
        "network_id": "net_lotos00001",
        "client_id": "cli_0000000000000001",
        "message_id": "msg_01kb6z5m8g0123456789",
        "kind": "control_reminder",
        "language": "ru",
        "to": "+37369000001",
        "worded": Worded(
            "Lotos: завтра в 12:00, Анна.", "Завтра у вас запись", "<p>завтра</p>", ("12:00", "Анна")
        ),
        "useful_seconds": 3600,
        "stop_url": "https://s.example.com/s/abc",
        "link": "https://s.example.com/b/abc",
    }  # fmt: skip
    return Outgoing(**{**given, **fields})


@cache
def _session() -> Any:
    """One for all tests: reading a service's model takes a tenth of a second."""
    return botocore.session.get_session()


def a_client(service: str, endpoint_url: str | None = None, **config: Any) -> Any:
    """A real botocore client, made as those of the senders are: it asks once."""
    return _session().create_client(
        service,
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        endpoint_url=endpoint_url,
        config=Config(**{"retries": {"total_max_attempts": 1, "mode": "standard"}, **config}),
    )


class Channel(Struct, frozen=True):
    """sender: made of what gives a client. operation: the call it makes. answer: what the provider says to
    it; throttled, failing: as HTTP (status, headers, body)."""

    service: str
    operation: str
    sender: Callable[[Callable[[], Any]], Sender]
    to: str
    answer: dict[str, str]
    throttled: tuple[int, dict[str, str], str]
    failing: tuple[int, dict[str, str], str]
    well: str


def _xml_error(kind: str, code: str) -> str:
    return (f"<ErrorResponse><Error><Type>{kind}</Type><Code>{code}</Code><Message>No</Message></Error>"
            "<RequestId>1</RequestId></ErrorResponse>")  # fmt: skip


_SNS_ANSWER = "<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>"
_SNS_THROTTLED = (400, {}, _xml_error("Sender", "Throttling"))
_SNS_FAILING = (500, {}, _xml_error("Receiver", "InternalError"))

CHANNELS = {
    "sms, End User Messaging": Channel(
        "pinpoint-sms-voice-v2", "send_text_message", lambda client: EndUserSms(client, POOL), "+37369000001",
        {"MessageId": "m-1"},
        (400, {}, '{"__type": "ThrottlingException", "Message": "Rate exceeded"}'),
        (500, {}, '{"__type": "InternalServerException", "Message": "Sorry"}'),
        '{"MessageId": "m-1"}',
    ),
    "sms, SNS": Channel(
        "sns", "publish", SnsSms, "+37369000001",
        {"MessageId": "m-1"}, _SNS_THROTTLED, _SNS_FAILING, _SNS_ANSWER,
    ),
    "whatsapp": Channel(
        "socialmessaging", "send_whatsapp_message", lambda client: WhatsApp(client, PHONE_ID, "v20.0"),
        "+37369000001",
        {"messageId": "m-1"},
        (429, {"x-amzn-errortype": "ThrottledRequestException"}, '{"message": "Rate exceeded"}'),
        (502, {"x-amzn-errortype": "DependencyException"}, '{"message": "Meta is away"}'),
        '{"messageId": "m-1"}',
    ),
    "email": Channel(
        "sesv2", "send_email", lambda client: SesEmail(client, "salon@example.com"), "maria@example.com",
        {"MessageId": "m-1"},
        (429, {"x-amzn-errortype": "TooManyRequestsException"}, '{"message": "Too fast"}'),
        (500, {"x-amzn-errortype": "InternalFailure"}, '{"message": "Sorry"}'),
        '{"MessageId": "m-1"}',
    ),
    "push": Channel(
        "sns", "publish", Push, ENDPOINT, {"MessageId": "m-1"}, _SNS_THROTTLED, _SNS_FAILING, _SNS_ANSWER,
    ),
}  # fmt: skip
