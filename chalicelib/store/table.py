"""The store: reads of domain values, and the one atomic write. The contract: `Store` in
services/shared/ports.py."""

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

from pynamodb.exceptions import DeleteError, DoesNotExist, PutError, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.marketing.promotions import PromotionShare, Taken
from chalicelib.domain.messages.spending import Spending
from chalicelib.domain.shared.aliases import Alias
from chalicelib.services.shared.ports import SaveConflict, Woken
from chalicelib.services.shared.storable import Storable
from chalicelib.store import keys
from chalicelib.store.failures import code_of
from chalicelib.store.item import after_save, attributes_of, bound_to, connected, value_of
from chalicelib.store.kinds import KINDS, Reading
from chalicelib.store.plan_reads import PlanReads
from chalicelib.store.report_reads import ReportReads

T = TypeVar("T")

_CONFLICT = "ConditionalCheckFailedException"
_TRANSACTION_TRIES = 5
_WOKEN: dict[str, type[Woken]] = {KINDS[cls].item: cls for cls in get_args(Woken)}


class Table(PlanReads, ReportReads):
    """The table of one deployment. shards: how many partitions the wake index is spread over."""

    def __init__(self, name: str, region: str, *, shards: int, host: str | None = None) -> None:
        super().__init__(bound_to(name, region, host))
        self.shards = shards
        self._connection = connected(region, host)

    # --- writing

    def save(self, *values: Any, remove: Sequence[Storable] = ()) -> tuple[Any, ...]:
        """Puts all values or none; see the port."""
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
        if isinstance(value, Alias) and value.moved:
            return self.item.pk.exists()
        if isinstance(value, keys.UNVERSIONED) or value.version == 0:
            return self.item.pk.does_not_exist()
        return self.item.version == value.version

    def _still_there(self, value: Storable) -> Any:
        """What is removed is there, and as it was read."""
        return self.item.version == value.version if hasattr(value, "version") else self.item.pk.exists()

    def locate(self, value: Storable) -> tuple[str, str, str]:
        """Partition key, sort key and wake shard of a value."""
        place = keys.place_of(value)
        return place.pk, place.sk, place.shard(self.shards)

    # --- reading one

    def get(self, kind: type[T], /, *, fresh: bool = True, **key: str) -> T | None:
        how = KINDS[kind].fresh if fresh else KINDS[kind].otherwise
        place = keys.key(KINDS[kind].item, **key)
        if how is Reading.CONSISTENT:
            return self._read(kind, place, consistent=True)
        found = self._read(kind, place, consistent=False)
        if found is None and how is Reading.EVENTUAL_FIRST:
            return self._read(kind, place, consistent=True)
        return found

    def _read(self, kind: type[T], place: tuple[str, str], *, consistent: bool) -> T | None:
        try:
            return value_of(kind, self.item.get(*place, consistent_read=consistent))
        except DoesNotExist:
            return None

    def alias(self, network_id: str, kind: str, value: str) -> str | None:
        found = self.get(Alias, network_id=network_id, kind=kind, value=value)
        return found.leads_to if found else None

    def account(self, network_id: str, client_id: str) -> Account:
        return self._or_empty(Account, network_id=network_id, client_id=client_id)

    def spending(self, network_id: str, month: str) -> Spending:
        return self._or_empty(Spending, network_id=network_id, month=month)

    def promotion_share(self, network_id: str, promotion_id: str, number: str) -> PromotionShare:
        return self._or_empty(PromotionShare, network_id=network_id, promotion_id=promotion_id, number=number)

    def promotion_taken(self, network_id: str, promotion_id: str, client_id: str) -> Taken:
        return self._or_empty(Taken, network_id=network_id, promotion_id=promotion_id, client_id=client_id)

    def _or_empty(self, kind: type[T], **key: str) -> T:
        """The value with that key; one that has nothing but the key where there is none."""
        empty: Callable[..., T] = kind
        return self.get(kind, fresh=True, **key) or empty(**key)

    def read(self, pk: str, sk: str) -> Woken | None:
        """The item that a wake pointer names, whatever its kind."""
        try:
            found = self.item.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None
        return value_of(_WOKEN[sk.partition("#")[0]], found)
