"""What it takes to recompute accounts from their entries: the part that is ours, from items as the table
gives them to the last figure compared; and the read units that the items come to."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle, islice
from typing import Any

from bench.report.figures import Figure
from bench.setting.environment import SHARDS, BenchEnvironment
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import hold_points, post, release_points
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.store.item import attributes_of, bound_to, value_of
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.capacity_units import read_units, size

ENTRIES_EACH = 20
"""Of a client: some two years of visits."""

_KEPT = 100
"""So many different ledgers, again and again: what they take is the same for any number of entries."""
_ITEM = bound_to("never-asked", "us-east-1")


@dataclass(frozen=True)
class Ledger:
    """One client's, as items of the table."""

    account: dict[str, Any]
    entries: tuple[dict[str, Any], ...]


def ledger(number: int) -> Ledger:
    """Earned and spent by turns, held and set free, with a year to each lot."""
    client_id = derived("cli", "audit", str(number))
    account, entries, now = Account(network_id=NETWORK, client_id=client_id), [], NOW
    for place in range(ENTRIES_EACH // 4):
        for done in _visits(account, place, now + timedelta(days=30 * place)):
            account, entries = done.account, [*entries, *done.entries]
    assert len(entries) == ENTRIES_EACH
    return Ledger(_item(account), tuple(map(_item, entries)))


def _visits(account: Account, place: int, now: datetime) -> Iterator[Any]:
    earned = post(account, _posting(account, EntryKind.CASHBACK, 100 + place, now), now)
    yield earned
    spent = post(earned.account, _posting(account, EntryKind.REDEEM, -60, now), now)
    yield spent
    until = now + timedelta(days=3)
    hold = hold_points(spent.account, _posting(account, EntryKind.HOLD, 30, now), until, now)
    yield hold
    yield release_points(hold.account, hold.entry.id, _posting(account, EntryKind.RELEASE, 0, now), now)


def _posting(account: Account, kind: EntryKind, points: int, now: datetime) -> Posting:
    return Posting(
        id=entry_id(account.client_id, kind, str(now)),
        kind=kind,
        points=points,
        reason="visit",
        actor="key:" + derived("key", "audit"),
        booking_id=derived("bkg", str(now)),
        salon_id=derived("sal", str(now.month % 5)),
        expires_at=(now + timedelta(days=366)).replace(hour=22, minute=0) if points > 0 else None,
    )


def _item(value: Any) -> dict[str, Any]:
    found: dict[str, Any] = _ITEM(**attributes_of(value, SHARDS)).serialize()
    return found


def audited(ledgers: Iterable[Ledger]) -> int:
    """How many entries were looked at. Nothing is kept of one client when the next comes."""
    seen = 0
    for each in ledgers:
        account = value_of(Account, _ITEM.from_raw_data(each.account))
        entries = [value_of(Entry, _ITEM.from_raw_data(item)) for item in each.entries]
        assert faults(account, entries) == []
        seen += len(entries)
    return seen


def _of(kept: list[Ledger], entries: int) -> Iterator[Ledger]:
    return islice(cycle(kept), entries // ENTRIES_EACH)


def peak_bytes(kept: list[Ledger], entries: int) -> int:
    """The most that Python had allocated at once, in bytes, beside the ledgers themselves and what the
    interpreter keeps for reuse."""
    gc.collect()
    gc.freeze()  # each collection looks at the audit's objects alone
    tracemalloc.start()
    audited(_collected(_of(kept, entries)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gc.unfreeze()
    return peak


def _collected(ledgers: Iterable[Ledger]) -> Iterator[Ledger]:
    """Empties the interpreter's free lists before each client. They keep up to 2,000 freed tuples of each
    length and fill up slowly, so that a longer run counts more of them, though the audit keeps none."""
    for each in ledgers:
        gc.collect()
        yield each


def read_each(kept: list[Ledger]) -> float:
    """Read units for an entry: a client's entries by one query, their account with others' in a batch; both
    eventually."""
    found = 0.0
    for each in kept:
        found += read_units([size(item) for item in each.entries], consistent=False)
        found += read_units([size(each.account)], consistent=False)
    return found / (len(kept) * ENTRIES_EACH)


def figures(
    environment: BenchEnvironment, tell: Callable[[str], None], *, sizes: tuple[int, int] = (10_000, 100_000)
) -> list[Figure]:
    kept = [ledger(number) for number in range(_KEPT)]
    few, many = sizes
    began = time.process_time()
    assert audited(_of(kept, many)) == many
    milliseconds = (time.process_time() - began) / many * 1e6
    small, large = peak_bytes(kept, few), peak_bytes(kept, many)
    tell(f"audit: {many} entries")
    return [
        Figure(
            "audit: processor time per 1,000 entries",
            milliseconds,
            "ms",
            None,
            f"{many} entries, {ENTRIES_EACH} a client, made of the table's items and summed; 1,000,000 would"
            f" take {milliseconds:.0f} s",
        ),
        Figure(
            "audit: read per 1,000 entries",
            read_each(kept) * 1000,
            "read units",
            None,
            "by DynamoDB's rules, from the sizes of the items: a query for each client's entries, and the"
            " account, eventually; without the list of clients",
        ),
        Figure("audit: peak memory", small / 1024, "KiB", None, f"{few} entries; by tracemalloc"),
        Figure(
            "audit: peak memory, many entries against few",
            large / small,
            "ratio",
            1.1,
            f"{many} and {few} entries",
        ),
    ]
