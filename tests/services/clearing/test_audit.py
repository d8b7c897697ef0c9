"""The audit recomputes every account, raises no false alarm, and is never silent where one differs."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clearing.audit import DIFFERENCES_KEPT, drawn_instants
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.clearing import audit_nightly
from chalicelib.services.clearing.audit_accounts import (
    MAX_TASKS,
    METRIC,
    audit_page,
    audit_some,
    check_account,
    start_audit,
)
from chalicelib.services.clearing.audit_nightly import audit_night, ensure_nightly
from chalicelib.services.clearing.read_accounts import CLIENTS_BATCH_SIZE
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.networks import set_up
from chalicelib.services.shared.walks import NIGHTLY_ID, next_night, nightly_walk
from chalicelib.services.shared.world import World
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.wake_items import drain_shard
from chalicelib.services.waking.walk_on import walk_on
from chalicelib.store.keys import shard_names
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_client, a_network, a_town, access
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import SettableClock
from infra.testkit.paged_store import PagedStore
from infra.testkit.salon_driver import SalonDriver
from tests.ledgers import CLIENTS, Ledgers

MARIA = "cli_maria00000000001"


def give(
    world: World, client_id: str = MARIA, points: int = 100, salon_id: str | None = "sal_centru"
) -> Entry:
    asked = PostingByHand(kind="grant", points=points, reason="test", salon_id=salon_id)
    return post_by_hand(world, access(), client_id, asked)


def spoil(world: World, client_id: str = MARIA, **said: Any) -> None:
    """As no code of ours would."""
    account = world.store.account(NETWORK, client_id)
    world.store.save(replace(account, **(said or {"balance": account.balance + 7})))


def clients(world: World, count: int) -> list[str]:
    """With points each; the first registered first."""
    ids = [f"cli_{number:016d}" for number in range(count)]
    for number, each_id in enumerate(ids):
        at = NOW - timedelta(days=399 - 7 * number)
        world.store.save(a_client(each_id, phone=None, email=None, created_at=at))
        give(world, each_id, 10)
    return ids


def walked(world: World, walk: Walk) -> Walk:
    for _ in range(100):
        if walk.finished_at is not None:
            return walk
        walk_on(world, walk)
        walk = world.store.get(Walk, network_id=NETWORK, id=walk.id)  # type: ignore[assignment]
    raise AssertionError("the walk has no end")


@pytest.fixture
def in_town(world: World) -> World:
    a_town(world.store)
    return world


# --- one account


def test_an_account_is_told_by_how_its_entries_differ(
    in_town: World, caplog: pytest.LogCaptureFixture
) -> None:
    give(in_town)
    assert check_account(in_town, in_town.store.account(NETWORK, MARIA)).faults == ()
    assert caplog.records == []
    spoil(in_town)
    found = check_account(in_town, in_town.store.account(NETWORK, MARIA))
    assert (found.balance, found.entries) == (100, 1)
    assert found.faults == ("balance is 107, the entries sum to 100",)
    (record,) = caplog.records
    assert (record.levelno, record.__dict__["client_id"]) == (logging.ERROR, MARIA)


def test_entries_without_an_account_are_found(in_town: World) -> None:
    entry = give(in_town)
    in_town.store.save(replace(entry, client_id="cli_lost", id="ent_lost"), a_client("cli_lost"))
    found = check_account(in_town, Account(network_id=NETWORK, client_id="cli_lost"))
    assert "entry 0 is not counted by the account, which has 0" in found.faults


def test_an_entry_that_the_account_does_not_count_is_found(in_town: World) -> None:
    entry = give(in_town)
    in_town.store.save(replace(entry, id="ent_second", number=1, balance_after=200))
    found = check_account(in_town, in_town.store.account(NETWORK, MARIA))
    assert found.faults == ("entry 1 is not counted by the account, which has 1",)


class Busy(DelegatingStore):
    """A store in which something happens before entries are read."""

    def __init__(self, store: Any, happens: Callable[[], object], times: int = 1000) -> None:
        super().__init__(store)
        self._happens, self.left = happens, times

    def entries(self, *args: Any, **said: Any) -> Any:
        if self.left:
            self.left -= 1
            self._happens()
        return self.store.entries(*args, **said)


@pytest.mark.parametrize("times", [1, 3, 1000])
def test_an_account_that_is_posted_to_while_it_is_read_is_no_difference(
    in_town: World, times: int, caplog: pytest.LogCaptureFixture
) -> None:
    give(in_town)
    busy = replace(in_town, store=Busy(in_town.store, lambda: give(in_town), times))
    found = check_account(busy, in_town.store.account(NETWORK, MARIA))
    assert found.faults == ()
    assert caplog.records == []
    assert in_town.store.account(NETWORK, MARIA).entries > found.entries - 1 > 0


def test_a_difference_is_found_though_the_account_is_posted_to_all_the_time(in_town: World) -> None:
    give(in_town)
    spoil(in_town)
    busy = replace(in_town, store=Busy(in_town.store, lambda: give(in_town)))
    assert check_account(busy, in_town.store.account(NETWORK, MARIA)).faults != ()


def test_what_an_eventual_read_did_not_know_yet_is_no_difference(in_town: World) -> None:
    give(in_town)
    stale = in_town.store.account(NETWORK, MARIA)
    give(in_town)
    assert check_account(in_town, stale).faults == ()


# --- all of them, a page or a slice at a time


def test_pages_come_by_everybody_once(in_town: World) -> None:
    ids = clients(in_town, 7)
    spoil(in_town, ids[3])
    checked_in_all, differing, cursor, pages = 0, [], None, 0
    while pages == 0 or cursor is not None:
        found = audit_page(in_town, NETWORK, clients=3, cursor=cursor)
        checked_in_all += found.sums.accounts
        differing += [each.client_id for each in found.sums.differences]
        cursor, pages = found.visited.cursor, pages + 1
    assert (checked_in_all, differing, pages) == (7, [ids[3]], 3)


def test_a_walk_sums_up_the_whole_network(in_town: World) -> None:
    ids = clients(in_town, 7)
    give(in_town, MARIA, 30)
    spoil(in_town, ids[0])
    small = replace(in_town, store=PagedStore(in_town.store))
    walk = walked(small, start_audit(small, NETWORK))
    assert walk.state.audit is not None
    assert (walk.seen, walk.changed, walk.stage) == (8, 1, "done")
    sums = walk.state.audit
    assert (sums.accounts, sums.entries, sums.balance, sums.debt, sums.held) == (8, 8, 100, 0, 0)
    assert [each.client_id for each in sums.differences] == [ids[0]]


def test_clients_to_whom_nothing_was_posted_count_for_nothing(in_town: World) -> None:
    walk = walked(in_town, start_audit(in_town, NETWORK))
    assert walk.state.audit is not None
    assert (walk.seen, walk.state.audit.accounts, walk.state.audit.entries) == (1, 0, 0)


def test_one_audit_is_under_way_at_a_time(in_town: World, clock: SettableClock) -> None:
    walk = start_audit(in_town, NETWORK)
    assert start_audit(in_town, NETWORK).id == walk.id
    walked(in_town, walk)
    clock.forward(seconds=1)
    assert start_audit(in_town, NETWORK).id != walk.id


def test_a_difference_rings_is_logged_and_is_a_task(in_town: World, caplog: pytest.LogCaptureFixture) -> None:
    ids = clients(in_town, 3)
    spoil(in_town, ids[1])
    rung: list[str] = []
    audit_some(in_town, start_audit(in_town, NETWORK), rung.append)
    assert rung == [METRIC]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    (task,) = in_town.store.get_page(Task, network_id=NETWORK).items
    assert (task.kind, task.client_id, task.salon_id) == (TaskKind.LEDGER_DIFFERS, ids[1], None)
    assert task.words == "balance is 17, the entries sum to 10"


def test_a_slice_that_is_done_again_makes_no_second_task(in_town: World, clock: SettableClock) -> None:
    give(in_town)
    spoil(in_town)
    walk = start_audit(in_town, NETWORK)
    audit_some(in_town, walk)
    clock.forward(minutes=5)
    audit_some(in_town, walk)
    assert len(in_town.store.get_page(Task, network_id=NETWORK).items) == 1


def test_very_many_differences_are_counted_all_and_told_in_part() -> None:
    """In a few hundred accounts of two slices."""
    ledgers, count = Ledgers(), CLIENTS_BATCH_SIZE + DIFFERENCES_KEPT
    world = ledgers.world
    for number in range(count):
        item_id = f"cli_{number:016d}"
        if item_id not in CLIENTS:
            ledgers.store.save(a_client(item_id, phone=None, email=None))
        ledgers.post(item_id, 10, EntryKind.GRANT, None)
        spoil(world, item_id)
    rung: list[str] = []
    walk = start_audit(world, NETWORK)
    while walk.finished_at is None:
        walk = audit_some(world, walk, rung.append)
    assert walk.state.audit is not None
    assert (walk.state.audit.differing, len(walk.state.audit.differences)) == (count, DIFFERENCES_KEPT)
    assert len(rung) == count
    assert len(world.store.get_page(Task, network_id=NETWORK, limit=200).items) == MAX_TASKS


def test_another_network_s_accounts_are_not_come_by(in_town: World) -> None:
    in_town.store.save(a_network(OTHER_NETWORK))
    give(in_town)
    found = audit_page(in_town, OTHER_NETWORK, clients=10, cursor=None)
    assert (found.sums.accounts, found.visited.clients) == (0, 0)


# --- each night


def test_a_network_begins_with_its_nightly_audit_asleep(world: World, clock: SettableClock) -> None:
    network = set_up.make_network(world, name="Lotos", country="MD", language="ru")
    walk = world.store.get(Walk, network_id=network.network_id, id=NIGHTLY_ID)
    assert walk is not None
    assert walk.wake is not None
    assert (walk.kind, walk.wake.at) == (WalkKind.AUDIT_SAMPLE, NOW.replace(hour=3) + timedelta(days=1))


def test_networks_that_began_before_get_theirs_once(in_town: World) -> None:
    ensure_nightly(in_town, NETWORK)
    first = in_town.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
    ensure_nightly(in_town, NETWORK)
    assert in_town.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID) == first


def test_it_wakes_at_three_at_night_in_the_network_s_zone_and_sleeps_again(driver: SalonDriver) -> None:
    ensure_nightly(driver.world, NETWORK)
    nights = []
    for day in (24, 25):
        driver.run_until(NOW.replace(day=day, hour=2), step=timedelta(minutes=1))
        walk = driver.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
        nights.append((walk.sleeps_until, walk.seen, walk.finished_at))
    assert nights == [
        (NOW.replace(day=25, hour=1), 1, None),  # three in Chisinau
        (NOW.replace(day=26, hour=1), 2, None),
    ]


@pytest.mark.parametrize(
    ("after", "night"),
    [
        ("2026-11-24T00:59:59Z", "2026-11-24T01:00:00Z"),
        ("2026-11-24T01:00:00Z", "2026-11-25T01:00:00Z"),
        ("2027-03-27T22:00:00Z", "2027-03-28T01:00:00Z"),  # three is skipped: four by summer time
        ("2026-10-24T22:00:00Z", "2026-10-25T00:00:00Z"),  # the first three of two
    ],
)
def test_nights_of_clock_changes_have_one_audit(after: str, night: str) -> None:
    assert next_night(datetime.fromisoformat(after), "Europe/Bucharest") == datetime.fromisoformat(night)


def test_the_draw_is_decided_by_the_network_and_the_night() -> None:
    since, night = NOW - timedelta(days=400), NOW.date()
    drawn = drawn_instants(NETWORK, night, since, NOW, 5)
    assert drawn == drawn_instants(NETWORK, night, since, NOW, 5)
    assert drawn != drawn_instants(NETWORK, night + timedelta(days=1), since, NOW, 5)
    assert drawn != drawn_instants(OTHER_NETWORK, night, since, NOW, 5)
    assert all(since <= at < NOW for at in drawn)
    assert len(set(drawn)) == 5


def night_after_night(world: World, clock: SettableClock, nights: int) -> list[Walk]:
    found = []
    walk = world.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
    assert walk is not None
    for _ in range(nights):
        assert walk.wake is not None
        clock.now = walk.wake.at
        walk_on(world, walk)
        walk = world.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
        assert walk is not None
        found.append(walk)
    return found


def test_in_some_nights_everybody_has_had_their_turn(in_town: World, clock: SettableClock) -> None:
    ids = clients(in_town, 9)
    spoil(in_town, ids[4])
    ensure_nightly(in_town, NETWORK)
    small = replace(in_town, store=PagedStore(in_town.store))
    nights = night_after_night(small, clock, 6)
    assert nights[-1].changed >= 1
    assert in_town.store.get_page(Task, network_id=NETWORK).items
    assert [walk.cursor is None for walk in nights].count(True) == 1  # ten clients, two a night in turn


def test_of_a_large_network_a_night_reads_a_bounded_part(in_town: World, clock: SettableClock) -> None:
    clients(in_town, 30)
    ensure_nightly(in_town, NETWORK)
    small = replace(in_town, store=PagedStore(in_town.store))
    (walk,) = night_after_night(small, clock, 1)
    assert 2 < walk.seen <= 2 + audit_nightly.DRAWS * 2


def test_the_alarm_s_metric_is_counted_by_the_worker_that_wakes_it(driver: SalonDriver) -> None:
    world: World = driver.world
    give(world)
    spoil(world)
    ensure_nightly(world, NETWORK)
    clock: Any = world.clock
    clock.forward(days=1)
    rung: list[str] = []
    awake = handlers(replace(driver.sending(), count=rung.append), driver.intake_queue)
    for shard in shard_names(driver.store.shards):
        drain_shard(world, awake, shard, lambda: True)
    assert METRIC in rung
    assert [task.kind for task in driver.store.get_page(Task, network_id=NETWORK).items] == [
        TaskKind.LEDGER_DIFFERS
    ]


def test_a_night_that_is_done_again_makes_no_second_task(in_town: World, clock: SettableClock) -> None:
    give(in_town)
    spoil(in_town)
    in_town.store.save(nightly_walk(NETWORK, NOW, "Europe/Chisinau"))
    walk = in_town.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
    assert walk is not None
    clock.forward(days=1)
    audit_night(in_town, walk)
    clock.forward(minutes=3)
    audit_night(in_town, walk)
    assert len(in_town.store.get_page(Task, network_id=NETWORK).items) == 1


def test_a_night_that_was_missed_is_not_made_up_for(in_town: World, clock: SettableClock) -> None:
    in_town.store.save(nightly_walk(NETWORK, NOW, "Europe/Chisinau"))
    walk = in_town.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID)
    assert walk is not None
    clock.forward(days=9)
    assert audit_night(in_town, walk).sleeps_until == next_night(clock(), "Europe/Chisinau")


def test_the_kinds_that_sum_to_an_account_are_all_of_them(in_town: World) -> None:
    """A new kind of entry must be given a column in the report."""
    from chalicelib.domain.clearing.clearing import _OF_KIND

    assert set(_OF_KIND) | {EntryKind.REVERSAL} == set(EntryKind)
