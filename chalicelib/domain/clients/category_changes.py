"""Changes of a client's category, as the client keeps them."""

from datetime import date
from enum import StrEnum

from msgspec import Struct

CHANGES_KEPT = 40
"""So many changes of a client are kept, the latest: they are part of the client's item."""


class CategoryCause(StrEnum):
    """Why a category changed. booking: the client booked while overdue. booking_off: the booking that had
    kept the client from being at risk or lost is cancelled, or the client did not come."""

    VISIT = "visit"
    TIME_PASSED = "time_passed"
    VISIT_UNDONE = "visit_undone"
    BOOKING = "booking"
    BOOKING_OFF = "booking_off"
    MERGE = "merge"
    UNMERGE = "unmerge"
    IMPORT = "import"
    DEFINITION = "definition"


class CategoryChange(Struct, frozen=True):
    """One change, on a local date of the salon that speaks to the client. before: the former category."""

    before: str
    to: str
    on: date
    cause: CategoryCause
