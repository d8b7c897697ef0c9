"""What comes back in the demo: events as the messaging services tell them, and what is made of the log."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.messages.replies import Meaning, Reply, meaning
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.events.read import read
from infra.demo.day.answers import NO, STOP, YES
from infra.demo.day.carriers import BATCH_SIZE, OUR_NUMBER, Carriers
from infra.demo.day.cascades import READERS, cascades_in
from infra.demo.day.story import CHISINAU, FIRST_FREE
from infra.demo.report.messages import cascades, messages
from infra.demo.report.report import Report
from infra.demo.year.data import phone
from tests.demo.demo_network import NETWORK, NOW

TOPIC = "arn:aws:sns:us-east-1:000000000000:events"


class RecordingTopic:
    """In the place of SNS."""

    def __init__(self) -> None:
        self.published: list[str] = []

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: list[dict[str, Any]]) -> None:
        assert TopicArn == TOPIC
        assert len({entry["Id"] for entry in PublishBatchRequestEntries}) <= BATCH_SIZE
        self.published += [entry["Message"] for entry in PublishBatchRequestEntries]


def a_message(**said: Any) -> Message:
    given: dict[str, Any] = {
        "network_id": NETWORK, "id": "msg_1", "client_id": "cli_1", "kind": TouchKind.NOTICE,
        "channel": "sms", "state": MessageState.SENT, "planned_at": NOW, "recorded_at": NOW,
        "to": "+37364000001", "provider_id": "provider-1", "parts": 2, "sent_at": NOW,
    }  # fmt: skip
    return Message(**{**given, **said})


@pytest.fixture
def topic() -> RecordingTopic:
    return RecordingTopic()


def told(topic: RecordingTopic) -> list[Any]:
    return [each for text in topic.published for each in read(text, NOW)]


def test_a_delivered_sms_is_told_with_its_price(topic: RecordingTopic) -> None:
    Carriers(topic, TOPIC).tell([a_message()])
    (receipt,) = told(topic)
    assert isinstance(receipt, Receipt)
    assert (receipt.message_id, receipt.state) == ("msg_1", MessageState.DELIVERED)
    assert (receipt.parts, receipt.cost_micros) == (2, 82_400)


def test_a_delivered_email_has_no_price(topic: RecordingTopic) -> None:
    Carriers(topic, TOPIC).tell([a_message(channel="email", to="a@example.com")])
    (receipt,) = told(topic)
    assert (receipt.client_id, receipt.state, receipt.parts) == ("cli_1", MessageState.DELIVERED, None)


def test_a_carrier_that_blocks_is_a_failure(topic: RecordingTopic) -> None:
    Carriers(topic, TOPIC).tell([a_message()], "CARRIER_BLOCKED")
    (receipt,) = told(topic)
    assert (receipt.state, receipt.reason) == (MessageState.FAILED, "carrier_blocked")


def test_many_are_told_in_batches_and_the_same_again(topic: RecordingTopic) -> None:
    many = [a_message(id=f"msg_{number}") for number in range(BATCH_SIZE * 2 + 1)]
    for _ in range(2):
        Carriers(topic, TOPIC).tell(many)
    assert len(topic.published) == 2 * len(many)
    assert set(topic.published[: len(many)]) == set(topic.published)


def test_clients_write_what_is_understood(topic: RecordingTopic) -> None:
    for text in (YES, NO, STOP):
        Carriers(topic, TOPIC).write("+37364000001", text, "provider-1")
    replies = told(topic)
    assert all(isinstance(each, Reply) and each.to == OUR_NUMBER for each in replies)
    assert [meaning(each.text) for each in replies] == [Meaning.YES, Meaning.NO, Meaning.STOP]
    assert len({each.id for each in replies}) == 3
    assert json.loads(topic.published[0])["previousPublishedMessageId"] == "provider-1"


def a_cascade() -> list[Message]:
    """Of the reader whose app was removed."""
    to = phone(CHISINAU, FIRST_FREE[CHISINAU] + READERS[0].number)
    first = a_message(id="msg_1", booking_id="bkg_1", channel="push", to="arn:x", provider_id=None,
                      state=MessageState.FAILED, reason="device_gone")  # fmt: skip
    then = a_message(id="msg_2", booking_id="bkg_1", to=to, recorded_at=NOW + timedelta(minutes=1))
    return [first, then]


def test_a_cascade_is_what_was_tried_twice_in_its_order() -> None:
    alone = a_message(id="msg_3", booking_id="bkg_2")
    skipped = a_message(id="msg_4", booking_id="bkg_2", to=None, state=MessageState.SKIPPED)
    first, then = a_cascade()
    (found,) = cascades_in([alone, then, skipped, first])
    assert list(found.attempts) == [first, then]
    assert found.title == READERS[0].title


def test_a_cascade_is_shown_as_a_line_of_time() -> None:
    report = Report()
    cascades(report, cascades_in(a_cascade()))
    assert report.lines[1].strip() == "08:03:20 push failed (device_gone) -> 08:04:20 sms sent"


def test_the_table_counts_kinds_by_states_and_says_why() -> None:
    report = Report()
    held = a_message(state=MessageState.SKIPPED, reason="held_out", to=None, provider_id=None, parts=0)
    messages(report, [*a_cascade(), held])
    notice = next(line for line in report.lines if "notice" in line and "bonus" not in line)
    assert notice.split()[:4] == ["notice", "1", "1", "1"]
    assert "device_gone 1, held_out 1" in notice
    assert any(line.startswith("Skipped because") and "held_out 1" in line for line in report.lines)
