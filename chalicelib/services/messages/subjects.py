"""The subjects of messages: a booking, a client apart from any booking, an account, a client's place in a
campaign. All of them have one interface, by which touches are decided and sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.bookings.notified import notified_of_start, with_booking_touches
from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import Client, own_name
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.touches import ESSENTIAL, Plan, Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.shared.ports import Store

Item = Booking | Client | Account | Recipient


class HeldBack(Struct, frozen=True):
    """Why a touch is not made now. until: when to decide again (UTC); None: it is not made at all."""

    reason: str
    until: datetime | None = None


class Subject(Protocol):
    """An item that wakes, with all that deciding and writing need."""

    @property
    def item(self) -> Item: ...
    @property
    def client(self) -> Client: ...
    @property
    def salon(self) -> Salon: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def rules(self) -> MessageRules: ...
    @property
    def booking_id(self) -> str | None: ...
    @property
    def campaign_id(self) -> str | None: ...
    @property
    def tells_of(self) -> tuple[str, ...]:
        """The notices of other bookings that its notice tells of, too (`one_act.named`)."""
        ...

    @property
    def useful_from(self) -> datetime | None:
        """The instant from which the links of its messages are needed; None: from now on."""
        ...

    @property
    def link_booking_id(self) -> str | None:
        """The booking whose link item its messages use; None: they use the client's."""
        ...

    @property
    def link_number(self) -> int:
        """Which of its ids the link has, as far as the item knows."""
        ...

    @property
    def link_is_kept(self) -> bool | None:
        """Whether an earlier message has saved the link item; None: unknown."""
        ...

    def plans(self, now: datetime) -> Sequence[Plan]: ...
    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        """The subject with what the due touches need besides the item."""
        ...

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None: ...
    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        """The facts for a message of the plan. account: the client's current account, where a bonus notice is
        about to be sent; None: the facts have no balance, only the points that the visit earned."""
        ...

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None: ...
    def with_item(self, item: Any) -> Self: ...
    def replanned(self, item: Any, settled: Sequence[Touch], now: datetime) -> Any:
        """The item with its next pointer, after these touches were settled."""
        ...

    def reread(self, store: Store) -> Self | None:
        """The same subject with its current item; None: the item is no longer there."""
        ...


def zone_of(subject: Subject) -> str:
    """The zone in which quiet hours are read: the client's where it is known, else the salon's."""
    return subject.client.timezone or subject.salon.timezone


def facts_of_all(subject: Subject, now: datetime, **facts: Any) -> MessageFacts:
    """The facts of every message, with `facts` of this one added. A message without a page of ours leads to
    the address where the salon takes bookings."""
    salon = subject.salon
    of_every_message: dict[str, Any] = {
        "salon_name": salon.name,
        "client_name": own_name(subject.client),
        "now": now,
        "zone": salon.timezone,
        "address": salon.address,
        "map_url": salon.map_url,
        "link": salon.booking_url,
    }
    return MessageFacts(**of_every_message | facts)


def claim_touches(subject: Subject, touches: Sequence[Touch], link_number: int) -> Item:
    """The item with touches in flight, and with an unchanged pointer. A booking knows which of its ids its
    link has, so that its later messages need not look for the link, and that its client is notified of its
    present start."""
    item = _with_touches(subject.item, touches)
    if not isinstance(item, Booking):
        return item
    names_start = any(touch.kind in ESSENTIAL and touch.state is TouchState.SENDING for touch in touches)
    item = notified_of_start(item, item.starts_at) if names_start else item
    return replace(item, link_number=link_number)


def _with_touches(item: Item, touches: Sequence[Touch]) -> Item:
    if isinstance(item, Booking):
        return with_booking_touches(item, touches)
    touched: Item = with_touches(item, *touches)
    return touched


def settle_touches(
    subject: Subject,
    touches: Sequence[Touch],
    undone: Sequence[tuple[Touch, Touch | None]],
    trouble: Trouble | None,
    now: datetime,
    told_start: datetime | None = None,
) -> Item:
    """The item with its next pointer and these touches settled. undone: claims to be withdrawn, as pairs of
    the claimed touch and the touch before the claim. told_start: the start of a booking of which its client
    was notified by no message of its own."""
    item: Any = _with_touches(subject.item, touches)
    if told_start is not None and isinstance(item, Booking):
        item = notified_of_start(item, told_start)
    item = replace(item, touches=MappingProxyType(_without_claims(item.touches, undone)), trouble=trouble)
    settled: Item = subject.replanned(item, touches, now)
    return settled


def _without_claims(
    touches: Mapping[TouchKind, Touch], undone: Sequence[tuple[Touch, Touch | None]]
) -> dict[TouchKind, Touch]:
    """The touches after the claims in `undone` are withdrawn. A claim that changed since then stays."""
    after = dict(touches)
    for claimed, before in undone:
        if after.get(claimed.kind) == claimed:
            after.pop(claimed.kind)
            after |= {before.kind: before} if before is not None else {}
    return after


def speaking_salon(client: Client, directory: Directory) -> Salon:
    """The salon in whose name a client is written to. Raises NO_SALON while the network has none."""
    salon = salon_of(client, directory)
    if salon is None:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    return salon
