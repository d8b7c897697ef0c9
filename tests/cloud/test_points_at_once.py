"""Eight at once who do all that can be done with points: to one client, to many, and to one who is being
merged. Then every ledger adds up, and what was acknowledged stands."""

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.programme import Bill
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import hold_points, reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from chalicelib.store.table import Table
from infra.testkit.builders import NETWORK, NOW, a_client, a_town, access, an_amount, save_client
from infra.testkit.doubles import RecordingSender, SettableClock
from infra.testkit.salon_driver import SalonDriver
from tests.cloud.at_once import MARIA, THREADS, all_at_once, new_driver, until_it_is_done

TURNS = 12
MAY_BE_REFUSED = {
    "INSUFFICIENT_POINTS", "OVER_CAP", "HOLD_CLOSED", "HOLD_EXISTS", "WRONG_STATUS", "CANNOT_REVERSE",
    "INVALID_AMOUNT", "ENTRY_EXISTS", "HELD_FOR_BOOKING",
}  # fmt: skip


class Person:
    """One of eight at the desk: does this and that, each thing twice, as by an impatient finger."""

    def __init__(
        self, driver: SalonDriver, number: int, client_ids: list[str], booking_ids: list[str]
    ) -> None:
        self.driver, self.world = driver, driver.world
        self.clients, self.bookings = client_ids, booking_ids
        self.chosen, self.number, self.turn = random.Random(number), number, 0
        self.posted: list[Entry] = []
        self.held: list[str] = []

    def works(self) -> list[Entry]:
        """Answers what was acknowledged."""
        deeds = [self.by_hand, self.hold, self.redeem, self.release, self.reverse, self.hold_for_booking,
                 self.complete, self.refund, self.cancel, self.reopen, self.wake]  # fmt: skip
        for self.turn in range(TURNS):
            self.twice(self.chosen.choice(deeds)())
        return self.posted

    def twice(self, step: Callable[[], Any]) -> None:
        for _ in range(2):
            try:
                done = until_it_is_done(step)
            except DomainError as refusal:
                if refusal.code not in MAY_BE_REFUSED:
                    raise
                continue
            if isinstance(done, Entry):
                self.posted.append(done)
                if done.kind == "hold":
                    self.held.append(done.id)

    @property
    def id(self) -> str:
        return f"{self.number}-{self.turn}"

    def by_hand(self) -> Callable[[], Entry]:
        kind, points = (
            self.chosen.choice(["grant", "grant", "redeem", "correction"]),
            self.chosen.randint(1, 60),
        )
        asked = PostingByHand(kind=kind, points=points, reason="desk")
        return partial(post_by_hand, self.world, access(), self.chosen.choice(self.clients), asked, self.id)

    def hold(self) -> Callable[[], Entry]:
        client = self.driver.client(self.chosen.choice(self.clients))
        points, bill = self.chosen.randint(1, 60), Bill(paid_minor=50_000)
        return partial(
            hold_points.hold_at_desk, self.world, access(), client, points, "sal_centru", bill, self.id
        )

    def redeem(self) -> Callable[[], Any]:
        if not self.held:
            return self.hold()
        item_id = self.chosen.choice(self.held)
        return partial(hold_points.redeem_hold, self.world, access(), item_id, 1, "sal_centru")

    def release(self) -> Callable[[], Any]:
        if not self.held:
            return self.hold()
        return partial(hold_points.release_hold, self.world, access(), self.chosen.choice(self.held))

    def reverse(self) -> Callable[[], Any]:
        by_hand = [entry for entry in self.posted if entry.kind in ("grant", "redeem", "correction")]
        if not by_hand:
            return self.by_hand()
        entry = self.chosen.choice(by_hand)
        return partial(reverse_entry.reverse_entry, self.world, access(), entry.id, "mistake")

    def hold_for_booking(self) -> Callable[[], Any]:
        return partial(
            hold_points.hold_for_booking, self.world, access(), self._booking(), self.chosen.randint(1, 60)
        )

    def complete(self) -> Callable[[], Any]:
        booking = self.driver.booking(self._booking())
        return partial(self.driver.complete, booking, redeem_points=self.chosen.choice([0, 0, 10]))

    def refund(self) -> Callable[[], Any]:
        return partial(
            refund_visit.refund,
            self.world,
            access(),
            self._booking(),
            an_amount(20_000),
            "unhappy",
            self.id,
        )

    def cancel(self) -> Callable[[], Any]:
        return partial(self.driver.cancel, self.driver.booking(self._booking()))

    def reopen(self) -> Callable[[], Any]:
        return partial(self.driver.reopen, self.driver.booking(self._booking()))

    def wake(self) -> Callable[[], Any]:
        return self.driver.drain

    def _booking(self) -> str:
        return self.chosen.choice(self.bookings)


def town(store: Table, clock: SettableClock, clients: int) -> tuple[SalonDriver, list[str]]:
    """So many clients with points, of which some are about to expire."""
    a_town(store)
    driver = new_driver(store, clock, RecordingSender())
    ids = [MARIA]
    for number in range(1, clients):
        phone = f"+3736900{number:04d}"
        ids.append(save_client(store, a_client(f"cli_{number:016d}", phone=phone, email=None)).id)
    tomorrow = (NOW + timedelta(days=1)).date()
    for each_id in ids:
        for points, on in ((300, None), (50, tomorrow)):
            asked = PostingByHand(kind="grant", points=points, reason="start", expires_on=on)
            post_by_hand(driver.world, access(), each_id, asked, f"start-{points}")
    return driver, ids


@pytest.mark.parametrize("clients", [1, 24])
def test_eight_who_do_everything_at_once_lose_and_double_nothing(
    store: Table, clock: SettableClock, clients: int
) -> None:
    driver, ids = town(store, clock, clients)
    bookings = [driver.book(NOW + timedelta(hours=hours + 1), client=ids[hours % clients]).id
                for hours in range(16)]  # fmt: skip
    clock.forward(days=3)  # the first have something to expire, whoever comes first

    def work(number: int) -> list[Entry]:
        mine = new_driver(store, clock, RecordingSender())
        return Person(mine, number, ids, bookings).works()

    told = [entry for posted in all_at_once(work) for entry in posted]
    assert len(told) > THREADS * TURNS // 4
    stand = {entry.id: entry for each_id in ids for entry in store.entries(NETWORK, each_id)}
    assert all(stand[entry.id] == entry for entry in told)
    for each_id in ids:
        account, entries = store.account(NETWORK, each_id), store.entries(NETWORK, each_id)
        assert faults(account, entries) == []
        held = {booking.id for booking in map(driver.booking, bookings) if booking.held_points}
        assert {hold.booking_id for hold in account.holds if hold.booking_id} <= held
    for booking in map(driver.booking, bookings):
        of = [entry for entry in stand.values() if entry.booking_id == booking.id]
        cashback = [entry for entry in of if entry.kind == "cashback"]
        undone = [entry for entry in of if entry.kind == "reversal"]
        assert len(cashback) == booking.reopened + (booking.status is Status.COMPLETED)
        assert len(undone) >= len(cashback) - 1


def test_points_are_posted_to_somebody_whoever_is_merged_meanwhile(
    store: Table, clock: SettableClock
) -> None:
    """Half of the eight post to a client while others merge them into another, and back."""
    driver, (maria, other) = town(store, clock, 2)
    del driver

    def work(number: int) -> int:
        mine, given = new_driver(store, clock, RecordingSender()), 0
        for turn in range(TURNS):
            try:
                if number == 0 and turn % 2:
                    until_it_is_done(partial(unmerge_clients, mine.world, access(), maria))
                elif number == 0:
                    until_it_is_done(partial(merge_clients, mine.world, access(), maria, other))
                else:
                    asked = PostingByHand(kind="grant", points=1, reason="gift")
                    post = partial(post_by_hand, mine.world, access(), maria, asked, f"{number}-{turn}")
                    until_it_is_done(post)
                    given += 1
            except DomainError as refusal:
                if refusal.code not in ("CLIENT_MERGED", "NOT_MERGED"):
                    raise
        return given

    given = sum(all_at_once(work))
    accounts = [store.account(NETWORK, each_id) for each_id in (maria, other)]
    assert sum(account.balance - account.debt for account in accounts) == 2 * 350 + given
    for account in accounts:
        assert faults(account, store.entries(NETWORK, account.client_id)) == []
    merged = store.get(Client, network_id=NETWORK, id=maria)
    assert merged is not None
    assert merged.merged is None or (accounts[0].balance, accounts[0].lots) == (0, ())
