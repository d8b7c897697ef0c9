"""A network whose items an earlier version wrote goes on: nothing of it is lost, and what a use case does not
concern keeps its bytes."""

from collections.abc import Collection
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.loyalty.coupons import CouponState
from chalicelib.domain.loyalty.surprises import SurpriseMonth
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.messages.receipts import Receipt
from chalicelib.domain.networks.network import Network
from chalicelib.domain.networks.rules import RulesChange
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.touches import TouchKind, TouchState
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.loyalty import coupons, reverse_entry
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.messages.process_receipt import ReceiptOutcome, process_receipt
from chalicelib.services.networks.set_rules import set_rules
from chalicelib.services.shared import answer_once
from chalicelib.services.shared.walks import surprise_walk_id
from chalicelib.services.simulations.simulate_programme import begin_simulation, get_simulation
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.waking.retry_parked import retry_parked
from chalicelib.services.waking.walk_on import walk_on
from chalicelib.store.table import Table
from infra.testkit.builders import NETWORK, OTHER_NETWORK, access, an_amount
from infra.testkit.doubles import (
    FreshDirectories,
    SeededRandomness,
    SettableClock,
)
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world
from tests.crash.arranged import tables
from tests.store.lived_before import (
    clients,
    faults,
    named,
    post,
    stored,
    touching,
    upcoming,
    walks,
    without,
    worth,
)
from tests.store.stored_before import ITEMS, kind_of

NOW = datetime(2026, 11, 22, 16, 10, tzinfo=UTC)
"""Some minutes after the last of the network's items was written."""
DECEMBER = datetime(2026, 12, 1, 9, 5, tzinfo=UTC)

LIVED = [item for item in ITEMS if "net_fields" not in item["PK"]["S"]]
"""Those that agree with each other."""

COMING_AGAIN = {WalkKind.SURPRISE, WalkKind.AUDIT_SAMPLE}
"""Walks that never end."""
NEWER_WALKS = {WalkKind.SPLIT, WalkKind.TRY_CATEGORIES}
"""Kinds of walks that there were none of when the items were stored."""

WRITTEN_ONCE = ("ENTRY", "CONSENT", "RULES", "KEY", "HOOK", "SALON", "STAFF", "SERVICE", "TEMPLATE", "COUPON")
"""Kinds whose items no time that passes changes."""


@pytest.fixture(scope="module")
def kept(moto_table: Table) -> Any:
    """moto's table with the items in it."""
    if moto_table.item.exists():
        moto_table.item.delete_table()
    moto_table.item.create_table(billing_mode="PAY_PER_REQUEST")
    client = boto3.client("dynamodb", region_name="us-east-1")
    name = moto_table.item.Meta.table_name
    for item in LIVED:
        client.put_item(TableName=name, Item=item)
    return deepcopy(tables()[name])


@pytest.fixture
def store(moto_table: Table, kept: Any) -> Table:
    """Laid out anew for each test."""
    tables()[moto_table.item.Meta.table_name] = deepcopy(kept)
    return moto_table


@pytest.fixture
def driver(store: Any) -> SalonDriver:
    directories = FreshDirectories(store.directory)
    clock = SettableClock(NOW)
    world = a_world(store, clock, directories=directories, randomness=SeededRandomness(99))
    return SalonDriver(world)


RECORDED_SINCE = ("category", "category_since", "category_changes")
"""What a client of before gets with the first save since."""


# --- visits


def test_a_booking_is_confirmed_and_keeps_all_else(driver: SalonDriver) -> None:
    booking = upcoming(driver, named(driver, "Ion"))
    with touching(driver, booking.id):
        driver.confirm(booking)
    after = driver.booking(booking.id)
    assert after.status is Status.CONFIRMED
    assert without(after, "status", "touches") == without(booking, "status", "touches")


def test_a_visit_is_completed_refunded_and_taken_back(driver: SalonDriver, store: Table) -> None:
    ion = named(driver, "Ion")
    booking, account = upcoming(driver, ion), store.account(NETWORK, ion.id)
    driver.world.clock.now = booking.starts_at  # type: ignore[attr-defined]
    with touching(driver, booking.id, f"CLI#{ion.id}", "FACTS"):
        done = driver.complete(booking, paid_minor=60_000, redeem_points=30)
    assert done.booking.redeemed_points == 30
    assert {entry.kind for entry in done.entries} >= {"redeem", "cashback"}
    assert driver.client(ion.id).visits_count == ion.visits_count + 1
    with touching(driver, booking.id, f"CLI#{ion.id}", "FACTS"):
        refund(driver.world, access(), booking.id, an_amount(20_000), "unhappy", "r-1")
    with touching(driver, booking.id, f"CLI#{ion.id}", "FACTS"):
        driver.reopen(driver.booking(booking.id))
    after, stands = driver.client(ion.id), store.account(NETWORK, ion.id)
    same = ("touches", "due", "trouble", *RECORDED_SINCE)
    assert without(after, *same) == without(ion, *same)
    assert [each.cause for each in after.category_changes] == []
    assert after.category == "developing"
    assert (stands.balance, stands.reward_uses, stands.streaks, stands.referral) == (
        account.balance,
        account.reward_uses,
        account.streaks,
        account.referral,
    )


def test_what_a_visit_of_the_past_brought_is_taken_back_with_it(driver: SalonDriver, store: Table) -> None:
    elena = named(driver, "Elena")
    page = store.bookings_of_client(NETWORK, elena.id)
    booking = next(each for each in page.items if each.status is Status.COMPLETED and each.refunds)
    with touching(driver, booking.id, f"CLI#{elena.id}", "SHARE", "FACTS"):
        driver.reopen(booking)
    after = driver.booking(booking.id)
    assert (after.status, after.reopened) == (Status.BOOKED, booking.reopened + 1)
    assert after.starts_at == booking.starts_at
    assert driver.client(elena.id).visits_count == elena.visits_count - 1


def test_a_booking_that_is_cancelled_frees_the_points_held_for_it(driver: SalonDriver, store: Table) -> None:
    maria = named(driver, "Maria")
    (hold,) = store.account(NETWORK, maria.id).holds
    with touching(driver, str(hold.booking_id), f"CLI#{maria.id}"):
        driver.cancel(driver.booking(str(hold.booking_id)))
    account = store.account(NETWORK, maria.id)
    assert (account.holds, account.held) == ((), 0)


# --- points


def test_points_are_granted_spent_and_reversed(driver: SalonDriver, store: Table) -> None:
    igor = named(driver, "Igor")
    before = store.account(NETWORK, igor.id)
    with touching(driver, f"CLI#{igor.id}", "TALLIES"):
        post(driver, igor, "grant", 100)
        spent = post(driver, igor, "redeem", 130)
        reverse_entry.reverse_entry(driver.world, access(), spent.id, "a mistake")
    after = store.account(NETWORK, igor.id)
    assert after.balance == before.balance + 100
    assert (after.holds, after.came_from, after.turnover) == (before.holds, before.came_from, before.turnover)


def test_an_entry_of_the_past_is_reversed(driver: SalonDriver, store: Table) -> None:
    lena = named(driver, "Lena")
    grant = next(entry for entry in store.entries(NETWORK, lena.id) if entry.kind == "compensation")
    with touching(driver, f"CLI#{lena.id}"):
        undone = reverse_entry.reverse_entry(driver.world, access(), grant.id, "a mistake")
    assert (undone.reverses, undone.points - undone.debt) == (grant.id, -grant.points)


def test_a_debt_of_the_past_is_paid_by_what_comes(driver: SalonDriver, store: Table) -> None:
    dan = named(driver, "Dan")
    debt = store.account(NETWORK, dan.id).debt
    assert debt > 0
    with touching(driver, f"CLI#{dan.id}", "TALLIES"):
        post(driver, dan, "grant", debt + 7)
    account = store.account(NETWORK, dan.id)
    assert (account.debt, account.balance) == (0, 7)


def test_a_coupon_of_the_past_is_used(driver: SalonDriver, store: Table) -> None:
    nina = named(driver, "Nina")
    (coupon,) = [each for each in store.coupons(NETWORK, nina.id) if each.state is CouponState.OPEN]
    salon = driver.world.directory(NETWORK).salons["sal_centru"]
    bill = coupons.CouponBill(salon=salon, bill_minor=50_000, goods_minor=9_000)
    with touching(driver, f"COUPON#{coupon.id}"):
        used = coupons.redeem_coupon(driver.world, access(), coupon.id, bill)
    assert used.use is not None
    assert used.use.discount_minor == 900
    names = ("use", "state", "closed_at", "closed_by")
    assert _of_coupon(used, names) == _of_coupon(coupon, names)


def _of_coupon(coupon: Any, names: Collection[str]) -> Any:
    return replace(coupon, version=0, **dict.fromkeys(names))


# --- merged clients


def test_a_chain_of_merged_clients_comes_apart(driver: SalonDriver, store: Table) -> None:
    names = ("Igor", "Sofia", "Radu")
    igor, sofia, radu = (named(driver, name) for name in names)
    assert (radu.merged, sofia.merged) != (None, None)
    together = worth(driver, *names)
    bookings = sofia.merged.booking_ids if sofia.merged else ()
    with pytest.raises(DomainError, match="CLIENT_MERGED"):
        unmerge_clients(driver.world, access(), radu.id)
    about = [f"CLI#{each.id}" for each in (igor, sofia, radu)]
    phones = [f"ALIAS#phone#{each.phone}" for each in (sofia, radu)]
    mails = [f"ALIAS#email#{each.email}" for each in (sofia, radu)]
    with touching(driver, *about, *bookings, *phones, *mails):
        unmerge_clients(driver.world, access(), sofia.id)
        unmerge_clients(driver.world, access(), radu.id)
    assert worth(driver, *names) == together
    after = [named(driver, name) for name in names]
    assert [(each.merged, each.apart) for each in after] == [(None, None)] * 3
    assert [each.visits_count for each in after] == [1, 1, 0]
    assert [store.account(NETWORK, each.id).moved_to for each in after] == [None] * 3
    assert [driver.booking(booking_id).client_id for booking_id in bookings] == [radu.id]
    assert [store.alias(NETWORK, "phone", str(each.phone)) for each in (sofia, radu)] == [sofia.id, radu.id]


def test_clients_are_merged_and_come_apart_again(driver: SalonDriver, store: Table) -> None:
    nina, lena = named(driver, "Nina"), named(driver, "Lena")
    together = worth(driver, "Nina", "Lena")
    about = [f"CLI#{each.id}" for each in (nina, lena)]
    aliases = [f"ALIAS#phone#{nina.phone}", f"ALIAS#email#{nina.email}"]
    with touching(driver, *about, *aliases):
        merge_clients(driver.world, access(), nina.id, lena.id)
        assert worth(driver, "Lena") == together
    with touching(driver, *about, *aliases):
        unmerge_clients(driver.world, access(), nina.id)
    assert worth(driver, "Nina", "Lena") == together
    same = ("touches", "invitations", "guards", *RECORDED_SINCE)
    assert without(replace(named(driver, "Nina"), merges=1), *same) == without(nina, *same)
    assert without(named(driver, "Lena"), *same) == without(lena, *same)


# --- walks and simulations


def test_walks_in_the_middle_go_on_to_their_end(driver: SalonDriver) -> None:
    """An audit that goes on finds every account right."""
    before = {walk.id: walk for walk in walks(driver)}
    in_the_middle = {walk.kind for walk in before.values() if walk.finished_at is None}
    assert in_the_middle == set(WalkKind) - NEWER_WALKS
    driver.run_until(NOW + timedelta(hours=1))
    after = {walk.id: walk for walk in walks(driver)}
    for each_id, walk in before.items():
        if walk.finished_at is not None:
            assert after[each_id] == walk
        elif walk.kind not in COMING_AGAIN:
            assert (after[each_id].finished_at is None, after[each_id].trouble) == (False, None), walk
            assert after[each_id].seen >= walk.seen
    for audit in (walk.state.audit for walk in after.values() if walk.kind is WalkKind.AUDIT):
        assert audit is not None
        assert (audit.accounts, audit.differing) == (len(clients(driver)), 0)
    assert faults(driver) == []


def test_a_simulation_in_the_middle_comes_to_what_one_does_that_begins_now(driver: SalonDriver) -> None:
    (stands,) = [each for each in simulations(driver) if each.finished_at is None]
    assert stands.sums.actual
    driver.run_until(NOW + timedelta(minutes=10))
    ended, _ = get_simulation(driver.world, access(), stands.id)
    assert ended.finished_at is not None
    driver.store.save(_rules_of(driver, stands))
    said = {"from_on": stands.from_on, "to_on": stands.to_on, "warm_up_months": 1}
    anew = begin_simulation(driver.world, access(), lambda present: stands.proposed, **said)
    driver.run_until(NOW + timedelta(minutes=20))
    anew, _ = get_simulation(driver.world, access(), anew.id)
    assert (ended.sums, ended.seen, ended.visits) == (anew.sums, anew.seen, anew.visits)


def simulations(driver: SalonDriver) -> list[Simulation]:
    return list(driver.store.get_page(Simulation, network_id=NETWORK, limit=20).items)


def _rules_of(driver: SalonDriver, simulation: Simulation) -> Any:
    """The network with the rules that stood when the simulation began."""
    network = driver.store.get(Network, network_id=NETWORK)
    return replace(network, rules=replace(network.rules, bonuses=simulation.present))


def test_a_draw_in_the_middle_goes_on_within_its_budget(driver: SalonDriver, store: Table) -> None:
    driver.world.clock.now = DECEMBER  # type: ignore[attr-defined]
    for _ in range(20):
        walk = store.get(Walk, network_id=OTHER_NETWORK, id=surprise_walk_id(OTHER_NETWORK))
        assert walk is not None
        if walk.state.draw is None:
            break
        walk_on(driver.world, walk)
    month = store.get(SurpriseMonth, network_id=OTHER_NETWORK, month="2026-12")
    assert month is not None
    assert (month.regulars, month.drawn, month.spent_points) == (6, 3, 300)


# --- messages


def test_a_message_that_a_worker_died_over_is_looked_after_and_not_sent_again(driver: SalonDriver) -> None:
    maria = named(driver, "Maria")
    (booking,) = [each for each in driver.bookings() if _state(each) is TouchState.SENDING]
    logged = driver.log(maria.id)
    driver.run_until(NOW + timedelta(minutes=10))
    assert _state(driver.booking(booking.id)) is TouchState.UNKNOWN
    new = [each for each in driver.log(maria.id) if each.id not in {message.id for message in logged}]
    assert [(each.kind, each.reason) for each in new if each.booking_id == booking.id] == [
        (TouchKind.NOTICE, "worker_lost")
    ]


def _state(booking: Booking) -> TouchState | None:
    touch = booking.touches.get(TouchKind.NOTICE)
    return touch.state if touch else None


def test_a_message_is_recorded_beside_those_of_the_past(driver: SalonDriver) -> None:
    ion = named(driver, "Ion")
    driver.run_until(NOW + timedelta(minutes=10))
    before = stored(driver)
    booking = driver.book(driver.world.now() + timedelta(days=8), client=ion.id)
    driver.drain()
    messages = {key for key, item in before.items() if kind_of(item) == "MSG"}
    after = stored(driver)
    assert all(after[key] == before[key] for key in messages)
    (new,) = [each for each in driver.log(ion.id) if each.booking_id == booking.id]
    assert (new.kind, new.state) == (TouchKind.NOTICE, MessageState.SENT)


def test_a_receipt_changes_its_message_alone_and_what_the_message_cost(
    driver: SalonDriver, store: Table
) -> None:
    ion = named(driver, "Ion")
    message = next(each for each in reversed(driver.log(ion.id)) if each.state is MessageState.SENT)
    told = Receipt(
        network_id=NETWORK,
        client_id=ion.id,
        message_id=message.id,
        state=MessageState.DELIVERED,
        at=NOW,
        parts=2,
        cost_micros=90_000,
    )
    with touching(driver, f"MSG#{message.id}", "PRICE", "SPENDING", "FACTS"):
        assert process_receipt(driver.world, told) is ReceiptOutcome.APPLIED
    after = store.get(Message, network_id=NETWORK, client_id=ion.id, id=message.id)
    assert after is not None
    assert (after.state, after.cost_micros, after.charged) == (MessageState.DELIVERED, 90_000, True)
    assert _unchanged(after) == _unchanged(message)


def _unchanged(message: Message) -> Message:
    named = {"state": MessageState.SENT, "parts": 0, "cost_micros": None, "charged": False, "told_at": None}
    return replace(message, version=0, **named)


# --- the rest


def test_rules_are_changed_and_their_versions_of_the_past_stay(driver: SalonDriver, store: Table) -> None:
    network = store.get(Network, network_id=NETWORK)
    assert network is not None
    with touching(driver, "NETWORK", "RULES", "WALK", "SPENDING"):
        set_rules(driver.world, access(), network.rules_version, messages={"weekly_cap": 4}, bonuses={})
    after = store.get(Network, network_id=NETWORK)
    assert after is not None
    messages = replace(network.rules.messages, weekly_cap=4)
    assert after.rules == replace(network.rules, messages=messages)
    assert (after.identities, after.timezone) == (network.identities, network.timezone)
    kept = store.get_page(RulesChange, network_id=NETWORK, limit=2).items
    assert [change.rules for change in kept] == [after.rules, network.rules]


def test_a_webhook_that_was_received_is_taken_in_or_put_before_a_person(
    driver: SalonDriver, store: Table
) -> None:
    items = [each for each in store.inbox(NETWORK, limit=50).items if each.state is InboxState.RECEIVED]
    assert items
    for item in items:
        with touching(driver, f"INBOX#{item.id}"):
            driver.ingest(item)
        after = store.get(InboxItem, network_id=NETWORK, id=item.id)
        assert after is not None
        assert (after.state, after.raw) == (InboxState.QUARANTINED, item.raw)


def test_what_was_parked_is_retried(driver: SalonDriver, store: Table) -> None:
    (parked,) = store.get_all(Parked, network_id=NETWORK)
    booking_id = parked.item.split()[-1]
    assert driver.booking(booking_id).trouble is not None
    with touching(driver, booking_id, gone=["PARKED"]):
        retry_parked(driver.world, NETWORK, booking_id)
    assert driver.booking(booking_id).trouble is None
    assert list(store.get_all(Parked, network_id=NETWORK)) == []


def test_a_request_of_the_past_gets_the_answer_that_it_was_given(driver: SalonDriver) -> None:
    def again(seed: str) -> answer_once.Given:
        raise AssertionError("it was done already")

    scope = ("owner", "POST", "/bookings")
    with touching(driver):
        given, was_given = answer_once.answer_once(driver.world, NETWORK, scope, "key-1", b"key-1", again)
    assert (given.status, was_given) == (201, True)


def test_a_week_goes_by_and_nothing_of_the_past_is_lost(driver: SalonDriver) -> None:
    """All that wakes is woken: visits, gifts, expiries, messages, a campaign, a promotion's end."""
    before = stored(driver)
    driver.run_until(NOW + timedelta(days=7), step=timedelta(hours=1))
    after = stored(driver)
    assert before.keys() <= after.keys()
    assert faults(driver) == []
    once = [key for key, item in before.items() if kind_of(item) in WRITTEN_ONCE]
    assert [key for key in once if after[key] != before[key]] == []
