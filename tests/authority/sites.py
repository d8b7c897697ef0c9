"""Booking sites as they speak: each renders its own body of what it says of one booking."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.testkit.builders import NOW

FIRST_START = NOW + timedelta(hours=2)
"""On the day of the visit, so that it may be closed at any step."""
MOVED_BY_SITE, MOVED_BY_DESK = timedelta(minutes=20), timedelta(minutes=30)
PHONE = "+37369123456"
SUM_MINOR = 40_000


@dataclass(frozen=True)
class Spoken:
    """What a site says of the booking, all of it. number: counts what it said. uid, moved_from: the site's id
    now, and the one before a move. unsaid: it does not say the status."""

    number: int = 1
    at: datetime = NOW
    status: str = "booked"
    start: datetime = FIRST_START
    note: str = ""
    paid_minor: int | None = None
    uid: str = "u1"
    moved_from: str | None = None
    thin: bool = False
    unsaid: bool = False


@dataclass(frozen=True)
class SpeakingSite:
    """says: the words that this site has. in_order: its ids change with a move, so that late words are of a
    former id."""

    name: str
    body: Callable[[Spoken], dict[str, Any]]
    says: frozenset[str]
    settings: tuple[tuple[str, str], ...] = ()
    before: Callable[[], dict[str, Any]] | None = None
    in_order: bool = False

    def raw(self, spoken: Spoken) -> bytes:
        return json.dumps(self.body(spoken)).encode()


def _standard(spoken: Spoken) -> dict[str, Any]:
    data: dict[str, Any] = {
        "external_id": "e-1",
        "version": spoken.number,
        "status": spoken.status,
        "starts_at": spoken.start.isoformat(),
        "client": {"external_id": "c-1", "name": "Maria Popescu", "phone": PHONE},
        "lines": [{"service": "Haircut", "staff": "Anna", "minutes": 60}],
        "note": spoken.note,
    }
    if spoken.paid_minor is not None:
        data["paid"] = {"amount_minor": spoken.paid_minor, "currency": "MDL"}
    return {"type": "booking.upserted", "timestamp": spoken.at.isoformat(), "data": data}


_ATTENDANCE = {"booked": 0, "confirmed": 2, "completed": 1, "no_show": -1, "cancelled": 0}


def _yclients(spoken: Spoken) -> dict[str, Any]:
    cost = (spoken.paid_minor or SUM_MINOR) // 100
    record = {
        "id": 7,
        "last_change_date": f"{spoken.at:%Y-%m-%dT%H:%M:%SZ}",
        "date": f"{spoken.start.astimezone(ZoneInfo('Europe/Chisinau')):%Y-%m-%d %H:%M:%S}",
        "services": [{"id": 31, "title": "Haircut", "cost": cost, "cost_to_pay": cost}],
        "staff": {"id": 4, "name": "Anna"},
        "client": {"id": 9, "name": "Maria Popescu", "phone": PHONE},
        "attendance": _ATTENDANCE[spoken.status],
        "seance_length": 3600,
        "paid_full": int(spoken.status == "completed"),
        "deleted": spoken.status == "cancelled",
        "comment": spoken.note,
    }
    status = "delete" if spoken.status == "cancelled" else "update"
    return {"company_id": 71001, "resource": "record", "resource_id": 7, "status": status, "data": record}


_SQUARE = {"booked": "ACCEPTED", "cancelled": "CANCELLED_BY_CUSTOMER", "no_show": "NO_SHOW"}


def _square_event(kind: str, spoken: Spoken, event: dict[str, Any]) -> dict[str, Any]:
    return {
        "merchant_id": "M1",
        "type": kind,
        "event_id": f"ev-{kind}-{spoken.number}",
        "created_at": spoken.at.isoformat(),
        "data": {"type": kind.split(".")[0], "id": "b1", "object": event},
    }


def _square(spoken: Spoken) -> dict[str, Any]:
    segment = {"duration_minutes": 60, "service_variation_id": "CUT", "team_member_id": "TM1"}
    booking = {
        "id": "b1",
        "version": spoken.number,
        "status": _SQUARE[spoken.status],
        "start_at": spoken.start.isoformat(),
        "location_id": "L1",
        "customer_id": "CUST1",
        "seller_note": spoken.note,
        "appointment_segments": [segment],
    }
    return _square_event("booking.updated", spoken, {"booking": booking})


def _square_customer() -> dict[str, Any]:
    customer = {"id": "CUST1", "version": 0, "given_name": "Maria", "family_name": "Popescu",
                "phone_number": PHONE}  # fmt: skip
    return _square_event("customer.created", Spoken(), {"customer": customer})


def _calcom(spoken: Spoken) -> dict[str, Any]:
    attendee = {"name": "Maria Popescu", "email": "maria@example.com", "phoneNumber": PHONE}
    created_at = spoken.at.isoformat()
    if spoken.thin:
        marked = {**attendee, "noShow": spoken.status == "no_show"}
        payload: dict[str, Any] = {"bookingUid": spoken.uid, "attendees": [marked]}
        return {"triggerEvent": "BOOKING_NO_SHOW_UPDATED", "createdAt": created_at, "payload": payload}
    payload = {
        "uid": spoken.uid,
        "startTime": spoken.start.isoformat(),
        "endTime": (spoken.start + timedelta(hours=1)).isoformat(),
        "eventTypeId": 5,
        "eventTitle": "Haircut",
        "organizer": {"id": 41, "name": "Anna"},
        "attendees": [attendee],
        "additionalNotes": spoken.note,
    }
    trigger = "BOOKING_CANCELLED" if spoken.status == "cancelled" else "BOOKING_CREATED"
    if spoken.note and trigger == "BOOKING_CREATED":
        trigger = "BOOKING_REASSIGNED"
    if spoken.moved_from is not None:
        trigger, payload["rescheduleUid"] = "BOOKING_RESCHEDULED", spoken.moved_from
    return {"triggerEvent": trigger, "createdAt": created_at, "payload": payload}


_ALL = frozenset({"note", "move", "booked", "confirmed", "completed", "cancelled", "no_show"})
SITES = {
    site.name: site
    for site in (
        SpeakingSite("standard", _standard, _ALL),
        SpeakingSite("yclients", _yclients, _ALL, (("company_id", "71001"),)),
        SpeakingSite("altegio", _yclients, _ALL, (("company_id", "71001"),)),
        SpeakingSite("square", _square, _ALL - {"confirmed", "completed"}, before=_square_customer),
        SpeakingSite("calcom", _calcom, _ALL - {"confirmed", "completed"}, in_order=True),
    )
}


def spoken_next(site: SpeakingSite, last: Spoken, word: str, at: datetime) -> Spoken:
    """What the site says after a word of its desk or of its client; it says all else again."""
    new = replace(last, number=last.number + 1, at=at, moved_from=None, thin=False)
    if word == "note":  # Cal.com tells of a no-show in a body of its own alone
        unsaid = new.unsaid or (site.name == "calcom" and new.status == "no_show")
        return replace(new, note=f"note {new.number}", unsaid=unsaid)
    if word == "move":
        new = replace(new, start=new.start + MOVED_BY_SITE, status="booked", unsaid=False, paid_minor=None)
        if site.name == "calcom":
            new = replace(new, uid=f"u{new.number}", moved_from=last.uid)
        return new
    paid_minor = SUM_MINOR + 1_000 * (new.number % 3) if word == "completed" else None
    thin = site.name == "calcom" and word in ("no_show", "booked")
    return replace(new, status=word, unsaid=False, paid_minor=paid_minor, thin=thin)
