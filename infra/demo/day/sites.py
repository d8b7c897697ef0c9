"""Webhooks as the four booking sites send them: their shapes with invented people, and their signatures."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from infra.testkit.webhooks import signed_headers


@dataclass(frozen=True, slots=True)
class Guest:
    """Who books on a site. id: the site's own."""

    id: str
    name: str
    phone: str
    email: str = ""


@dataclass(frozen=True, slots=True)
class Webhook:
    """One delivery. id: the sender's, where the site gives its deliveries one."""

    site: str
    id: str
    body: bytes


def _json(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


# --- YCLIENTS: nothing is signed, local time, whole units of money, a stamp of one second

YCLIENTS_COMPANY = 71001


def yclients_record(
    record_id: int, starts_at: datetime, zone: str, changed_at: datetime, guest: Guest | None, *,
    status: str = "create", service: tuple[int, str, int, int] = (31, "Women's haircut", 60, 450),
    staff: tuple[int, str] = (501, "Ana Rusu"), attendance: int = 0, paid: bool = False,
) -> Webhook:  # fmt: skip
    """service: id, title, minutes, price in whole units."""
    service_id, title, minutes, cost = service
    local = starts_at.astimezone(ZoneInfo(zone))
    client = guest and {
        "id": int(guest.id), "name": guest.name.split()[0], "surname": guest.name.split()[-1],
        "patronymic": "", "display_name": guest.name, "phone": int(guest.phone.lstrip("+")),
        "email": guest.email, "success_visits_count": 1, "fail_visits_count": 0, "custom_fields": [],
    }  # fmt: skip
    data = {
        "id": record_id, "company_id": YCLIENTS_COMPANY, "staff_id": staff[0],
        "services": [{"id": service_id, "title": title, "cost": cost, "cost_to_pay": cost, "amount": 1}],
        "goods_transactions": [], "staff": {"id": staff[0], "name": staff[1], "rating": 4.9, "position": []},
        "client": client, "comer": None, "clients_count": 1, "date": f"{local:%Y-%m-%d %H:%M:%S}",
        "datetime": local.isoformat(), "create_date": f"{changed_at:%Y-%m-%dT%H:%M:%S}+0000", "comment": "",
        "visit_attendance": attendance, "attendance": attendance, "confirmed": 1,
        "seance_length": minutes * 60, "length": minutes * 60, "visit_id": str(660000 + record_id),
        "deleted": status == "delete", "paid_full": int(paid),
        "last_change_date": f"{changed_at:%Y-%m-%dT%H:%M:%S}+0000", "record_from": "", "consumables": [],
    }  # fmt: skip
    envelope = {
        "company_id": YCLIENTS_COMPANY, "resource": "record", "resource_id": record_id, "status": status,
    }  # fmt: skip
    return Webhook("yclients", "", _json({**envelope, "data": data}))


def yclients_schedule() -> Webhook:
    envelope = {"company_id": YCLIENTS_COMPANY, "resource": "schedule", "resource_id": 501}
    return Webhook("yclients", "", _json({**envelope, "status": "update", "data": []}))


# --- Square: the address and the body are signed, versions are counted, customers come on their own

SQUARE_MERCHANT = "MMAGNOLIA1"


def square_booking(
    booking_id: str, version: int, starts_at: datetime, created_at: datetime, customer_id: str | None, *,
    status: str = "ACCEPTED", service: tuple[str, int] = ("Balayage", 210), staff: str = "Sofia",
    note: str = "",
) -> Webhook:  # fmt: skip
    booking = {
        "id": booking_id, "version": version, "status": status, "start_at": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "location_id": "LSOHO", "customer_id": customer_id, "customer_note": "", "seller_note": note,
        "appointment_segments": [{
            "duration_minutes": service[1], "service_variation_id": service[0],
            "service_variation_version": 1700000000000, "team_member_id": staff,
        }],
        "created_at": f"{created_at:%Y-%m-%dT%H:%M:%SZ}", "updated_at": f"{created_at:%Y-%m-%dT%H:%M:%SZ}",
    }  # fmt: skip
    kind = "booking.created" if version == 0 else "booking.updated"
    return _square(kind, f"{booking_id}:{version}", "booking", booking, created_at)


def square_customer(guest: Guest, created_at: datetime, version: int = 0) -> Webhook:
    given, family = guest.name.split()
    customer = {
        "id": guest.id, "version": version, "given_name": given, "family_name": family,
        "phone_number": guest.phone, "email_address": guest.email,
        "preferences": {"email_unsubscribed": False},
    }  # fmt: skip
    kind = "customer.created" if version == 0 else "customer.updated"
    event = guest.id if version == 0 else f"{guest.id}:{version}"
    return _square(kind, guest.id, "customer", customer, created_at, event)


def square_test(created_at: datetime) -> Webhook:
    return _square("webhooks.test_notification", "test", "webhooks", {}, created_at)


def _square(
    kind: str, item_id: str, what: str, thing: Mapping[str, Any], created_at: datetime, event: str = "",
) -> Webhook:  # fmt: skip
    """event: what names it among those of its kind; the item, if nothing is given."""
    digits = hashlib.sha256(f"{kind} {event or item_id}".encode()).hexdigest()
    event_id = f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"
    return Webhook("square", event_id, _json({
        "merchant_id": SQUARE_MERCHANT, "type": kind, "event_id": event_id,
        "created_at": f"{created_at:%Y-%m-%dT%H:%M:%S.%f}Z",
        "data": {"type": what, "id": item_id, "object": {what: thing}},
    }))  # fmt: skip


# --- Cal.com: the body is signed, a moved booking is a new one that names the old


def calcom_booking(
    trigger: str, uid: str, starts_at: datetime, created_at: datetime, guest: Guest, *,
    moved_from: str | None = None, service: tuple[int, str, int] = (12, "Gel manicure", 75),
) -> Webhook:  # fmt: skip
    """service: event type, its title, minutes."""
    event_type, title, minutes = service
    payload = {
        "uid": uid, "bookingId": 7000 + len(uid), "type": title.lower().replace(" ", "-"),
        "title": f"{title} between Мария Лебедева and {guest.name}", "eventTypeId": event_type,
        "eventTitle": title, "startTime": f"{starts_at:%Y-%m-%dT%H:%M:%SZ}",
        "endTime": f"{starts_at + timedelta(minutes=minutes):%Y-%m-%dT%H:%M:%SZ}", "length": minutes,
        "additionalNotes": "", "price": 0, "currency": "rub", "destinationCalendar": None,
        "organizer": {"id": 3, "name": "Мария Лебедева", "timeZone": "Europe/Moscow", "timeFormat": "h:mma"},
        "attendees": [{"name": guest.name, "email": guest.email, "timeZone": "Europe/Moscow",
                       "phoneNumber": None, "language": {"locale": "ru"}}],
        "responses": {"attendeePhoneNumber": {"label": "phone_number", "value": guest.phone}},
        "status": "CANCELLED" if trigger == "BOOKING_CANCELLED" else "ACCEPTED",
        **({"rescheduleUid": moved_from} if moved_from else {}),
    }  # fmt: skip
    return _calcom(trigger, created_at, payload)


def calcom_no_show(uid: str, created_at: datetime, guest: Guest, *, missed: bool) -> Webhook:
    marks = [{"email": guest.email, "noShow": missed}]
    message = f"{guest.email} {'marked' if missed else 'unmarked'} as no-show"
    return _calcom(
        "BOOKING_NO_SHOW_UPDATED", created_at, {"message": message, "attendees": marks, "bookingUid": uid}
    )


def calcom_meeting_ended(uid: str, created_at: datetime) -> Webhook:
    """Of those events that have no payload."""
    stamp = f"{created_at:%Y-%m-%dT%H:%M:%S}.000Z"
    return Webhook("calcom", "", _json({"triggerEvent": "MEETING_ENDED", "createdAt": stamp, "uid": uid}))


def _calcom(trigger: str, created_at: datetime, payload: Mapping[str, Any]) -> Webhook:
    stamp = f"{created_at:%Y-%m-%dT%H:%M:%S}.{created_at.microsecond // 1000:03d}Z"
    return Webhook("calcom", "", _json({"triggerEvent": trigger, "createdAt": stamp, "payload": payload}))


# --- Standard Webhooks: id, time and body are signed; the body is our own canonical event


def standard_booking(
    booking_id: str, version: int, starts_at: datetime, timestamp: datetime, guest: Guest, *,
    status: str = "booked", service: str = "Pedicure", staff: str = "Elena Moraru",
    paid_minor: int | None = None, attendance: str = "unknown",
) -> Webhook:  # fmt: skip
    data = {
        "external_id": booking_id, "version": version, "status": status,
        "starts_at": starts_at.astimezone(UTC).isoformat(), "attendance": attendance,
        "client": {"external_id": guest.id, "name": guest.name, "phone": guest.phone, "email": guest.email},
        "lines": [{"service": service, "staff": staff, "minutes": 60,
                   "price": {"amount_minor": 400_00, "currency": "MDL"}}],
        **({"paid": {"amount_minor": paid_minor, "currency": "MDL"}} if paid_minor else {}),
    }  # fmt: skip
    stamp = timestamp.astimezone(UTC).isoformat()
    body = _json({"type": "booking.upserted", "timestamp": stamp, "data": data})
    return Webhook("standard", f"msg_{booking_id}_{version}_{status}", body)


# --- signatures


def signed(webhook: Webhook, url: str, secret: str | None, now: datetime) -> dict[str, str]:
    """The headers of a delivery, as the site would sign it."""
    headers = {"Content-Type": "application/json"}
    key = (secret or "").encode()
    if webhook.site == "square":
        mac = hmac.digest(key, url.encode() + webhook.body, "sha256")
        headers["x-square-hmacsha256-signature"] = base64.b64encode(mac).decode()
    elif webhook.site == "calcom":
        headers["x-cal-signature-256"] = hmac.digest(key, webhook.body, "sha256").hex()
        headers["x-cal-webhook-version"] = "2021-10-20"
    elif webhook.site == "standard":
        headers |= signed_headers(secret or "", webhook.id, now, webhook.body)
    return headers
