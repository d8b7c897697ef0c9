"""Lays the demo's history out in the table: in batches, for a year is no day's work of the API.

What wakes soon is written last, each once and only if it is not there yet: the deployed functions take hold
of it from that moment on, and an interrupted layout that is done again must not undo their work.
"""

import contextlib
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.store.keys import bookings_of_salon
from chalicelib.store.table import Table
from infra.layers import Progress

SOON = timedelta(hours=2)
WRITERS = 2
CHUNK = 250
TELL_EVERY_SECONDS = 4


class LayoutTable(Table):
    """The table, with what only a demo needs: to write and to count a great many items."""

    def lay(self, values: Iterable[Any]) -> None:
        """Puts values without any condition."""
        with self.item.batch_write() as batch:
            for value in values:
                batch.save(self._item_of(value))

    def statuses(self, network_id: str, salon_id: str) -> Counter[str]:
        """How many of a salon's bookings have which status."""
        found = self.item.by_salon.query(bookings_of_salon(network_id, salon_id))
        return Counter(str(item.status).partition(" ")[0] for item in found)


def lay_out(table: LayoutTable, histories: Iterable[list[Any]], now: datetime, progress: Progress) -> int:
    """Writes clients' lives; returns the number of items. Again with the same lives: nothing is changed that
    the functions have touched."""
    soon: list[Any] = []
    clients = 0

    def calm() -> Iterator[Any]:
        nonlocal clients
        for history in histories:
            clients += 1
            for value in history:
                wake = getattr(value, "wake", None)
                if wake is not None and wake.at <= now + SOON:
                    soon.append(value)
                else:
                    yield value

    values, written, reported = calm(), 0, time.monotonic()
    # While a chunk is on its way, the next is being thought out.
    with ThreadPoolExecutor(max_workers=WRITERS) as writers:
        going: deque[Future[None]] = deque()
        while chunk := list(islice(values, CHUNK)):
            going.append(writers.submit(table.lay, chunk))
            written += len(chunk)
            if len(going) > WRITERS:
                going.popleft().result()
            if time.monotonic() - reported > TELL_EVERY_SECONDS:
                reported = time.monotonic()
                progress(f"{clients:,} clients, {written:,} items")
        for writing in going:
            writing.result()
    # A booking finds its client when it is woken: clients first.
    for value in sorted(soon, key=lambda value: isinstance(value, Booking)):
        with contextlib.suppress(SaveConflict):
            table.save(value)
    return written + len(soon)
