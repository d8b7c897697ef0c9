"""The note of a booking that a partner made: the partner goes on seeing its own words. Pure."""

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking


def with_desk_note(booking: Booking, note: str | None) -> Booking:
    """The booking with the desk's note. What the partner that made it told is kept for the partner."""
    of_partner = booking.partner_note
    if booking.partner is not None and of_partner is None and note != booking.note:
        of_partner = booking.note or ""
    return replace(booking, note=note, partner_note=of_partner)


def note_of_partner(booking: Booking) -> str | None:
    """The note as the partner that made the booking told it; None: it told none, or no partner made it."""
    if booking.partner is None:
        return None
    return booking.note if booking.partner_note is None else booking.partner_note or None
