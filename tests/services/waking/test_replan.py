"""A change of the rules plans anew what is upcoming: bit by bit, once and for all."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, EntryKind, Lot
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import MessageChanges, Override, RulesChange
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.networks import set_up
from chalicelib.services.networks.set_rules import rules_history, set_rules
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World
from chalicelib.services.waking import replan
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, Town, a_booking, a_salon, a_town, access
from infra.testkit.doubles import RecordingWakeQueue, SettableClock
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"


@pytest.fixture
def town(world: World) -> Town:
    """Whose client is planned as every client is that was written by us."""
    town = a_town(world.store)
    current = world.store.get(Client, network_id=NETWORK, id=MARIA)
    assert current is not None
    world.store.save(client_plan.with_wake(current, world.directory(NETWORK), world.now()))
    return town


def planned(world: World, booking_id: str = "bkg_1", *touches: Touch, **fields: Any) -> Booking:
    """Maria's booking in the table, planned by the rules that hold now."""
    booking = with_touches(a_booking(booking_id, **fields), *touches)
    client = world.store.get(Client, network_id=NETWORK, id=MARIA)
    saved: Booking = world.store.save(with_wake(booking, world.directory(NETWORK), client, world.now()))[0]
    return saved


def change(world: World, **messages: Any) -> Network:
    network = world.store.get(Network, network_id=NETWORK)
    assert network is not None
    overrides = messages.pop("overrides", None)
    return set_rules(
        world, access(), network.rules_version, messages=messages, bonuses={}, overrides=overrides
    )


def latest(world: World) -> Walk:
    return world.store.get_page(Walk, network_id=NETWORK, limit=1).items[0]


def walked(world: World, clock: SettableClock, walk: Walk | None = None) -> Walk:
    """The walk at its end."""
    clock.forward(seconds=91)
    walk = walk or latest(world)
    for _ in range(100):
        walk_on(world, walk)
        walk = world.store.get(Walk, network_id=NETWORK, id=walk.id)  # type: ignore[assignment]
        if walk.finished_at is not None:
            return walk
    raise AssertionError("the walk has no end")


def wake_of(world: World, booking_id: str = "bkg_1") -> Any:
    booking = world.store.get(Booking, network_id=NETWORK, id=booking_id)
    assert booking is not None
    return booking.wake


@pytest.fixture
def notified(world: World, town: Town) -> Booking:
    """A booking three days ahead whose client had the notice: asked to confirm next, a day before."""
    return planned(
        world, "bkg_1", Touch(TouchKind.NOTICE, TouchState.SENT, NOW), starts_at=NOW + timedelta(days=3)
    )


def test_a_booking_is_asked_about_by_the_present_rules(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    assert notified.wake is not None
    assert notified.wake.at == notified.starts_at - timedelta(hours=24)
    change(world, confirm_request_hours_before=48)
    walk = walked(world, clock)
    assert wake_of(world).at == notified.starts_at - timedelta(hours=48)
    assert (walk.seen, walk.changed, walk.stage, walk.wake) == (2, 1, "done", None)


def test_a_walk_begins_when_every_process_knows_the_present_rules(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    change(world, confirm_request_hours_before=48)
    walk = latest(world)
    assert walk.wake is not None
    assert timedelta(seconds=60) < walk.wake.at - clock() <= timedelta(seconds=90)
    assert wake_of(world) == notified.wake


def test_rules_that_plan_nothing_walk_nowhere(world: World, town: Town) -> None:
    change(world, weekly_cap=5)
    set_rules(world, access(), 2, messages={}, bonuses={"cashback_percent": 7})
    assert world.store.get_page(Walk, network_id=NETWORK).items == []


def test_an_override_and_its_end_are_planned_too(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    own = MessageChanges(confirm_request_hours_before=20)
    change(world, overrides=[Override(salon_id="sal_centru", changes=own)])
    walked(world, clock)
    assert wake_of(world).at == notified.starts_at - timedelta(hours=20)
    change(world, overrides=[Override(service_id="srv_cut", changes=own)])
    assert walked(world, clock).changed == 0
    change(world, overrides=[])
    walked(world, clock)
    assert wake_of(world).at == notified.starts_at - timedelta(hours=24)


def test_what_was_completed_is_thanked_by_the_present_rules(
    world: World, clock: SettableClock, town: Town
) -> None:
    planned(
        world,
        starts_at=NOW - timedelta(hours=2),
        made_at=NOW - timedelta(days=2),
        status=Status.COMPLETED,
        closed_at=NOW,
    )
    assert wake_of(world).at == NOW + timedelta(hours=2)
    change(world, review_request_minutes_after=30)
    walked(world, clock)
    assert wake_of(world).at == NOW + timedelta(minutes=30)


def test_clients_and_their_accounts_are_planned_too(world: World, clock: SettableClock, town: Town) -> None:
    ends = NOW + timedelta(days=30)
    current = world.store.get(Client, network_id=NETWORK, id=MARIA)
    assert current is not None
    lot = Lot(0, NOW, NOW, ends, 100, EntryKind.GRANT)
    account = Account(network_id=NETWORK, client_id=MARIA, balance=100, entries=1, lots=(lot,))
    world.store.save(replace(current, birth_date=date(1990, 12, 24)), account)
    change(world, birthday_days_before=3, bonus_expiry_days_before=(5,))
    walk = walked(world, clock)
    client, account = (
        world.store.get(Client, network_id=NETWORK, id=MARIA),
        world.store.account(NETWORK, MARIA),
    )
    assert client is not None
    assert client.wake is not None
    assert (client.wake.why, client.wake.at.date()) == ("birthday", date(2026, 12, 21))
    assert account.wake is not None
    assert (account.wake.why, account.wake.at.date()) == ("bonus_expiry", (ends - timedelta(days=5)).date())
    assert (walk.seen, walk.changed) == (1, 2)


def test_an_account_whose_points_stay_is_left_alone(world: World, clock: SettableClock, town: Town) -> None:
    lot = Lot(0, NOW, NOW, None, 100, EntryKind.GRANT)
    world.store.save(Account(network_id=NETWORK, client_id=MARIA, balance=100, entries=1, lots=(lot,)))
    change(world, bonus_expiry_days_before=(5,))
    walked(world, clock)
    assert world.store.account(NETWORK, MARIA).version == 1


def test_another_time_zone_of_a_salon_plans_anew(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    """A day before, at ten in Chisinau, is four in the afternoon in Tokyo; five hours earlier it is night in
    New York."""
    set_up.change_salon(world, access(), "sal_centru", {"name": "Centru"})
    assert world.store.get_page(Walk, network_id=NETWORK).items == []
    set_up.change_salon(world, access(), "sal_centru", {"timezone": "America/New_York"})
    walked(world, clock)
    assert notified.starts_at.hour == 8
    assert wake_of(world).at == notified.starts_at.replace(hour=14) - timedelta(days=1)


def test_the_sweep_walks_and_the_client_is_asked_by_the_present_rules(driver: SalonDriver) -> None:
    """Booked three days ahead, by rules that ask a day before; then they ask two days before."""
    booking = driver.book(NOW + timedelta(days=3))
    driver.run_until(NOW + timedelta(hours=1), step=timedelta(minutes=30))
    change(driver.world, confirm_request_hours_before=46)
    driver.run_until(booking.starts_at - timedelta(hours=45), step=timedelta(minutes=30))
    assert latest(driver.world).stage == "done"
    assert driver.kinds_sent() == ["notice", "confirm_request"]
    assert driver.log()[-1].sent_at == booking.starts_at - timedelta(hours=46)


# --- bit by bit


def many_salons(world: World, count: int = 30) -> None:
    for number in range(count):
        world.store.save(a_salon(f"sal_{number:03d}"))


def test_a_slice_leaves_its_pointer_due_and_is_gone_on_with_at_once(
    world: World, clock: SettableClock, wake_queue: RecordingWakeQueue, notified: Booking
) -> None:
    many_salons(world)
    change(world, confirm_request_hours_before=48)
    clock.forward(seconds=91)
    walk_on(world, latest(world))
    walk = latest(world)
    assert walk.finished_at is None
    assert replan.salon_of_stage(walk.stage) is not None
    assert (walk.wake.at, wake_queue.items) == (clock(), [walk])  # type: ignore[union-attr]
    walk_on(world, walk)
    assert latest(world).finished_at == clock()
    assert wake_of(world).at == notified.starts_at - timedelta(hours=48)


def test_a_slice_that_is_done_again_after_a_crash_changes_nothing_more(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    many_salons(world)
    change(world, confirm_request_hours_before=48)
    clock.forward(seconds=91)
    walk = latest(world)
    replan.replan_some(world, walk)  # and its end was never saved
    replan.replan_some(world, replan.replan_some(world, walk))
    assert walked(world, clock).finished_at is not None
    booking = world.store.get(Booking, network_id=NETWORK, id="bkg_1")
    assert booking is not None
    assert booking.version == notified.version + 1


def test_of_two_workers_one_walks(world: World, clock: SettableClock, notified: Booking) -> None:
    change(world, confirm_request_hours_before=48)
    clock.forward(seconds=91)
    walk = latest(world)
    walk_on(world, walk)
    with pytest.raises(SaveConflict):
        walk_on(world, walk)


def test_more_than_a_page_of_bookings_is_walked(world: World, clock: SettableClock, town: Town) -> None:
    count = replan.BATCH_SIZE + 30
    for number in range(count):
        planned(world, f"bkg_{number}", starts_at=NOW + timedelta(days=3, minutes=number // 4))
    change(world, off=(TouchKind.NOTICE,))
    walk = walked(world, clock)
    assert (walk.seen, walk.changed) == (count + 1, count)
    assert {wake_of(world, f"bkg_{number}").why for number in range(count)} == {"confirm_request"}


def test_what_somebody_changed_meanwhile_is_kept(
    world: World, clock: SettableClock, notified: Booking
) -> None:
    change(world, confirm_request_hours_before=48)

    def note() -> None:
        current = world.store.get(Booking, network_id=NETWORK, id="bkg_1")
        assert current is not None
        world.store.save(replace(current, note="a window seat"))

    meddled: Any = InterleavedStore(world.store, note, call="bookings_of_salon", after=True)
    walked(replace(world, store=meddled), clock)
    booking = world.store.get(Booking, network_id=NETWORK, id="bkg_1")
    assert booking is not None
    assert booking.wake is not None
    assert (booking.note, booking.wake.at) == ("a window seat", notified.starts_at - timedelta(hours=48))


def test_a_newer_walk_does_it_all(world: World, clock: SettableClock, notified: Booking) -> None:
    change(world, confirm_request_hours_before=48)
    older = latest(world)
    clock.forward(seconds=30)
    change(world, confirm_request_hours_before=46)
    assert walked(world, clock, older).stage == "superseded"
    assert wake_of(world) == notified.wake
    assert walked(world, clock).stage == "done"
    assert wake_of(world).at == notified.starts_at - timedelta(hours=46)


def test_a_booking_that_waits_for_its_client_is_left_alone(
    world: World, clock: SettableClock, town: Town
) -> None:
    waiting = planned_for_nobody(world)
    change(world, confirm_request_hours_before=48)
    assert walked(world, clock).changed == 0
    assert world.store.get(Booking, network_id=NETWORK, id=waiting.id) == waiting


def planned_for_nobody(world: World) -> Booking:
    booking = a_booking("bkg_1", client_id=None, waiting_for="77", connection_id="con_standard")
    saved: Booking = world.store.save(with_wake(booking, world.directory(NETWORK), None, NOW))[0]
    return saved


# --- the history


def test_every_version_is_kept_with_who_set_it(world: World, clock: SettableClock, town: Town) -> None:
    clock.forward(hours=1)
    change(world, confirm_request_hours_before=48)
    clock.forward(hours=1)
    own = MessageChanges(quiet_hours=QuietHours(time(22), time(8)), off=(TouchKind.BIRTHDAY,))
    change(world, overrides=[Override(salon_id="sal_york", changes=own)])
    page, before = rules_history(world, access(), limit=10, cursor=None)
    assert [(each.number, each.actor, each.at) for each in page.items] == [
        ("000000003", "key:owner", NOW + timedelta(hours=2)),
        ("000000002", "key:owner", NOW + timedelta(hours=1)),
        ("000000001", "system", town.network.created_at),
    ]
    assert page.items[0].rules == world.directory(NETWORK).rules
    assert page.items[0].rules.overrides[0].changes == own
    assert page.items[2].rules == town.network.rules
    assert before == [*page.items[1:], None]
    first, before_first = rules_history(world, access(), limit=1, cursor=None)
    assert (first.items, before_first) == (page.items[:1], [page.items[1]])


def test_who_comes_second_writes_nothing(world: World, town: Town) -> None:
    change(world, confirm_request_hours_before=48)
    with pytest.raises(DomainError, match="STALE_VERSION"):
        set_rules(world, access(), 1, messages={"confirm_request_hours_before": 36}, bonuses={})
    assert len(world.store.get_page(RulesChange, network_id=NETWORK).items) == 2
    assert len(world.store.get_page(Walk, network_id=NETWORK).items) == 1
