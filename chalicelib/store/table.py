"""The store: reads of domain values, and the one atomic write. The contract: `Store` in
services/shared/ports.py."""

import time
from collections.abc import Callable, Sequence
from functools import reduce
from operator import and_
from typing import Any

from pynamodb.exceptions import DeleteError, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.links import Link
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.store import keys
from chalicelib.store.codec import field_text
from chalicelib.store.failures import code_of
from chalicelib.store.item import after_save, attributes_of, bound_to, connected
from chalicelib.store.raw_items import RawItems
from chalicelib.store.reader import Reader
from chalicelib.store.reads.bookings import BookingReads
from chalicelib.store.reads.clearing import ClearingReads
from chalicelib.store.reads.clients import ClientReads
from chalicelib.store.reads.intake import IntakeReads
from chalicelib.store.reads.loyalty import LoyaltyReads
from chalicelib.store.reads.marketing import MarketingReads
from chalicelib.store.reads.messages import MessageReads
from chalicelib.store.reads.networks import NetworkReads
from chalicelib.store.reads.reports import ReportReads
from chalicelib.store.reads.waking import WakingReads

_CONFLICT = "ConditionalCheckFailedException"
_TRANSACTION_TRIES = 5


Prepare = Callable[[tuple[Any, ...], Sequence[Any]], tuple[Any, ...]]
"""What a save does first: the values to put and to remove -> the values that are put, as they are written."""


class Table:
    """The table of one deployment. shards: how many partitions the wake index is spread over."""

    def __init__(self, name: str, region: str, *, shards: int, host: str | None = None) -> None:
        self.item = bound_to(name, region, host)
        self.shards = shards
        self._prepare: Prepare = lambda values, remove: values
        self._connection = connected(region, host)
        self._add_reads(Reader(self.item))
        raw = RawItems(self.item, self._connection, self._item_of)
        self.refusal, self.begin_wake, self.set_aside = raw.refusal, raw.begin_wake, raw.set_aside
        self.forget_starts, self.raw_item, self.remove_raw = raw.forget_starts, raw.raw_item, raw.remove_raw

    def _add_reads(self, reader: Reader) -> None:
        self.take_unreadable = reader.take_unreadable
        self.get, self.get_all, self.get_page = reader.get, reader.get_all, reader.get_page
        self.directory = NetworkReads(reader).directory
        clients = ClientReads(reader)
        self.alias = clients.alias
        self.clients = clients.clients
        self.clients_of_category = clients.clients_of_category
        self.listed_categories = clients.listed_categories
        self.count_of_category = clients.count_of_category
        self.merged_clients = clients.merged_clients
        self.client_ids = clients.client_ids
        self.clients_named = clients.clients_named
        bookings = BookingReads(reader)
        self.bookings = bookings.bookings
        self.bookings_of_client = bookings.bookings_of_client
        self.starts_of_client = bookings.starts_of_client
        self.bookings_of_salon = bookings.bookings_of_salon
        self.bookings_waiting = bookings.bookings_waiting
        self.completed_of_salon = bookings.completed_of_salon
        self.visits_of_salon = bookings.visits_of_salon
        self.bookings_to_come = bookings.bookings_to_come
        reports = ReportReads(reader)
        self.fact_pages = reports.fact_pages
        self.overdue_hints = reports.overdue_hints
        self.points_hints = reports.points_hints
        loyalty = LoyaltyReads(reader)
        self.account = loyalty.account
        self.accounts_named = loyalty.accounts_named
        self.entries = loyalty.entries
        self.coupons = loyalty.coupons
        messages = MessageReads(reader)
        self.messages_named = messages.messages_named
        self.messages_since = messages.messages_since
        self.messages_of_salon = messages.messages_of_salon
        self.message_summaries_of_salon = messages.message_summaries_of_salon
        self.listed_messages = messages.listed_messages
        self.spending = messages.spending
        marketing = MarketingReads(reader)
        self.recipients_named = marketing.recipients_named
        self.promotion_share = marketing.promotion_share
        self.promotion_shares = marketing.promotion_shares
        self.promotion_taken = marketing.promotion_taken
        self.clearing_parts = ClearingReads(reader).clearing_parts
        self.inbox = IntakeReads(reader).inbox
        waking = WakingReads(reader)
        self.read, self.starts = waking.read, waking.starts
        self.due = waking.due

    # --- writing

    def prepared_by(self, prepare: Prepare) -> None:
        """Has each save give its values to `prepare` first."""
        self._prepare = prepare

    def prepare(self, *values: Any) -> None:
        """See the port."""
        self._prepare(values, ())

    def save(self, *values: Any, remove: Sequence[Storable] = ()) -> tuple[Any, ...]:
        """Puts all values or none; see the port."""
        values = self._prepare(values, remove)
        if len(values) == 1 and not remove:
            self._save_one(values[0])
        else:
            self._save_all(values, remove)
        return tuple(after_save(value) for value in values)

    def _save_one(self, value: Storable) -> None:
        try:
            self._item_of(value).save(condition=self._condition(value))
        except PutError as error:
            if code_of(error) == _CONFLICT:
                raise SaveConflict(value) from error
            raise

    def _save_all(self, values: Sequence[Storable], remove: Sequence[Storable]) -> None:
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

    def delete(self, value: Storable) -> None:
        try:
            self._item_of(value).delete(condition=self._still_there(value))
        except DeleteError as error:
            if code_of(error) == _CONFLICT:
                raise SaveConflict(value) from error
            raise

    def _item_of(self, value: Storable) -> Any:
        return self.item(**attributes_of(value, self.shards))

    def _condition(self, value: Storable) -> Any:
        if isinstance(value, keys.OVERWRITTEN):
            return None
        if isinstance(value, Link):
            return self.item.pk.does_not_exist() | self._is_owners(value)
        if isinstance(value, Alias) and value.moved:
            return self.item.pk.exists()
        if isinstance(value, keys.UNVERSIONED) or value.version == 0:
            return self.item.pk.does_not_exist()
        return self.item.version == value.version

    def _is_owners(self, link: Link) -> Any:
        """What is there says the same in the fields that name the link's owner."""
        body = self.item.body
        owner = {name: getattr(link, name) for name in keys.OWNER_OF_LINK}
        same = [body.contains(field_text(name, text)) for name, text in owner.items() if text is not None]
        absent = [~body.contains(f'"{name}":') for name, text in owner.items() if text is None]
        return reduce(and_, [*same, *absent])

    def _still_there(self, value: Storable) -> Any:
        """What is removed is there, and as it was read."""
        return self.item.version == value.version if hasattr(value, "version") else self.item.pk.exists()

    def locate(self, value: Storable) -> tuple[str, str, str]:
        """Partition key, sort key and wake shard of a value."""
        place = keys.place_of(value)
        return place.pk, place.sk, place.shard(self.shards)
