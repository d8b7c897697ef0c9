"""Whatever is done to clients who are merged, in chains too, and apart again: in the end each is as their
twin in a life without merges, where the same was done to the same of them."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.loyalty import reverse_entry
from chalicelib.services.loyalty.post_bonus import PostingByHand, post_by_hand
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.unmerge_clients import unmerge_clients
from chalicelib.services.visits import refund_visit
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import (
    NETWORK,
    a_booking,
    a_client,
    a_town,
    access,
    an_amount,
    save_booking,
    save_client,
)
from infra.testkit.doubles import (
    SettableClock,
)
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world
from tests.profile import tries

IDS = tuple(f"cli_{letter * 16}" for letter in "abcd")
SECOND = timedelta(seconds=1)
Step = tuple[str, int, int]

steps = st.lists(
    st.tuples(
        st.sampled_from(["grant", "visit", "visit", "refund", "refund", "take_back", "reverse", "merge",
                         "merge", "unmerge", "next_day"]),
        st.integers(0, 11), st.integers(0, 50),
    ),
    min_size=6, max_size=25,
)  # fmt: skip


def a_driver() -> SalonDriver:
    store, clock = MemoryStore(), SettableClock()
    directories = CachedDirectories(store.directory, clock)
    world = a_world(store, clock, directories=directories)
    a_town(store)
    for number, client_id in enumerate(IDS):
        save_client(store, a_client(client_id, phone=f"+3736900000{number}", email=None))
    return SalonDriver(world)


class Twins:
    """What is done in both salons, by numbers of what was made so far. Points are spent only of one's own:
    what one who is merged spends is by right of whom they are then."""

    def __init__(self) -> None:
        self.merging, self.plain = a_driver(), a_driver()
        self.into: dict[str, str] = {}
        self.bookings: list[str] = []
        self.entries: list[tuple[Any, Any]] = []

    @property
    def alive(self) -> list[str]:
        return [client_id for client_id in IDS if client_id not in self.into]

    def does(self, step: Step, name: str) -> None:
        what, one, other = step
        for driver in (self.merging, self.plain):
            driver.world.clock.now += SECOND
        getattr(self, what)(one, other, name)

    def next_day(self, one: int, other: int, name: str) -> None:
        for driver in (self.merging, self.plain):
            driver.world.clock.now += timedelta(days=1)

    def grant(self, one: int, other: int, name: str) -> None:
        client_id, asked = (
            self.alive[one % len(self.alive)],
            PostingByHand(kind="grant", points=other + 1, reason="gift"),
        )
        both = [
            post_by_hand(driver.world, access(), client_id, asked, name)
            for driver in (self.merging, self.plain)
        ]
        self.entries.append((both[0], both[1]))

    def visit(self, one: int, other: int, name: str) -> None:
        client_id = self.alive[one % len(self.alive)]
        # the same points may lie in other lots, of which some are pending
        drivers = (self.merging, self.plain)
        accounts = [(driver.store.account(NETWORK, client_id), driver.world.now()) for driver in drivers]
        available = min(account.available(now) for account, now in accounts)
        redeem = 0 if self.into else min(other, available)
        for driver in (self.merging, self.plain):
            now = driver.world.now()
            booking = a_booking(f"bkg_{name:>016}", client_id=client_id, starts_at=now, made_at=now)
            driver.complete(save_booking(driver.store, booking), redeem_points=redeem)
        self.bookings.append(f"bkg_{name:>016}")

    def refund(self, one: int, other: int, name: str) -> None:
        booking = self._booking(one)
        if booking is None:
            return
        left = booking.paid_minor - booking.refunded_minor
        amount = left if other % 2 else left * other // 100
        if not amount:
            return
        found = []
        for driver in (self.merging, self.plain):
            done = refund_visit.refund(driver.world, access(), booking.id, an_amount(amount), "unhappy", name)
            found.append((done.money_minor, done.refund.points_back, done.refund.points_taken))
        assert found[0] == found[1]

    def take_back(self, one: int, other: int, name: str) -> None:
        booking = self._booking(one)
        if booking is not None:
            for driver in (self.merging, self.plain):
                driver.reopen(driver.booking(booking.id))

    def _booking(self, number: int) -> Any:
        if not self.bookings:
            return None
        booking = self.merging.booking(self.bookings[number % len(self.bookings)])
        return booking if booking.status == "completed" else None

    def reverse(self, one: int, other: int, name: str) -> None:
        if not self.entries:
            return
        found = []
        drivers = (self.merging, self.plain)
        for driver, entry in zip(drivers, self.entries[one % len(self.entries)], strict=True):
            try:
                found.append(reverse_entry.reverse_entry(driver.world, access(), entry.id, "mistake").worth)
            except DomainError as refused:
                found.append(refused.code)
        assert found[0] == found[1]

    def merge(self, one: int, other: int, name: str) -> None:
        client, into = self.alive[one % len(self.alive)], self.alive[other % len(self.alive)]
        if client != into:
            merge_clients(self.merging.world, access(), client, into)
            self.into[client] = into

    def unmerge(self, one: int, other: int, name: str) -> None:
        last = [client for client, into in self.into.items() if into not in self.into]
        if last:
            client = last[one % len(last)]
            unmerge_clients(self.merging.world, access(), client)
            del self.into[client]


def worth(account: Account) -> int:
    return account.balance - account.debt


def state_of(driver: SalonDriver, client_id: str) -> dict[str, Any]:
    """Everything that describes a client, except the numbers of lots."""
    account = driver.store.account(NETWORK, client_id)
    client = driver.store.get(Client, network_id=NETWORK, id=client_id)
    return {
        "balance": account.balance,
        "debt": account.debt,
        "turnover": account.turnover,
        "visits": client.visits_count,
        "recent": client.recent_visits,
        "first": client.first_visit_on,
        "spent": {code: minor for code, minor in client.spent_minor.items() if minor},
        "apart": client.apart,
    }


def look_at(twins: Twins) -> None:
    accounts = [twins.merging.store.account(NETWORK, client_id) for client_id in IDS]
    plain = [twins.plain.store.account(NETWORK, client_id) for client_id in IDS]
    assert sum(map(worth, accounts)) == sum(map(worth, plain))
    for account in accounts:
        assert twins.merging.ledger_faults(account.client_id) == []
        assert all(each.visits >= 0 and each.spent_minor >= 0 for each in account.turnover)


@given(steps)
@tries(few=400, many=20_000)
def test_merged_and_apart_again_each_is_as_if_they_had_never_been_merged(steps: list[Step]) -> None:
    twins = Twins()
    for number, step in enumerate(steps):
        twins.does(step, str(number))
        look_at(twins)
    while twins.into:
        twins.unmerge(0, 0, "")
        look_at(twins)
    merged_and_unmerged = [state_of(twins.merging, client_id) for client_id in IDS]
    assert merged_and_unmerged == [state_of(twins.plain, client_id) for client_id in IDS]
