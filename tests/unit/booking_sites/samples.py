"""Webhooks in the shape in which the sites send them, with invented people and salons."""

import json
from copy import deepcopy
from typing import Any

from chalicelib.domain.intake.site_events import SiteContext

SECRET = "a-secret-of-the-tests"
URL = "https://salon.example/hooks/square/token"
CONTEXT = SiteContext(url=URL, secret=SECRET)


def body(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False).encode()


def changed(message: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy with other values; `data__client=None` sets message["data"]["client"]."""
    copy = deepcopy(message)
    for path, value in changes.items():
        *steps, last = path.split("__")
        place = copy
        for step in steps:
            place = place[step]
        place[last] = value
    return copy


def without(message: dict[str, Any], path: str) -> dict[str, Any]:
    copy = deepcopy(message)
    *steps, last = path.split("__")
    place = copy
    for step in steps:
        place = place[step]
    del place[last]
    return copy


YCLIENTS_RECORD: dict[str, Any] = {
    "company_id": 71001,
    "resource": "record",
    "resource_id": 880001,
    "status": "create",
    "data": {
        "id": 880001,
        "company_id": 71001,
        "staff_id": 501,
        "services": [
            {"id": 31, "title": "Стрижка", "cost": 450, "cost_to_pay": 400, "discount": 50, "amount": 1},
        ],
        "goods_transactions": [],
        "staff": {"id": 501, "name": "Лилия", "specialization": "мастер", "rating": 4.9, "position": []},
        "client": {
            "id": 90210,
            "name": "Анна",
            "surname": "Мунтяну",
            "patronymic": "",
            "display_name": "Анна Мунтяну",
            "phone": 37369111222,
            "email": "",
            "birthday": "1990-02-28",
            "custom_fields": [],
        },
        "comer": None,
        "date": "2026-03-28 14:30:00",
        "datetime": "2026-03-28T14:30:00+03:00",
        "create_date": "2026-03-20T10:00:00+0200",
        "last_change_date": "2026-03-20T10:00:00+0200",
        "comment": "просит тишины",
        "visit_attendance": 0,
        "attendance": 0,
        "confirmed": 1,
        "seance_length": 2700,
        "length": 2700,
        "visit_id": "660001",
        "deleted": False,
        "paid_full": 0,
        "record_from": "",
        "consumables": [{"id": 1, "cost": 0.03}],
    },
}

YCLIENTS_CLIENT: dict[str, Any] = {
    "company_id": 71001,
    "resource": "client",
    "resource_id": 90210,
    "status": "update",
    "data": {
        "id": 90210,
        "name": "Анна",
        "phone": "+37369111222",
        "email": "anna@example.com",
        "birth_date": "1990-02-28",
        "last_change_date": "2026-03-21T09:00:00+0200",
    },
}

SQUARE_BOOKING: dict[str, Any] = {
    "merchant_id": "MSALON1",
    "type": "booking.created",
    "event_id": "11111111-2222-5333-8444-555555555555",
    "created_at": "2026-03-20T08:00:00.123456789Z",
    "location_id": "LDOWNTOWN",
    "data": {
        "type": "booking",
        "id": "bk7f3:0",
        "object": {
            "booking": {
                "id": "bk7f3",
                "version": 0,
                "status": "ACCEPTED",
                "start_at": "2026-03-28T15:00:00Z",
                "location_id": "LDOWNTOWN",
                "customer_id": "CUSTOMER1",
                "customer_note": "by the window",
                "seller_note": "",
                "appointment_segments": [
                    {
                        "duration_minutes": 30,
                        "service_variation_id": "CUT",
                        "service_variation_version": 1700000000000,
                        "team_member_id": "TM-1",
                    },
                    {"duration_minutes": 45, "service_variation_id": "COLOUR", "team_member_id": "TM-2"},
                ],
            }
        },
    },
}

SQUARE_CUSTOMER: dict[str, Any] = {
    "merchant_id": "MSALON1",
    "type": "customer.created",
    "event_id": "21111111-2222-5333-8444-555555555555",
    "created_at": "2026-03-20T08:00:01Z",
    "data": {
        "type": "customer",
        "id": "CUSTOMER1",
        "object": {
            "customer": {
                "id": "CUSTOMER1",
                "version": 0,
                "given_name": "Dora",
                "family_name": "Quill",
                "phone_number": "+12025550143",
                "email_address": "dora@example.com",
                "birthday": "1984-07-09",
                "preferences": {"email_unsubscribed": False},
            }
        },
    },
}

SQUARE_LOYALTY: dict[str, Any] = {
    "merchant_id": "MSALON1",
    "type": "loyalty.account.created",
    "event_id": "31111111-2222-5333-8444-555555555555",
    "created_at": "2026-03-20T08:00:02.5Z",
    "data": {
        "type": "loyalty_account",
        "id": "la-1",
        "object": {
            "loyalty_account": {
                "id": "la-1",
                "customer_id": "CUSTOMER1",
                "balance": 0,
                "mapping": {"id": "map-1", "phone_number": "+12025550143"},
            }
        },
    },
}

CALCOM_BOOKING: dict[str, Any] = {
    "triggerEvent": "BOOKING_CREATED",
    "createdAt": "2026-03-20T08:00:00.250Z",
    "payload": {
        "uid": "cal-uid-1",
        "bookingId": 77,
        "type": "haircut",
        "title": "Haircut between Ion and Vera",
        "eventTypeId": 12,
        "eventTitle": "Haircut",
        "startTime": "2026-03-28T12:00:00Z",
        "endTime": "2026-03-28T12:45:00+00:00",
        "length": 45,
        "additionalNotes": "",
        "organizer": {"id": 3, "name": "Ion", "timeZone": "Europe/Chisinau", "timeFormat": "h:mma"},
        "attendees": [
            {
                "name": "Vera Rotaru",
                "email": "vera@example.com",
                "timeZone": "Europe/Chisinau",
                "phoneNumber": None,
                "language": {"locale": "ro"},
            },
            {"name": "A guest", "email": "guest@example.com", "language": {"locale": "en"}},
        ],
        "responses": {
            "name": {"label": "your_name", "value": "Vera Rotaru", "isHidden": False},
            "attendeePhoneNumber": {"label": "phone_number", "value": "+37360000111", "isHidden": False},
            "location": {"label": "location", "value": {"optionValue": "", "value": "inPerson"}},
            "rescheduleReason": {"label": "reschedule_reason"},
        },
        "destinationCalendar": None,
        "price": 0,
        "currency": "usd",
        "status": "ACCEPTED",
    },
}

CALCOM_NO_SHOW: dict[str, Any] = {
    "triggerEvent": "BOOKING_NO_SHOW_UPDATED",
    "createdAt": "2026-03-28T13:00:00.000Z",
    "payload": {
        "message": "vera@example.com marked as no-show",
        "attendees": [{"email": "vera@example.com", "noShow": True}],
        "bookingUid": "cal-uid-1",
        "bookingId": 77,
    },
}

STANDARD_BOOKING: dict[str, Any] = {
    "type": "booking.upserted",
    "timestamp": "2026-03-20T08:00:00Z",
    "data": {
        "external_id": "b-1",
        "version": 3,
        "status": "booked",
        "starts_at": "2026-03-28T14:30:00",
        "timezone": "Europe/Chisinau",
        "salon": "centre",
        "client": {
            "external_id": "c-1",
            "name": "Olga Rusu",
            "phone": "069 123 456",
            "email": "olga@example.com",
        },
        "lines": [
            {
                "service": "Manicure",
                "staff": "Irina",
                "minutes": 60,
                "price": {"amount_minor": 35000, "currency": "MDL"},
            },
            {"service": "gel-polish", "minutes": 30},
        ],
        "attendance": "unknown",
    },
}

STANDARD_CLIENT: dict[str, Any] = {
    "type": "client.upserted",
    "timestamp": "2026-03-20T08:00:00+02:00",
    "data": {"external_id": "c-1", "name": "Olga Rusu", "phone": 37369123456, "birth_date": "0000-02-29"},
}

ALL = {
    "yclients": [YCLIENTS_RECORD, YCLIENTS_CLIENT],
    "altegio": [YCLIENTS_RECORD],
    "square": [SQUARE_BOOKING, SQUARE_CUSTOMER, SQUARE_LOYALTY],
    "calcom": [CALCOM_BOOKING, CALCOM_NO_SHOW],
    "standard": [STANDARD_BOOKING, STANDARD_CLIENT],
}
"""Every kind of event that says something, by site."""
