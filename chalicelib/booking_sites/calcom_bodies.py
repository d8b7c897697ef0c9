"""The shapes of Cal.com's bodies, as its versions since 2023 send them. What a booking can do without may be
missing, or be of another shape."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.booking_sites import parsing
from chalicelib.booking_sites.parsing import Id, Instant, Nothing, Word

Text = Annotated[str, Meta(max_length=5000)]
Named = Text | dict[str, Any]
"""A name as one text, or as `firstName` and `lastName`."""
Number = int | float | Text


class CalcomNames(Struct, rename="camel"):
    uid: Id | None = None
    booking_uid: Id | None = None


class CalcomHead(Struct, rename="camel"):
    trigger_event: Word
    created_at: Instant | None = None
    payload: CalcomNames | None = None


class Language(Struct):
    locale: Text | None = None


class Attendee(Struct, rename="camel"):
    name: Named | None = None
    first_name: Text | None = None
    last_name: Text | None = None
    email: Text | None = None
    phone_number: Text | int | None = None
    language: Language | Text | None = None
    locale: Text | None = None
    no_show: bool | None = None


class Organizer(Struct):
    id: Id | None = None
    name: Text | None = None


class RecurringEvent(Struct):
    count: int | None = None


class ExistingSeries(Struct, rename="camel"):
    recurring_event_id: Id | None = None


Attendees = Annotated[list[Attendee], Meta(max_length=500)]


class CalcomBooking(Struct, rename="camel"):
    uid: Word
    start_time: Instant
    end_time: Instant | None = None
    length: Number | None = None
    event_type_id: Id | None = None
    event_title: Text | None = None
    type: Text | None = None
    organizer: Organizer | None = None
    attendees: Attendees | None = None
    responses: dict[str, Any] | Nothing | None = None
    user_fields_responses: dict[str, Any] | Nothing | None = None
    custom_inputs: dict[str, Any] | Nothing | None = None
    location: Text | None = None
    sms_reminder_number: Text | int | None = None
    additional_notes: Text | None = None
    price: Number | None = None
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$")] | None = None
    status: Text | None = None
    reschedule_uid: Id | None = None
    rescheduled_to_uid: Id | None = None
    request_reschedule: bool | None = None
    metadata: dict[str, Any] | Nothing | None = None
    seats_per_time_slot: Annotated[int, Meta(ge=0)] | None = None
    attendee_seat_id: Id | None = None
    seat_reference_uid: Id | None = None
    recurring_event: RecurringEvent | Text | bool | None = None
    recurring_event_id: Id | None = None
    existing_recurring_event: ExistingSeries | None = None
    all_remaining_bookings: bool | None = None
    cancel_subsequent_bookings: bool | None = None
    cancelled_dates: Annotated[list[Text], Meta(max_length=400)] | None = None


class CalcomBookingEvent(Struct, rename="camel"):
    trigger_event: str
    created_at: Instant
    payload: CalcomBooking


class CalcomMarks(Struct, rename="camel"):
    booking_uid: Word
    attendees: Annotated[list[Attendee], Meta(min_length=1, max_length=500)]
    attendee_seat_id: Id | None = None


class MarksEvent(Struct, rename="camel"):
    created_at: Instant
    payload: CalcomMarks


class Request(Struct, rename="camel"):
    reschedule_uid: Id | None = None
    attendees: Attendees | None = None
    seats_per_time_slot: Annotated[int, Meta(ge=0)] | None = None
    attendee_seat_id: Id | None = None


class RequestEvent(Struct, rename="camel"):
    created_at: Instant
    payload: Request


def whole(value: int | float | str | None, most: int, odd: parsing.Oddities, field: str) -> int | None:
    """A number of an odd type as an integer from 0 to `most`; None, noted, for one that is none."""
    if value is None or value == "":
        return None
    try:
        number = float(value)
        found = int(number) if number == int(number) else -1
    except (ValueError, OverflowError):
        found = -1
    if 0 <= found <= most:
        return found
    odd.note(field, "No whole number within bounds")
    return None
