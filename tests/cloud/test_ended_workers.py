"""On the deployed stack an item that ends its worker lies first in every shard, and a webhook that ends its
worker before another. All others go out within two minutes; the items are listed, and retried or removed from
there; the webhook is quarantined.

Nothing in the product is made for this. An item of 16 kB unpacks to 16 MB, and takes several hundred. The
functions have less meanwhile, by the settings that every deployment has, and are ended as Lambda ends them.
The index has two shards, since this cloud drains one shard at a time. A function that was ended starts anew,
which takes Lambda a second and a busy machine twenty: the two minutes are longer by what starts take here.
What ended its worker is hidden by the queue of webhooks for ten seconds instead of a minute, and by the queue
of wakes once the others went out: nobody waits in vain.
"""

import json
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.queues import SqsIntakeQueue
from chalicelib.services.shared.world import World
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.store.codec import MAX_INFLATED
from chalicelib.store.keys import key
from infra.admin import settings_of
from infra.local_cloud import LocalCloud
from infra.memory_limits import CAN_LIMIT, end_workers, memory_limits
from infra.stack import Deployment
from infra.testkit.builders import a_connection, access
from tests.cloud.waking_town import (
    GO_OUT_SECONDS,
    becomes,
    booked,
    client_of_shard,
    is_told,
    sweeping,
    town_on,
)

NETWORK = "net_ended"
MEMORY = 256
"""MB that the functions have: twice what they take usually."""
SHARDS = 2
HIDDEN_SECONDS = 10
GIVEN_UP_SECONDS = 300
"""Three starts, after each of which the queue hides the message, and what machines need besides."""

pytestmark = pytest.mark.skipif(not CAN_LIMIT, reason="this machine does not tell the memory of a process")


@pytest.fixture
def world(cloud: LocalCloud, deployment: Deployment) -> Iterator[World]:
    functions = cloud.connect("lambda")
    names = [deployment.functions[name] for name in ("sweep", "wake", "intake")]
    usual = [functions.get_function_configuration(FunctionName=name) for name in names]
    for name, each in zip(names, usual, strict=True):
        variables = {**each["Environment"]["Variables"], "WAKE_SHARDS": str(SHARDS)}
        configure(functions, name, MEMORY, variables)
    end_workers(cloud)
    with memory_limits(cloud):
        yield town_on(cloud, deployment, NETWORK, SHARDS)
    for name, each in zip(names, usual, strict=True):
        configure(functions, name, each["MemorySize"], each["Environment"]["Variables"])
    end_workers(cloud)


def configure(functions: Any, name: str, memory: int, variables: Mapping[str, str]) -> None:
    functions.update_function_configuration(
        FunctionName=name, MemorySize=memory, Environment={"Variables": variables}
    )


@contextmanager
def hidden_briefly(cloud: LocalCloud, url: str) -> Iterator[None]:
    """Meanwhile the queue hides a message that is being worked on for HIDDEN_SECONDS."""
    queues, name = cloud.connect("sqs"), "VisibilityTimeout"
    usual = queues.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"]
    queues.set_queue_attributes(QueueUrl=url, Attributes={name: str(HIDDEN_SECONDS)})
    yield
    queues.set_queue_attributes(QueueUrl=url, Attributes=usual)


def heavy() -> bytes:
    """A deflated body of as many empty lists as are let in."""
    body = b'{"lines":[' + b",".join([b"[]"] * (MAX_INFLATED // 3 - 10)) + b"]}"
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflating.compress(body) + deflating.flush()


def make_heavy(world: World, packed: bytes, item_kind: str, /, **parts: str) -> Any:
    """Answers with the item as it was."""
    store: Any = world.store
    place = key(item_kind, network_id=NETWORK, **parts)
    good, item = store.item.get(*place), store.item.get(*place)
    item.body, item.packed = None, packed
    item.save()
    return good


def webhook(world: World, number: int, client: Client) -> InboxItem:
    """Word of a booking of that client, received just now."""
    data = {
        "external_id": f"e-{number}", "version": 1, "status": "booked",
        "starts_at": (world.now() + timedelta(days=3)).isoformat(),
        "client": {"external_id": client.id, "name": client.name, "phone": client.phone},
        "lines": [{"service": "Haircut"}],
    }  # fmt: skip
    body = {"type": "booking.upserted", "timestamp": world.now().isoformat(), "data": data}
    item = InboxItem(
        network_id=NETWORK,
        id=f"inb_ended{number}",
        connection_id="con_standard",
        site="standard",
        raw=json.dumps(body).encode(),
        received_at=world.now(),
    )
    saved: InboxItem = world.store.save(item)[0]
    return saved


def test_an_item_and_a_webhook_that_end_their_workers_stop_no_other(
    cloud: LocalCloud, deployment: Deployment, world: World
) -> None:
    store: Any = world.store
    numbers, packed = range(SHARDS), heavy()
    fatal_ones, others = (
        [client_of_shard(world, NETWORK, number, place) for number in numbers] for place in (1, 2)
    )
    fatal = [booked(world, NETWORK, client_id) for client_id in fatal_ones]
    before = [make_heavy(world, packed, "BOOKING", id=booking.id) for booking in fatal]
    world.clock.forward(seconds=1)  # type: ignore[attr-defined]
    for client_id in others:
        booked(world, NETWORK, client_id)

    clients = [client_of_shard(world, NETWORK, 0, place) for place in (3, 4)]
    found = [store.get(Client, network_id=NETWORK, id=client_id) for client_id in clients]
    store.save(a_connection(network_id=NETWORK))
    items = [webhook(world, number, client) for number, client in enumerate(found)]
    make_heavy(world, packed, "CLIENT", id=clients[0])
    settings = settings_of(cloud.connect, deployment, cloud.endpoint_url)
    sweep = sweeping(cloud, deployment)

    def states() -> list[InboxState]:
        return [store.get(InboxItem, network_id=NETWORK, id=item.id).state for item in items]

    with hidden_briefly(cloud, settings.intake_queue_url):
        for item in items:
            SqsIntakeQueue(lambda: cloud.connect("sqs"), settings.intake_queue_url).ingest(item)
        began = time.monotonic()
        sweep()
        in_time = GO_OUT_SECONDS + 2 * SHARDS * (time.monotonic() - began)
        assert becomes(lambda: all(is_told(world, NETWORK, each) for each in others), sweep, in_time)
        ends = [InboxState.QUARANTINED, InboxState.APPLIED]
        assert becomes(lambda: states() == ends, sweep, GIVEN_UP_SECONDS), states()
    with hidden_briefly(cloud, settings.wake_queue_url):
        assert becomes(lambda: len(list_parked(world, NETWORK)) == len(fatal), sweep, GIVEN_UP_SECONDS)
    listed = {each.id: each for each in list_parked(world, NETWORK)}
    assert set(listed) == {booking.id for booking in fatal}
    assert all("came to no end" in each.error for each in listed.values())

    item = store.item.get(before[0].pk, before[0].sk)
    item.body, item.packed = before[0].body, before[0].packed
    item.save()
    retry_parked(world, NETWORK, fatal[0].id)
    for booking in fatal[1:]:
        remove_parked(world, access(network_id=NETWORK), booking.id)
    assert list_parked(world, NETWORK) == []
    assert becomes(lambda: is_told(world, NETWORK, fatal_ones[0]), sweep)
