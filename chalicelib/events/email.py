"""Events of SES about an e-mail (event publishing). A bounce may follow a delivery, mostly as an automatic
answer; therefore delivered ranks higher."""

from typing import Any

from msgspec import field

from chalicelib.channels import context
from chalicelib.domain.messages.message_events import NotUnderstood
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.events.parsing import Id, Instant, Shape, decode, whole_milliseconds


class _Mail(Shape, frozen=True):
    timestamp: Instant
    message_id: Id
    tags: dict[str, Any] = field(default_factory=dict)


class _Details(Shape, frozen=True):
    """The object that is named like the event's type."""

    timestamp: Instant | None = None
    bounce_type: str | None = None
    complaint_sub_type: str | None = None


class _EmailEvent(Shape, frozen=True):
    event_type: str
    mail: _Mail
    bounce: _Details = _Details()
    complaint: _Details = _Details()
    delivery: _Details = _Details()
    delivery_delay: _Details = _Details()
    open: _Details = _Details()
    click: _Details = _Details()


_Result = tuple[MessageState, str | None, _Details]
_SUPPRESSED = "OnAccountSuppressionList"


def read(text: str) -> Receipt:
    event = decode(text, _EmailEvent)
    ours = context.of_tags(event.mail.tags)
    if ours is None:
        raise NotUnderstood("NO_CONTEXT")
    state, reason, details = _outcome(event)
    return Receipt(
        **ours._asdict(),
        state=state,
        reason=reason,
        at=whole_milliseconds(details.timestamp or event.mail.timestamp),
        provider_id=event.mail.message_id,
        bad_address=event.event_type == "Complaint" or reason == "bounced",
        complaint=event.event_type == "Complaint",
    )


def _outcome(event: _EmailEvent) -> _Result:
    match event.event_type:
        case "Send" | "DeliveryDelay":
            return MessageState.SENT, None, event.delivery_delay
        case "Delivery":
            return MessageState.DELIVERED, None, event.delivery
        case "Open":
            return MessageState.DELIVERED, None, event.open
        case "Click":
            return MessageState.DELIVERED, None, event.click
        case "Bounce":
            lasting = event.bounce.bounce_type == "Permanent"
            return MessageState.FAILED, "bounced" if lasting else "bounced_for_now", event.bounce
        case "Complaint":
            return _complaint(event.complaint)
        case "Reject":
            return MessageState.FAILED, "rejected", _Details()
        case "Rendering Failure" | "RenderingFailure":
            return MessageState.FAILED, "rendering_failed", _Details()
    raise NotUnderstood("UNKNOWN_EVENT")


def _complaint(details: _Details) -> _Result:
    """The result of a complaint: the e-mail arrived, or SES did not send it after an earlier complaint."""
    if details.complaint_sub_type == _SUPPRESSED:
        return MessageState.FAILED, "suppressed", details
    return MessageState.DELIVERED, "complained", details
