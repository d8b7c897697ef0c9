"""Reads an event of any source. Each source is recognised by the fields that only it has."""

from datetime import datetime
from typing import Any

from chalicelib.domain.messages.message_events import NotUnderstood
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Reply
from chalicelib.events import email, sms, sms_reply, whatsapp
from chalicelib.events.parsing import Shape, decode


class _SourceFields(Shape, frozen=True):
    event_type: str | None = None
    mail: dict[str, Any] | None = None
    inbound_message_id: str | None = None
    whats_app_webhook_entry: str | None = None


def read(text: str, published_at: datetime) -> list[Receipt | Reply]:
    """The receipts and replies of an event, at least one. published_at: the time of an event without a time
    of its own.

    Raises NotUnderstood: NOT_JSON, INVALID_FIELD, UNKNOWN_EVENT (the source or kind is unknown), NO_CONTEXT
    (the message is not ours).
    """
    marks = decode(text, _SourceFields)
    found: list[Receipt | Reply] = []
    if marks.inbound_message_id is not None:
        found = [sms_reply.read(text, published_at)]
    elif marks.whats_app_webhook_entry is not None:
        found = whatsapp.read(text)
    elif marks.mail is not None:
        found = [email.read(text)]
    elif marks.event_type is not None and marks.event_type.startswith("TEXT_"):
        found = [sms.read(text)]
    if not found:
        raise NotUnderstood("UNKNOWN_EVENT")
    return found
