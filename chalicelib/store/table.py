"""The store: reads of domain values, and the one atomic write. The contract: `Store` in
services/shared/ports.py."""

import time
from collections.abc import Sequence
from typing import Any, TypeVar

from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clearing.clearing import Clearing
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.marketing.campaigns import Campaign, Recipient
from chalicelib.domain.marketing.promotions import Promotion, PromotionShare, Taken
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.networks.network import Connection as SiteConnection
from chalicelib.domain.networks.network import Key, Network, Price, Template
from chalicelib.domain.shared.aliases import Alias, InboundNumber
from chalicelib.domain.shared.links import Link
from chalicelib.domain.shared.operations import GivenAnswer, Tally
from chalicelib.domain.shared.tasks import Task
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.shared.ports import SaveConflict, Woken
from chalicelib.store import keys
from chalicelib.store.failures import code_of
from chalicelib.store.item import after_save, attributes_of, bound_to, connected, value_of
from chalicelib.store.plan_reads import PlanReads
from chalicelib.store.report_reads import ReportReads

T = TypeVar("T")

_CONFLICT = "ConditionalCheckFailedException"
_TRANSACTION_TRIES = 5
_WOKEN: dict[str, type[Woken]] = {
    "BOOKING": Booking,
    "CLIENT": Client,
    "ACCOUNT": Account,
    "RECIPIENT": Recipient,
    "INBOX": InboxItem,
    "WALK": Walk,
    "PROMOTION": Promotion,
}


class Table(PlanReads, ReportReads):
    """The table of one deployment. shards: how many partitions the wake index is spread over."""

    def __init__(self, name: str, region: str, *, shards: int, host: str | None = None) -> None:
        super().__init__(bound_to(name, region, host))
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
            if code_of(error) == _CONFLICT:
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
            if code_of(error) == _CONFLICT:
                raise SaveConflict(value) from error
            raise

    def _item_of(self, value: Any) -> Any:
        return self.item(**attributes_of(value, self.shards))

    def _condition(self, value: Any) -> Any:
        if isinstance(value, keys.OVERWRITTEN):
            return None
        if isinstance(value, Alias) and value.moved:
            return self.item.pk.exists()
        if isinstance(value, keys.UNVERSIONED) or value.version == 0:
            return self.item.pk.does_not_exist()
        return self.item.version == value.version

    def _still_there(self, value: Any) -> Any:
        """What is removed is there, and as it was read."""
        return self.item.version == value.version if hasattr(value, "version") else self.item.pk.exists()

    def locate(self, value: Any) -> tuple[str, str, str]:
        """Partition key, sort key and wake shard of a value."""
        place = keys.place_of(value)
        return place.pk, place.sk, place.shard(self.shards)

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

    def coupon(self, network_id: str, client_id: str, coupon_id: str) -> Coupon | None:
        return self._get(
            Coupon, "COUPON", consistent=True, network_id=network_id, client_id=client_id, id=coupon_id
        )

    def message(self, network_id: str, client_id: str, message_id: str) -> Message | None:
        return self._get(
            Message, "MSG", consistent=True, network_id=network_id, client_id=client_id, id=message_id
        )

    def inbox_item(self, network_id: str, inbox_id: str) -> InboxItem | None:
        return self._get(InboxItem, "INBOX", consistent=True, network_id=network_id, id=inbox_id)

    def link(self, link_id: str, *, surely: bool = True) -> Link | None:
        read = self._surely if surely else self._get
        return read(Link, "LINK", id=link_id)

    def given_answer(self, network_id: str, key_hash: str) -> GivenAnswer | None:
        return self._get(GivenAnswer, "ANSWER", consistent=True, network_id=network_id, key_hash=key_hash)

    def tally(self, network_id: str, name: str) -> Tally | None:
        return self._get(Tally, "TALLY", consistent=True, network_id=network_id, name=name)

    def connection(self, network_id: str, token: str) -> SiteConnection | None:
        return self._surely(SiteConnection, "HOOK", network_id=network_id, token=token)

    def template(self, network_id: str, kind: TouchKind, channel: str, language: str) -> Template | None:
        parts = {"kind": kind.value, "channel": channel, "language": language}
        return self._get(Template, "TEMPLATE", consistent=True, network_id=network_id, **parts)

    def price(self, network_id: str, channel: str, country_code: str) -> Price | None:
        parts = {"channel": channel, "country_code": country_code}
        return self._get(Price, "PRICE", consistent=True, network_id=network_id, **parts)

    def spending(self, network_id: str, month: str) -> Spending:
        """What was reserved in a month; nothing where nothing ever was."""
        found = self._get(Spending, "SPENDING", consistent=True, network_id=network_id, month=month)
        return found or Spending(network_id=network_id, month=month)

    def campaign(self, network_id: str, campaign_id: str, *, fresh: bool = True) -> Campaign | None:
        return self._get(Campaign, "CAMPAIGN", consistent=fresh, network_id=network_id, id=campaign_id)

    def recipient(self, network_id: str, client_id: str, campaign_id: str) -> Recipient | None:
        parts = {"client_id": client_id, "campaign_id": campaign_id}
        return self._get(Recipient, "RECIPIENT", consistent=True, network_id=network_id, **parts)

    def promotion(self, network_id: str, promotion_id: str) -> Promotion | None:
        return self._get(Promotion, "PROMOTION", consistent=True, network_id=network_id, id=promotion_id)

    def promotion_share(self, network_id: str, promotion_id: str, number: str) -> PromotionShare:
        """One of the places in which a promotion is counted; an empty one where nothing was counted yet."""
        parts: dict[str, Any] = {"network_id": network_id, "promotion_id": promotion_id, "number": number}
        return self._get(PromotionShare, "SHARE", consistent=True, **parts) or PromotionShare(**parts)

    def promotion_taken(self, network_id: str, promotion_id: str, client_id: str) -> Taken:
        """What a client has got by a promotion; nothing where they never came during it."""
        parts: dict[str, Any] = {
            "network_id": network_id,
            "promotion_id": promotion_id,
            "client_id": client_id,
        }
        return self._get(Taken, "TAKEN", consistent=True, **parts) or Taken(**parts)

    def surprise_month(self, network_id: str, month: str) -> SurpriseMonth | None:
        return self._get(SurpriseMonth, "SURPRISE", consistent=True, network_id=network_id, month=month)

    def walk(self, network_id: str, walk_id: str) -> Walk | None:
        return self._get(Walk, "WALK", consistent=True, network_id=network_id, id=walk_id)

    def simulation(self, network_id: str, simulation_id: str) -> Simulation | None:
        return self._get(Simulation, "SIMULATION", consistent=True, network_id=network_id, id=simulation_id)

    def task(self, network_id: str, task_id: str) -> Task | None:
        return self._get(Task, "TASK", consistent=True, network_id=network_id, id=task_id)

    def clearing(self, network_id: str, month: str) -> Clearing | None:
        return self._get(Clearing, "CLEARING", consistent=True, network_id=network_id, month=month)

    def inbound_number(self, number: str) -> InboundNumber | None:
        return self._get(InboundNumber, "NUMBER", consistent=True, number=number)

    def read(self, pk: str, sk: str) -> Woken | None:
        """The item that a wake pointer names, whatever its kind."""
        try:
            found = self.item.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None
        return value_of(_WOKEN[sk.partition("#")[0]], found)
