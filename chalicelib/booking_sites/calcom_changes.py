"""What has changed at Cal.com, by its API: a host's bookings, as its webhooks have them.

https://cal.com/docs/api-reference/v2/bookings: in the order in which they were made, so that a change between
two pages moves none to a page that was read.

The API names an event type by its id and its part of an address. The address is left out: as a name, it would
rename the service. Of a shared booking it lists the seats that are taken, so that one who left is not told.
"""

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from chalicelib.booking_sites.calcom_api import API_VERSION
from chalicelib.booking_sites.reported_changes import as_body, without_page
from chalicelib.booking_sites.site_api import SiteApi, in_object
from chalicelib.services.intake.booking_site import AskedOutcome, ChangesWanted, SiteChanges

BOOKINGS_OF_PAGE = 50
MAX_SEATS = 100
"""How many seats of one booking are looked at."""
CLOSED = {"cancelled": "BOOKING_CANCELLED", "rejected": "BOOKING_REJECTED"}
_SAME = ("uid", "eventTypeId", "location", "rescheduledToUid", "metadata")
_OTHER = {
    "start": "startTime",
    "end": "endTime",
    "duration": "length",
    "description": "additionalNotes",
    "rescheduledFromUid": "rescheduleUid",
    "recurringBookingUid": "recurringEventId",
}
"""Names of the API -> names in a webhook."""


def changes(api: SiteApi, wanted: ChangesWanted) -> SiteChanges:
    """Raises OSError where there is no answer."""
    since = wanted.since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    query = {
        "afterUpdatedAt": since,
        "status": "upcoming,recurring,past,cancelled,unconfirmed",
        "sortCreated": "asc",
        "take": BOOKINGS_OF_PAGE,
        "skip": (wanted.page - 1) * BOOKINGS_OF_PAGE,
    }
    headers = {"Authorization": f"Bearer {wanted.token}", "cal-api-version": API_VERSION}
    answer = api("GET", f"/v2/bookings?{urlencode(query)}", headers)
    bookings = in_object(answer.body, "data")
    if not answer.is_done or not isinstance(bookings, list):
        return without_page(answer)
    bodies = tuple(
        as_body(body)
        for each in bookings
        if isinstance(each, dict) and each.get("uid") and each.get("updatedAt")
        for body in _webhooks(each)
    )
    return SiteChanges(AskedOutcome.ANSWERED, bodies, is_last=len(bookings) < BOOKINGS_OF_PAGE)


def _webhooks(booking: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What the webhooks would have told of the booking, as it is now. A mark of a no-show is a body of its
    own, beside one that says nothing of the status."""
    people = [each for each in booking.get("attendees") or [] if isinstance(each, dict)]
    seats = [each for each in people if each.get("seatUid")][:MAX_SEATS]
    missed = [each for each in people if each.get("absent")] if booking.get("status") == "accepted" else []
    if seats:
        for each in seats:
            if each not in missed:
                yield _seat(booking, each, len(seats))
    else:
        yield _body(_trigger(booking, is_marked=bool(missed)), booking, people)
    if missed and (seats or len(missed) == len(people)):
        marks = [{**_attendee(each), "noShow": True} for each in missed]
        payload = {"bookingUid": booking["uid"], "attendees": marks}
        yield _event("BOOKING_NO_SHOW_UPDATED", booking, payload)


def _trigger(booking: dict[str, Any], *, is_marked: bool = False) -> str:
    status = str(booking.get("status"))
    if status in CLOSED:
        return CLOSED[status]
    if status == "pending":
        return "BOOKING_REQUESTED"
    if is_marked:
        return "BOOKING_REASSIGNED"
    return "BOOKING_RESCHEDULED" if booking.get("rescheduledFromUid") else "BOOKING_CREATED"


def _seat(booking: dict[str, Any], who: dict[str, Any], seats: int) -> dict[str, Any]:
    answers = who.get("bookingFieldsResponses")
    of_seat = {**booking, "bookingFieldsResponses": answers if isinstance(answers, dict) else {}}
    body = _body(_trigger(booking), of_seat, [who])
    body["payload"] |= {"attendeeSeatId": who["seatUid"], "seatsPerTimeSlot": max(seats, 2)}
    return body


def _body(trigger: str, booking: dict[str, Any], people: list[dict[str, Any]]) -> dict[str, Any]:
    payload = {name: booking[name] for name in _SAME if booking.get(name) is not None}
    payload |= {target: booking[name] for name, target in _OTHER.items() if booking.get(name) is not None}
    hosts = booking.get("hosts") or [None]
    if isinstance(hosts[0], dict):
        payload["organizer"] = {name: hosts[0].get(name) for name in ("id", "name")}
    payload["status"] = str(booking.get("status")).upper()
    payload["responses"] = booking.get("bookingFieldsResponses") or {}
    payload["attendees"] = [_attendee(each) for each in people]
    return _event(trigger, booking, payload)


def _attendee(who: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": who.get("name"),
        "email": who.get("email"),
        "phoneNumber": who.get("phoneNumber"),
        "language": {"locale": who.get("language")},
    }


def _event(trigger: str, booking: dict[str, Any], payload: dict[str, Any]) -> dict[str, Any]:
    return {"triggerEvent": trigger, "createdAt": booking["updatedAt"], "payload": payload}
