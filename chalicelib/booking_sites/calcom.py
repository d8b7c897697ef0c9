"""Cal.com: signed with HMAC over the body. A moved booking is a new one that names the old one. No settings.

Cal.com retries nothing and signs no time. Payload templates let a user send any shape; a body of an unusual
shape is not understood. The end of a meeting, or a video that no guest joined, does not show whether the
client came.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta, Struct

from chalicelib.booking_sites import parsing, signing
from chalicelib.booking_sites.parsing import Id, Instant, Nothing, Word, decode, id_text, one_line, utc
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    Ignored,
    SiteClient,
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)
from chalicelib.services.intake.booking_site import Delivery

SIGNATURE = "x-cal-signature-256"
UNSIGNED = "no-secret-provided"
"""Sent in place of a signature by a webhook that was set up without a secret."""

STATUS = {
    "BOOKING_CREATED": SiteStatus.BOOKED,
    "BOOKING_RESCHEDULED": SiteStatus.BOOKED,
    "BOOKING_PAID": SiteStatus.BOOKED,
    "BOOKING_REJECTED": SiteStatus.CANCELLED,
    "BOOKING_CANCELLED": SiteStatus.CANCELLED,
}
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
PHONE_ONLY = "@sms.cal.com"
"""The domain of the addresses that Cal.com makes up for those who gave only a phone."""


class _CalcomNames(Struct, rename="camel"):
    uid: Id | None = None
    booking_uid: Id | None = None


class _CalcomHead(Struct, rename="camel"):
    trigger_event: Word
    created_at: Instant | None = None
    payload: _CalcomNames | None = None


class _Language(Struct):
    locale: str | None = None


class _Attendee(Struct, rename="camel"):
    name: str | None = None
    email: str | None = None
    phone_number: str | None = None
    language: _Language | None = None
    no_show: bool | None = None


class _Organizer(Struct):
    id: Id | None = None
    name: str | None = None


class _CalcomBooking(Struct, rename="camel"):
    uid: Word
    start_time: Instant
    end_time: Instant | None = None
    length: parsing.Minutes | None = None
    event_type_id: Id | None = None
    event_title: str | None = None
    type: str | None = None
    organizer: _Organizer | None = None
    attendees: list[_Attendee] | None = None
    responses: dict[str, Any] | Nothing | None = None
    sms_reminder_number: str | None = None
    additional_notes: str | None = None
    price: parsing.Minor | None = None
    currency: Annotated[str, Meta(pattern="^[A-Za-z]{3}$")] | None = None
    status: str | None = None
    reschedule_uid: Id | None = None
    rescheduled_to_uid: Id | None = None
    request_reschedule: bool | None = None


class _CalcomBookingEvent(Struct, rename="camel"):
    trigger_event: str
    created_at: Instant
    payload: _CalcomBooking


class _CalcomMarks(Struct, rename="camel"):
    booking_uid: Word
    attendees: Annotated[list[_Attendee], Meta(min_length=1)]


class _MarksEvent(Struct, rename="camel"):
    created_at: Instant
    payload: _CalcomMarks


class _Request(Struct, rename="camel"):
    reschedule_uid: Id | None = None


class _RequestEvent(Struct, rename="camel"):
    created_at: Instant
    payload: _Request


def verify(raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
    secret = signing.needed_secret(context)
    (given,) = signing.needed_headers(headers, SIGNATURE)
    if given == UNSIGNED:
        raise BadSignature("the webhook was set up without a secret")
    if not signing.same(signing.hmac_sha256(secret.encode(), raw).hex().encode(), given):
        raise BadSignature("the signature is another one")


def identify(raw: bytes, headers: Mapping[str, str]) -> Delivery:
    """The delivery is known by trigger, booking, time and bytes. With a payload, `createdAt` is the event's
    time, else the booking's."""
    try:
        head = decode(raw, _CalcomHead)
        timed = head.payload is not None and head.created_at is not None
        occurred_at = utc(head.created_at, "$.createdAt") if timed and head.created_at else None
    except WebhookNotUnderstood:
        return Delivery(parsing.digest(raw))
    names = head.payload or _CalcomNames()
    uid = names.uid or names.booking_uid or ""
    stamp = f"{occurred_at:%Y%m%dT%H%M%S.%fZ}" if occurred_at else ""
    return Delivery(parsing.dedupe_key(head.trigger_event, uid, stamp, parsing.digest(raw)), occurred_at)


def normalise(raw: bytes, context: SiteContext) -> list[SiteEvent]:
    trigger = decode(raw, _CalcomHead).trigger_event
    if trigger in STATUS:
        return [_booking(decode(raw, _CalcomBookingEvent), parsing.digest(raw))]
    if trigger == "BOOKING_REQUESTED":
        return [_request(decode(raw, _RequestEvent), parsing.digest(raw))]
    if trigger == "BOOKING_NO_SHOW_UPDATED":
        return [_marks(decode(raw, _MarksEvent), parsing.digest(raw))]
    if trigger in REASONS:
        return [Ignored(REASONS[trigger], trigger)]
    return [Ignored("unknown_type", trigger)]


def _booking(event: _CalcomBookingEvent, digest: str) -> SiteEvent:
    booking = event.payload
    if booking.status == "PENDING":
        return Ignored("awaiting_acceptance")
    status = STATUS[event.trigger_event]
    if status is SiteStatus.CANCELLED and (booking.request_reschedule or booking.rescheduled_to_uid):
        status = SiteStatus.MOVING
    paid = event.trigger_event == "BOOKING_PAID"
    client = _client(booking)
    starts_at = utc(booking.start_time, "$.payload.startTime")
    price_minor = booking.price or None
    return BookingReported(
        external_id=booking.uid,
        guard=_guard(event.created_at, 1 if paid else RANK[status], digest),
        status=status,
        starts_at=starts_at,
        client=client,
        anonymous=client is None,
        lines=_lines(booking, starts_at, price_minor),
        moved_from=id_text(booking.reschedule_uid) if booking.reschedule_uid != booking.uid else None,
        paid_minor=price_minor if paid else None,
        currency=booking.currency.upper() if booking.currency and price_minor else None,
        note=parsing.note_text(booking.additional_notes),
        minutes=_minutes(booking, starts_at),
    )


def _guard(created_at: datetime, rank: int, digest: str) -> str:
    return guard(occurred_at=utc(created_at, "$.createdAt"), rank=rank, digest=digest)


def _client(booking: _CalcomBooking) -> SiteClient | None:
    """Who booked is the first attendee, the rest are guests. Cal.com has no id of a person."""
    if not booking.attendees:
        return None
    who = booking.attendees[0]
    phone = _answer(booking, "attendeePhoneNumber") or who.phone_number or booking.sms_reminder_number
    email = one_line(who.email)
    return SiteClient(
        name=one_line(who.name),
        phone=one_line(phone) or one_line(_answer(booking, "smsReminderNumber")),
        email=None if email and email.lower().endswith(PHONE_ONLY) else email,
        language=one_line(who.language.locale) if who.language else None,
    )


def _answer(booking: _CalcomBooking, question: str) -> str | None:
    """What was answered in the booking's form, whose questions are the user's own."""
    answer = booking.responses.get(question) if isinstance(booking.responses, dict) else None
    value = answer.get("value") if isinstance(answer, dict) else None
    return value if isinstance(value, str) else None


def _minutes(booking: _CalcomBooking, starts_at: datetime) -> int | None:
    if booking.length or booking.end_time is None:
        return booking.length or None
    minutes = (utc(booking.end_time, "$.payload.endTime") - starts_at).total_seconds() // 60
    return int(minutes) if 0 < minutes <= parsing.MAX_MINUTES else None


def _lines(booking: _CalcomBooking, starts_at: datetime, price_minor: int | None) -> tuple[SiteLine, ...]:
    """An event type is a service, its organizer the specialist."""
    service_id, service_name = id_text(booking.event_type_id), one_line(booking.event_title or booking.type)
    if not (service_id or service_name):
        return ()
    staff = booking.organizer or _Organizer()
    minutes = _minutes(booking, starts_at)
    return (
        SiteLine(service_id, service_name, id_text(staff.id), one_line(staff.name), minutes, price_minor),
    )


def _request(event: _RequestEvent, digest: str) -> SiteEvent:
    """A request is no booking until the host accepts it; one to move a booking takes its old time away."""
    moved = id_text(event.payload.reschedule_uid)
    if moved is None:
        return Ignored("awaiting_acceptance")
    key = _guard(event.created_at, RANK[SiteStatus.MOVING], digest)
    return BookingReported(external_id=moved, guard=key, status=SiteStatus.MOVING, partial=True)


def _marks(event: _MarksEvent, digest: str) -> SiteEvent:
    """A no-show, or one taken back. If any of those marked came, the booking was not missed."""
    missed = all(attendee.no_show for attendee in event.payload.attendees)
    status = SiteStatus.NO_SHOW if missed else SiteStatus.BOOKED
    key = _guard(event.created_at, RANK[status], digest)
    return BookingReported(external_id=event.payload.booking_uid, guard=key, status=status, partial=True)
