"""What booking sites send of a new booking (the body's bytes and the headers), and what AWS tells of an SMS.
Values are invented."""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from chalicelib.domain.messages.messages import Message
from infra.testkit.builders import a_connection
from infra.testkit.webhooks import signed_headers


def _standard(starts_at: datetime, now: datetime) -> tuple[bytes, dict[str, str]]:
    body = {
        "type": "booking.upserted",
        "timestamp": _instant(now),
        "data": {
            "external_id": "48213377",
            "status": "booked",
            "starts_at": _instant(starts_at),
            "client": {
                "external_id": "7730211",
                "name": "Мария Александровна Петрова",
                "phone": "+37369123456",
            },
            "lines": [
                {
                    "service": "Haircut",
                    "staff": "Anna",
                    "minutes": 60,
                    "price": {"amount_minor": 50_000, "currency": "MDL"},
                }
            ],
        },
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    return raw, signed_headers(str(a_connection().secret), "msg_2b8Qk", now, raw)


def _yclients(starts_at: datetime, now: datetime) -> tuple[bytes, dict[str, str]]:
    """With the fields that this site sends about any booking, most of which are of no use to us."""
    local = starts_at.astimezone(ZoneInfo("Europe/Chisinau"))
    body = {
        "company_id": 4564, "resource": "record", "resource_id": 48213377, "status": "create",
        "data": {
            "id": 48213377, "company_id": 4564, "staff_id": 9, "clients_count": 1,
            "services": [{"id": 1, "title": "Haircut", "cost": 500, "cost_to_pay": 500, "manual_cost": 500,
                          "cost_per_unit": 500, "discount": 0, "first_cost": 500, "amount": 1}],
            "goods_transactions": [], "comer": None, "comment": "", "online": True,
            "staff": {"id": 9, "api_id": None, "name": "Anna", "specialization": "stylist", "rating": 5,
                      "position": {"id": 1, "title": "Stylist"}, "avatar": "https://site.example/a.png",
                      "avatar_big": "https://site.example/b.png", "votes_count": 0},
            "client": {"id": 7730211, "name": "Мария Александровна", "surname": "Петрова", "patronymic": "",
                       "display_name": "Мария Александровна Петрова", "comment": "", "phone": "37369123456",
                       "card": "", "email": "", "success_visits_count": 0, "fail_visits_count": 0,
                       "discount": 0,
                       "sex": 2, "birthday": "", "client_tags": [], "custom_fields": []},
            "date": local.strftime("%Y-%m-%d %H:%M:%S"), "datetime": local.isoformat(),
            "create_date": now.isoformat(), "last_change_date": now.isoformat(), "seance_length": 3600,
            "length": 3600, "attendance": 0, "visit_attendance": 0, "confirmed": 1, "sms_before": 0,
            "sms_now": 0, "email_now": 0, "notified": 0, "master_request": 0, "api_id": "", "from_url": "",
            "review_requested": 0,
            "visit_id": 51500212, "created_user_id": 0, "deleted": False, "paid_full": 0, "payment_status": 0,
            "prepaid": False, "prepaid_confirmed": False, "is_update_blocked": False, "activity_id": 0,
            "bookform_id": 0, "record_from": "", "is_mobile": 0, "short_link": "https://site.example/s/x1",
            "custom_fields": [], "documents": [{"id": 5, "type_id": 7, "storage_id": 0, "user_id": 0,
                                                "company_id": 4564, "number": 5, "comment": ""}],
        },
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode(), {}


DELIVERIES = {"standard": _standard, "yclients": _yclients}


def receipt_of(message: Message, topic: str, at: datetime) -> dict[str, str]:
    """Delivered to the phone, as End User Messaging tells a topic, and the topic a queue; unsigned."""
    milliseconds = int(at.timestamp() * 1000)
    event = {
        "eventType": "TEXT_DELIVERED", "eventVersion": "1.0", "eventTimestamp": milliseconds, "isFinal": True,
        "originationPhoneNumber": "+37360000000", "destinationPhoneNumber": message.to or "+37369123456",
        "isoCountryCode": "MD", "mcc": "259", "mnc": "01",
        "messageId": "862a8790-60c0-4430-9b2b-658bdexample", "messageRequestTimestamp": milliseconds - 2_000,
        "messageEncoding": "UNICODE", "messageType": "TRANSACTIONAL", "messageStatus": "DELIVERED",
        "messageStatusDescription": "Message has been accepted by phone",
        "context": {"network": message.network_id, "client": message.client_id, "message": message.id},
        "totalMessageParts": 2, "totalMessagePrice": 0.09582, "totalCarrierFee": 0.003,
    }  # fmt: skip
    return {
        "Type": "Notification",
        "MessageId": "11111111-2222-3333-4444-555555555555",
        "TopicArn": topic,
        "Message": json.dumps(event),
        "Timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
    }


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
