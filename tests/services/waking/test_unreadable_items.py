"""An item that cannot be read is set aside by itself: the rest of its shard goes on, and so does the rest of
its network's set-up."""

import json
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.services.networks.set_up import change_network
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.store.keys import key
from infra.testkit.builders import NETWORK, NOW, a_client, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from tests.services.waking.damaged import (
    IN_TWO_DAYS,
    Damage,
    body_of,
    damage,
    endless,
    mend,
    no_json,
    not_deflated,
    of_one_shard,
    parked,
    raw,
    without_a_body,
    written_by_a_newer_release,
)


@pytest.mark.parametrize(
    "damaged", [written_by_a_newer_release, no_json, not_deflated, without_a_body, endless]
)
def test_an_unreadable_item_first_in_every_shard_holds_nobody_up(
    driver: SalonDriver, clock: SettableClock, damaged: Damage
) -> None:
    shards = [f"WAKE#{number:02d}" for number in range(8)]
    bad = []
    for number, shard in enumerate(shards):
        for place in (number, number + 100):
            phone = f"+3736911{place:04d}"
            save_client(driver.store, a_client(of_one_shard(shard, place), phone=phone, email=None))
        bad.append(driver.book(IN_TWO_DAYS, client=of_one_shard(shard, number)))
        driver.book(IN_TWO_DAYS + timedelta(hours=1), client=of_one_shard(shard, number + 100))
    for booking in bad:
        damage(driver, damaged, "BOOKING", network_id=NETWORK, id=booking.id)
    for _ in range(2):
        clock.forward(minutes=1)
        drained = driver.drain()
    assert driver.kinds_sent() == ["notice"] * 8
    assert drained == []
    assert sorted(parked(driver)) == sorted(f"BOOKING {booking.id}" for booking in bad)


def test_what_is_wrong_is_said_and_the_item_holds_what_it_held(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    before = damage(driver, written_by_a_newer_release, "BOOKING", network_id=NETWORK, id=booking.id)
    clock.forward(minutes=2)
    (drained,) = driver.drain()
    (found,) = list_parked(driver.world, NETWORK)
    after = raw(driver, "BOOKING", network_id=NETWORK, id=booking.id)
    assert (drained.parked, found.kind, found.id, found.at) == (1, "booking", booking.id, driver.world.now())
    assert "waitlist_offer" in found.error
    assert (after.body, after.version, after.wake_shard, after.wake_at) == (
        before.body, before.version, None, None,
    )  # fmt: skip


def test_an_item_that_was_changed_since_it_was_read_is_not_set_aside(
    driver: SalonDriver, clock: SettableClock
) -> None:
    """A release that can read it has moved it on meanwhile."""
    booking = driver.book(IN_TWO_DAYS)
    good = raw(driver, "BOOKING", network_id=NETWORK, id=booking.id)
    bad = damage(driver, no_json, "BOOKING", network_id=NETWORK, id=booking.id)
    clock.forward(minutes=2)
    with pytest.raises(Unreadable) as refused:
        driver.store.read(bad.pk, bad.sk)
    good.version += 1
    good.save()
    from chalicelib.services.waking.wake_items import set_aside

    assert set_aside(driver.world, refused.value) == ""
    assert driver.booking(booking.id).wake is not None
    assert parked(driver) == []


def test_once_a_release_can_read_it_a_parked_item_is_woken_at_once(
    driver: SalonDriver, clock: SettableClock
) -> None:
    booking = driver.book(IN_TWO_DAYS)
    good = raw(driver, "BOOKING", network_id=NETWORK, id=booking.id)
    damage(driver, no_json, "BOOKING", network_id=NETWORK, id=booking.id)
    clock.forward(minutes=2)
    driver.drain()
    with pytest.raises(Unreadable):
        retry_parked(driver.world, NETWORK, booking.id)
    assert parked(driver) == [f"BOOKING {booking.id}"]
    mend(driver, good)
    retry_parked(driver.world, NETWORK, booking.id)
    driver.drain()
    assert (driver.kinds_sent(), parked(driver)) == (["notice"], [])


def test_an_unreadable_item_is_removed_on_record(driver: SalonDriver, clock: SettableClock) -> None:
    booking = driver.book(IN_TWO_DAYS)
    damage(driver, no_json, "BOOKING", network_id=NETWORK, id=booking.id)
    clock.forward(minutes=2)
    driver.drain()
    remove_parked(driver.world, access(), booking.id)
    assert driver.store.get(Booking, network_id=NETWORK, id=booking.id) is None
    assert parked(driver) == []
    (record,) = list_parked(driver.world, NETWORK, removed_ones=True)
    assert (record.id, record.removed_by, record.removed_at) == (booking.id, "key:owner", driver.world.now())
    assert json.loads(record.content or b"")["body"] == {"S": "{"}
    assert record.expires_at == driver.world.now() + timedelta(days=90)


@pytest.mark.parametrize(
    ("kind", "parts"), [("CLIENT", {"id": MARIA_ID}), ("ACCOUNT", {"client_id": MARIA_ID})]
)
def test_points_and_a_clients_history_are_never_removed_unread(
    driver: SalonDriver, kind: str, parts: dict[str, str]
) -> None:
    driver.post("grant", 10)
    damage(driver, no_json, kind, network_id=NETWORK, **parts)
    with pytest.raises(Unreadable):
        driver.post("grant", 10)
    driver.drain()
    with pytest.raises(DomainError) as refused:
        remove_parked(driver.world, access(), MARIA_ID)
    assert refused.value.code == "NOT_REMOVABLE"


def test_a_pointer_that_names_an_unknown_kind_leaves_the_index(
    driver: SalonDriver, clock: SettableClock
) -> None:
    strange = driver.store.item(
        pk=f"NET#{NETWORK}#WAITLIST#1", sk="WAITLIST", body="{}",
        wake_shard="WAKE#00", wake_at="2026-11-23T08:00:00.000Z",
    )  # fmt: skip
    strange.save()
    driver.drain()
    (found,) = list_parked(driver.world, NETWORK)
    assert (found.kind, found.error) == ("waitlist", "this release knows no such kind of item")
    assert driver.sweep() == []


@pytest.mark.parametrize("pointer", ["2026-11-22T08:00:00.000Z", "2026-11-22T08:00:00", "0"])
def test_a_pointer_that_its_item_does_not_hold_leaves_the_index(driver: SalonDriver, pointer: str) -> None:
    """Otherwise it would be due for ever."""
    booking = driver.book(IN_TWO_DAYS)

    def due_long_ago(item: Any) -> None:
        item.wake_at = pointer

    damage(driver, due_long_ago, "BOOKING", network_id=NETWORK, id=booking.id)
    driver.drain()
    assert parked(driver) == [f"BOOKING {booking.id}"]
    retry_parked(driver.world, NETWORK, booking.id)
    driver.run_until(NOW + timedelta(minutes=5))
    assert driver.kinds_sent() == ["notice"]


def test_a_walk_of_an_unknown_kind_is_left_out_of_the_list_and_set_aside(
    driver: SalonDriver, clock: SettableClock
) -> None:
    walk = change_zone(driver)

    def unknown(item: Any) -> None:
        item.body, item.packed = json.dumps(body_of(item) | {"kind": "tidy"}), None

    damage(driver, unknown, "WALK", network_id=NETWORK, id=walk)
    clock.forward(minutes=5)
    driver.drain()
    assert parked(driver) == [f"WALK {walk}"]
    change_zone(driver, "Europe/Moscow")


def change_zone(driver: SalonDriver, zone: str = "Europe/London") -> str:
    from chalicelib.domain.waking.walks import Walk

    change_network(driver.world, access(), {"timezone": zone})
    return str(driver.store.get_page(Walk, network_id=NETWORK).items[0].id)


def test_an_attribute_of_a_wrong_type_ends_no_list(driver: SalonDriver) -> None:
    table = driver.store.item.Meta.table_name
    pk, sk = key("SALON", network_id=NETWORK, id="sal_centru")
    low = driver.store.item._get_connection().connection.client
    low.put_item(
        TableName=table, Item={"PK": {"S": pk}, "SK": {"S": sk}, "version": {"S": "x"}, "body": {"N": "1"}}
    )
    assert list(driver.world.fresh_directory(NETWORK).salons) == ["sal_york"]
    assert parked(driver) == ["SALON sal_centru"]


def test_overdue_items_with_an_attribute_of_a_wrong_type_do_not_end_the_drain(
    driver: SalonDriver, clock: SettableClock
) -> None:
    """Their start is noted, and more of them than a drain may meet faults in a row are due first."""
    bad = []
    for hour in range(4):
        bad.append(driver.book(IN_TWO_DAYS + timedelta(hours=hour)).id)
        clock.forward(seconds=1)
    driver.book(IN_TWO_DAYS + timedelta(hours=5))
    for each in bad:
        with_body_of_a_wrong_type(driver, *key("BOOKING", network_id=NETWORK, id=each))
    clock.forward(hours=1)
    for _ in range(2):
        clock.forward(minutes=1)
        driver.drain()
    assert driver.kinds_sent() == ["notice"]
    assert sorted(parked(driver)) == sorted(f"BOOKING {each}" for each in bad)


def with_body_of_a_wrong_type(driver: SalonDriver, pk: str, sk: str) -> None:
    driver.store.item._get_connection().connection.client.update_item(
        TableName=driver.store.item.Meta.table_name,
        Key={"PK": {"S": pk}, "SK": {"S": sk}},
        UpdateExpression="SET #body = :body",
        ExpressionAttributeNames={"#body": "body"},
        ExpressionAttributeValues={":body": {"M": {}}},
    )
