"""What messages are about: a booking, a client apart from any booking, an account, a client's place in a
campaign. All answer the same questions to those who decide and send."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Protocol, Self

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.client_plan import salon_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.network import Directory, Salon, Template
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.touches import Plan, Touch, TouchKind, with_touches
from chalicelib.domain.shared.waking import Trouble
from chalicelib.services.shared.ports import Store

Item = Booking | Client | Account | Recipient


class HeldBack(Struct, frozen=True):
    """Why a touch is not to be made now. until: when to decide anew; None: it is not made at all."""

    reason: str
    until: datetime | None = None


class Subject(Protocol):
    """An item that wakes, with all that is needed to decide and to write."""

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
    def useful_from(self) -> datetime | None:
        """From when on the links of its messages are needed, if not from now on."""
        ...

    @property
    def link_booking_id(self) -> str | None:
        """The booking whose link item its messages lead by; None: the client's own."""
        ...

    @property
    def link_is_kept(self) -> bool | None:
        """Whether an earlier message has put the link item already; None: perhaps."""
        ...

    def plans(self, now: datetime) -> Sequence[Plan]: ...
    def prepared(self, store: Store, due: Sequence[Plan], now: datetime) -> Self:
        """With what these touches need to know besides the item."""
        ...

    def held_back(self, plan: Plan, store: Store, now: datetime) -> HeldBack | None: ...
    def facts(self, plan: Plan, now: datetime, account: Account | None = None) -> MessageFacts:
        """What a message of the plan can tell. account: the client's, as it is now, where a bonus notice is
        about to go; None: nothing is told of their points but what the visit has earned."""
        ...

    def template(self, kind: TouchKind, channel: str, language: str) -> Template | None: ...
    def with_item(self, item: Any) -> Self: ...
    def replanned(self, item: Any, settled: Sequence[Touch], now: datetime) -> Any:
        """The item, in which these touches are settled, with its next pointer."""
        ...

    def reread(self, store: Store) -> Self | None:
        """The same subject as it stands now; None when it is gone."""
        ...


def zone_of(subject: Subject) -> str:
    """Whose clock quiet hours are read on: the client's where it is known, else the salon's."""
    return subject.client.timezone or subject.salon.timezone


def facts_of_all(subject: Subject, now: datetime, **more: Any) -> MessageFacts:
    """What every message knows, whatever it is about, and what this one knows besides. Messages that lead to
    no page of ours lead to where the salon takes bookings."""
    salon = subject.salon
    known: dict[str, Any] = {
        "salon_name": salon.name,
        "client_name": subject.client.name,
        "now": now,
        "zone": salon.timezone,
        "address": salon.address,
        "map_url": salon.map_url,
        "link": salon.booking_url,
    }
    return MessageFacts(**known | more)


def claim_touches(subject: Subject, touches: Sequence[Touch]) -> Item:
    """The item with touches in flight; its pointer stands."""
    found: Item = with_touches(subject.item, *touches)
    return found


def settle_touches(
    subject: Subject,
    touches: Sequence[Touch],
    undone: Sequence[tuple[Touch, Touch | None]],
    trouble: Trouble | None,
    now: datetime,
) -> Item:
    """The item with these touches as they turned out, those in `undone` as they stood before, and its next
    pointer."""
    item: Any = with_touches(subject.item, *touches)
    item = replace(item, touches=MappingProxyType(_as_before(item.touches, undone)), trouble=trouble)
    found: Item = subject.replanned(item, touches, now)
    return found


def _as_before(
    touches: Mapping[TouchKind, Touch], undone: Sequence[tuple[Touch, Touch | None]]
) -> dict[TouchKind, Touch]:
    """undone: touches that were claimed, if they still are, and what stood before them."""
    after = dict(touches)
    for touch, stood in undone:
        if after.get(touch.kind) == touch:
            after.pop(touch.kind)
            after |= {stood.kind: stood} if stood is not None else {}
    return after


def speaking_salon(client: Client, directory: Directory) -> Salon:
    """The salon that speaks to a client. Raises NO_SALON while the network has none."""
    salon = salon_of(client, directory)
    if salon is None:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    return salon
