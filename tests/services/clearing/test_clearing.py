"""A month between salons: who granted, who honoured, what is still owed; counted by a walk, kept for good."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clearing.clearing import (
    Clearing,
    MonthSums,
    OpenPoints,
    PairSum,
    booked_at,
    period_of,
    total_of,
)
from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.networks.network import Network
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.clearing.audit_accounts import METRIC
from chalicelib.services.clearing.audit_nightly import ensure_nightly
from chalicelib.services.clearing.clear_month import clear_some, clearing_of, start_clearing
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import NIGHTLY_ID
from chalicelib.services.shared.world import World
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK, NOW, a_client, a_salon, a_town, access, an_amount
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import SalonDriver
from tests.ledgers import CLIENTS, ZONE, Ledgers

MARIA, VERA = "cli_maria00000000001", "cli_vera000000000001"
CENTRU, YORK = "sal_centru", "sal_york"


@pytest.fixture
def in_town(world: World) -> World:
    a_town(world.store)
    world.store.save(a_client(VERA, phone=None, email=None))
    return world


def post(world: World, client_id: str, kind: str, points: int, salon_id: str | None) -> Entry:
    asked = PostingByHand(kind=kind, points=points, reason="test", salon_id=salon_id)
    return post_by_hand(world, access(), client_id, asked)


def walked(world: World, walk: Walk) -> Walk:
    for _ in range(100):
        if walk.finished_at is not None:
            return walk
        walk_on(world, walk)
        walk = world.store.get(Walk, network_id=NETWORK, id=walk.id)  # type: ignore[assignment]
    raise AssertionError("the walk has no end")


def counted(world: World, month: str = "2026-11") -> tuple[Clearing, MonthSums]:
    clock: Any = world.clock
    clock.forward(minutes=2)  # it tells of the instant a minute before it began
    walked(world, start_clearing(world, NETWORK, month))
    return clearing_of(world, NETWORK, month)


def test_points_of_one_salon_that_paid_in_another(in_town: World) -> None:
    post(in_town, MARIA, "grant", 100, CENTRU)
    post(in_town, MARIA, "grant", 50, YORK)
    post(in_town, VERA, "grant", 30, None)
    spent = post(in_town, MARIA, "redeem", 120, YORK)
    reverse_entry(in_town, access(), spent.id, "a mistake")
    post(in_town, MARIA, "redeem", 110, YORK)
    clearing, sums = counted(in_town)
    assert sums.pairs == (
        PairSum("", "", granted=30),
        PairSum(CENTRU, CENTRU, granted=100),
        PairSum(CENTRU, YORK, redeemed=-200, returned=100),
        PairSum(YORK, YORK, granted=50, redeemed=-30, returned=20),
    )
    assert [pair.honoured for pair in sums.pairs] == [0, 0, 100, 10]
    assert total_of(sums.pairs).net == 70
    assert sums.owed == (OpenPoints("", "never", 30), OpenPoints(YORK, "never", 40))
    assert sums.redemptions == {YORK: 2}
    assert clearing.point_values == {"MDL": 100, "USD": 100}


def test_what_a_refund_gives_back_is_honoured_no_more(driver: SalonDriver) -> None:
    world: World = driver.world
    post(world, MARIA, "grant", 100, YORK)
    booking = driver.book(NOW + timedelta(hours=2))
    driver.world.clock.forward(hours=3)  # type: ignore[attr-defined]
    driver.complete(booking, paid_minor=40_000, redeem_points=80)
    refund(world, access(), booking.id, an_amount(20_000), "half of it")
    _, sums = counted(world)
    honoured = {(pair.granting, pair.honouring): pair.honoured for pair in sums.pairs}
    assert honoured == {(YORK, YORK): 0, (CENTRU, CENTRU): 0, (YORK, CENTRU): 40}
    assert sums.bookings == {CENTRU: 1}
    assert total_of(sums.pairs).net == driver.store.account(NETWORK, MARIA).balance


def test_a_debt_that_is_paid_is_a_reversal_that_comes_late(in_town: World) -> None:
    gift = post(in_town, MARIA, "grant", 100, CENTRU)
    post(in_town, MARIA, "redeem", 80, YORK)
    reverse_entry(in_town, access(), gift.id, "a mistake")
    _, sums = counted(in_town)
    assert sums.debt == 80
    post(in_town, MARIA, "grant", 30, YORK)  # all of it is owed
    post(in_town, MARIA, "grant", 90, CENTRU)
    _, sums = counted(in_town)
    total = total_of(sums.pairs)
    assert (total.granted, total.redeemed, total.taken_back, total.net) == (220, -80, -100, 40)
    assert (sums.debt, in_town.store.account(NETWORK, MARIA).balance) == (0, 40)


def test_points_that_a_hold_had_more_pay_a_debt_and_are_not_honoured() -> None:
    ledgers = Ledgers()
    client = "cli_0000000000000000"
    first = ledgers.post(client, 10, EntryKind.GRANT, CENTRU)
    ledgers.post(client, 10, EntryKind.GRANT, YORK)
    ledgers.hold(client, 14, 0)  # fifteen points: ten of Centru, five of York
    ledgers.redeem(client, 4, 0)
    assert first is not None
    ledgers.reverse(client, 0, 1)  # the first gift: nothing is free, ten are owed
    assert ledgers.account(client).debt == 10
    ledgers.spend_hold(client, 11, 1)  # twelve of them; the other three pay
    _, sums = counted(ledgers.world)
    york = {pair.granting: pair for pair in sums.pairs if pair.honouring == YORK}
    assert (york[CENTRU].redeemed, york[YORK].redeemed, york[YORK].taken_back) == (-10, -2, -3)


# --- which month


def entry(kind: EntryKind, effective_at: datetime, recorded_at: datetime) -> Entry:
    return Entry(
        network_id=NETWORK,
        client_id=MARIA,
        id="ent_1",
        number=0,
        kind=kind,
        points=1,
        balance_after=1,
        lots=(),
        reason="test",
        actor="system",
        effective_at=effective_at,
        recorded_at=recorded_at,
        input_hash="",
    )


MIDNIGHT = datetime(2026, 11, 30, 22, tzinfo=UTC)
"""Of 1 December in Chisinau."""


@pytest.mark.parametrize(
    ("kind", "effective", "recorded_later", "month"),
    [
        (EntryKind.GRANT, MIDNIGHT - timedelta(milliseconds=1), timedelta(), "2026-11"),
        (EntryKind.GRANT, MIDNIGHT, timedelta(), "2026-12"),
        (EntryKind.EXPIRY, MIDNIGHT, timedelta(seconds=20), "2026-11"),
        (EntryKind.RELEASE, MIDNIGHT, timedelta(seconds=20), "2026-12"),
        (EntryKind.EXPIRY, MIDNIGHT, timedelta(hours=23), "2026-11"),
        (EntryKind.EXPIRY, MIDNIGHT, timedelta(hours=25), "2026-12"),  # November's books are closed
    ],
)
def test_which_month_an_entry_belongs_to(
    kind: EntryKind, effective: datetime, recorded_later: timedelta, month: str
) -> None:
    at = booked_at(entry(kind, effective, effective + recorded_later))
    period = period_of(month, ZONE)
    assert period.since <= at < period.until


def test_points_that_expire_with_the_month_are_its_breakage(driver: SalonDriver) -> None:
    asked = PostingByHand(kind="grant", points=50, reason="x", salon_id=CENTRU, expires_on=date(2026, 11, 30))
    post_by_hand(driver.world, access(), MARIA, asked)
    _, before = counted(driver.world)
    assert before.owed == (OpenPoints(CENTRU, "2026-11", 50),)
    driver.run_until(MIDNIGHT + timedelta(hours=1))
    _, november = counted(driver.world)
    assert (total_of(november.pairs).expired, november.owed) == (-50, ())
    _, december = counted(driver.world, "2026-12")
    assert (december.entries, december.pairs) == (0, ())


def test_the_liability_is_told_by_the_month_in_which_points_expire(in_town: World) -> None:
    for points, day in ((10, "2026-12-31"), (20, "2027-01-01"), (40, "2026-12-15")):
        expires_on = date.fromisoformat(day)
        asked = PostingByHand(kind="grant", points=points, reason="x", salon_id=CENTRU, expires_on=expires_on)
        post_by_hand(in_town, access(), MARIA, asked)
    _, sums = counted(in_town)
    assert sums.owed == (OpenPoints(CENTRU, "2026-12", 50), OpenPoints(CENTRU, "2027-01", 20))


# --- the walk


@pytest.mark.parametrize("again", [False, True])
def test_slices_add_up_and_done_again_add_up_to_the_same(again: bool) -> None:
    ledgers = Ledgers()
    for number in range(450):
        item_id = f"cli_{number:016d}"
        if number >= len(CLIENTS):
            ledgers.store.save(a_client(item_id, phone=None, email=None))
        ledgers.post(item_id, 10, EntryKind.GRANT, (CENTRU, YORK)[number % 2])
        ledgers.post(item_id, -3, EntryKind.REDEEM, YORK)
    world = ledgers.world
    ledgers.clock.forward(minutes=2)
    walk, slices = start_clearing(world, NETWORK, "2026-11"), 0
    while walk.finished_at is None:
        if again:
            clear_some(world, walk)  # and its end was never saved
        walk_on(world, walk)
        walk, slices = ledgers.store.get(Walk, network_id=NETWORK, id=walk.id), slices + 1
    _, sums = clearing_of(world, NETWORK, "2026-11")
    assert (walk.seen, walk.changed, slices) == (450 + 2, 900, 4)
    assert sums.pairs == (
        PairSum(CENTRU, CENTRU, granted=2250),
        PairSum(CENTRU, YORK, redeemed=-675),
        PairSum(YORK, YORK, granted=2250, redeemed=-675),
    )


def test_what_is_posted_while_it_walks_is_left_out_on_both_sides(
    in_town: World, clock: SettableClock
) -> None:
    post(in_town, MARIA, "grant", 100, CENTRU)
    clock.forward(minutes=2)
    walk = start_clearing(in_town, NETWORK, "2026-11")
    clock.forward(minutes=1)
    post(in_town, MARIA, "redeem", 60, YORK)
    walked(in_town, walk)
    clearing, sums = clearing_of(in_town, NETWORK, "2026-11")
    assert total_of(sums.pairs).net == 100
    assert (clearing.as_of, clearing.is_final) == (NOW + timedelta(minutes=1), False)


def test_a_month_is_counted_once_at_a_time(in_town: World) -> None:
    walk = start_clearing(in_town, NETWORK, "2026-11")
    assert start_clearing(in_town, NETWORK, "2026-11").id == walk.id
    assert start_clearing(in_town, NETWORK, "2026-10").id != walk.id


def test_a_month_to_come_is_refused(in_town: World) -> None:
    with pytest.raises(DomainError, match="MONTH_NOT_BEGUN"):
        start_clearing(in_town, NETWORK, "2026-12")
    assert in_town.store.get_page(Walk, network_id=NETWORK).items == []


def test_a_month_that_was_not_counted_says_so(in_town: World) -> None:
    with pytest.raises(DomainError, match="NOT_COUNTED"):
        clearing_of(in_town, NETWORK, "2026-11")


def test_an_older_walk_does_not_put_back_the_report(in_town: World, clock: SettableClock) -> None:
    slow = start_clearing(in_town, NETWORK, "2026-11")
    stands = in_town.store.get(Walk, network_id=NETWORK, id=slow.id)
    assert stands is not None
    in_town.store.save(replace(stands, finished_at=NOW))
    post(in_town, MARIA, "grant", 100, CENTRU)
    clearing, _ = counted(in_town)
    again = in_town.store.get(Walk, network_id=NETWORK, id=slow.id)
    assert again is not None
    (revived,) = in_town.store.save(replace(again, finished_at=None))
    walked(in_town, revived)
    assert clearing_of(in_town, NETWORK, "2026-11")[0] == clearing


class LosingStore(DelegatingStore):
    """Another writer is always faster with the report."""

    def save(self, *values: Any, **rest: Any) -> Any:
        if isinstance(values[0], Clearing):
            raise SaveConflict(values[0])
        return self.store.save(*values, **rest)


def test_a_report_that_loses_every_race_is_left_to_the_next_wake_and_counts_as_no_failure(
    in_town: World, clock: SettableClock
) -> None:
    clock.forward(minutes=2)
    walk = start_clearing(in_town, NETWORK, "2026-11")
    with pytest.raises(SaveConflict):
        walked(replace(in_town, store=LosingStore(in_town.store)), walk)
    walk = in_town.store.get(Walk, network_id=NETWORK, id=walk.id)
    assert walk.trouble is None
    walked(in_town, walk)
    assert clearing_of(in_town, NETWORK, "2026-11")[0].walk_id == walk.id


def test_more_salons_than_a_slice_counts_are_all_counted(in_town: World) -> None:
    for number in range(120):
        in_town.store.save(a_salon(f"sal_{number:03d}"))
    in_town.directories.forget(NETWORK)
    in_town.clock.forward(minutes=2)  # type: ignore[attr-defined]
    walk = walked(in_town, start_clearing(in_town, NETWORK, "2026-11"))
    assert walk.seen == 2 + 122


def test_a_walk_that_reads_everything_audits_on_its_way(driver: SalonDriver) -> None:
    post(driver.world, MARIA, "grant", 100, CENTRU)
    account = driver.store.account(NETWORK, MARIA)
    driver.store.save(replace(account, balance=99))
    walk = start_clearing(driver.world, NETWORK, "2026-11")
    rung: list[str] = []
    walk = clear_some(driver.world, walk, rung.append)
    assert walk.state.audit is not None
    assert (walk.state.audit.accounts, walk.state.audit.differing, rung) == (1, 1, [METRIC])
    (task,) = driver.store.get_page(Task, network_id=NETWORK).items
    assert (task.kind, task.client_id) == (TaskKind.LEDGER_DIFFERS, MARIA)


def test_a_month_begins_where_the_one_before_it_was_closed(in_town: World, clock: SettableClock) -> None:
    """Though the network has moved to New York meanwhile: no entry is in two months, or in none."""
    clock.now = datetime(2026, 12, 2, 12, tzinfo=UTC)
    closed, _ = counted(in_town)
    network = in_town.store.get(Network, network_id=NETWORK)
    assert network is not None
    in_town.store.save(replace(network, timezone="America/New_York"))
    in_town.directories.forget(NETWORK)
    december, _ = counted(in_town, "2026-12")
    assert december.period.since == closed.period.until == MIDNIGHT
    assert december.period.until == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert counted(in_town)[0].period == closed.period  # counted anew it is the same month


# --- by itself


def test_a_month_that_is_over_is_counted_by_itself_and_stays(driver: SalonDriver) -> None:
    ensure_nightly(driver.world, NETWORK)
    post(driver.world, MARIA, "grant", 100, CENTRU)
    driver.run_until(datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert (
        driver.store.get(Clearing, network_id=NETWORK, month="2026-11") is None
    )  # its books are open for a day
    driver.run_until(datetime(2026, 12, 2, 2, tzinfo=UTC))
    clearing, sums = clearing_of(driver.world, NETWORK, "2026-11")
    assert (clearing.is_final, total_of(sums.pairs).net) == (True, 100)
    post(driver.world, MARIA, "redeem", 30, YORK)
    driver.run_until(datetime(2026, 12, 20, tzinfo=UTC))
    walks = [
        walk
        for walk in driver.store.get_page(Walk, network_id=NETWORK).items
        if walk.kind is WalkKind.CLEARING
    ]
    assert [walk.state.period.month for walk in walks] == ["2026-11", "2026-10"]
    assert clearing_of(driver.world, NETWORK, "2026-11")[1] == sums
    assert counted(driver.world)[1] == sums  # counted anew it is the same
    assert driver.store.get(Walk, network_id=NETWORK, id=NIGHTLY_ID).finished_at is None


def test_a_month_that_was_counted_before_it_was_over_is_counted_again(driver: SalonDriver) -> None:
    ensure_nightly(driver.world, NETWORK)
    clearing, _ = counted(driver.world)
    assert not clearing.is_final
    driver.run_until(datetime(2026, 12, 2, 2, tzinfo=UTC))
    clearing, _ = clearing_of(driver.world, NETWORK, "2026-11")
    assert clearing.is_final
