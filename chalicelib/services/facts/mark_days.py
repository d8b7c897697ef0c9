"""Mark the days of which something is about to change, on their pages of facts.

A mark is saved before the change. So a crash between the two leaves a mark in vain, and never a change that
no report sees.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from itertools import count

from msgspec import Struct

from chalicelib.domain.facts.fact_pages import FactPage, PageName, marked, page_of, remembered_until
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.months import month_name
from chalicelib.services.shared.world import World

MAX_REMEMBERED = 2000
"""How many marked days a process remembers; beyond that, the oldest are asked for again."""


class MarkedDay(Struct, frozen=True):
    """A day of a table of facts, in one salon."""

    table: str
    network_id: str
    salon_id: str
    day: date


class DayMarks:
    """Marks days for one process, which remembers those that it knows to be marked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._marked: dict[MarkedDay, datetime] = {}

    def mark(self, wanted: MarkedDay, zone_name: str) -> None:
        """A page that cannot be read takes no mark: reports read the whole of its month from the index.
        zone_name: the salon's. Raises TRY_AGAIN where others mark the same page again and again."""
        now = self._world.now()
        if now < self._marked.get(wanted, now):
            return
        with suppress(Unreadable):
            page = self._world.retrying(partial(self._mark_once, wanted, zone_name, count()))
            while len(self._marked) >= MAX_REMEMBERED:
                self._marked.pop(next(iter(self._marked)))
            self._marked.pop(wanted, None)
            self._marked[wanted] = remembered_until(page)

    def _mark_once(self, wanted: MarkedDay, zone_name: str, attempts: Iterator[int]) -> FactPage:
        """After a conflict the page is read as it is now: a copy that lags would conflict again."""
        named = PageName(wanted.table, wanted.salon_id, month_name(wanted.day))
        store, is_again = self._world.store, next(attempts) > 0
        found = store.get(FactPage, network_id=wanted.network_id, fresh=is_again, **named.key)
        page = found or page_of(wanted.network_id, wanted.salon_id, wanted.day, wanted.table)
        after = marked(page, wanted.day, self._world.now(), zone_name)
        return page if after is page else store.save(after)[0]
