"""Cal.com: one trigger an event, moves that make a new booking, no-shows that can be taken back."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import (
    BadSignature,
    BookingReported,
    Ignored,
    SiteClient,
    SiteContext,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
)
from tests.unit.booking_sites.samples import (
    CALCOM_BOOKING,
    CALCOM_NO_SHOW,
    CONTEXT,
    SECRET,
    URL,
    body,
    changed,
    without,
)

SITE = ADAPTERS["calcom"]
NOW = datetime(2026, 3, 20, 8, tzinfo=UTC)


def reported(message: Any) -> Any:
    (event,) = SITE.normalise(body(message), CONTEXT)
    return event


def booking(trigger: str = "BOOKING_CREATED", **changes: Any) -> dict[str, Any]:
    named = {f"payload__{name}": value for name, value in changes.items()}
    return changed(CALCOM_BOOKING, triggerEvent=trigger, **named)


def test_a_booking_is_of_the_first_attendee():
    event = reported(CALCOM_BOOKING)
    assert event == BookingReported(
        external_id="cal-uid-1",
        guard=event.guard,
        status=SiteStatus.BOOKED,
        starts_at=datetime(2026, 3, 28, 12, tzinfo=UTC),
        client=SiteClient(name="Vera Rotaru", phone="+37360000111", email="vera@example.com", language="ro"),
        lines=(SiteLine("12", "Haircut", "3", "Ion", minutes=45),),
        minutes=45,
    )


def test_a_move_names_the_booking_that_it_continues():
    event = reported(booking("BOOKING_RESCHEDULED", uid="cal-uid-2", rescheduleUid="cal-uid-1"))
    assert (event.external_id, event.moved_from, event.status) == ("cal-uid-2", "cal-uid-1", "booked")


def test_a_cancellation_is_one_unless_it_is_only_to_move():
    assert reported(booking("BOOKING_CANCELLED", requestReschedule=False)).status is SiteStatus.CANCELLED
    assert reported(booking("BOOKING_CANCELLED", requestReschedule=True)).status is SiteStatus.MOVING
    assert reported(booking("BOOKING_CANCELLED", rescheduledToUid="cal-uid-2")).status is SiteStatus.MOVING
    own = reported(booking("BOOKING_CANCELLED", requestReschedule=True, rescheduleUid="cal-uid-1"))
    assert own.moved_from is None


def test_a_rejected_request_is_a_cancelled_booking():
    assert reported(booking("BOOKING_REJECTED")).status is SiteStatus.CANCELLED


def test_a_request_waits_for_the_host():
    assert reported(booking("BOOKING_REQUESTED", status="PENDING")) == Ignored("awaiting_acceptance")
    assert reported(booking(status="PENDING")) == Ignored("awaiting_acceptance")


def test_a_request_to_move_takes_the_old_time_away():
    event = reported(booking("BOOKING_REQUESTED", uid="cal-uid-2", rescheduleUid="cal-uid-1"))
    assert (event.external_id, event.status, event.partial) == ("cal-uid-1", "moving", True)


def test_a_payment_tells_the_sum_in_minor_units():
    event = reported(booking("BOOKING_PAID", price=1000, currency="usd"))
    assert (event.paid_minor, event.currency, event.lines[0].price_minor) == (1000, "USD", 1000)
    assert event.status is None
    priced = reported(booking(price=1000, currency="USD"))
    assert (priced.paid_minor, priced.lines[0].price_minor) == (None, 1000)


@pytest.mark.parametrize("price", [0, None])
def test_a_price_of_nothing_is_no_price(price: int | None):
    event = reported(booking("BOOKING_PAID", price=price))
    assert (event.paid_minor, event.currency, event.lines[0].price_minor) == (None, None, None)


def test_a_no_show_is_a_partial_event_and_can_be_taken_back():
    event = reported(CALCOM_NO_SHOW).event
    assert event == BookingReported("cal-uid-1", event.guard, SiteStatus.NO_SHOW, partial=True)
    attendees = [{"email": "vera@example.com", "noShow": False}]
    assert reported(changed(CALCOM_NO_SHOW, payload__attendees=attendees)).event.status is SiteStatus.BOOKED


def test_a_booking_is_not_missed_if_anyone_came():
    attendees = [{"email": "a@example.com", "noShow": True}, {"email": "b@example.com", "noShow": False}]
    assert reported(changed(CALCOM_NO_SHOW, payload__attendees=attendees)).event.status is SiteStatus.BOOKED


@pytest.mark.parametrize(
    ("trigger", "reason"),
    [
        ("PING", "test_notification"),
        ("BOOKING_PAYMENT_INITIATED", "awaiting_payment"),
        ("AFTER_GUESTS_CAL_VIDEO_NO_SHOW", "machine_guess"),
        ("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", "machine_guess"),
        ("FORM_SUBMITTED", "unknown_type"),
    ],
)
def test_other_triggers_are_ignored_for_a_reason(trigger: str, reason: str):
    assert reported(booking(trigger)) == Ignored(reason, trigger)


def test_a_meetings_end_is_no_attendance_and_its_time_is_not_the_events():
    ended = {"triggerEvent": "MEETING_ENDED", "uid": "cal-uid-1", "createdAt": "2026-01-01T00:00:00Z"}
    assert reported(ended) == Ignored("time_passed", "MEETING_ENDED")
    assert SITE.identify(body(ended), {}).occurred_at is None


def phones(answer: object, attendee: object, reminder: object) -> dict[str, Any]:
    message = booking(smsReminderNumber=reminder, responses={"attendeePhoneNumber": answer})
    message["payload"]["attendees"][0]["phoneNumber"] = attendee
    return message


@pytest.mark.parametrize(
    ("answer", "attendee", "reminder", "phone"),
    [
        ({"value": "+1"}, "+2", "+3", "+1, +2, +3"),
        ({"value": "+1"}, "+1", "+1", "+1"),
        ({"label": "phone_number", "isHidden": True}, "+2", "+3", "+2, +3"),
        ({"value": {"odd": 1}}, None, "+3", "+3"),
        (None, None, None, None),
    ],
)
def test_phones_are_looked_for_in_three_places_the_clients_own_answer_first(
    answer: object, attendee: object, reminder: object, phone: str
):
    assert reported(phones(answer, attendee, reminder)).client.phone == phone


def test_an_address_that_calcom_made_up_is_none():
    message = booking(attendees=[{"name": "Vera", "email": "37360000111@sms.cal.com"}])
    assert reported(message).client == SiteClient(name="Vera", phone="+37360000111")


def of_form(**answers: Any) -> SiteClient:
    """The client of a booking whose attendee has told no phone but in the form."""
    message = booking(responses=answers, attendees=[{"name": "Vera", "email": "vera@example.com"}])
    found: SiteClient = reported(message).client
    return found


def test_the_place_of_the_meeting_may_be_the_clients_phone():
    place = {"value": "phone", "optionValue": "+37360000111"}
    assert of_form(location={"label": "location", "value": place}).phone == "+37360000111"
    of_host = {"value": "userPhone", "optionValue": "+37322000000"}
    assert of_form(location={"label": "location", "value": of_host}).phone is None
    given = booking(location="+37360000111", responses={"location": {"value": {"value": "phone"}}})
    assert reported(given).client.phone == "+37360000111"


@pytest.mark.parametrize(
    ("question", "label"),
    [("phone", "Phone"), ("q7", "Your mobile"), ("q7", "Телефон"), ("q7", "Număr de telefon"), ("tel", "?")],
)
def test_a_phone_may_be_the_answer_to_a_question_of_the_users_own(question: str, label: str):
    answer = {question: {"label": label, "value": "+37360000111", "isHidden": False}}
    assert of_form(**answer).phone == "+37360000111"
    own = booking(responses={}, userFieldsResponses=answer)
    assert reported(own).client.phone == "+37360000111"


def test_other_questions_tell_no_phone():
    assert of_form(q1={"label": "Order number", "value": "1234567"}).phone is None
    assert of_form(q1={"label": "Phone or salon?", "value": "salon"}).phone is None


def test_a_name_may_come_in_parts():
    parts = {"firstName": "Vera", "lastName": "Rotaru"}
    nobody = {"name": "", "email": "vera@example.com"}
    for message in (
        booking(attendees=[{**nobody, **parts}]),
        booking(attendees=[{**nobody, "name": parts}]),
        booking(attendees=[nobody], responses={"name": {"label": "your_name", "value": parts}}),
        booking(attendees=[nobody], responses={name: {"value": part} for name, part in parts.items()}),
    ):
        assert reported(message).client.name == "Vera Rotaru"


@pytest.mark.parametrize("language", [None, {}, {"locale": None}, "", [], 7])
def test_who_has_no_language_has_a_booking(language: object):
    event = reported(booking(attendees=[{"name": "Vera", "email": "v@example.com", "language": language}]))
    assert (event.client.name, event.client.language) == ("Vera", None)


def test_a_language_may_be_told_without_an_object():
    attendee = {"name": "Vera", "email": "v@example.com"}
    assert reported(booking(attendees=[{**attendee, "language": "pt-BR"}])).client.language == "pt-BR"
    assert reported(booking(attendees=[{**attendee, "locale": "ru"}])).client.language == "ru"


def test_a_number_may_be_of_another_type():
    event = reported(booking(length="45", price=1500.0))
    assert (event.minutes, event.lines[0].price_minor, event.odd) == (45, 1500, ())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", 10.5),
        ("price", "free"),
        ("price", -1),
        ("length", "soon"),
        ("length", 10**9),
        ("organizer", "Ion"),
        ("currency", "lei"),
        ("currency", 498),
        ("responses", ["odd"]),
        ("responses", "odd"),
        ("additionalNotes", {"a": 1}),
        ("eventTypeId", {"id": 1}),
        ("endTime", "later"),
        ("smsReminderNumber", {"n": 1}),
        ("seatsPerTimeSlot", "six"),
        ("recurringEvent", [1]),
        ("metadata", 5),
    ],
)
def test_one_odd_field_loses_no_booking(field: str, value: object):
    event = reported(booking(**{field: value}))
    assert (event.external_id, event.client.name) == ("cal-uid-1", "Vera Rotaru")
    assert event.starts_at == datetime(2026, 3, 28, 12, tzinfo=UTC)
    if (field, value) != ("currency", "lei"):
        assert [note.partition(":")[0] for note in event.odd] == [f"$.payload.{field}"]


def test_an_attendee_who_cannot_be_read_does_not_lose_the_others():
    event = reported(booking(attendees=[{"name": "Vera", "email": "v@example.com"}, "guest"]))
    assert (event.client.name, len(event.odd)) == ("Vera", 1)


def test_a_new_host_is_told_by_another_trigger():
    event = reported(booking("BOOKING_REASSIGNED", organizer={"id": 4, "name": "Zoe"}))
    assert (event.status, event.lines[0].staff_name) == (None, "Zoe")


def of_seats(trigger: str, *attendees: dict[str, Any], **changes: Any) -> Any:
    """An event about a booking that people share; the form was filled in by the last of them."""
    form = {"email": {"value": attendees[-1]["email"]}} if attendees else {}
    given = {"attendees": list(attendees), "seatsPerTimeSlot": 6, "responses": form, **changes}
    return reported(booking(trigger, **given))


A, B = {"name": "Alla", "email": "a@example.com"}, {"name": "Bella", "email": "b@example.com"}


def test_the_id_of_a_seat_is_of_the_person_whatever_the_trigger():
    made = of_seats("BOOKING_CREATED", A)
    assert (made.shared_id, made.client.name) == ("cal-uid-1", "Alla")
    upper = {**A, "email": "A@Example.com ", "id": 91, "bookingId": 7}
    assert of_seats("BOOKING_CANCELLED", upper).external_id == made.external_id
    assert of_seats("BOOKING_CREATED", B).external_id != made.external_id
    moved = of_seats("BOOKING_RESCHEDULED", A, uid="cal-uid-2", rescheduleUid="cal-uid-1")
    assert (moved.shared_id, moved.moved_from) == ("cal-uid-2", made.external_id)


def test_a_seat_has_no_phone_of_the_first_who_booked():
    event = of_seats("BOOKING_CREATED", A, B, smsReminderNumber="+37360000111")
    assert (event.client.name, event.client.phone) == ("Bella", None)
    of_form = {"email": {"value": "a@example.com"}, "attendeePhoneNumber": {"value": "+37360000111"}}
    assert of_seats("BOOKING_CANCELLED", B, responses=of_form).client.phone is None


def test_an_event_about_several_seats_has_nothing_of_one_person():
    event = of_seats("BOOKING_CANCELLED", A, B, price=900).event
    assert (event.client, event.paid_minor, event.note, event.partial) == (None, None, None, True)


def test_a_booking_without_attendees_is_anonymous():
    assert reported(booking(attendees=[])).anonymous


def test_the_length_is_counted_where_it_is_not_told():
    assert reported(without(CALCOM_BOOKING, "payload__length")).minutes == 45
    assert reported(booking(length=None, endTime="2026-03-28T11:00:00Z")).minutes is None


@pytest.mark.parametrize(
    "message",
    [
        {"event": "booked", "who": "{{attendees.0.name}}"},
        {"triggerEvent": "BOOKING_CREATED"},
        {"triggerEvent": "BOOKING_CREATED", "createdAt": "2026-01-01T00:00:00Z", "payload": "text"},
        changed(CALCOM_NO_SHOW, payload__attendees=[]),
        without(CALCOM_NO_SHOW, "payload__bookingUid"),
        booking(startTime="tomorrow"),
        ["triggerEvent"],
    ],
)
def test_other_shapes_are_not_understood(message: object):
    with pytest.raises(WebhookNotUnderstood) as error:
        reported(message)
    assert error.value.code == "INVALID_FIELD"


def test_of_a_key_given_twice_the_last_counts():
    text = json.dumps(CALCOM_BOOKING).replace(
        '"price": 0', '"price": 0, "requiresConfirmation": true, "price": 500'
    )
    (event,) = SITE.normalise(text.encode(), CONTEXT)
    assert isinstance(event, BookingReported)
    assert event.lines[0].price_minor == 500


def test_a_delivery_is_known_by_trigger_booking_and_time():
    delivery = SITE.identify(body(CALCOM_NO_SHOW), {})
    assert delivery.dedupe_key.startswith("BOOKING_NO_SHOW_UPDATED:cal-uid-1:20260328T130000.000000Z:")
    assert delivery.occurred_at == datetime(2026, 3, 28, 13, tzinfo=UTC)


def signature(raw: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("header", ["x-cal-signature-256", "X-Cal-Signature-256"])
def test_a_signature_of_the_body_verifies(header: str):
    raw = body(CALCOM_BOOKING)
    SITE.verify(raw, {header: signature(raw)}, CONTEXT, NOW)


@pytest.mark.parametrize(
    ("headers", "secret"),
    [
        ({"x-cal-signature-256": "no-secret-provided"}, SECRET),
        ({"x-cal-signature-256": "no-secret-provided"}, None),
        ({"x-cal-signature-256": signature(b"{}", "")}, ""),
        ({"x-cal-signature-256": signature(b"{}", "other")}, SECRET),
        ({"x-cal-signature-256": "sha256=" + signature(b"{}")}, SECRET),
        ({"x-cal-signature-256": "\ud800"}, SECRET),
        ({}, SECRET),
    ],
)
def test_anything_else_is_a_bad_signature(headers: dict[str, str], secret: str | None):
    with pytest.raises(BadSignature):
        SITE.verify(b"{}", headers, SiteContext(url=URL, secret=secret), NOW)
