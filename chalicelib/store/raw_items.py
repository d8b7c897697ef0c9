"""Writes that leave an item's content as it is: for items that cannot be read, or that end their worker."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

from msgspec import Struct
from pynamodb.connection import Connection
from pynamodb.exceptions import TransactWriteError, UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.operations import Parked
from chalicelib.services.shared.ports import DueItem, RawItem, SaveConflict, Woken
from chalicelib.store import keys
from chalicelib.store.failures import code_of
from chalicelib.store.item import unreadable


class RawItems(Struct, frozen=True):
    """item: the PynamoDB model of the table. item_of: makes the item of a value."""

    item: Any
    connection: Connection
    item_of: Callable[[Any], Any]

    def refusal(self, due: DueItem, reason: str) -> Unreadable:
        """What is to be said of an item that was not read."""
        return unreadable(self.item(due.pk, due.sk, wake_at=due.wake_at), reason)

    def begin_wake(self, due: DueItem | Woken) -> int | None:
        """Notes that a wake of an item begins; see the port."""
        written = self._update(due, self.item.starts.set((self.item.starts | 0) + 1))
        return int(written["starts"]["N"]) if written is not None else None

    def forget_starts(self, due: DueItem | Woken) -> None:
        """Removes what `begin_wake` noted; see the port."""
        self._update(due, self.item.starts.remove())

    def _update(self, due: DueItem | Woken, action: Action) -> dict[str, Any] | None:
        """The attributes that were written, as DynamoDB answers with them; None: the pointer has moved. No
        other attribute is asked for, since one of a wrong type could not be read."""
        due = due if isinstance(due, DueItem) else _pointer_of(due)
        at = self.item.wake_at
        same = (at == due.wake_at) if due.wake_at else at.does_not_exist() & self.item.pk.exists()
        try:
            answer = self.item._get_connection().update_item(
                due.pk, due.sk, actions=[action], condition=same, return_values="UPDATED_NEW"
            )
        except UpdateError as error:
            if code_of(error) == "ConditionalCheckFailedException":
                return None
            raise
        written: dict[str, Any] = answer.get("Attributes", {})
        return written

    def set_aside(self, due: DueItem, parked: Parked | None, *, version: int | None = None) -> None:
        """Takes an item off the wake index; see the port."""
        unchanged = self.item.wake_at == due.wake_at
        if version is not None:
            unchanged &= self.item.version == version
        away = [self.item.wake_shard.remove(), self.item.wake_at.remove(), self.item.starts.remove()]
        try:
            with TransactWrite(connection=self.connection) as transaction:
                transaction.update(self.item(due.pk, due.sk), actions=away, condition=unchanged)
                if parked is not None:
                    transaction.save(self.item_of(parked))
        except TransactWriteError as error:
            raise _conflict_or(error, parked) from error

    def raw_item(self, pk: str, sk: str) -> RawItem | None:
        """An item as it lies in the table, whatever it holds; None: there is none."""
        answer = self.item._get_connection().get_item(pk, sk, consistent_read=True)
        raw = answer.get("Item")
        if raw is None:
            return None
        content = json.dumps(raw, ensure_ascii=False, sort_keys=True, default=_text_of).encode()
        version = raw.get("version", {}).get("N")
        return RawItem(pk, sk, content, int(version) if version else None)

    def remove_raw(self, found: RawItem, parked: Parked) -> None:
        """Removes an item that cannot be read, and records it; see the port."""
        version = self.item.version
        unchanged = version == found.version if found.version is not None else version.does_not_exist()
        try:
            with TransactWrite(connection=self.connection) as transaction:
                transaction.delete(self.item(found.pk, found.sk), self.item.pk.exists() & unchanged)
                transaction.save(self.item_of(parked))
        except TransactWriteError as error:
            raise _conflict_or(error, parked) from error


def _conflict_or(error: TransactWriteError, parked: Parked | None) -> Exception:
    """SaveConflict where the item is no longer as it was read, or another write of it is in flight."""
    codes = [reason.code if reason else None for reason in error.cancellation_reasons]
    lost = any(code and code.endswith(("ConditionalCheckFailed", "TransactionConflict")) for code in codes)
    return SaveConflict(parked) if lost else error


def _pointer_of(value: Woken) -> DueItem:
    place = keys.place_of(value)
    return DueItem(place.pk, place.sk, keys.instant_text(value.wake.at) if value.wake is not None else "")


def _text_of(raw: Any) -> str:
    return b64encode(bytes(raw)).decode()
