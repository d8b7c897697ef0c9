"""Each save of a booking that was completed or missed keeps what reports need of its visit, and first marks
the day on which reports count it. Every use case saves through here, so that none can forget to mark.

A mark is saved before the change. So a crash between the two leaves a mark in vain, and never a change that
no report sees.
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from functools import partial
from typing import Any

from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking
from chalicelib.domain.bookings.visit_record import IndexedVisit
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import VISITS, FactPage, marked, page_of, remembered_until
from chalicelib.domain.facts.packed_visits import indexed_visit
from chalicelib.domain.facts.recorded_visits import (
    days_counted,
    is_as_indexed,
    with_record,
    zone_of_salon,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.months import month_name
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.shared.world import World

MAX_REMEMBERED = 2000
"""How many marked days a process remembers; beyond that, the oldest are asked for again."""

_SalonDay = tuple[str, str, date]


class VisitRecorder:
    """Prepares the saves of one process, which remembers the days that it knows to be marked."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._marked: dict[_SalonDay, datetime] = {}

    def __call__(self, values: tuple[Any, ...], remove: Sequence[Any]) -> tuple[Any, ...]:
        """The values of a save, the bookings among them with their records. Marks the days of all visits that
        the save changes. Raises SaveConflict where other processes mark the same page again and again."""
        if not any(_tells_a_visit(each) for each in (*values, *remove)):
            return values
        clients = {each.id: each for each in values if isinstance(each, Client)}
        prepared = tuple(self._prepared(each, clients) for each in values)
        for before in remove:
            if isinstance(before, Booking) and before.indexed is not None:
                self._mark((before.indexed,), before.network_id, self._world.directory(before.network_id))
        return prepared

    def _prepared(self, value: Any, clients: dict[str, Client]) -> Any:
        if not _tells_a_visit(value) or is_as_indexed(value):
            return value
        if self._world.directories(value.network_id) is None:
            return value
        directory = directory_for(self._world, value)
        booking = with_record(value, directory, clients.get(str(value.client_id)))
        if not is_as_indexed(booking):
            self._mark((booking.indexed, indexed_visit(booking)), booking.network_id, directory)
        return booking

    def _mark(self, visits: Sequence[IndexedVisit | None], network_id: str, directory: Directory) -> None:
        """Marks the days on which visits were counted before a save, and on which they are counted after
        it."""
        now = self._world.now()
        for salon_id, day in sorted(days_counted(visits, directory)):
            salon_day = (network_id, salon_id, day)
            if now >= self._marked.get(salon_day, now):
                self._save_mark(salon_day, zone_of_salon(directory, salon_id))

    def _save_mark(self, salon_day: _SalonDay, zone_name: str) -> None:
        """A page that cannot be read takes no mark: reports read the whole of its month from the index."""
        with suppress(Unreadable):
            page = self._world.retrying(partial(self._mark_once, salon_day, zone_name))
            while len(self._marked) >= MAX_REMEMBERED:
                self._marked.pop(next(iter(self._marked)))
            self._marked.pop(salon_day, None)
            self._marked[salon_day] = remembered_until(page)

    def _mark_once(self, salon_day: _SalonDay, zone_name: str) -> FactPage:
        network_id, salon_id, day = salon_day
        store, month = self._world.store, month_name(day)
        found = store.get(
            FactPage, network_id=network_id, table=VISITS, salon_id=salon_id, month=month, fresh=False
        )
        page = found or page_of(network_id, salon_id, day)
        after = marked(page, day, self._world.now(), zone_name)
        return page if after is page else store.save(after)[0]


def _tells_a_visit(value: Any) -> bool:
    return isinstance(value, Booking) and (value.status in ATTENDANCES or value.indexed is not None)
