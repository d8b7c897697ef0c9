"""An audit's memory is that of one page of accounts and one client's entries, however many there are."""

import gc
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.waking.walks import Auditing, Walk
from chalicelib.services.clearing.audit_accounts import audit_some
from chalicelib.services.shared.ports import Page
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.doubles import FreshDirectories
from infra.testkit.world import a_world

ENTRIES_EACH = 20


def a_ledger() -> tuple[Account, tuple[Entry, ...]]:
    account, entries = Account(network_id=NETWORK, client_id="cli_1"), []
    for number in range(ENTRIES_EACH):
        said = Posting(id=f"ent_{number}", kind=EntryKind.GRANT, points=10, reason="x", actor="key:test")
        done = post(account, said, NOW)
        account, entries = done.account, [*entries, done.entry]
    return account, tuple(entries)


@dataclass
class Endless:
    """As many clients as one likes, each with the same ledger, made when it is read."""

    clients: int
    ledger: tuple[Account, tuple[Entry, ...]]

    def client_ids(self, network_id: str, *, limit: int, cursor: str | None, **said: Any) -> Page[str]:
        first = int(cursor or 0)
        last = min(first + limit, self.clients)
        return Page(
            [f"cli_{number}" for number in range(first, last)], str(last) if last < self.clients else None
        )

    def accounts_named(self, network_id: str, client_ids: Sequence[str]) -> list[Account]:
        return [replace(self.ledger[0], client_id=client_id) for client_id in client_ids]

    def entries(self, network_id: str, client_id: str, *, fresh: bool = True) -> list[Entry]:
        return [replace(entry, client_id=client_id) for entry in self.ledger[1]]


def peak_of(clients: int) -> tuple[Walk, int]:
    """The walk at its end, and the most that a slice of it took, in bytes."""
    store: Any = Endless(clients, a_ledger())
    world = a_world(store, directories=FreshDirectories(lambda _: None))
    walk = Walk(network_id=NETWORK, id="wlk_1", state=Auditing(), begun_at=NOW)
    peak = 0
    tracemalloc.start()
    while walk.finished_at is None:
        gc.collect()  # what is garbage already is no slice's memory
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        walk = audit_some(world, walk)
        peak = max(peak, tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    return walk, peak


def test_ten_times_the_accounts_take_no_more_memory() -> None:
    peak_of(300)  # what is made once and kept is no slice's memory either
    _, few = peak_of(300)
    walk, many = peak_of(3000)
    assert walk.state.audit is not None
    assert (walk.state.audit.accounts, walk.state.audit.entries) == (3000, 3000 * ENTRIES_EACH)
    assert walk.state.audit.balance == 3000 * ENTRIES_EACH * 10
    assert many < few * 1.1
