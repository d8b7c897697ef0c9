"""What a completed booking keeps for reports. Pure."""

from datetime import date, datetime

from msgspec import Struct


class VisitRecord(Struct, frozen=True):
    """What was true when a visit was completed.

    on          the visit's local date in the salon.
    list_minor  the price of each line's service in the set-up, in the order of the lines; None: it had none.
    source      the client's source.
    """

    on: date
    list_minor: tuple[int | None, ...] = ()
    source: str | None = None


class IndexedVisit(Struct, frozen=True):
    """A completed booking as its salon's index has it.

    at     the booking's start there, in whole milliseconds.
    facts  packed; see `reports/packed_visits.py`. Empty: completed by an earlier release.
    """

    salon_id: str
    at: datetime
    facts: str
