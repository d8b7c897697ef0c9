"""Eight at once on one ledger and on one shard, on the local cloud: moto loses writes under threads."""

import random
from collections import Counter
from datetime import timedelta
from functools import partial
from threading import Lock

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.reversal_history import reversal_id
from chalicelib.domain.messages.messages import MessageState, Outcome, Outgoing
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.loyalty.reverse_entry import reverse_entry
from chalicelib.services.visits.complete_visit import complete
from chalicelib.services.waking.handlers import handlers
from chalicelib.services.waking.wake_items import drain_shard
from chalicelib.store.keys import shard_names
from chalicelib.store.table import Table
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_booking,
    a_client,
    a_town,
    a_visit_bill,
    access,
    save_client,
)
from infra.testkit.doubles import RecordingSender, SettableClock
from infra.testkit.salon_driver import SalonDriver
from tests.cloud.at_once import MARIA, all_at_once, new_driver, until_it_is_done


def posted_twice(driver: SalonDriver, request_id: str, asked: PostingByHand) -> Entry:
    """Asked for twice under one request id, as by an impatient finger: one entry."""
    post = partial(post_by_hand, driver.world, access(), MARIA, asked, request_id)
    entry: Entry = until_it_is_done(post)
    assert post().id == entry.id
    return entry


def test_eight_at_once_on_one_ledger_lose_and_double_nothing(store: Table, clock: SettableClock) -> None:
    a_town(store)
    booking = store.save(a_booking(starts_at=NOW))[0]
    first = new_driver(store, clock, RecordingSender())
    post_by_hand(
        first.world, access(), MARIA, PostingByHand(kind="grant", points=1000, reason="start"), "start"
    )
    told: list[tuple[str, int]] = []
    lock = Lock()

    def work(number: int) -> None:
        driver, chosen = new_driver(store, clock, RecordingSender()), random.Random(number)
        for turn in range(5):
            kind, points = chosen.choice(["grant", "redeem"]), chosen.randint(1, 30)
            entry = posted_twice(
                driver, f"{number}-{turn}", PostingByHand(kind=kind, points=points, reason=f"{number}")
            )
            posted = [entry]
            if turn == 2:
                undoing = partial(reverse_entry, driver.world, access(), entry.id, "mistake")
                posted.append(until_it_is_done(undoing))
            with lock:
                told.extend((each.id, each.points) for each in posted)
        # All eight complete the same visit: one counts.
        until_it_is_done(lambda: complete(driver.world, access(), booking.id, a_visit_bill()))

    all_at_once(work)
    account, entries = store.account(NETWORK, MARIA), store.entries(NETWORK, MARIA)
    assert faults(account, entries) == []
    by_id = {entry.id: entry.points for entry in entries}
    assert all(by_id[each_id] == points for each_id, points in told)  # what was acknowledged stands
    assert len(entries) == len({each_id for each_id, _ in told}) + 2  # and the first grant, and one cashback
    assert len([entry for entry in entries if entry.kind == "cashback"]) == 1
    assert store.get(Client, network_id=NETWORK, id=MARIA).visits_count == 1  # type: ignore[union-attr]


def test_eight_who_reverse_the_same_entry_reverse_it_once(store: Table, clock: SettableClock) -> None:
    a_town(store)
    world = new_driver(store, clock, RecordingSender()).world
    entry = post_by_hand(world, access(), MARIA, PostingByHand(kind="grant", points=100, reason="x"), "one")

    def work(number: int) -> str:
        driver = new_driver(store, clock, RecordingSender())
        return str(until_it_is_done(lambda: reverse_entry(driver.world, access(), entry.id, "mistake")).id)

    assert set(all_at_once(work)) == {reversal_id(entry, MARIA)}
    assert store.account(NETWORK, MARIA).balance == 0
    assert faults(store.account(NETWORK, MARIA), store.entries(NETWORK, MARIA)) == []


class CarefulSender(RecordingSender):
    """Records under a lock, since eight send at once."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()

    def send(self, outgoing: Outgoing) -> Outcome:
        with self._lock:
            self.sent.append(outgoing)
        return Outcome(MessageState.SENT, provider_id="p")


def test_eight_who_drain_one_shard_send_nothing_twice(store: Table, clock: SettableClock) -> None:
    """A FIFO queue lets one worker at a shard; the claim makes more of them harmless."""
    bookings = 24
    a_town(store)
    driver = new_driver(store, clock, CarefulSender())
    for number in range(bookings):
        client = save_client(store, a_client(f"cli_{number:017d}", phone=f"+3736900{number:04d}", email=None))
        driver.book(NOW + timedelta(days=2, minutes=number), client=client.id)
    shard = shard_names(1)[0]

    def work(number: int) -> int:
        mine = new_driver(store, clock, driver.sender)
        return drain_shard(
            mine.world, handlers(mine.sending(), mine.intake_queue), shard, lambda: True
        ).failed

    assert sum(all_at_once(work)) == 0
    per_number = Counter(outgoing.to for outgoing in driver.sender.sent)
    assert set(per_number.values()) == {1}
    clock.forward(minutes=10)  # what was claimed and left, if any, is found by the next sweep
    all_at_once(work)
    assert Counter(outgoing.to for outgoing in driver.sender.sent) == per_number
    assert len(per_number) == bookings
    assert store.due(shard, clock.now, limit=10) == []


def test_eight_who_register_the_same_person_make_one_client(store: Table, clock: SettableClock) -> None:
    from chalicelib.services.clients.register_client import NewClient

    a_town(store)

    def work(number: int) -> str | None:
        driver = new_driver(store, clock, RecordingSender())
        new = NewClient(name="Elena", phone="069 000 111")
        start = NOW + timedelta(days=3, hours=number)
        return until_it_is_done(lambda: driver.book(start, client=new)).client_id  # type: ignore[no-any-return]

    assert len(set(all_at_once(work))) == 1
    assert len(store.clients(NETWORK).items) == 2
