"""The store: reads of domain values, and the one atomic write. The contract: services/ports.py `Store`."""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.aliases import Alias
from chalicelib.domain.bookings import Booking
from chalicelib.domain.clients import Client
from chalicelib.domain.inbox import InboxItem, InboxState
from chalicelib.domain.ledger import Account, Entry
from chalicelib.domain.links import Link
from chalicelib.domain.messages import Message
from chalicelib.domain.network import Connection as SiteConnection
from chalicelib.domain.network import Directory, Key, Network, Salon, Service, Staff
from chalicelib.domain.operations import GivenAnswer, Parked
from chalicelib.services.ports import DueItem, Page, SaveConflict
from chalicelib.store import keys
from chalicelib.store.cursors import cursor_text, start_key, within_list
from chalicelib.store.item import after_save, attributes_of, bound_to, connected, value_of

T = TypeVar("T")

_CONFLICT = "ConditionalCheckFailedException"
_TRANSACTION_TRIES = 5
_SIFTED_AT_ONCE = 200
_IN_DIRECTORY = {"SALON": Salon, "STAFF": Staff, "SERVICE": Service, "HOOK": SiteConnection}
_WOKEN = {"BOOKING": Booking, "CLIENT": Client, "INBOX": InboxItem}


class Table:
    """The table of one deployment. shards: how many partitions the wake index is spread over."""

    def __init__(self, name: str, region: str, *, shards: int, host: str | None = None) -> None:
        self.item = bound_to(name, region, host)
        self.shards = shards
        self._connection = connected(region, host)

    # --- writing

    def save(self, *values: Any, remove: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Puts all values or none; see the port."""
        if len(values) == 1 and not remove:
            self._save_one(values[0])
        else:
            self._save_all(values, remove)
        return tuple(after_save(value) for value in values)

    def _save_one(self, value: Any) -> None:
        try:
            self._item_of(value).save(condition=self._condition(value))
        except PutError as error:
            if error.cause_response_code == _CONFLICT:
                raise SaveConflict(value) from error
            raise

    def _save_all(self, values: Sequence[Any], remove: Sequence[Any]) -> None:
        """One transaction. One that collides with another in flight is tried again: nothing of it was
        written."""
        for attempt in range(1, _TRANSACTION_TRIES + 1):
            try:
                with TransactWrite(connection=self._connection) as transaction:
                    for value in remove:
                        transaction.delete(self._item_of(value), self._still_there(value))
                    for value in values:
                        transaction.save(self._item_of(value), self._condition(value))
                return
            except TransactWriteError as error:
                codes = [reason.code if reason else None for reason in error.cancellation_reasons]
                for value, code in zip((*remove, *values), codes, strict=False):
                    if code is not None and code.endswith("ConditionalCheckFailed"):
                        raise SaveConflict(value) from error
                if attempt == _TRANSACTION_TRIES or "TransactionConflict" not in codes:
                    raise
                time.sleep(0.02 * attempt)

    def delete(self, value: Any) -> None:
        try:
            self._item_of(value).delete(condition=self._still_there(value))
        except DeleteError as error:
            if error.cause_response_code == _CONFLICT:
                raise SaveConflict(value) from error
            raise

    def _item_of(self, value: Any) -> Any:
        return self.item(**attributes_of(value, self.shards))

    def _condition(self, value: Any) -> Any:
        if isinstance(value, keys.OVERWRITTEN):
            return None
        if isinstance(value, keys.UNVERSIONED) or value.version == 0:
            return self.item.pk.does_not_exist()
        return self.item.version == value.version

    def _still_there(self, value: Any) -> Any:
        """What is removed is there, and as it was read."""
        return self.item.version == value.version if hasattr(value, "version") else self.item.pk.exists()

    def locate(self, value: Any) -> tuple[str, str, str]:
        """Partition key, sort key and wake shard of a value."""
        place = keys.place_of(value)
        return place.pk, place.sk, keys.shard_of(place.pk, self.shards)

    # --- reading one

    def _get(self, cls: type[T], item_kind: str, /, *, consistent: bool = False, **parts: str) -> T | None:
        try:
            found = self.item.get(*keys.key(item_kind, **parts), consistent_read=consistent)
        except DoesNotExist:
            return None
        return value_of(cls, found)

    def network(self, network_id: str) -> Network | None:
        return self._get(Network, "NETWORK", consistent=True, network_id=network_id)

    def access_key(self, network_id: str, hash: str) -> Key | None:
        return self._surely(Key, "KEY", network_id=network_id, hash=hash)

    def _surely(self, cls: type[T], item_kind: str, /, **parts: Any) -> T | None:
        """An eventual read at half the price, and a consistent one only where that finds nothing."""
        return self._get(cls, item_kind, **parts) or self._get(cls, item_kind, consistent=True, **parts)

    def booking(self, network_id: str, booking_id: str) -> Booking | None:
        return self._get(Booking, "BOOKING", consistent=True, network_id=network_id, id=booking_id)

    def client(self, network_id: str, client_id: str, *, fresh: bool = True) -> Client | None:
        if fresh:
            return self._get(Client, "CLIENT", consistent=True, network_id=network_id, id=client_id)
        return self._surely(Client, "CLIENT", network_id=network_id, id=client_id)

    def alias(self, network_id: str, kind: str, value: str) -> str | None:
        found = self._get(Alias, "ALIAS", network_id=network_id, kind=kind, value=value)
        return found.leads_to if found else None

    def account(self, network_id: str, client_id: str) -> Account:
        """The client's account; an empty one where nothing was ever posted."""
        found = self._get(Account, "ACCOUNT", consistent=True, network_id=network_id, client_id=client_id)
        return found or Account(network_id=network_id, client_id=client_id)

    def entry(self, network_id: str, client_id: str, entry_id: str) -> Entry | None:
        return self._get(
            Entry, "ENTRY", consistent=True, network_id=network_id, client_id=client_id, id=entry_id
        )

    def message(self, network_id: str, client_id: str, message_id: str) -> Message | None:
        return self._get(
            Message, "MSG", consistent=True, network_id=network_id, client_id=client_id, id=message_id
        )

    def inbox_item(self, network_id: str, inbox_id: str) -> InboxItem | None:
        return self._get(InboxItem, "INBOX", consistent=True, network_id=network_id, id=inbox_id)

    def link(self, link_id: str) -> Link | None:
        return self._surely(Link, "LINK", id=link_id)

    def given_answer(self, network_id: str, key_hash: str) -> GivenAnswer | None:
        return self._get(GivenAnswer, "ANSWER", consistent=True, network_id=network_id, key_hash=key_hash)

    def connection(self, network_id: str, token: str) -> SiteConnection | None:
        return self._surely(SiteConnection, "HOOK", network_id=network_id, token=token)

    def read(self, pk: str, sk: str) -> Booking | Client | InboxItem | None:
        """The item that a wake pointer names, whatever its kind."""
        try:
            found = self.item.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None
        return value_of(_WOKEN[sk.partition("#")[0]], found)

    # --- reading many

    def directory(self, network_id: str) -> Directory | None:
        """All that a network has set up: one query of its partition."""
        network: Network | None = None
        found: dict[str, dict[str, Any]] = {kind: {} for kind in _IN_DIRECTORY}
        for item in self.item.query(keys.network_partition(network_id)):
            kind = item.sk.partition("#")[0]
            if kind == "NETWORK":
                network = value_of(Network, item)
            elif kind in _IN_DIRECTORY:
                value: Any = value_of(_IN_DIRECTORY[kind], item)
                found[kind][value.id] = value
        if network is None:
            return None
        return Directory(network, found["SALON"], found["STAFF"], found["SERVICE"], found["HOOK"])

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

    def _batch(self, cls: type[T], places: Sequence[tuple[str, str]]) -> list[T]:
        if not places:
            return []
        found = {(item.pk, item.sk): item for item in self.item.batch_get(list(places))}
        return [value_of(cls, found[place]) for place in places if place in found]

    def _keys_page(
        self,
        index: Any,
        hash_value: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        status: str | None = None,
        limit: int,
        cursor: str | None,
    ) -> Page[tuple[str, str]]:
        """Keys in an index by `at`; since is inclusive, until exclusive. One query, whatever it finds of a
        status: perhaps none, while the cursor leads on."""
        first = start_key(cursor, hash_value, index)
        if since and until and since >= until:
            return Page([], None)
        pages = index.query(
            hash_value,
            self._between(since, until),
            filter_condition=(self.item.status == status) if status else None,
            scan_index_forward=not newest_first,
            page_size=_SIFTED_AT_ONCE if status else limit,
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

    def bookings_of_salon(
        self,
        network_id: str,
        salon_id: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        status: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[Booking]:
        page = self._keys_page(
            self.item.by_salon,
            keys.bookings_of_salon(network_id, salon_id),
            since=since,
            until=until,
            status=status,
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

    def entries(self, network_id: str, client_id: str) -> list[Entry]:
        """All entries of a client, in the order in which they were posted."""
        pk, sk = keys.key("ENTRY", network_id=network_id, client_id=client_id, id="")
        found = self.item.query(pk, self.item.sk.startswith(sk), consistent_read=True)
        return sorted((value_of(Entry, item) for item in found), key=lambda entry: entry.number)

    def messages_of_client(
        self, network_id: str, client_id: str, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Message]:
        pk, sk = keys.key("MSG", network_id=network_id, client_id=client_id, id="")
        return self._page(Message, pk, sk, limit=limit, cursor=cursor)

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
