"""WhatsApp by AWS End User Messaging Social, which passes on messages of Meta's Cloud API.

More than 24 hours after the client last wrote, Meta allows only a template that it has approved. Ours are
named `perennial_<kind>`, in the client's language, and take the values in the order of the placeholders.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from chalicelib.channels.attempt import Answer, Refusal, attempt
from chalicelib.channels.context import Context, as_text
from chalicelib.domain.messages.messages import Outcome, Outgoing

NOTHING = "-"
"""Meta refuses a value that is empty."""


class WhatsApp:
    """channel `whatsapp` through a botocore client of `socialmessaging`.

    phone_id     the sender (`phone-number-id-...`) of networks without an identity of their own.
    api_version  of Meta's API, such as v20.0; Meta ends each after some two years.
    """

    channel = "whatsapp"

    def __init__(self, client: Callable[[], Any], phone_id: str, api_version: str) -> None:
        self._client, self._phone_id, self._api_version = client, phone_id, api_version

    def send(self, outgoing: Outgoing) -> Outcome:
        request = {
            "originationPhoneNumberId": outgoing.identity or self._phone_id,
            "message": json.dumps(_message(outgoing), ensure_ascii=False).encode(),
            "metaApiVersion": self._api_version,
        }
        return attempt(lambda: self._client().send_whatsapp_message(**request), "messageId", _explain)


def template_name(kind: str) -> str:
    """The name under which the template for a kind of touch is kept at Meta, in every language."""
    return f"perennial_{kind}"


def _message(outgoing: Outgoing) -> Mapping[str, Any]:
    context = Context(outgoing.network_id, outgoing.client_id, outgoing.message_id)
    message = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": outgoing.to,
        "biz_opaque_callback_data": as_text(context),
    }
    if outgoing.in_conversation:
        return {**message, "type": "text", "text": {"body": outgoing.worded.text, "preview_url": False}}
    return {**message, "type": "template", "template": _template(outgoing)}


def _template(outgoing: Outgoing) -> Mapping[str, Any]:
    values = [{"type": "text", "text": _on_one_line(value)} for value in outgoing.worded.parameters]
    return {
        "name": template_name(outgoing.worded.registered_as or outgoing.kind),
        "language": {"code": outgoing.language, "policy": "deterministic"},
        "components": [{"type": "body", "parameters": values}] if values else [],
    }


def _on_one_line(value: str) -> str:
    """Meta refuses values with line breaks, tabs or rows of blanks."""
    return " ".join(value.split()) or NOTHING


def _explain(code: str, answer: Answer) -> Refusal | None:
    """The call only hands the message over. Whether Meta reaches the number, a status event reports."""
    return None
