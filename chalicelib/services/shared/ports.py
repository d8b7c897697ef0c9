"""What the use cases need from outside. `wiring.py` gives them the store, the senders and the queues."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar, overload

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.visit_record import IndexedBooking, IndexedVisit
from chalicelib.domain.clearing.clearing import ClearingPart
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.facts.packed_changes import ListedCategory
from chalicelib.domain.facts.touch_facts import ListedMessage
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.intake.site_polls import SitePoll
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.passes import Pass, PassDevice
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.marketing.promotions import ClientPromotionTotal, Promotion, PromotionShare
from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Message, MessageSummary, Outcome, Outgoing, Worded
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Directory, Template
from chalicelib.domain.reports.call_hints import OverdueHint, PointsHint
from chalicelib.domain.reports.chosen_metrics import ChosenMetric
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.waking.walks import AnyWalk
from chalicelib.services.shared.storable import Storable

T = TypeVar("T")
V = TypeVar("V", bound=Storable)

Woken = (
    Booking
    | Client
    | Account
    | Recipient
    | InboxItem
    | AnyWalk
    | Promotion
    | SitePoll
    | FactPage
    | ChosenMetric
)
"""The values that have a wake pointer."""


class Clock(Protocol):
    def __call__(self) -> datetime:
        """The present instant: UTC, whole milliseconds."""


class Randomness(Protocol):
    def __call__(self, characters: int) -> str:
        """So many unguessable characters of Crockford base 32."""


class SaveConflict(Exception):
    """A value was not as its writer had read it: another writer changed it, or made it first. Nothing was
    written.

    value: the first such value of the save; None where the store does not know which.
    """

    def __init__(self, value: Any = None) -> None:
        super().__init__(f"conflict on {type(value).__name__}")
        self.value = value


class ListedVisit(Struct, frozen=True):
    """A completed booking, or a no-show, as its salon's index has it."""

    booking_id: str
    visit: IndexedVisit


class Page(Struct, Generic[T], frozen=True):
    """Part of a list. cursor: where the next part begins, None at the end."""

    items: Sequence[T]
    cursor: str | None = None


class RawItem(Struct, frozen=True):
    """An item as it lies in the table. content: its attributes in JSON. version: None where it has none."""

    pk: str
    sk: str
    content: bytes
    version: int | None


class DueItem(Struct, frozen=True):
    """One pointer of the wake index: the key of an item that is due, and since when; "" for an item without a
    pointer."""

    pk: str
    sk: str
    wake_at: str


class Store(Protocol):
    """Reads, and one atomic write.

    A read of one value raises Unreadable where its item is there and cannot be read. A list leaves such an
    item out, unless its values are added up (`entries`, `clearing_parts`, `promotion_shares`). All items that
    a read has met and could not read are noted until `take_unreadable` takes them.

    `save` writes all values or none. A value with a `version` must still be at that version (0: must not
    exist yet) and is returned with the next. Entries, aliases, consent changes and rules changes must not
    exist yet; an alias that is moved must exist; a link's id must be free or its owner's. Each item is
    written or removed at most once. Raises SaveConflict.
    """

    @overload
    def save(
        self, first: V, /, *values: Storable, remove: Sequence[Storable] = ()
    ) -> tuple[V, *tuple[Any, ...]]: ...
    @overload
    def save(self, *, remove: Sequence[Storable]) -> tuple[()]: ...

    def prepare(self, *values: Storable) -> None:
        """Does ahead what a save of these values does before it writes, so that no more than the write itself
        can fail then. Raises TRY_AGAIN."""

    def get(self, kind: type[T], /, *, fresh: bool = True, **key: str) -> T | None:
        """The value of that kind with that key: the fields by which the kind is found, each by its name.

        fresh False: perhaps as it was a second ago, at half the price; never a value that is to be saved.
        """

    def get_all(self, kind: type[T], /, **key: str) -> list[T]:
        """All values of that kind that share that part of their key, in the order of their keys."""

    def get_page(
        self, kind: type[T], /, *, limit: int = 50, cursor: str | None = None, **key: str
    ) -> Page[T]:
        """A page of the values, the last by their keys first: the newest, since their ids are ordered by
        time."""

    def directory(self, network_id: str) -> Directory | None: ...

    def bookings(self, network_id: str, booking_ids: Sequence[str], *, whole: bool = False) -> list[Booking]:
        """whole: raises Unreadable for one that cannot be read, instead of leaving it out."""

    def bookings_of_client(
        self,
        network_id: str,
        client_id: str,
        *,
        since: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]: ...
    def bookings_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        status: Status | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]:
        """status: only bookings of that status; for an upcoming status all upcoming ones, confirmed or
        not."""

    def bookings_waiting(self, network_id: str, connection_id: str, site_client_id: str) -> list[Booking]: ...

    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Client]: ...
    def clients_of_category(
        self,
        network_id: str,
        category: str,
        *,
        since: str | None = None,
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Client]:
        """The clients whose recorded category it is, those who have had it longest last. category: `merged`
        for clients who were merged into others. Clients without visits are in no list, but for those whose
        visits were all undone; nor are those who were not saved since a release that keeps categories. since:
        a local date in ISO form, of merged clients an instant in UTC; only those from then on."""

    def listed_categories(self, network_id: str, category: str, since: date) -> Iterator[ListedCategory]:
        """The clients of a list who have had their category since that local date or a later one. Perhaps as
        it was a second ago."""

    def count_of_category(self, network_id: str, category: str, before: date) -> int:
        """How many clients of a list have had their category since before that local date."""

    def merged_clients(self, network_id: str) -> Iterator[tuple[str, str]]:
        """Source and target of each merge that holds, those of earlier releases left out. Perhaps as it was a
        second ago."""

    def client_ids(
        self,
        network_id: str,
        *,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """The ids of clients, the newest first. until: only clients who were registered before."""

    def clients_named(
        self, network_id: str, client_ids: Sequence[str], *, whole: bool = False
    ) -> list[Client]:
        """whole: raises Unreadable for one that cannot be read, instead of leaving it out."""

    def alias(self, network_id: str, kind: str, value: str) -> str | None: ...

    def account(self, network_id: str, client_id: str) -> Account: ...
    def accounts_named(self, network_id: str, client_ids: Sequence[str]) -> list[Account]: ...
    def coupons(self, network_id: str, client_id: str) -> list[Coupon]:
        """All coupons that the client ever had, the oldest first."""

    def entries(self, network_id: str, client_id: str, *, fresh: bool = True) -> list[Entry]:
        """All entries of a client, in the order of their numbers. fresh False: perhaps as they were a second
        ago, at half the price."""

    def clearing_parts(self, network_id: str, walk_id: str) -> Iterator[ClearingPart]: ...
    def completed_of_salon(self, network_id: str, salon_id: str, since: datetime, until: datetime) -> int: ...
    def visits_of_salon(
        self, network_id: str, salon_id: str, since: datetime | None, until: datetime | None
    ) -> Iterator[ListedVisit]:
        """The completed bookings and the no-shows that start between two instants, by their start, as the
        index has them; none is read. Perhaps as they were a second ago."""

    def bookings_to_come(
        self, network_id: str, salon_id: str, since: datetime
    ) -> Iterator[tuple[str, IndexedBooking]]:
        """Id and entry of the salon's bookings that start from an instant on, and are neither closed nor
        cancelled; as `visits_of_salon`."""

    def fact_pages(self, network_id: str, table: str, salon_id: str | None = None) -> list[FactPage]:
        """The pages of a table of facts, of a network or of one of its salons, by salon and month. Perhaps as
        they were a second ago."""

    def overdue_hints(
        self, network_id: str, category: str, since: date, until: date, *, limit: int
    ) -> list[OverdueHint]:
        """The clients who may be called, among the first so many of a list; first who came to it last. since,
        until: local dates since when they have the category, both included. Perhaps as it was a second
        ago."""

    def points_hints(self, network_id: str, since: date, until: date, *, limit: int) -> list[PointsHint]:
        """The first so many accounts with points that expire between two UTC dates, both included, and of
        which a warning was due. Perhaps as it was a second ago."""

    def messages_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]: ...

    def message_summaries_of_salon(
        self, network_id: str, salon_id: str, since: datetime, until: datetime
    ) -> Iterator[MessageSummary]: ...

    def listed_messages(
        self, network_id: str, salon_id: str, since: datetime | None, until: datetime | None
    ) -> Iterator[ListedMessage]:
        """What the index tells of a salon's messages between two instants, in the order in which they were
        recorded; none of them is read. Perhaps as they were a second ago."""

    def messages_named(
        self, network_id: str, named: Sequence[tuple[str, str]], *, whole: bool = False
    ) -> list[Message]:
        """whole: raises Unreadable for one that cannot be read, instead of leaving it out."""

    def inbox(
        self, network_id: str, *, state: InboxState | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[InboxItem]: ...

    def messages_since(self, network_id: str, client_id: str, since: datetime) -> list[Message]: ...
    def starts_of_client(
        self, network_id: str, client_id: str, since: datetime, until: datetime, limit: int | None = None
    ) -> list[tuple[str, datetime]]: ...
    def spending(self, network_id: str, month: str) -> Spending: ...
    def recipients_named(
        self, network_id: str, campaign_id: str, client_ids: Sequence[str]
    ) -> list[Recipient]: ...
    def promotion_share(self, network_id: str, promotion_id: str, number: str) -> PromotionShare: ...
    def promotion_shares(self, network_id: str, promotion_ids: Sequence[str]) -> list[PromotionShare]: ...
    def promotion_taken(self, network_id: str, promotion_id: str, client_id: str) -> ClientPromotionTotal: ...

    def take_unreadable(self) -> list[Unreadable]:
        """The items that could not be read since the last call, each once."""

    def read(self, pk: str, sk: str) -> Any:
        """The value with that key, whatever its kind. Raises Unreadable."""

    def refusal(self, due: DueItem, reason: str) -> Unreadable:
        """What is to be said of an item that is set aside without being read."""

    def starts(self, item: DueItem) -> int | None:
        """How many noted wakes of an item have begun since it was last saved; None: its pointer has moved."""

    def begin_wake(self, due: DueItem | Woken) -> int | None:
        """Notes that a wake of an item begins, without reading the item. Answers how many have begun since
        the item was last saved, this one included. None: its pointer has moved, and nothing is noted."""

    def forget_starts(self, due: DueItem | Woken) -> None:
        """Removes the note of all wakes that have begun: the last one has come to an end. Does nothing where
        the item's pointer has moved."""

    def set_aside(self, due: DueItem, parked: Parked | None, *, version: int | None = None) -> None:
        """Takes an item off the wake index without reading it, and saves the record of that in the same
        transaction. Raises SaveConflict where its pointer, or its version, has changed."""

    def raw_item(self, pk: str, sk: str) -> RawItem | None: ...
    def remove_raw(self, found: RawItem, parked: Parked) -> None:
        """Removes an item that cannot be read, and saves the record of that in the same transaction. Raises
        SaveConflict where its version has changed."""

    def due(
        self, shard: str, now: datetime, *, limit: int, after: DueItem | None = None
    ) -> list[DueItem]: ...


class WakeQueue(Protocol):
    """Wakes items sooner than the next sweep would. Best effort: the sweep finds what is lost here."""

    def wake_item(self, value: Woken) -> None:
        """Wakes the item at once."""

    def wake_shard(self, shard: str, at: datetime) -> None:
        """Wakes all due items of a shard, at most once for each half minute of `at`."""


class IntakeQueue(Protocol):
    def ingest(self, item: InboxItem) -> None:
        """Hands a received webhook to intake. Raises if it may not have arrived."""


class Sender(Protocol):
    """One channel. One call is one attempt: it never retries, and no answer of the provider makes it
    raise."""

    channel: str

    def send(self, outgoing: Outgoing) -> Outcome: ...


class DeviceRefused(Exception):
    """The push service does not take this token: it was made for another app, or it is no token."""


class PlatformMissing(Exception):
    """This deployment has no app on that platform."""


class PushRegistry(Protocol):
    """The push service, with which devices that take push messages are registered."""

    def register(self, platform: str, token: str) -> str:
        """The device's endpoint, ready to be sent to; the same whenever the same token is registered.

        platform: android, ios or web. token: what the app was given by its platform. Raises DeviceRefused,
        PlatformMissing.
        """


class PassUpdates(Protocol):
    """Notifies wallets that a pass shows something new."""

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Whether every wallet that can be notified was notified; never raises. devices: those that keep the
        pass."""


Texts = Callable[[str, str, str, MessageFacts, Template | None], Worded]
"""Words a message from its kind, channel, language, facts, and the network's own template where there is
one."""

TextToBeginWith = Callable[[TouchKind, str, str], tuple[str, str | None]]
"""kind, channel and language -> the built-in text with placeholders, and an e-mail's subject."""
