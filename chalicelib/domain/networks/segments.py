"""Segments: which of a network's clients are meant."""

from datetime import date

from msgspec import Struct


class Segment(Struct, frozen=True, kw_only=True):
    """Which clients: all conditions that are given hold, each of several words for any of them.

    categories              as they are on the day; a future booking counts.
    service_ids             what the client has had, among their latest 50 bookings.
    salon_ids               where the last visit was.
    visited_from, visited_to  the local day of the last visit, both included.
    birth_month             1-12.
    """

    categories: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    service_ids: tuple[str, ...] = ()
    salon_ids: tuple[str, ...] = ()
    visited_from: date | None = None
    visited_to: date | None = None
    birth_month: int | None = None
