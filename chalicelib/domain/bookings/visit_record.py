"""What a booking keeps for reports once its visit took place or was missed. Pure."""

from datetime import date, datetime

from msgspec import Struct


class VisitRecord(Struct, frozen=True):
    """What was true when a booking was completed, or marked a no-show.

    on          the visit's local date in the salon.
    list_minor  the price of each line's service in the set-up, in the order of the lines; None: it had none.
                Empty of a no-show.
    source      the client's source.
    booked_on   the local date on which the client got the booking; None: unknown.
    referrer    the client who had recommended the salon to this one.
    """

    on: date
    list_minor: tuple[int | None, ...] = ()
    source: str | None = None
    booked_on: date | None = None
    referrer: str | None = None


class IndexedVisit(Struct, frozen=True):
    """A completed booking, or a no-show, as its salon's index has it.

    at          the booking's start there, in whole milliseconds.
    facts       packed; see `facts/packed_visits.py`. Empty: closed by an earlier release.
    attendance  `completed` or `no_show`.
    """

    salon_id: str
    at: datetime
    facts: str
    attendance: str = "completed"


class IndexedBooking(Struct, frozen=True):
    """A booking to come as its salon's index has it.

    at     its start, in whole milliseconds.
    facts  packed; see `facts/packed_bookings.py`. Empty: last saved by an earlier release.
    """

    salon_id: str
    at: datetime
    facts: str
