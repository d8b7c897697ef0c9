"""The items that an earlier version wrote: see stored/README.md."""

import base64
import json
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clearing.clearing import Clearing, ClearingPart
from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.passes import DevicePass, PassDevice
from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, Promotion, PromotionShare
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import (
    Connection,
    Key,
    Network,
    Price,
    Salon,
    Service,
    Staff,
    Template,
)
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.rules import RulesChange
from chalicelib.domain.shared.aliases import Alias, InboundNumber
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.operations import GivenAnswer, Parked, Tally
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk

Raw = dict[str, dict[str, Any]]
"""An item as DynamoDB has it: attribute -> type -> value."""

KINDS: dict[str, type] = {
    "NETWORK": Network,
    "SALON": Salon,
    "STAFF": Staff,
    "SERVICE": Service,
    "HOOK": Connection,
    "TEMPLATE": Template,
    "PRICE": Price,
    "OFFER": Offer,
    "KEY": Key,
    "CLIENT": Client,
    "ACCOUNT": Account,
    "ENTRY": Entry,
    "COUPON": Coupon,
    "MSG": Message,
    "CONSENT": ConsentChange,
    "PASSDEVICE": PassDevice,
    "DEVICEPASS": DevicePass,
    "RECIPIENT": Recipient,
    "TAKEN": ClientPromotionTotal,
    "BOOKING": Booking,
    "ALIAS": Alias,
    "INBOX": InboxItem,
    "ANSWER": GivenAnswer,
    "PARKED": Parked,
    "TALLY": Tally,
    "RULES": RulesChange,
    "CAMPAIGN": Campaign,
    "PROMOTION": Promotion,
    "SHARE": PromotionShare,
    "SURPRISE": SurpriseMonth,
    "WALK": Walk,
    "SIMULATION": Simulation,
    "TASK": Task,
    "CLEARING": Clearing,
    "PART": ClearingPart,
    "SPENDING": Spending,
    "NUMBER": InboundNumber,
    "LINK": Link,
}
"""Kind of item, as the sort key begins -> type of its value."""


def _read(line: str) -> Raw:
    item: Raw = json.loads(line)
    return {
        name: {"B": base64.b64decode(value["B"])} if "B" in value else value for name, value in item.items()
    }


ITEMS = [_read(line) for line in (Path(__file__).parent / "stored/items.jsonl").read_text().splitlines()]


def key_of(item: Raw) -> tuple[str, str]:
    return item["PK"]["S"], item["SK"]["S"]


def kind_of(item: Raw) -> str:
    return key_of(item)[1].partition("#")[0]


def inflated(packed: bytes) -> bytes:
    return zlib.decompress(packed, wbits=-zlib.MAX_WBITS)


def _deflated(text: bytes) -> bytes:
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflating.compress(text) + deflating.flush()


_PACKED = [item["packed"]["B"] for item in ITEMS if "packed" in item]
SAME_ZLIB = all(_deflated(inflated(packed)) == packed for packed in _PACKED)
"""Whether this machine's zlib deflates as the one did by which the items were made; another says the same in
other bytes."""


def as_said(item: Raw) -> Raw:
    """The item, of whatever bytes zlib makes; with ours, the item itself."""
    if SAME_ZLIB:
        return item
    plain = {**item, "packed": {"B": inflated(item["packed"]["B"])}} if "packed" in item else item
    return _without_raw(plain) if kind_of(item) == "INBOX" else plain


def _without_raw(item: Raw) -> Raw:
    """A webhook's bytes are deflated within the body."""
    name, of_type = ("packed", "B") if "packed" in item else ("body", "S")
    body = json.loads(item[name][of_type])
    body["raw"] = zlib.decompress(base64.b64decode(body["raw"])).decode("latin-1")
    return {**item, name: {of_type: json.dumps(body)}}


def by_key(items: Iterable[Raw]) -> dict[tuple[str, str], Raw]:
    return {key_of(item): item for item in items}
