"""Process a receipt: update the message by what the channel reports, and do what follows from that.

Every step may be done twice: a receipt whose processing failed is delivered again.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, DeadAddress
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.messages.caps import DAY
from chalicelib.domain.messages.messages import Message, MessageState, message_id
from chalicelib.domain.messages.one_act import names_of
from chalicelib.domain.messages.receipts import Receipt, applied, price_of_a_part
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Price
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.ids import instant_of
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.touches import GRACE, Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.services.bookings.same_act import free_notices
from chalicelib.services.clients.consents import Statement, stop_messages
from chalicelib.services.clients.suppress_address import suppress_address
from chalicelib.services.messages.subjects import Item
from chalicelib.services.shared.contact_details import calling_code
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import CONFLICT_TRIES, World

RECORDED_WITHIN = GRACE + timedelta(minutes=2)
"""How long after its id was made a message may still be unrecorded. By then its worker has recorded it, or
the next one has recorded the claim as lost."""
PRICE_KEPT = timedelta(hours=1)
"""How long a learned price is kept. Carriers of one country differ, so that a price per message would change
with each of them."""
_TRIES = 5 * CONFLICT_TRIES
"""More tries than elsewhere: all receipts of a network with a budget write one item, the month's spending."""
_MADE = frozenset({TouchState.SENT, TouchState.AWAITING, TouchState.UNKNOWN})


class NotThereYet(Exception):
    """The receipt came before our own record: it has to be delivered again."""


class ReceiptOutcome(StrEnum):
    """What became of a receipt. applied: it changed the message. known: it did not. unknown_network,
    unknown_message: it is about nothing of ours."""

    APPLIED = "applied"
    KNOWN = "known"
    UNKNOWN_NETWORK = "unknown_network"
    UNKNOWN_MESSAGE = "unknown_message"


def process_receipt(world: World, receipt: Receipt) -> ReceiptOutcome:
    """Applies a receipt once, however often it is delivered. Raises NotThereYet, and SaveConflict when too
    many write at once; after both the receipt should be delivered again."""
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
        _suppress(world, saved[0], receipt)
    if receipt.complaint:
        _refuse(world, saved[0], receipt.at)
    _learn_price(world, saved[0], receipt)
    return ReceiptOutcome.KNOWN if saved == messages else ReceiptOutcome.APPLIED


# --- the message


def _messages(world: World, receipt: Receipt) -> list[Message]:
    """The message of the receipt, and the message that it carries, if any. The list is empty where there is
    no such message and none is to be expected. Raises NotThereYet."""
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
    """The message after the receipt, saved if the receipt changes it. Where a network has a budget, the
    difference between price and reservation is counted in the same transaction, and so exactly once."""
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
    """The touch as sent, where its fate was unknown; None: nothing is to be changed."""
    if touch.state is not TouchState.UNKNOWN:
        return None
    return replace(touch, state=TouchState.SENT, reason=None)


def _go_on(world: World, messages: Sequence[Message]) -> None:
    """The messages failed: their item wakes now and tries the next channel, if there is one."""
    now, reason, channel = world.now(), messages[0].reason, messages[0].channel

    def awaiting(touch: Touch) -> Touch | None:
        if touch.state is TouchState.SENDING and now - touch.at <= GRACE:
            raise NotThereYet(messages[0].id)  # its worker is about to record the outcome
        if touch.state not in _MADE or (touch.again_at is not None and touch.again_at <= now):
            return None
        return replace(touch, state=TouchState.AWAITING, reason=reason, again_at=now, channel=channel)

    woken = _change_touches(world, messages, awaiting, wake_at=now)
    if woken is not None:
        world.wake_if_due(woken)
    elif messages[0].tells_of and now - messages[0].recorded_at < DAY:
        _free_others(world, messages[0])


def _free_others(world: World, message: Message) -> None:
    """The other bookings that the message told of tell of themselves, where its own booking has moved on."""
    item = _item_of(world, message)
    if isinstance(item, Booking) and item.moves > message.occurrence:
        free_notices(world, message.network_id, names_of(message))


def _change_touches(
    world: World,
    messages: Sequence[Message],
    change: Callable[[Touch], Touch | None],
    *,
    wake_at: datetime | None = None,
) -> Item | None:
    """Changes the touches that made the messages, unless the item has later attempts. Returns the saved item;
    None: nothing was to be changed. change: the touch after; None: it stays. wake_at: sets the pointer."""
    for _ in world.tries():
        item = _item_of(world, messages[0])
        if item is None:
            return None
        made = [touch for touch in item.touches.values() if _is_maker(messages, item, touch)]
        changed = [after for touch in made if (after := change(touch)) is not None]
        if not changed:
            return None
        item = with_touches(item, *changed)
        is_merged = isinstance(item, Client) and item.merged is not None
        if wake_at is not None and not is_merged:
            pointers = [Wake(wake_at, messages[0].kind.value), *([item.wake] if item.wake else [])]
            item = replace(item, wake=first_wake(pointers, item.trouble))
        with suppress(SaveConflict):
            return world.store.save(item)[0]
    raise SaveConflict(messages[0])


def _item_of(world: World, message: Message) -> Item | None:
    """The item whose touch made the message."""
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


def _is_maker(messages: Sequence[Message], item: Item, touch: Touch) -> bool:
    made = message_id(item.id, touch.kind, touch.occurrence, touch.attempt, touch.at)
    return any(message.id == made for message in messages)


# --- the client, and what things cost


def _suppress(world: World, message: Message, receipt: Receipt) -> None:
    if message.to is not None:
        dead = DeadAddress(message.channel, message.to, receipt.reason or "bad_address", receipt.at)
        suppress_address(world, message.network_id, message.client_id, dead)


def _refuse(world: World, message: Message, at: datetime) -> None:
    """Stops this channel for a client who complained to their provider."""
    network_id, client_id, channels = message.network_id, message.client_id, [message.channel]
    stop_messages(world, network_id, client_id, Statement("complaint", at=at), channels=channels)


def _learn_price(world: World, message: Message, receipt: Receipt) -> None:
    """Keeps the price of one part, for estimates and previews."""
    micros = price_of_a_part(receipt)
    code = calling_code(message.to) if micros is not None and message.to else None
    if micros is None or code is None:
        return
    known = world.directory(message.network_id).prices.get((message.channel, code))
    if not _is_news(known, micros, receipt.at):
        return
    network_id, channel = message.network_id, message.channel
    try:
        saved = world.store.get(Price, network_id=network_id, channel=channel, country_code=code)
    except Unreadable:
        return  # it is listed; estimates go on by the default price
    if not _is_news(saved, micros, receipt.at):
        return
    price = Price(
        network_id=message.network_id,
        channel=message.channel,
        country_code=code,
        micros=micros,
        at=receipt.at,
        version=saved.version if saved else 0,
    )
    try:
        world.store.save(price)
    except SaveConflict:
        return  # another receipt has set it
    world.directories.forget(message.network_id)


def _is_news(known: Price | None, micros: int, at: datetime) -> bool:
    return known is None or (known.micros != micros and at - known.at >= PRICE_KEPT)
