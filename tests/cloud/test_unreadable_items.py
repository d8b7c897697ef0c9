"""On the deployed stack items that cannot be read lie first in every shard, and in the set-up. All other
messages go out within two minutes, and the bad items are listed, mended and removed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.networks.network import Template
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.shared.world import World
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.store.keys import key, shard_of
from infra.admin import act_as_local_root, settings_of, table_of
from infra.local_cloud import LocalCloud
from infra.stack import Deployment
from infra.testkit.builders import a_client, a_network, a_salon, a_service, a_town, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.world import a_world

NETWORK = "net_unreadable"
WAIT_SECONDS = 120
ANY_HOUR = Rules(messages=MessageRules(quiet_hours=QuietHours(datetime.min.time(), datetime.min.time())))
BAD_SET_UP = {
    "SALON": {"id": "sal_bad"},
    "SERVICE": {"id": "srv_bad"},
    "TEMPLATE": {"kind": "win_back", "channel": "sms", "language": "ru"},
}


@pytest.fixture
def world(cloud: LocalCloud, deployment: Deployment) -> World:
    """The deployed table, with a queue that wakes nothing at once: the sweep finds what is due."""
    act_as_local_root()
    table = table_of(settings_of(cloud.connect, deployment, cloud.endpoint_url))
    now = datetime.now(UTC).replace(microsecond=0)
    a_town(table, NETWORK, network=a_network(NETWORK, rules=ANY_HOUR))
    table.save(
        a_salon("sal_bad", NETWORK),
        a_service("srv_bad", NETWORK),
        Template(network_id=NETWORK, kind=TouchKind.WIN_BACK, channel="sms", language="ru", text="Ждём вас",
                 changed_at=now, actor="key:owner"),
    )  # fmt: skip
    return a_world(table, SettableClock(now))


def client_of_shard(world: World, number: int, place: int) -> str:
    """A client whose items wake in that shard."""
    store: Any = world.store
    ids = (f"cli_unreadable{place}{each:07d}" for each in range(10_000))
    wanted = f"WAKE#{number:02d}"
    client_id = next(each for each in ids if shard_of(f"NET#{NETWORK}#CLI#{each}", store.shards) == wanted)
    phone = f"+3736922{place}{number:03d}"
    return save_client(store, a_client(client_id, NETWORK, phone=phone, email=None)).id


def booked(world: World, client_id: str) -> Booking:
    starts_at = world.now() + timedelta(days=3)
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    new = NewBooking(salon_id="sal_centru", client=client_id, starts_at=starts_at, lines=lines)
    return book(world, access(network_id=NETWORK), new, None)


def damage(world: World, item_kind: str, /, **parts: str) -> Any:
    """Answers with the item as it was."""
    store: Any = world.store
    place = key(item_kind, network_id=NETWORK, **parts)
    good, item = store.item.get(*place), store.item.get(*place)
    item.body, item.packed = "[", None
    item.save()
    return good


def mend(world: World, good: Any) -> None:
    store: Any = world.store
    item = store.item.get(good.pk, good.sk)
    item.body, item.packed = good.body, good.packed
    item.save()


def is_told(world: World, client_id: str) -> bool:
    log = world.store.get_page(Message, network_id=NETWORK, client_id=client_id).items
    return [message.kind for message in log if message.state is MessageState.SENT] == ["notice"]


def becomes(holds: Callable[[], bool], step: Callable[[], Any]) -> bool:
    """Whether it does in time, with a sweep every now and then."""
    deadline, swept = time.monotonic() + WAIT_SECONDS, 0.0
    while not holds():
        if time.monotonic() > deadline:
            return False
        if time.monotonic() > swept + 30:
            step()
            swept = time.monotonic()
        time.sleep(0.3)
    return True


def test_all_others_go_out_and_the_bad_ones_are_listed_mended_and_removed(
    cloud: LocalCloud, deployment: Deployment, world: World
) -> None:
    store: Any = world.store
    bad = [booked(world, client_of_shard(world, number, 1)) for number in range(store.shards)]
    good_ones = [client_of_shard(world, number, 2) for number in range(store.shards)]
    before = [damage(world, "BOOKING", id=booking.id) for booking in bad]
    for client_id in good_ones:
        booked(world, client_id)
    set_up = [damage(world, kind, **parts) for kind, parts in BAD_SET_UP.items()]

    def sweep() -> None:
        cloud.connect("lambda").invoke(FunctionName=deployment.functions["sweep"], Payload=b"{}")

    assert becomes(lambda: all(is_told(world, client_id) for client_id in good_ones), sweep)
    expected = {booking.id for booking in bad} | {"sal_bad", "srv_bad", "win_back.sms.ru"}
    listed = {each.id: each for each in list_parked(world, NETWORK)}
    assert set(listed) == expected
    assert all("DecodeError" in each.error for each in listed.values())

    for item in (before[0], *set_up):
        mend(world, item)
    for each_id in (bad[0].id, "sal_bad", "srv_bad", "win_back.sms.ru"):
        retry_parked(world, NETWORK, each_id)
    for booking in bad[1:]:
        remove_parked(world, access(network_id=NETWORK), booking.id)
    assert list_parked(world, NETWORK) == []
    assert becomes(lambda: is_told(world, str(bad[0].client_id)), sweep)
