"""Reads of many: a network's set-up, pages of lists, what is due. The contract: `Store` in
services/shared/ports.py."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar

from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Status
from chalicelib.domain.clients.clients import Client, ConsentChange
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.passes import DevicePass, PassDevice
from chalicelib.domain.messages.messages import Message, Told
from chalicelib.domain.networks.network import (
    Connection,
    Directory,
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
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.shared.ports import DueItem, Page
from chalicelib.store import keys
from chalicelib.store.cursors import cursor_text, start_key, within_list
from chalicelib.store.item import value_of

T = TypeVar("T")

_SIFTED_BATCH_SIZE = 200
_IN_DIRECTORY: dict[str, type[Any]] = {
    "SALON": Salon,
    "STAFF": Staff,
    "SERVICE": Service,
    "HOOK": Connection,
    "TEMPLATE": Template,
    "PRICE": Price,
    "OFFER": Offer,
}


class Lists:
    """item: the PynamoDB model of the table."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def directory(self, network_id: str) -> Directory | None:
        """All that a network has set up: one query of its partition."""
        network: Network | None = None
        found: dict[str, list[Any]] = {kind: [] for kind in _IN_DIRECTORY}
        for item in self.item.query(keys.network_partition(network_id)):
            kind = item.sk.partition("#")[0]
            if kind == "NETWORK":
                network = value_of(Network, item)
            elif kind in _IN_DIRECTORY:
                found[kind].append(value_of(_IN_DIRECTORY[kind], item))
        if network is None:
            return None
        templates = {(each.kind, each.channel, each.language): each for each in found["TEMPLATE"]}
        prices = {(each.channel, each.country_code): each for each in found["PRICE"]}
        salons, staff, services, connections = (
            {each.id: each for each in found[kind]} for kind in ("SALON", "STAFF", "SERVICE", "HOOK")
        )
        offers = {each.id: each for each in found["OFFER"]}
        return Directory(network, salons, staff, services, connections, templates, prices, offers)

    def access_keys(self, network_id: str) -> list[Key]:
        return [value_of(Key, item) for item in self.item.query(f"NET#{network_id}#KEYS")]

    def bookings(self, network_id: str, booking_ids: Sequence[str]) -> list[Booking]:
        """The bookings of those ids, in that order; those that are gone are left out."""
        places = [keys.key("BOOKING", network_id=network_id, id=id) for id in dict.fromkeys(booking_ids)]
        return self._batch(Booking, places)

    def clients_named(self, network_id: str, client_ids: Sequence[str]) -> list[Client]:
        """The clients of those ids; those that are gone are left out."""
        places = [keys.key("CLIENT", network_id=network_id, id=id) for id in dict.fromkeys(client_ids)]
        return self._batch(Client, places)

    def accounts_named(self, network_id: str, client_ids: Sequence[str]) -> list[Account]:
        """The accounts of those clients; clients to whom nothing was ever posted have none."""
        places = [
            keys.key("ACCOUNT", network_id=network_id, client_id=id) for id in dict.fromkeys(client_ids)
        ]
        return self._batch(Account, places)

    def _batch(self, cls: type[T], places: Sequence[tuple[str, str]], *, consistent: bool = False) -> list[T]:
        if not places:
            return []
        items = self.item.batch_get(list(places), consistent_read=consistent)
        found = {(item.pk, item.sk): item for item in items}
        return [value_of(cls, found[place]) for place in places if place in found]

    def _keys_page(
        self,
        index: Any,
        hash_value: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        among: Sequence[str] = (),
        limit: int,
        cursor: str | None,
    ) -> Page[tuple[str, str]]:
        """Keys in an index by `at`; since is inclusive, until exclusive. among: only those of such a status;
        one query, whatever it finds: perhaps none, while the cursor leads on."""
        first = start_key(cursor, hash_value, index)
        if since and until and since >= until:
            return Page([], None)
        pages = index.query(
            hash_value,
            self._between(since, until),
            filter_condition=self.item.status.is_in(*among) if among else None,
            scan_index_forward=not newest_first,
            page_size=_SIFTED_BATCH_SIZE if among else limit,
            last_evaluated_key=first,
        ).page_iter
        with within_list(cursor):
            found = next(pages)["Items"]
        end = pages.last_evaluated_key
        if len(found) > limit:
            end = {name: found[limit - 1][name] for name in pages.key_names}
        return Page([(each["PK"]["S"], each["SK"]["S"]) for each in found[:limit]], cursor_text(end))

    def _between(self, since: datetime | None, until: datetime | None) -> Any:
        at = self.item.at
        if since and until:
            last = keys.instant_text(until - datetime.resolution * 1000)
            return at.between(keys.instant_text(since), last)
        if since:
            return at >= keys.instant_text(since)
        return at < keys.instant_text(until) if until else None

    def bookings_of_client(
        self,
        network_id: str,
        client_id: str,
        *,
        since: datetime | None = None,
        newest_first: bool = True,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]:
        page = self._keys_page(
            self.item.by_client,
            keys.bookings_of_client(network_id, client_id),
            since=since,
            newest_first=newest_first,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._batch(Booking, page.items), page.cursor)

    def starts_of_client(
        self, network_id: str, client_id: str, since: datetime, until: datetime
    ) -> list[tuple[str, datetime]]:
        """Ids and starts of a client's bookings that start between two instants, whatever their status."""
        found = self.item.by_client.query(
            keys.bookings_of_client(network_id, client_id), self._between(since, until)
        )
        return [(keys.told(each.pk, each.sk)["id"], datetime.fromisoformat(each.at)) for each in found]

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
        """status: only such bookings; of those to come all, confirmed or not."""
        page = self._keys_page(
            self.item.by_salon,
            keys.bookings_of_salon(network_id, salon_id),
            since=since,
            until=until,
            among=[each.value for each in (UPCOMING if status in UPCOMING else [status])] if status else (),
            limit=limit,
            cursor=cursor,
        )
        return Page(self._batch(Booking, page.items), page.cursor)

    def bookings_waiting(self, network_id: str, connection_id: str, site_client_id: str) -> list[Booking]:
        page = self._keys_page(
            self.item.by_client,
            keys.bookings_waiting(network_id, connection_id, site_client_id),
            limit=100,
            cursor=None,
        )
        return self._batch(Booking, page.items)

    def clients(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Client]:
        page = self._keys_page(
            self.item.by_network, keys.clients_of(network_id), newest_first=True, limit=limit, cursor=cursor
        )
        return Page(self._batch(Client, page.items), page.cursor)

    def client_ids(
        self,
        network_id: str,
        *,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[str]:
        """Of the same list, from the index alone."""
        page = self._keys_page(
            self.item.by_network,
            keys.clients_of(network_id),
            until=until,
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return Page([keys.told(*place)["id"] for place in page.items], page.cursor)

    def messages_named(self, network_id: str, named: Sequence[tuple[str, str]]) -> list[Message]:
        """The messages of these clients and ids; those that are not on record are left out."""
        places = [
            keys.key("MSG", network_id=network_id, client_id=client_id, id=id)
            for client_id, id in dict.fromkeys(named)
        ]
        return self._batch(Message, places)

    def entries(self, network_id: str, client_id: str, *, fresh: bool = True) -> list[Entry]:
        """All entries of a client, in the order in which they were posted."""
        pk, sk = keys.key("ENTRY", network_id=network_id, client_id=client_id, id="")
        found = self.item.query(pk, self.item.sk.startswith(sk), consistent_read=fresh)
        return sorted((value_of(Entry, item) for item in found), key=lambda entry: entry.number)

    def coupons(self, network_id: str, client_id: str) -> list[Coupon]:
        """All coupons that a client ever had, the oldest first."""
        pk, sk = keys.key("COUPON", network_id=network_id, client_id=client_id, id="")
        found = self.item.query(pk, self.item.sk.startswith(sk), consistent_read=True)
        return sorted((value_of(Coupon, item) for item in found), key=lambda each: (each.issued_at, each.id))

    def messages_of_client(
        self, network_id: str, client_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Message]:
        pk, sk = keys.key("MSG", network_id=network_id, client_id=client_id, id="")
        return self._page(Message, pk, sk, limit=limit, cursor=cursor)

    def messages_since(self, network_id: str, client_id: str, since: datetime) -> list[Message]:
        """A client's messages from that instant on, the oldest first; perhaps as they were a second ago."""
        pk, first = keys.key(
            "MSG", network_id=network_id, client_id=client_id, id=time_ordered("msg", since, "")
        )
        _, last = keys.key("MSG", network_id=network_id, client_id=client_id, id="~")
        return [value_of(Message, item) for item in self.item.query(pk, self.item.sk.between(first, last))]

    def consent_history(self, network_id: str, client_id: str) -> list[ConsentChange]:
        """The oldest first."""
        pk, sk = keys.key("CONSENT", network_id=network_id, client_id=client_id, id="")
        return [value_of(ConsentChange, item) for item in self.item.query(pk, self.item.sk.startswith(sk))]

    def pass_devices(self, network_id: str, client_id: str) -> list[PassDevice]:
        pk, sk = keys.key("PASSDEVICE", network_id=network_id, client_id=client_id, device="")
        found = self.item.query(pk, self.item.sk.startswith(sk), consistent_read=True)
        return [value_of(PassDevice, item) for item in found]

    def passes_of_device(self, network_id: str, device: str) -> list[DevicePass]:
        pk, sk = keys.key("DEVICEPASS", network_id=network_id, device=device, client_id="")
        return [value_of(DevicePass, item) for item in self.item.query(pk, self.item.sk.startswith(sk))]

    def walks(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Walk]:
        return self._page(Walk, *keys.key("WALK", network_id=network_id, id=""), limit=limit, cursor=cursor)

    def simulations(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Simulation]:
        return self._page(
            Simulation, *keys.key("SIMULATION", network_id=network_id, id=""), limit=limit, cursor=cursor
        )

    def tasks(self, network_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[Task]:
        return self._page(Task, *keys.key("TASK", network_id=network_id, id=""), limit=limit, cursor=cursor)

    def rules_changes(
        self, network_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[RulesChange]:
        pk, sk = keys.key("RULES", network_id=network_id, number="")
        return self._page(RulesChange, pk, sk, limit=limit, cursor=cursor)

    def _page(
        self, cls: type[T], pk: str, sk_prefix: str, *, limit: int, cursor: str | None, **kwargs: Any
    ) -> Page[T]:
        """Items of one partition, newest first by their time-ordered ids."""
        results = self.item.query(
            pk,
            self.item.sk.startswith(sk_prefix),
            scan_index_forward=False,
            limit=limit,
            page_size=limit,
            last_evaluated_key=start_key(cursor, pk),
            **kwargs,
        )
        with within_list(cursor):
            found = [value_of(cls, item) for item in results]
        return Page(found, cursor_text(results.last_evaluated_key))

    def messages_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Message]:
        page = self._keys_page(
            self.item.by_salon,
            keys.messages_of_salon(network_id, salon_id),
            since=since,
            until=until,
            newest_first=True,
            limit=limit,
            cursor=cursor,
        )
        return Page(self._batch(Message, page.items), page.cursor)

    def told_of_salon(
        self, network_id: str, salon_id: str, since: datetime, until: datetime
    ) -> Iterator[Told]:
        """What the index tells of a salon's messages between two instants; none of them is read."""
        pages = self.item.by_salon.query(
            keys.messages_of_salon(network_id, salon_id),
            self._between(since, until),
            attributes_to_get=["status"],
        ).page_iter
        return (keys.told_of(each["status"]["S"]) for page in pages for each in page["Items"] if each)

    def inbox(
        self, network_id: str, *, state: InboxState | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page[InboxItem]:
        """Webhooks, newest first. Quarantined ones have an index; other states are sifted from a page."""
        if state is InboxState.QUARANTINED:
            page = self._keys_page(
                self.item.by_network,
                keys.quarantine_of(network_id),
                newest_first=True,
                limit=limit,
                cursor=cursor,
            )
            return Page(self._batch(InboxItem, page.items), page.cursor)
        pk, sk = keys.key("INBOX", network_id=network_id, id="")
        found = self._page(InboxItem, pk, sk, limit=limit, cursor=cursor)
        return Page([item for item in found.items if state in (None, item.state)], found.cursor)

    def parked(self, network_id: str) -> list[Parked]:
        return [value_of(Parked, item) for item in self.item.query(f"NET#{network_id}#PARKED")]

    # --- what is due

    def due(self, shard: str, now: datetime, *, limit: int, after: DueItem | None = None) -> list[DueItem]:
        """Pointers of a shard that are due, the longest due first. An empty answer costs half a read unit."""
        item = self.item
        first = (
            {
                "wake_shard": {"S": shard},
                "wake_at": {"S": after.wake_at},
                "PK": {"S": after.pk},
                "SK": {"S": after.sk},
            }
            if after
            else None
        )
        found: Iterable[Any] = item.wake.query(
            shard,
            item.wake_at <= keys.instant_text(now),
            limit=limit,
            page_size=limit,
            last_evaluated_key=first,
        )
        return [DueItem(each.pk, each.sk, each.wake_at) for each in found]
