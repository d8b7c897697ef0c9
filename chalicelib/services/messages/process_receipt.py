"""Take a receipt: put what the channel tells on the message, and see to what follows from it.

Everything here may be done twice: a receipt that failed halfway is delivered again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, DeadAddress
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.messages.receipts import Receipt, applied, price_of_a_part
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Price
from chalicelib.domain.shared.ids import instant_of
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.touches import GRACE, Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.services.clients.consents import stop_messages
from chalicelib.services.clients.suppress_address import suppress_address
from chalicelib.services.shared.contact_details import calling_code
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import CONFLICT_TRIES, World

RECORDED_WITHIN = GRACE + timedelta(minutes=2)
"""A message is on record so soon after its id was made, by its sender or by whoever found it lost."""
PRICE_KEPT = timedelta(hours=1)
"""Carriers of one country differ in price: the price learned last does not follow every message."""
_TRIES = 5 * CONFLICT_TRIES
"""All receipts of a network with a budget settle one item, the month's spending; some of them lose often."""
_MADE = frozenset({TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN})


class NotThereYet(Exception):
    """The receipt was quicker than our own record: to be delivered again in a moment."""


class ReceiptOutcome(StrEnum):
    """What became of a receipt: it told something new, or nothing, or is of nothing that we know."""

    APPLIED = "applied"
    KNOWN = "known"
    UNKNOWN_NETWORK = "unknown_network"
    UNKNOWN_MESSAGE = "unknown_message"


def process_receipt(world: World, receipt: Receipt) -> ReceiptOutcome:
    """Raises NotThereYet, and SaveConflict when too many write at once: both are worth another delivery."""
    if world.directories(receipt.network_id) is None:
        return ReceiptOutcome.UNKNOWN_NETWORK
    messages = _messages(world, receipt)
    if not messages:
        return ReceiptOutcome.UNKNOWN_MESSAGE
    arrived = receipt.state in (MessageState.SENT, MessageState.DELIVERED)
    if arrived and messages[0].state is MessageState.UNKNOWN:
        _change_touches(world, messages, _settled)
    saved = [_applied(world, message, receipt) for message in messages]
    if receipt.state is saved[0].state is MessageState.FAILED:
        _go_on(world, saved)
    if receipt.bad_address:
        _bury(world, saved[0], receipt)
    if receipt.complaint:
        _refuse(world, saved[0], receipt.at)
    _learn_price(world, saved[0], receipt)
    return ReceiptOutcome.KNOWN if saved == messages else ReceiptOutcome.APPLIED


# --- the message


def _messages(world: World, receipt: Receipt) -> list[Message]:
    """The message, and the one that went along in its text, if any; nothing where there is no such message
    and will not be."""
    message = world.store.get(
        Message, network_id=receipt.network_id, client_id=receipt.client_id, id=receipt.message_id
    )
    if message is None:
        made_at = instant_of(receipt.message_id)
        if made_at is not None and world.now() - made_at <= RECORDED_WITHIN:
            raise NotThereYet(receipt.message_id)
        return []
    if message.carries is None:
        return [message]
    carried = world.store.get(
        Message, network_id=receipt.network_id, client_id=receipt.client_id, id=message.carries
    )
    return [message, carried] if carried is not None else [message]


def _applied(world: World, message: Message, receipt: Receipt) -> Message:
    """The message with the receipt, saved if that tells anything new. Where a network has a budget, what the
    message cost more or less than was reserved for it is counted in the same write, and so exactly once."""
    if message.with_message is not None:
        receipt = replace(receipt, parts=None, cost_micros=None)  # the message that carries it is charged
    for _ in world.tries(_TRIES):
        after = applied(message, receipt)
        if after == message:
            return message
        try:
            return world.store.save(after, *_spending(world, message, after))[0]
        except SaveConflict:
            message = (
                world.store.get(
                    Message, network_id=message.network_id, client_id=message.client_id, id=message.id
                )
                or message
            )
    raise SaveConflict(message)


def _spending(world: World, before: Message, after: Message) -> list[Spending]:
    difference = (after.cost_micros or 0) - (before.cost_micros or 0)
    rules = world.directory(before.network_id).rules.messages
    if not difference or rules.monthly_budget_usd_cents is None:
        return []
    spending = world.store.spending(before.network_id, month_name(before.recorded_at))
    return [replace(spending, reserved_micros=max(spending.reserved_micros + difference, 0))]


# --- the touches that the messages are of


def _settled(touch: Touch) -> Touch | None:
    """It was sent after all: no longer of unknown fate, and not tried again."""
    if touch.state is not TouchState.UNKNOWN:
        return None
    return replace(touch, state=TouchState.SENT, reason=None)


def _go_on(world: World, messages: Sequence[Message]) -> None:
    """They failed: the item wakes now, to try the next channel, or to find that there is none."""
    now, reason, channel = world.now(), messages[0].reason, messages[0].channel

    def looked_at_again(touch: Touch) -> Touch | None:
        if touch.state is TouchState.SENDING and now - touch.at <= GRACE:
            raise NotThereYet(messages[0].id)  # its worker is about to say what it knows
        if touch.state not in _MADE or (touch.again_at is not None and touch.again_at <= now):
            return None
        return replace(touch, state=TouchState.AWAITING, reason=reason, again_at=now, channel=channel)

    woken = _change_touches(world, messages, looked_at_again, wake_at=now)
    if woken is not None:
        world.wake_if_due(woken)


def _change_touches(
    world: World,
    messages: Sequence[Message],
    change: Callable[[Touch], Touch | None],
    *,
    wake_at: datetime | None = None,
) -> Any:
    """Changes the touches that made the messages, where the item still stands at those attempts. Answers with
    the item as it was saved, None if nothing was to be changed."""
    for _ in world.tries():
        item = _item_of(world, messages[0])
        if item is None:
            return None
        made = [touch for touch in item.touches.values() if _made_one_of(messages, item, touch)]
        changed = [after for touch in made if (after := change(touch)) is not None]
        if not changed:
            return None
        item = with_touches(item, *changed)
        if wake_at is not None:
            pointers = [Wake(wake_at, messages[0].kind.value), *([item.wake] if item.wake else [])]
            item = replace(item, wake=first_wake(pointers, item.trouble))
        with suppress(SaveConflict):
            return world.store.save(item)[0]
    raise SaveConflict(messages[0])


def _item_of(world: World, message: Message) -> Any:
    """The item whose touch the message was."""
    network_id, client_id = message.network_id, message.client_id
    if message.campaign_id is not None:
        return world.store.get(
            Recipient, network_id=network_id, client_id=client_id, campaign_id=message.campaign_id
        )
    if message.kind is TouchKind.BONUS_EXPIRY:
        return world.store.account(network_id, client_id)
    if message.booking_id is not None:
        return world.store.get(Booking, network_id=network_id, id=message.booking_id)
    return world.store.get(Client, network_id=network_id, id=client_id)


def _made_one_of(messages: Sequence[Message], item: Any, touch: Touch) -> bool:
    id = message_id(item.id, touch.kind, touch.occurrence, touch.attempt, touch.at)
    return any(message.id == id for message in messages)


# --- the client, and what things cost


def _bury(world: World, message: Message, receipt: Receipt) -> None:
    if message.to is not None:
        dead = DeadAddress(message.channel, message.to, receipt.reason or "bad_address", receipt.at)
        suppress_address(world, message.network_id, message.client_id, dead)


def _refuse(world: World, message: Message, at: datetime) -> None:
    """Who complains to their provider wants nothing more by this channel."""
    network_id, client_id, channels = message.network_id, message.client_id, [message.channel]
    stop_messages(world, network_id, client_id, channels=channels, how="complaint", stated_at=at)


def _learn_price(world: World, message: Message, receipt: Receipt) -> None:
    """What a part costs is taken from what the last one did, for estimates and previews."""
    micros = price_of_a_part(receipt)
    code = calling_code(message.to) if micros is not None and message.to else None
    if micros is None or code is None:
        return
    known = world.directory(message.network_id).prices.get((message.channel, code))
    if not _is_news(known, micros, receipt.at):
        return
    stands = world.store.get(Price, network_id=message.network_id, channel=message.channel, country_code=code)
    if not _is_news(stands, micros, receipt.at):
        return
    price = Price(
        network_id=message.network_id,
        channel=message.channel,
        country_code=code,
        micros=micros,
        at=receipt.at,
        version=stands.version if stands else 0,
    )
    try:
        world.store.save(price)
    except SaveConflict:
        return  # another receipt has told it
    world.directories.forget(message.network_id)


def _is_news(known: Price | None, micros: int, at: datetime) -> bool:
    return known is None or (known.micros != micros and at - known.at >= PRICE_KEPT)
