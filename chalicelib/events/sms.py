"""Events of AWS End User Messaging about an SMS.

It depends on the country whether `SUCCESSFUL` (the carrier took it) or `DELIVERED` (the phone has it) is the
last event; either is a success once it is final. A final event may take three days. `UNKNOWN` is final and
says nothing.
"""

from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from chalicelib.channels import context
from chalicelib.domain.messages.message_events import NotUnderstood
from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.messages.receipts import MAX_PARTS, Receipt, micros
from chalicelib.events.parsing import Id, Milliseconds, Shape, decode, instant

_ON_ITS_WAY = frozenset({"SENT", "QUEUED", "PENDING"})
_ARRIVED = frozenset({"SUCCESSFUL", "DELIVERED"})
_FAILED = {
    "INVALID": "invalid",
    "INVALID_MESSAGE": "invalid_message",
    "UNREACHABLE": "phone_unreachable",
    "CARRIER_UNREACHABLE": "carrier_unreachable",
    "BLOCKED": "blocked",
    "CARRIER_BLOCKED": "carrier_blocked",
    "PROTECT_BLOCKED": "protect_blocked",
    "SPAM": "spam",
    "TTL_EXPIRED": "ttl_expired",
}
_BAD_ADDRESS = frozenset({"INVALID"})


class _SmsEvent(Shape, frozen=True):
    event_type: str
    event_timestamp: Milliseconds
    is_final: bool = False
    message_id: Id | None = None
    context: dict[str, Any] | None = None
    total_message_parts: Annotated[int, Meta(ge=1, le=MAX_PARTS)] | None = None
    total_message_price: Decimal | None = None
    total_carrier_fee: Decimal | None = None


def read(text: str) -> Receipt:
    event = decode(text, _SmsEvent)
    kind = event.event_type.removeprefix("TEXT_")
    ours = context.of_pairs(event.context)
    if ours is None:
        raise NotUnderstood("NO_CONTEXT")
    cost = micros(event.total_message_price)
    fee = micros(event.total_carrier_fee) or 0
    return Receipt(
        **ours._asdict(),
        state=_state(kind, event.is_final),
        at=instant(event.event_timestamp),
        reason=_FAILED.get(kind),
        provider_id=event.message_id,
        parts=event.total_message_parts,
        cost_micros=None if cost is None else cost + fee,
        bad_address=kind in _BAD_ADDRESS,
    )


def _state(kind: str, is_final: bool) -> MessageState:
    if kind in _ARRIVED:
        return MessageState.DELIVERED if is_final else MessageState.SENT
    if kind in _ON_ITS_WAY:
        return MessageState.SENT
    if kind in _FAILED:
        return MessageState.FAILED
    if kind == "UNKNOWN":
        return MessageState.UNKNOWN
    raise NotUnderstood("UNKNOWN_EVENT")
