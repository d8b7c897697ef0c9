"""What the walks of a clearing have added up."""

from collections.abc import Iterator

from chalicelib.domain.clearing.clearing import ClearingPart
from chalicelib.store import keys
from chalicelib.store.reader import Reader


class ClearingReads:
    """The contract: `Store` in services/shared/ports.py."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def clearing_parts(self, network_id: str, walk_id: str) -> Iterator[ClearingPart]:
        """What the slices of a walk have added up. Raises Unreadable."""
        pk, sk = keys.prefix("PART", network_id=network_id, walk_id=walk_id)
        item = self._reader.item
        certain = self._reader.certain
        return (certain(ClearingPart, each) for each in item.query(pk, item.sk.startswith(sk)))
