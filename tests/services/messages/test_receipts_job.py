"""The function `receipts` itself: of a batch, only what may yet succeed is delivered again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib import wiring
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.jobs.job import metrics
from chalicelib.jobs.receipts import receipts
from chalicelib.services.networks.set_identities import answer_at
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import SalonDriver
from tests.unit.events.provider_events import sms_event, sms_reply

TOPIC, MARIA, OURS = "arn:aws:sns:us-east-1:123456789012:events", "cli_maria00000000001", "+37360000000"
MADE_BY_THE_WIRING = ("settings", "table", "world", "wake_queue", "_envelopes")


@pytest.fixture
def driver(driver: SalonDriver, monkeypatch: pytest.MonkeyPatch) -> Iterator[SalonDriver]:
    """Sets the environment of the deployed function."""
    environment = {
        "TABLE_NAME": driver.store.item.Meta.table_name,
        "EVENTS_TOPIC": TOPIC,
        "EVENT_SIGNATURES": "unsigned",
        "POWERTOOLS_SERVICE_NAME": "perennial",
        "POWERTOOLS_METRICS_NAMESPACE": "Perennial/test",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    forget()
    yield driver
    forget()


def forget() -> None:
    for name in MADE_BY_THE_WIRING:
        getattr(wiring, name).cache_clear()
    metrics.cache_clear()


def handled(*bodies: Any) -> list[str]:
    """The numbers of those that are to be delivered again."""
    records = [
        {
            "messageId": str(number),
            "body": body if isinstance(body, str) else json.dumps(body),
            "attributes": {},
        }
        for number, body in enumerate(bodies)
    ]
    answer: Any = receipts({"Records": records}, None)
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]


def published(event: Any, **fields: Any) -> dict[str, Any]:
    text = event if isinstance(event, str) else json.dumps(event)
    at = wiring.now().isoformat()
    return {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": TOPIC,
        "Message": text,
        "Timestamp": at,
        **fields,
    }


def context(message_id: str, network_id: str = NETWORK) -> dict[str, str]:
    return {"network": network_id, "client": MARIA, "message": message_id}


def a_message(driver: SalonDriver, message_id: str = "msg_1") -> Message:
    message = Message(
        network_id=NETWORK,
        id=message_id,
        client_id=MARIA,
        kind=TouchKind.NOTICE,
        channel="sms",
        state=MessageState.SENT,
        planned_at=NOW,
        recorded_at=NOW,
        to="+37369123456",
    )
    saved: Message = driver.store.save(message)[0]
    return saved


def test_of_a_batch_only_what_may_yet_succeed_comes_again(
    driver: SalonDriver, capsys: pytest.CaptureFixture[str]
) -> None:
    a_message(driver)
    answer_at(driver.world, NETWORK, OURS)
    young = time_ordered("msg", wiring.now(), "0000000000")
    old = time_ordered("msg", wiring.now() - timedelta(hours=1), "0000000000")
    again = handled(
        published(sms_event(context=context("msg_1"))),
        published(sms_event(context=context(young))),
        published(sms_event(context=context(old))),
        published(sms_event(context=context("msg_1", "net_elsewhere0"))),
        published(sms_event(context=None)),
        published("no JSON"),
        published(sms_event(context=context("msg_1")), TopicArn="arn:aws:sns:us-east-1:1:other"),
        published(sms_reply("Вы открыты?")),
        published(sms_reply("STOP", destinationNumber="+37360000009")),
        {"not": "an envelope"},
        "[]",
        "no JSON at all",
    )
    assert again == ["1", "11"]
    assert driver.log()[-1].state is MessageState.DELIVERED
    counted = {name for line in capsys.readouterr().out.splitlines() if "_aws" in line
               for name in json.loads(line)}  # fmt: skip
    assert counted >= {
        "ReceiptsApplied",
        "ReceiptsUnknownMessage",
        "ReceiptsUnknownNetwork",
        "EventsNotUnderstood",
        "EventsForged",
        "RepliesTask",
        "RepliesUnknownNumber",
    }


def test_nothing_that_a_client_wrote_is_in_the_log(
    driver: SalonDriver, capsys: pytest.CaptureFixture[str]
) -> None:
    answer_at(driver.world, NETWORK, OURS)
    handled(
        published(sms_reply("my secret")),
        published(sms_reply("my secret", destinationNumber="+37360000009")),
        published({**sms_reply("my secret"), "inboundMessageId": 5}),
        published(sms_reply("my secret " * 1000)),
    )
    output = capsys.readouterr()
    assert "secret" not in output.out + output.err
    assert "69123456" not in output.out + output.err


def test_a_message_that_comes_on_record_later_gets_its_receipt(driver: SalonDriver) -> None:
    young = time_ordered("msg", wiring.now(), "0000000000")
    event = published(sms_event(context=context(young)))
    assert handled(event) == ["0"]
    message = a_message(driver, young)
    assert handled(event) == []
    assert driver.store.get(Message, network_id=NETWORK, client_id=MARIA, id=young) == replace(
        message,
        state=MessageState.DELIVERED,
        provider_id="862a8790-60c0-4430-9b2b-658bdexample",
        parts=2,
        cost_micros=98_820,
        charged=True,
        sent_at=NOW,
        told_at=NOW + timedelta(minutes=5, seconds=3, milliseconds=470),
        version=2,
    )
