"""What is due, and the items that wake."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pynamodb.exceptions import DoesNotExist

from chalicelib.services.shared.ports import DueItem
from chalicelib.store import keys
from chalicelib.store.item import unreadable, value_of
from chalicelib.store.kinds import KINDS
from chalicelib.store.reader import Reader

_KINDS: dict[str, type[Any]] = {kind.item: cls for cls, kind in KINDS.items()}


class WakingReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, pk: str, sk: str) -> Any:
        """The item with that key, whatever its kind; None: there is none. Raises Unreadable, also for a kind
        that is unknown and for a pointer that the item does not have."""
        item = self._item(pk, sk)
        if item is None:
            return None
        kind = _KINDS.get(sk.partition("#")[0])
        if kind is None:
            raise unreadable(item, "this release knows no such kind of item")
        value: Any = value_of(kind, item)
        wake = getattr(value, "wake", None)
        if item.wake_at is not None and (wake is None or keys.instant_text(wake.at) != item.wake_at):
            raise unreadable(item, "its pointer in the wake index is not the pointer that it holds")
        return value

    def starts(self, item: DueItem) -> int | None:
        """How many noted wakes of an item have begun since it was last saved; None: its pointer has moved."""
        found = self._item(item.pk, item.sk)
        if found is None or found.wake_at != item.wake_at:
            return None
        return int(found.starts or 0)

    def _item(self, pk: str, sk: str) -> Any:
        try:
            return self._reader.item.get(pk, sk, consistent_read=True)
        except DoesNotExist:
            return None

    def due(self, shard: str, now: datetime, *, limit: int, after: DueItem | None = None) -> list[DueItem]:
        """Pointers of a shard that are due, the longest due first. An empty answer costs half a read unit."""
        item = self._reader.item
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
