"""Ledgers of a few clients, made by any operations at any times: what the tests of audits and reports are
held against. On a store in memory, since they are many."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, hold_points, post, release_points, settled
from chalicelib.domain.loyalty.lots import with_activity
from chalicelib.domain.loyalty.reversal import ReversalTerms, reverse
from chalicelib.domain.merging.transfer import transfer_in, transfer_out
from chalicelib.domain.merging.unmerging import unmerge_source, unmerge_target
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK, NOW, a_client, a_network, a_salon
from infra.testkit.doubles import SettableClock
from infra.testkit.memory_store import MemoryStore
from infra.testkit.world import a_world

CLIENTS = tuple(f"cli_{number:016d}" for number in range(4))
SALONS = ("sal_centru", "sal_york", None)
ZONE = "Europe/Chisinau"
KINDS = (EntryKind.GRANT, EntryKind.CASHBACK, EntryKind.BIRTHDAY, EntryKind.PROMOTION)

Step = tuple[str, int, int, int]
"""What is done, to which client, with which number, and another."""

steps = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "grant",
                "grant",
                "redeem",
                "hold",
                "spend_hold",
                "release",
                "reverse",
                "reverse",
                "correct",
                "merge",
                "unmerge",
                "visit",
                "wait",
                "wait",
            ]
        ),
        st.integers(0, len(CLIENTS) - 1),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    min_size=15,
    max_size=60,
)


@dataclass
class Ledgers:
    """Every account is brought up to the instant once a day, as its pointer would see to."""

    store: Any = field(default_factory=MemoryStore)
    clock: SettableClock = field(default_factory=SettableClock)
    made: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        york = a_salon("sal_york", timezone="America/New_York", currency="USD")
        self.store.save(a_network(), a_salon(), york)
        for number, client_id in enumerate(CLIENTS):
            at = NOW - timedelta(days=number)
            self.store.save(a_client(client_id, created_at=at, phone=None, email=None))

    @property
    def world(self) -> World:
        return a_world(self.store, self.clock)

    def account(self, client_id: str) -> Account:
        found: Account = self.store.account(NETWORK, client_id)
        return found

    def entries(self) -> list[Entry]:
        return [entry for client_id in CLIENTS for entry in self.store.entries(NETWORK, client_id)]

    # --- what may happen

    def live(self, steps: list[Step]) -> None:
        for what, client, number, other in steps:
            getattr(self, what)(CLIENTS[client], number, other)

    def grant(self, client_id: str, number: int, other: int) -> None:
        days, idle = (None, 3, 10, 40)[other % 4], other % 5 == 4
        expires_at = self.midnight(days) if days else None
        self.post(
            client_id,
            number + 1,
            KINDS[other % len(KINDS)],
            SALONS[number % len(SALONS)],
            expires_at=expires_at,
            idle_days=days if idle else None,
            available_at=self.midnight(1) if number % 7 == 0 else None,
        )

    def redeem(self, client_id: str, number: int, other: int) -> None:
        self.post(client_id, -number - 1, EntryKind.REDEEM, SALONS[other % len(SALONS)])

    def correct(self, client_id: str, number: int, other: int) -> None:
        self.post(client_id, number - 20 or 1, EntryKind.CORRECTION, SALONS[other % len(SALONS)])

    def hold(self, client_id: str, number: int, other: int) -> None:
        wanted = self.posting(client_id, number + 1, EntryKind.HOLD, SALONS[other % 2])
        self.does(client_id, lambda account: hold_points(account, wanted, self.midnight(5), self.clock()))

    def spend_hold(self, client_id: str, number: int, other: int) -> None:
        hold = next(iter(self.account(client_id).holds), None)
        if hold is None:
            return
        points = min(hold.points, number + 1)
        wanted = self.posting(client_id, -points, EntryKind.REDEEM, SALONS[other % 2])
        self.does(client_id, lambda account: post(account, wanted, self.clock(), hold_id=hold.id))

    def release(self, client_id: str, number: int, other: int) -> None:
        hold = next(iter(self.account(client_id).holds), None)
        if hold is None:
            return
        wanted = self.posting(client_id, 0, EntryKind.RELEASE, hold.salon_id)
        self.does(client_id, lambda account: release_points(account, hold.id, wanted, self.clock()))

    def reverse(self, client_id: str, number: int, other: int) -> None:
        entries = [entry for entry in self.made if entry.client_id == client_id]
        if not entries:
            return
        entry = entries[number % len(entries)]
        undone = sum(abs(each.worth) for each in entries if each.reverses == entry.id)
        part = None if other % 2 else max(abs(entry.worth) // 2, 1)
        self.does(
            client_id,
            lambda account: reverse(
                account,
                entry,
                ReversalTerms(
                    id=self.new_id(client_id),
                    reason="test",
                    actor="key:test",
                    points=part,
                    grace_until=self.midnight(30),
                ),
                self.clock(),
                points_undone=undone,
            ),
        )

    def merge(self, client_id: str, number: int, other: int) -> None:
        into = CLIENTS[number % len(CLIENTS)]
        if into == client_id:
            return
        out = self.does(
            client_id,
            lambda account: transfer_out(
                account, self.posting(client_id, 0, EntryKind.MERGE, None), self.clock()
            ),
        )
        if out is not None:
            wanted = replace(self.posting(into, 0, EntryKind.MERGE, None), cause=out.id)
            self.does(into, lambda account: transfer_in(account, out, wanted, self.clock()))

    def unmerge(self, client_id: str, number: int, other: int) -> None:
        """The latest merge that is not undone, both its sides."""
        sides = [entry for entry in self.made if entry.kind is EntryKind.MERGE]
        done = {entry.reverses for entry in sides}
        came = next((each for each in reversed(sides) if each.cause and each.id not in done), None)
        left = next((each for each in sides if came and each.id == came.cause), None)
        for entry, operation in ((came, unmerge_target), (left, unmerge_source)):
            if entry is not None:
                wanted = self.posting(entry.client_id, 0, EntryKind.MERGE, None)
                self.does(entry.client_id, self._unmerging(operation, entry, wanted))

    def _unmerging(
        self, operation: Callable[..., Posted], entry: Entry, wanted: Posting
    ) -> Callable[[Account], Posted]:
        return lambda account: operation(account, entry, wanted, self.clock())

    def visit(self, client_id: str, number: int, other: int) -> None:
        """Points that expire by inactivity are put off, without an entry."""
        before = self.account(client_id)
        account = with_activity(settled(before, self.clock())[0], self.clock(), ZONE)
        if account.entries == before.entries and account != before:
            self.store.save(account)

    def wait(self, client_id: str, number: int, other: int) -> None:
        for _ in range(number % 12 + 1):
            self.clock.forward(hours=20)
            self.settle()

    def settle(self) -> None:
        for client_id in CLIENTS:
            account, expirations = settled(self.account(client_id), self.clock())
            if expirations:
                self.keep(account, expirations)

    # --- how

    def post(
        self, client_id: str, points: int, kind: EntryKind, salon_id: str | None, **fields: Any
    ) -> Entry | None:
        wanted = replace(self.posting(client_id, points, kind, salon_id), **fields)
        return self.does(client_id, lambda account: post(account, wanted, self.clock()))

    def posting(self, client_id: str, points: int, kind: EntryKind, salon_id: str | None) -> Posting:
        entry_id = self.new_id(client_id)
        actor = "key:test"
        return Posting(id=entry_id, kind=kind, points=points, reason="test", actor=actor, salon_id=salon_id)

    def new_id(self, client_id: str) -> str:
        return entry_id(client_id, str(len(self.made)))

    def does(self, client_id: str, operation: Callable[[Account], Posted]) -> Entry | None:
        """Its entry; None where a rule refuses."""
        try:
            done = operation(self.account(client_id))
        except DomainError:
            return None
        self.keep(done.account, done.entries)
        return done.entry

    def keep(self, account: Account, entries: tuple[Entry, ...]) -> None:
        self.store.save(account, *entries)
        self.made += entries

    def midnight(self, days: int) -> datetime:
        return day_start(local_date(self.clock(), ZONE) + timedelta(days=days), ZONE)
