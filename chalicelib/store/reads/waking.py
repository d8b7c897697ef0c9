"""What is due, and the items that wake."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, get_args, get_origin

from chalicelib.services.shared.ports import DueItem, Woken
from chalicelib.store import keys
from chalicelib.store.kinds import KINDS
from chalicelib.store.reader import Reader

_WOKEN: dict[str, type[Woken]] = {
    KINDS[cls].item: cls for cls in (get_origin(each) or each for each in get_args(Woken))
}


class WakingReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def read(self, pk: str, sk: str) -> Woken | None:
        """The item that a wake pointer names, whatever its kind."""
        return self._reader.one(_WOKEN[sk.partition("#")[0]], (pk, sk), consistent=True)

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
