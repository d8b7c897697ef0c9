"""A booking to come as one short text, which stands in the index of its salon beside its status: when its
client got it, and who that is. Pure.

    29837520 0000000000000001

minutes since 1970, and the client, as in packed_visits.py; empty of what is unknown. A confirmation, an
arrival and a message leave the text as it is, so that they write nothing to the index."""

from datetime import UTC, datetime, timedelta

from chalicelib.domain.bookings.bookings import Booking, booked_at
from chalicelib.domain.bookings.visit_record import IndexedBooking
from chalicelib.domain.facts.packed_visits import CLIENT, has_separator
from chalicelib.domain.facts.short_ids import long_id, short_id

_EPOCH, _MINUTE = datetime(1970, 1, 1, tzinfo=UTC), timedelta(minutes=1)


def packed_booking(booking: Booking) -> str:
    """The text of a booking; empty where reports read the booking itself: it is not to come, or its client's
    id has a separator."""
    if not booking.is_upcoming or has_separator(booking.client_id):
        return ""
    at = booked_at(booking)
    minutes = "" if at is None else str((at - _EPOCH) // _MINUTE)
    return f"{minutes} {short_id(CLIENT, booking.client_id)}"


def client_and_instant(indexed: IndexedBooking) -> tuple[str | None, datetime | None]:
    """The client, and in whole minutes when the client got the booking; None where that is unknown. Raises
    ValueError for what no `packed_booking` made."""
    minutes, client = indexed.facts.split(" ")
    return long_id(CLIENT, client), _EPOCH + int(minutes) * _MINUTE if minutes else None
