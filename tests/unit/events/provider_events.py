"""Events as providers publish them, shaped like the examples of their documentation."""

import json
from typing import Any

NETWORK, CLIENT, MESSAGE = "net_lotos00001", "cli_maria00000000001", "msg_1"
OURS = {"network": NETWORK, "client": CLIENT, "message": MESSAGE}
CALLBACK = f"{NETWORK} {CLIENT} {MESSAGE}"
PHONE_ARN = (
    "arn:aws:social-messaging:us-east-1:123456789012:phone-number-id/976c72a700aac43eaf573ae050example"
)
PHONE_ID = "phone-number-id-976c72a700aac43eaf573ae050example"


def sms_event(event_type: str = "TEXT_DELIVERED", **fields: Any) -> dict[str, Any]:
    """docs.aws.amazon.com/sms-voice/latest/userguide/configuration-sets-event-format.html"""
    return {
        "eventType": event_type,
        "eventVersion": "1.0",
        "eventTimestamp": 1_795_421_103_470,
        "isFinal": True,
        "originationPhoneNumber": "+37360000000",
        "destinationPhoneNumber": "+37369123456",
        "isoCountryCode": "MD",
        "mcc": "259",
        "mnc": "01",
        "messageId": "862a8790-60c0-4430-9b2b-658bdexample",
        "messageRequestTimestamp": 1_795_421_103_170,
        "messageEncoding": "UNICODE",
        "messageType": "TRANSACTIONAL",
        "messageStatus": event_type.removeprefix("TEXT_"),
        "messageStatusDescription": "Message has been accepted by phone",
        "context": OURS,
        "totalMessageParts": 2,
        "totalMessagePrice": 0.09582,
        "totalCarrierFee": 0.003,
        **fields,
    }


def sms_reply(text: str = "СТОП", **fields: Any) -> dict[str, Any]:
    """docs.aws.amazon.com/sms-voice/latest/userguide/two-way-sms-payload.html"""
    return {
        "originationNumber": "+37369123456",
        "destinationNumber": "+37360000000",
        "messageKeyword": "KEYWORD_123456789012",
        "messageBody": text,
        "inboundMessageId": "cae173d2-66b9-564c-8309-21f858e9fb84",
        "previousPublishedMessageId": "862a8790-60c0-4430-9b2b-658bdexample",
        **fields,
    }


def email_event(event_type: str = "Delivery", **fields: Any) -> dict[str, Any]:
    """docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-examples.html"""
    name = event_type[0].lower() + event_type[1:]
    return {
        "eventType": event_type,
        "mail": {
            "timestamp": "2026-11-23T08:00:00.123Z",
            "source": "Lotos <salon@lotos.example>",
            "messageId": "EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000",
            "destination": ["maria@example.com"],
            "headersTruncated": False,
            "headers": [{"name": "From", "value": "Lotos <salon@lotos.example>"}],
            "commonHeaders": {"subject": "Visit"},
            "tags": {
                "ses:configuration-set": ["perennial-dev"],
                **{name: [value] for name, value in OURS.items()},
            },
        },
        name: {"timestamp": "2026-11-23T08:00:05.456789Z", **fields},
    }


def whatsapp_event(value: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """docs.aws.amazon.com/social-messaging/latest/userguide/managing-event-destination-dlrs.html"""
    metadata = {"display_phone_number": "37360000000", "phone_number_id": "321010217760100"}
    entry = {
        "id": "365731266123456",
        "changes": [
            {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        ],
    }
    return {
        "context": {
            "MetaWabaIds": [
                {"wabaId": "1234567890abcde", "arn": "arn:aws:social-messaging:us-east-1:1:waba/fb"}
            ],
            "MetaPhoneNumberIds": [{"metaPhoneNumberId": "321010217760100", "arn": PHONE_ARN}],
        },
        "whatsAppWebhookEntry": json.dumps(entry),
        "aws_account_id": "123456789012",
        "message_timestamp": "2026-11-23T08:00:43.271279391Z",
        "messageId": "6d69f07a-c317-4278-9d5c-6a84078419ec",
        **fields,
    }


def whatsapp_status(status: str = "delivered", **fields: Any) -> dict[str, Any]:
    return {
        "id": "wamid.HBgLMTQyNTY5ODgzMDIVAgARGBI3",
        "status": status,
        "timestamp": "1795421105",
        "recipient_id": "37369123456",
        "biz_opaque_callback_data": CALLBACK,
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "utility"},
        **fields,
    }


def whatsapp_reply(body: str = "+", **fields: Any) -> dict[str, Any]:
    return {
        "from": "37369123456",
        "id": "wamid.HBgLMTQyNTY5ODgzMDIVAgASGBQzQ",
        "timestamp": "1795421106",
        "type": "text",
        "text": {"body": body},
        **fields,
    }
