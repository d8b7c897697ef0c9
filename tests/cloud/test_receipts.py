"""Events go the whole way on the deployed stack: topic, queue, function, table."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Price
from chalicelib.domain.shared.touches import Purpose, TouchKind
from chalicelib.services.networks.set_identities import answer_at
from chalicelib.services.shared.world import World
from infra.admin import act_as_local_root, settings_of, world_of
from infra.local_cloud import LocalCloud
from infra.stack import Deployment
from infra.testkit.builders import a_network, a_town
from tests.unit.events.provider_events import sms_event, sms_reply

NETWORK, MARIA, OURS = "net_receipts01", "cli_maria00000000001", "+37360000000"
WAIT_SECONDS = 120

Publish = Callable[[Any], None]


@pytest.fixture(scope="module")
def world(cloud: LocalCloud, deployment: Deployment) -> World:
    """The deployed table, with a network in it whose clients write to our number."""
    act_as_local_root()
    made = world_of(cloud.connect, settings_of(cloud.connect, deployment, cloud.endpoint_url))
    a_town(made.store, NETWORK, network=a_network(NETWORK))
    answer_at(made, NETWORK, OURS)
    return made


@pytest.fixture
def publish(cloud: LocalCloud, deployment: Deployment) -> Publish:
    def published(event: Any) -> None:
        text = event if isinstance(event, str) else json.dumps(event)
        cloud.connect("sns").publish(TopicArn=deployment.events_topic, Message=text)

    return published


def becomes(holds: Callable[[], bool]) -> bool:
    """Whether it does in time: the first event waits for a worker to be made."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


def a_message(world: World, message_id: str) -> Message:
    now = datetime.now(UTC).replace(microsecond=0)
    message = Message(network_id=NETWORK, id=message_id, client_id=MARIA, kind=TouchKind.NOTICE,
                      channel="sms", state=MessageState.SENT, planned_at=now, recorded_at=now,
                      to="+37369123456",
                      cost_micros=50_000, parts=1)  # fmt: skip
    saved: Message = world.store.save(message)[0]
    return saved


def test_a_delivery_told_on_the_topic_is_in_the_log(world: World, publish: Publish) -> None:
    message = a_message(world, "msg_1")
    publish(sms_event("TEXT_SENT", isFinal=False, context=ours(message)))
    publish(sms_event("TEXT_DELIVERED", context=ours(message)))
    publish(sms_event("TEXT_SENT", isFinal=False, context=ours(message)))
    assert becomes(lambda: stands(world, message).state is MessageState.DELIVERED)
    assert (stands(world, message).parts, stands(world, message).cost_micros) == (2, 98_820)
    assert becomes(
        lambda: world.store.get(Price, network_id=NETWORK, channel="sms", country_code="+373") is not None
    )


def test_an_opt_out_by_sms_refuses_everything(world: World, publish: Publish) -> None:
    publish(sms_reply("С Т О П"))

    def refused() -> bool:
        client = world.store.get(Client, network_id=NETWORK, id=MARIA)
        consent = client.consent("sms", Purpose.SERVICE) if client else None
        return consent is not None and not consent.granted

    assert becomes(refused)


def test_what_is_forged_or_nonsense_is_dropped_and_the_rest_goes_on(
    cloud: LocalCloud, deployment: Deployment, world: World, publish: Publish
) -> None:
    message = a_message(world, "msg_2")
    strange = {"Type": "Notification", "MessageId": "1", "TopicArn": f"{deployment.events_topic}-other",
               "Timestamp": datetime.now(UTC).isoformat(),
               "Message": json.dumps(sms_event("TEXT_DELIVERED", context=ours(message)))}  # fmt: skip
    sqs, queue = cloud.connect("sqs"), deployment.receipts_queue_url
    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(strange))
    publish("Successfully validated SNS topic for Amazon SES event publishing.")
    publish(
        sms_event("TEXT_DELIVERED", context={"network": NETWORK, "client": MARIA, "message": "msg_never"})
    )
    later = a_message(world, "msg_3")
    publish(sms_event("TEXT_DELIVERED", context=ours(later)))
    assert becomes(lambda: stands(world, later).state is MessageState.DELIVERED)
    assert becomes(lambda: waiting(sqs, queue) == 0)
    assert waiting(sqs, deployment.receipts_dead_letters_url) == 0
    assert stands(world, message).state is MessageState.SENT


def ours(message: Message) -> dict[str, str]:
    return {"network": message.network_id, "client": message.client_id, "message": message.id}


def stands(world: World, message: Message) -> Message:
    found = world.store.get(Message, network_id=NETWORK, client_id=MARIA, id=message.id)
    assert found is not None
    return found


def waiting(sqs: Any, queue: str) -> int:
    """Messages in the queue, those that a function has in hand included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)
