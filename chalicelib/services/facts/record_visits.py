"""Each save of a booking that was completed or missed keeps what reports need of its visit, and first marks
the day on which reports count it. Every use case saves through here, so that none can forget to mark."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking
from chalicelib.domain.bookings.visit_record import IndexedVisit
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.fact_pages import VISITS
from chalicelib.domain.facts.packed_visits import indexed_visit
from chalicelib.domain.facts.recorded_visits import (
    days_counted,
    is_as_indexed,
    with_record,
    zone_of_salon,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.facts.mark_days import DayMarks, MarkedDay
from chalicelib.services.shared.world import World

JUST_NOW = timedelta(minutes=5)
"""Longer than from a review to its save."""


class VisitRecorder:
    """Prepares saves of bookings."""

    def __init__(self, world: World, marks: DayMarks) -> None:
        self._world, self._marks = world, marks

    def __call__(self, values: tuple[Any, ...], remove: Sequence[Any]) -> tuple[Any, ...]:
        """The values of a save, the bookings among them with their records. Marks the days of all visits that
        the save changes. Raises TRY_AGAIN."""
        if not any(_tells_a_visit(each) for each in (*values, *remove)):
            return values
        clients = {each.id: each for each in values if isinstance(each, Client)}
        prepared = tuple(self._prepared(each, clients) for each in values)
        for before in remove:
            if isinstance(before, Booking) and before.indexed is not None:
                self._mark((before.indexed,), before.network_id, self._world.directory(before.network_id))
        return prepared

    def _prepared(self, value: Any, clients: dict[str, Client]) -> Any:
        if not _tells_a_visit(value) or (is_as_indexed(value) and not self._is_just_rated(value)):
            return value
        if self._world.directories(value.network_id) is None:
            return value
        directory = directory_for(self._world, value)
        booking = with_record(value, directory, clients.get(str(value.client_id)))
        if not is_as_indexed(booking) or self._is_just_rated(booking):
            self._mark((booking.indexed, indexed_visit(booking)), booking.network_id, directory)
        return booking

    def _is_just_rated(self, booking: Booking) -> bool:
        """Whether the save may be of a new review, which the page is to have. A mark in vain does no harm."""
        return booking.review is not None and self._world.now() < booking.review.at + JUST_NOW

    def _mark(self, visits: Sequence[IndexedVisit | None], network_id: str, directory: Directory) -> None:
        """Marks the days on which visits were counted before a save, and on which they are counted after
        it."""
        for salon_id, day in sorted(days_counted(visits, directory)):
            wanted = MarkedDay(VISITS, network_id, salon_id, day)
            self._marks.mark(wanted, zone_of_salon(directory, salon_id))


def _tells_a_visit(value: Any) -> bool:
    return isinstance(value, Booking) and (value.status in ATTENDANCES or value.indexed is not None)
