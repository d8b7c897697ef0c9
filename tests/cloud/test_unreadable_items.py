"""On the deployed stack items that cannot be read lie first in every shard, and in the set-up. All other
messages go out within two minutes, and the bad items are listed, mended and removed."""

from typing import Any

import pytest

from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.shared.world import World
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.store.keys import key
from infra.local_cloud import LocalCloud
from infra.stack import Deployment
from infra.testkit.builders import a_salon, a_service, access
from tests.cloud.waking_town import becomes, booked, client_of_shard, is_told, sweeping, town_on

NETWORK = "net_unreadable"
BAD_SET_UP = {
    "SALON": {"id": "sal_bad"},
    "SERVICE": {"id": "srv_bad"},
    "TEMPLATE": {"kind": "win_back", "channel": "sms", "language": "ru"},
}


@pytest.fixture
def world(cloud: LocalCloud, deployment: Deployment) -> World:
    world = town_on(cloud, deployment, NETWORK)
    world.store.save(
        a_salon("sal_bad", NETWORK),
        a_service("srv_bad", NETWORK),
        Template(network_id=NETWORK, kind=TouchKind.WIN_BACK, channel="sms", language="ru", text="Ждём вас",
                 changed_at=world.now(), actor="key:owner"),
    )  # fmt: skip
    return world


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


def test_all_others_go_out_and_the_bad_ones_are_listed_mended_and_removed(
    cloud: LocalCloud, deployment: Deployment, world: World
) -> None:
    store: Any = world.store
    bad_ones, good_ones = (
        [client_of_shard(world, NETWORK, number, place) for number in range(store.shards)] for place in (1, 2)
    )
    bad = [booked(world, NETWORK, client_id) for client_id in bad_ones]
    before = [damage(world, "BOOKING", id=booking.id) for booking in bad]
    for client_id in good_ones:
        booked(world, NETWORK, client_id)
    set_up = [damage(world, kind, **parts) for kind, parts in BAD_SET_UP.items()]

    sweep = sweeping(cloud, deployment)
    assert becomes(lambda: all(is_told(world, NETWORK, client_id) for client_id in good_ones), sweep)
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
    assert becomes(lambda: is_told(world, NETWORK, str(bad[0].client_id)), sweep)
