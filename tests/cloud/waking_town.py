"""A town on the deployed table, with clients of every wake shard: for items that lie first in each."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.shared.world import World
from chalicelib.store.keys import shard_of
from infra.admin import act_as_local_root, settings_of, table_of
from infra.local_cloud import LocalCloud
from infra.stack import Deployment
from infra.testkit.builders import a_client, a_network, a_town, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.world import a_world

GO_OUT_SECONDS = 120
"""Within this time all that can go out has gone out."""
SWEEP_SECONDS = 30
SCHEDULED = {
    "version": "0", "id": "by-a-test", "account": "000000000000", "region": "us-east-1", "time": "",
    "source": "aws.events", "detail-type": "Scheduled Event", "detail": {}, "resources": [],
}  # fmt: skip
"""What a schedule calls a function with."""
ANY_HOUR = Rules(messages=MessageRules(quiet_hours=QuietHours(datetime.min.time(), datetime.min.time())))


def town_on(cloud: LocalCloud, deployment: Deployment, network_id: str, shards: int | None = None) -> World:
    """The deployed table, with a queue that wakes nothing at once: the sweep finds what is due. shards: how
    many the functions have, if not the usual number."""
    act_as_local_root()
    settings = settings_of(cloud.connect, deployment, cloud.endpoint_url)
    table = table_of(replace(settings, wake_shards=shards or settings.wake_shards))
    a_town(table, network_id, network=a_network(network_id, rules=ANY_HOUR))
    return a_world(table, SettableClock(datetime.now(UTC).replace(microsecond=0)))


def client_of_shard(world: World, network_id: str, number: int, place: int) -> str:
    """A client whose items wake in that shard. place: tells the clients of one shard apart."""
    store: Any = world.store
    ids = (f"cli_shard{place}{each:010d}" for each in range(10_000))
    wanted = f"WAKE#{number:02d}"
    client_id = next(each for each in ids if shard_of(f"NET#{network_id}#CLI#{each}", store.shards) == wanted)
    phone = f"+3736922{place}{number:03d}"
    return save_client(store, a_client(client_id, network_id, phone=phone, email=None)).id


def booked(world: World, network_id: str, client_id: str) -> Booking:
    """A booking whose notice is due now."""
    starts_at = world.now() + timedelta(days=3)
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    new = NewBooking(salon_id="sal_centru", client=client_id, starts_at=starts_at, lines=lines)
    return book(world, access(network_id=network_id), new, None)


def is_told(world: World, network_id: str, client_id: str) -> bool:
    log = world.store.get_page(Message, network_id=network_id, client_id=client_id).items
    return [message.kind for message in log if message.state is MessageState.SENT] == ["notice"]


def sweeping(cloud: LocalCloud, deployment: Deployment) -> Callable[[], Any]:
    """One sweep."""
    functions, name = cloud.connect("lambda"), deployment.functions["sweep"]

    def sweep() -> None:
        answer = functions.invoke(FunctionName=name, Payload=json.dumps(SCHEDULED).encode())
        assert "FunctionError" not in answer, answer["Payload"].read()

    return sweep


def becomes(holds: Callable[[], bool], sweep: Callable[[], Any], seconds: float = GO_OUT_SECONDS) -> bool:
    """Whether it does in time after a sweep, with a further sweep every now and then."""
    sweep()
    began = swept = time.monotonic()
    while not holds():
        if time.monotonic() > began + seconds:
            return False
        if time.monotonic() > swept + SWEEP_SECONDS:
            sweep()
            swept = time.monotonic()
        time.sleep(0.3)
    return True
