"""What carriers tell of messages, and what clients write back: published on the deployed topic in place of
the messaging services, of which none tells anything here. All behind the topic is the real thing."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.channels.context import Context, as_pairs
from chalicelib.domain.messages.messages import Message

BATCH_SIZE = 10
OUR_NUMBER = "+37322000100"
PRICES = {"+373": (0.0412, 0.0), "+7": (0.0631, 0.0), "+1": (0.0058, 0.003)}
"""By calling code: US dollars for a part, and its carrier's fee. Invented."""


@dataclass(frozen=True)
class Carriers:
    """sns: of the local cloud. topic: the deployed one for events of messages."""

    sns: Any
    topic: str

    def tell(self, messages: Iterable[Message], came_to: str = "DELIVERED") -> None:
        """That these SMS and e-mails were delivered, or what else a carrier says of an SMS."""
        self._publish([_of_email(each) if each.channel == "email" else _of_sms(each, came_to)
                       for each in messages])  # fmt: skip

    def write(self, sender: str, text: str, in_reply_to: str | None = None) -> None:
        """An SMS from a client, such as one that answers ours. The same again is the same one."""
        self._publish([{
            "originationNumber": sender, "destinationNumber": OUR_NUMBER, "messageKeyword": "KEYWORD_1",
            "messageBody": text, "inboundMessageId": f"in-{sender}-{text}",
            **({"previousPublishedMessageId": in_reply_to} if in_reply_to else {}),
        }])  # fmt: skip

    def _publish(self, events: Sequence[dict[str, Any]]) -> None:
        for first in range(0, len(events), BATCH_SIZE):
            entries = [
                {"Id": str(number), "Message": json.dumps(event, ensure_ascii=False)}
                for number, event in enumerate(events[first : first + BATCH_SIZE])
            ]
            self.sns.publish_batch(TopicArn=self.topic, PublishBatchRequestEntries=entries)


def _of_sms(message: Message, came_to: str) -> dict[str, Any]:
    price, fee = next(
        (each for code, each in PRICES.items() if (message.to or "").startswith(code)), (0.05, 0.0)
    )
    return {
        "eventType": f"TEXT_{came_to}", "eventVersion": "1.0", "isFinal": True,
        "eventTimestamp": _milliseconds(message), "messageId": message.provider_id,
        "destinationPhoneNumber": message.to, "context": as_pairs(_context(message)),
        "totalMessageParts": message.parts, "totalMessagePrice": round(message.parts * price, 6),
        "totalCarrierFee": round(message.parts * fee, 6),
    }  # fmt: skip


def _of_email(message: Message) -> dict[str, Any]:
    told_at = datetime.fromtimestamp(_milliseconds(message) / 1000, UTC).isoformat()
    tags = {name: [value] for name, value in as_pairs(_context(message)).items()}
    return {
        "eventType": "Delivery", "delivery": {"timestamp": told_at, "recipients": [message.to]},
        "mail": {"timestamp": told_at, "messageId": message.provider_id, "tags": tags},
    }  # fmt: skip


def _context(message: Message) -> Context:
    return Context(message.network_id, message.client_id, message.id)


def _milliseconds(message: Message) -> int:
    """Shortly after it was sent: the same whenever it is told."""
    return int((message.sent_at or message.recorded_at).timestamp() * 1000) + 800
