"""E-mail by SES v2, as HTML and as text, with the headers by which a mail program unsubscribes (RFC 8058)."""

import re
from collections.abc import Callable
from email.utils import formataddr, parseaddr
from typing import Any

from chalicelib.channels.attempt import Answer, Refusal, attempt, error_message
from chalicelib.channels.context import Context, as_tags
from chalicelib.domain.messages.messages import Outcome, Outgoing

MAX_SUBJECT = 120
_NO_ADDRESS = re.compile(
    r"illegal address|missing final '@domain'|domain (contains|starts|ends)|local (address|name)|user name",
    re.IGNORECASE,
)
_REFUSALS = {
    "AccountSuspendedException": Refusal("account_suspended"),
    "SendingPausedException": Refusal("sending_paused"),
    "MailFromDomainNotVerifiedException": Refusal("not_set_up"),
    "MessageRejected": Refusal("rejected"),
    "LimitExceededException": Refusal("quota_reached"),
}


class SesEmail:
    """channel `email` through a botocore client of `sesv2`.

    sender             the sender of networks without an identity of their own: an address, with or without a
                       name before it.
    configuration_set  where events go; empty: nowhere.
    """

    channel = "email"

    def __init__(self, client: Callable[[], Any], sender: str, configuration_set: str = "") -> None:
        self._client, self._sender = client, sender
        self._always = {"ConfigurationSetName": configuration_set} if configuration_set else {}

    def send(self, outgoing: Outgoing) -> Outcome:
        context = Context(outgoing.network_id, outgoing.client_id, outgoing.message_id)
        request = {
            **self._always,
            "FromEmailAddress": formataddr(parseaddr(outgoing.identity or self._sender), "utf-8"),
            "Destination": {"ToAddresses": [outgoing.to]},
            "Content": {"Simple": _content(outgoing)},
            "EmailTags": as_tags(context),
        }
        return attempt(lambda: self._client().send_email(**request), "MessageId", _explain)


def _content(outgoing: Outgoing) -> dict[str, Any]:
    worded = outgoing.worded
    body = {"Text": _utf8(worded.text)}
    if worded.html:
        body["Html"] = _utf8(worded.html)
    content: dict[str, Any] = {"Subject": _utf8(_subject(worded.subject or worded.text)), "Body": body}
    if outgoing.stop_url:
        content["Headers"] = [
            {"Name": "List-Unsubscribe", "Value": f"<{outgoing.stop_url}>"},
            {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"},
        ]
    return content


def _subject(words: str) -> str:
    """The subject on one line, since a line break would end the header."""
    return " ".join(words.split())[:MAX_SUBJECT]


def _utf8(data: str) -> dict[str, str]:
    return {"Data": data, "Charset": "UTF-8"}


def _explain(code: str, answer: Answer) -> Refusal | None:
    """Only the message of SES says that an address is invalid."""
    if code in ("BadRequestException", "MessageRejected") and _NO_ADDRESS.search(error_message(answer)):
        return Refusal("no_mail_there", bad_address=True)
    return _REFUSALS.get(code)
