"""Receipts: what a channel reports of a message after the send. They come late, twice and out of order. Pure.

The message ends the same in any order: it keeps the newest report of the highest rank, and the highest price.
"""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.messages import RANK, Message, MessageState

MICROS_A_DOLLAR = 1_000_000
MAX_PRICE = Decimal(100)
MAX_PARTS = 100


class Receipt(Struct, frozen=True, kw_only=True):
    """One report of a channel. network_id, client_id, message_id: our ids, which the message carried.

    at           when the channel made the report (UTC).
    parts, cost_micros  what was charged; both or neither.
    bad_address  every message to this address will fail.
    complaint    the client complained to their provider about the message.
    """

    network_id: str
    client_id: str
    message_id: str
    state: MessageState
    at: datetime
    reason: str | None = None
    provider_id: str | None = None
    parts: int | None = None
    cost_micros: int | None = None
    bad_address: bool = False
    complaint: bool = False


def applied(message: Message, receipt: Receipt) -> Message:
    """The message after the receipt; the same object if nothing changes. A skipped message was never sent, so
    that no receipt changes it."""
    if message.state is MessageState.SKIPPED:
        return message
    after = message
    if _weight(receipt.state, receipt.at, receipt.reason) > _weight(
        message.state, message.told_at, message.reason
    ):
        after = replace(after, state=receipt.state, reason=receipt.reason, told_at=receipt.at)
    if receipt.state in (MessageState.SENT, MessageState.DELIVERED) and message.sent_at is None:
        after = replace(after, sent_at=message.recorded_at)
    if receipt.provider_id is not None and message.provider_id is None:
        after = replace(after, provider_id=receipt.provider_id)
    if receipt.cost_micros is not None and receipt.parts is not None:
        after = _charged(after, receipt.parts, receipt.cost_micros)
    return message if after == message else after


def _weight(state: MessageState, told_at: datetime | None, reason: str | None) -> tuple[int, float, str]:
    """The report with the greater weight is kept. A channel's report weighs more than our own conclusion,
    which has no `told_at`."""
    return RANK[state], told_at.timestamp() if told_at else 0.0, reason or ""


def _charged(message: Message, parts: int, micros: int) -> Message:
    """The reported price replaces the estimate. The higher of two prices is kept: one may be provisional."""
    if not message.charged:
        return replace(message, parts=parts, cost_micros=micros, charged=True)
    return replace(
        message, parts=max(message.parts, parts), cost_micros=max(message.cost_micros or 0, micros)
    )


def micros(dollars: Decimal | None) -> int | None:
    """The price in millionths of a dollar; None: it is no price."""
    if dollars is None or not dollars.is_finite() or not 0 <= dollars <= MAX_PRICE:
        return None
    return int((dollars * MICROS_A_DOLLAR).to_integral_value(ROUND_HALF_UP))


def price_of_a_part(receipt: Receipt) -> int | None:
    """The price of one part, in millionths of a dollar; None: the receipt has no price, or it is 0."""
    if not receipt.cost_micros or not receipt.parts:
        return None
    return (2 * receipt.cost_micros + receipt.parts) // (2 * receipt.parts)
