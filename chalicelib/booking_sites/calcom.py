"""Cal.com: signed with HMAC over the body. A moved booking is a new one that names the old one.

Cal.com retries nothing and signs no time. Payload templates let a user send any shape; a body of an unusual
shape is not understood. The end of a meeting, or a video that no guest joined, does not show whether the
client came.

Several people may share one booking (`seatsPerTimeSlot`): each seat is a booking here. Its id is made of
the shared id and of the person, by whom bodies name a seat. Without seats, attendees beyond the first are
guests.
A series is one booking a date. A cancellation that brings `recurringEvent` along is of all dates to come.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from msgspec.structs import replace

from chalicelib.booking_sites import parsing, signing
from chalicelib.booking_sites.calcom_bodies import (
    Attendee,
    CalcomBooking,
    CalcomBookingEvent,
    CalcomHead,
    CalcomNames,
    MarksEvent,
    Organizer,
    RecurringEvent,
    RequestEvent,
    whole,
)
from chalicelib.booking_sites.calcom_people import client_of, newest_of, payer_of, person_of, seat_of
from chalicelib.booking_sites.parsing import Oddities, decode, id_text, lenient, one_line, utc
from chalicelib.domain.intake.connection_settings import OF_EVERY_SITE, POLL_MINUTES
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    Ignored,
    SeatsReported,
    SeriesReported,
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    UnprovenBecause,
    WebhookNotUnderstood,
    guard,
    seat_id,
)
from chalicelib.domain.shared.ids import digest
from chalicelib.services.intake.booking_site import Delivery

SETTINGS = (*OF_EVERY_SITE, POLL_MINUTES)
"""It names no location: all bookings of a connection are in the connection's own salon."""

SIGNATURE = "x-cal-signature-256"
UNSIGNED = "no-secret-provided"
"""Sent in place of a signature by a webhook that was set up without a secret."""

STATUS = {
    "BOOKING_CREATED": SiteStatus.BOOKED,
    "BOOKING_RESCHEDULED": SiteStatus.BOOKED,
    "BOOKING_REASSIGNED": SiteStatus.BOOKED,
    "BOOKING_PAID": SiteStatus.BOOKED,
    "BOOKING_REJECTED": SiteStatus.CANCELLED,
    "BOOKING_CANCELLED": SiteStatus.CANCELLED,
}
NO_STATUS = frozenset({"BOOKING_PAID", "BOOKING_REASSIGNED"})
"""Bodies about a payment or another host say nothing of the status: a no-show mark is not in them."""
RANK = {SiteStatus.BOOKED: 0, SiteStatus.MOVING: 2, SiteStatus.NO_SHOW: 3, SiteStatus.CANCELLED: 4}
"""Which of two events of one millisecond wins; a payment (1) goes before the booking that it pays."""
REASONS = {
    "PING": "test_notification",
    "BOOKING_PAYMENT_INITIATED": "awaiting_payment",
    "MEETING_STARTED": "time_passed",
    "MEETING_ENDED": "time_passed",
    "AFTER_HOSTS_CAL_VIDEO_NO_SHOW": "machine_guess",
    "AFTER_GUESTS_CAL_VIDEO_NO_SHOW": "machine_guess",
}


def verify(raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
    secret = signing.needed_secret(context)
    (given,) = signing.needed_headers(headers, SIGNATURE)
    if given == UNSIGNED:
        raise BadSignature("the webhook was set up without a secret", UnprovenBecause.NO_SIGNATURE)
    if not signing.same(signing.hmac_sha256(secret.encode(), raw).hex().encode(), given):
        raise BadSignature("the signature is another one")


def identify(raw: bytes, headers: Mapping[str, str]) -> Delivery:
    """The delivery is known by trigger, booking, time and bytes. With a payload, `createdAt` is the event's
    time, else the booking's."""
    try:
        head = decode(raw, CalcomHead)
        timed = head.payload is not None and head.created_at is not None
        occurred_at = utc(head.created_at, "$.createdAt") if timed and head.created_at else None
    except WebhookNotUnderstood:
        return Delivery(parsing.digest(raw))
    names = head.payload or CalcomNames()
    uid = names.uid or names.booking_uid or ""
    stamp = f"{occurred_at:%Y%m%dT%H%M%S.%fZ}" if occurred_at else ""
    return Delivery(parsing.dedupe_key(head.trigger_event, uid, stamp, parsing.digest(raw)), occurred_at)


def normalise(raw: bytes, context: SiteContext) -> list[SiteEvent]:
    trigger, odd = decode(raw, CalcomHead).trigger_event, Oddities()
    if trigger in STATUS:
        return [_booking(lenient(raw, CalcomBookingEvent, odd), parsing.digest(raw), odd)]
    if trigger == "BOOKING_REQUESTED":
        return [_request(lenient(raw, RequestEvent, odd), parsing.digest(raw))]
    if trigger == "BOOKING_NO_SHOW_UPDATED":
        return [_marks(lenient(raw, MarksEvent, odd), parsing.digest(raw))]
    if trigger in REASONS:
        return [Ignored(REASONS[trigger], trigger)]
    return [Ignored("unknown_type", trigger)]


def _booking(event: CalcomBookingEvent, digest: str, odd: Oddities) -> SiteEvent:
    booking, trigger = event.payload, event.trigger_event
    if booking.status == "PENDING":
        return Ignored("awaiting_acceptance")
    reported = _reported(event, digest, odd)
    if _is_shared(booking):
        seats = _of_seats(reported, booking, trigger)
        return _without_status(seats) if trigger in NO_STATUS else seats
    attendees = booking.attendees or []
    reported = replace(
        reported,
        client=client_of(booking, attendees[0], alone=True) if attendees else None,
        anonymous=booking.attendees == [] and reported.status is SiteStatus.BOOKED,
        people=() if trigger == "BOOKING_CREATED" else _people(booking, attendees, trigger),
        series=_series(booking, attendees),
    )
    if trigger in NO_STATUS:
        return _without_status(reported)
    return _of_series(reported, event) if reported.status is SiteStatus.CANCELLED else reported


def _without_status(event: SiteEvent) -> SiteEvent:
    if isinstance(event, SeatsReported):
        named = event.named and replace(event.named, status=None)
        return replace(event, event=replace(event.event, status=None), named=named)
    return replace(event, status=None) if isinstance(event, BookingReported) else event


def _reported(event: CalcomBookingEvent, digest: str, odd: Oddities) -> BookingReported:
    """What the body says of the booking, whoever it is for."""
    booking, status = event.payload, STATUS[event.trigger_event]
    if status is SiteStatus.CANCELLED and (booking.request_reschedule or booking.rescheduled_to_uid):
        status = SiteStatus.MOVING
    paid = event.trigger_event == "BOOKING_PAID"
    starts_at = utc(booking.start_time, "$.payload.startTime")
    price_minor = whole(booking.price, parsing.MAX_MINOR, odd, "$.payload.price") or None
    minutes = _minutes(booking, starts_at, odd)
    return BookingReported(
        external_id=booking.uid,
        guard=_guard(event.created_at, 1 if paid else RANK[status], digest),
        status=status,
        starts_at=starts_at,
        lines=_lines(booking, minutes, price_minor),
        moved_from=id_text(booking.reschedule_uid) if booking.reschedule_uid != booking.uid else None,
        paid_minor=price_minor if paid else None,
        currency=booking.currency.upper() if booking.currency and price_minor else None,
        note=parsing.note_text(booking.additional_notes),
        minutes=minutes,
        odd=odd.notes,
    )


def _guard(created_at: datetime, rank: int, digest: str) -> str:
    return guard(occurred_at=utc(created_at, "$.createdAt"), rank=rank, digest=digest)


def _minutes(booking: CalcomBooking, starts_at: datetime, odd: Oddities) -> int | None:
    length = whole(booking.length, parsing.MAX_MINUTES, odd, "$.payload.length")
    if length or booking.end_time is None:
        return length or None
    minutes = (utc(booking.end_time, "$.payload.endTime") - starts_at).total_seconds() // 60
    return int(minutes) if 0 < minutes <= parsing.MAX_MINUTES else None


def _lines(booking: CalcomBooking, minutes: int | None, price_minor: int | None) -> tuple[SiteLine, ...]:
    """An event type is a service, its organizer the specialist."""
    service_id, service_name = id_text(booking.event_type_id), one_line(booking.event_title or booking.type)
    if not (service_id or service_name):
        return ()
    staff = booking.organizer or Organizer()
    return (
        SiteLine(service_id, service_name, id_text(staff.id), one_line(staff.name), minutes, price_minor),
    )


# --- seats


def _is_shared(booking: CalcomBooking) -> bool:
    return bool(booking.seats_per_time_slot) or seat_of(booking) is not None


def _of_seats(reported: BookingReported, booking: CalcomBooking, trigger: str) -> SiteEvent:
    """A body about a booking that people share. It names those whom it is about, or all who share it."""
    attendees, seat = booking.attendees or [], seat_of(booking)
    if reported.status is SiteStatus.BOOKED and trigger in ("BOOKING_CREATED", "BOOKING_PAID"):
        if trigger == "BOOKING_CREATED" or len(attendees) == 1:
            return _seat(reported, booking, newest_of(booking, attendees))
        payer = next((who for who in attendees if (who.email or "").lower() == payer_of(booking)), None)
        if payer is not None:
            return _seat(reported, booking, payer)
        return SeatsReported(_thin(reported), seat=seat or "")
    if trigger in ("BOOKING_RESCHEDULED", "BOOKING_REASSIGNED") and reported.moved_from is None:
        # One id has one time and one host: what changes for a seat changes for all.
        named = _seat(reported, booking, attendees[0]) if len(attendees) == 1 else None
        return SeatsReported(_thin(reported, starts_at=reported.starts_at, lines=reported.lines), named=named)
    if len(attendees) == 1:
        return _seat(reported, booking, attendees[0])
    moved = {"starts_at": reported.starts_at, "lines": reported.lines} if reported.moved_from else {}
    if seat is not None and reported.status is not SiteStatus.BOOKED:
        return SeatsReported(_thin(reported, **moved), seat=seat)
    return SeatsReported(_thin(reported, **moved), people=_people(booking, attendees, trigger))


def _seat(reported: BookingReported, booking: CalcomBooking, who: Attendee) -> BookingReported:
    seat = seat_of(booking)
    person = person_of(who, seat)
    return replace(
        reported,
        external_id=seat_id(reported.external_id, person),
        moved_from=seat_id(reported.moved_from, person) if reported.moved_from else None,
        client=client_of(booking, who, alone=False),
        shared_id=reported.external_id,
        seat=seat,
    )


def _thin(reported: BookingReported, **kept: object) -> BookingReported:
    """What holds for each of several seats: nothing that is of one person."""
    thin = replace(reported, starts_at=None, lines=(), paid_minor=None, currency=None, note=None)
    return replace(thin, minutes=None, partial=True, **kept)


def _people(booking: CalcomBooking, attendees: Sequence[Attendee], trigger: str) -> tuple[str, ...]:
    """The people whom the body is about, should they share the booking."""
    payer = payer_of(booking) if trigger == "BOOKING_PAID" else None
    paid = [who for who in attendees if payer and (who.email or "").strip().lower() == payer]
    return tuple(dict.fromkeys(person_of(who, seat_of(booking)) for who in paid or attendees))


# --- series


def _series(booking: CalcomBooking, attendees: Sequence[Attendee]) -> str | None:
    """The id of the series, where the booking is one date of it. Without an id of Cal.com's own, the dates of
    one person for one type of event are a series."""
    existing = booking.existing_recurring_event
    reported = booking.recurring_event_id or (existing.recurring_event_id if existing else None)
    if reported:
        return f"series {reported}"
    if not booking.recurring_event or not attendees:
        return None
    of = id_text(booking.event_type_id) or booking.type or ""
    return f"series of {digest(of, person_of(attendees[0]), length=12)}"


def _of_series(reported: BookingReported, event: CalcomBookingEvent) -> SiteEvent:
    """A cancellation of one booking, or of several dates of its series."""
    booking = event.payload
    repeated = booking.recurring_event
    if booking.cancelled_dates:
        return SeriesReported(reported, dates=tuple(map(_date, booking.cancelled_dates)))
    if booking.cancel_subsequent_bookings:
        return SeriesReported(reported, since=reported.starts_at)
    if not (repeated or booking.all_remaining_bookings):
        return reported
    most = repeated.count if isinstance(repeated, RecurringEvent) else None
    if most == 1:
        return reported
    return SeriesReported(reported, since=utc(event.created_at, "$.createdAt"), most=most)


def _date(text: str) -> datetime | date:
    field = "$.payload.cancelledDates"
    try:
        if len(text.strip()) > len("2026-12-02"):
            return parsing.moment(text, field)
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise WebhookNotUnderstood("INVALID_FIELD", f"No date - at `{field}`") from error


# --- thin events


def _request(event: RequestEvent, digest: str) -> SiteEvent:
    """A request is no booking until the host accepts it; one to move a booking takes its old time away."""
    request = event.payload
    moved = id_text(request.reschedule_uid)
    if moved is None:
        return Ignored("awaiting_acceptance")
    key = _guard(event.created_at, RANK[SiteStatus.MOVING], digest)
    people = tuple(person_of(who) for who in request.attendees or ())
    reported = BookingReported(external_id=moved, guard=key, status=SiteStatus.MOVING, partial=True)
    if request.seats_per_time_slot or request.attendee_seat_id:
        return SeatsReported(reported, people=people)
    return replace(reported, people=people)


def _marks(event: MarksEvent, digest: str) -> SiteEvent:
    """A no-show, or one taken back. If any of those marked came, the booking was not missed; where people
    share it, each mark is of one seat."""
    attendees = event.payload.attendees
    if not attendees:
        raise WebhookNotUnderstood("INVALID_FIELD", "Nobody is marked - at `$.payload.attendees`")
    status = _marked(all(who.no_show for who in attendees))
    key = _guard(event.created_at, RANK[status], digest)
    reported = BookingReported(external_id=event.payload.booking_uid, guard=key, status=status, partial=True)
    return SeatsReported(reported, marks=tuple((person_of(who), _marked(who.no_show)) for who in attendees))


def _marked(no_show: bool | None) -> SiteStatus:
    return SiteStatus.NO_SHOW if no_show else SiteStatus.BOOKED
