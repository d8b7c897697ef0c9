"""Reads of reports: what walks have added up, and what an index can count. The contract: `Store` in
services/shared/ports.py."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clearing.clearing import ClearingPart
from chalicelib.store import keys
from chalicelib.store.item import value_of


class ReportReads:
    """item: the PynamoDB model of the table."""

    item: Any

    def clearing_parts(self, network_id: str, walk_id: str) -> Iterator[ClearingPart]:
        """What the slices of a walk have added up."""
        pk, sk = keys.key("PART", network_id=network_id, walk_id=walk_id, number="")
        return (value_of(ClearingPart, item) for item in self.item.query(pk, self.item.sk.startswith(sk)))

    def completed_of_salon(self, network_id: str, salon_id: str, since: datetime, until: datetime) -> int:
        """How many of a salon's bookings that started between two instants were completed: counted in the
        index, none of them read."""
        last = until - datetime.resolution * 1000
        found: int = self.item.by_salon.count(
            keys.bookings_of_salon(network_id, salon_id),
            self.item.at.between(keys.instant_text(since), keys.instant_text(last)),
            filter_condition=self.item.status == Status.COMPLETED.value,
        )
        return found
