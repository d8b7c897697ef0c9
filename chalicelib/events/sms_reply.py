"""Replies by SMS, as AWS End User Messaging passes them on. They have no time of their own, so that the time
of publication counts."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib.domain.messages.replies import Reply
from chalicelib.events.parsing import Id, Phone, Shape, decode


class _SmsReplyEvent(Shape, frozen=True):
    origination_number: Phone
    destination_number: Phone
    inbound_message_id: Id
    message_body: Annotated[str, Meta(max_length=5000)] = ""
    previous_published_message_id: Id | None = None


def read(text: str, published_at: datetime) -> Reply:
    event = decode(text, _SmsReplyEvent)
    return Reply(
        channel="sms",
        to=event.destination_number,
        sender=event.origination_number,
        text=event.message_body,
        id=event.inbound_message_id,
        at=published_at,
        in_reply_to=event.previous_published_message_id,
    )
