"""The bonus ledger: append-only entries over one account a client, integers only. Pure; the store makes a
posting atomic.

balance = sum of what remains in the open lots = sum of the entries' points, always. Points are spent from the
lot that expires soonest. Nothing is edited: a mistake is undone by a reversing entry, and a shortfall in
undoing becomes debt, which later earnings pay first, so that no lot and no balance is ever below zero.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from chalicelib.domain.errors import conflict, refused
from chalicelib.domain.touches import Touch, TouchKind
from chalicelib.domain.waking import Trouble, Wake

_NEVER = datetime.max.replace(tzinfo=UTC)
POINTS_MOST = 1_000_000_000


class EntryKind(StrEnum):
    GRANT = "grant"
    REDEEM = "redeem"
    COMPENSATION = "compensation"
    CORRECTION = "correction"
    CASHBACK = "cashback"
    REVERSAL = "reversal"


BY_HAND = frozenset({EntryKind.GRANT, EntryKind.REDEEM, EntryKind.COMPENSATION, EntryKind.CORRECTION})


@dataclass(frozen=True, slots=True)
class Lot:
    """Points granted together. `number` is that of the entry that granted them. available_at: pending until
    then."""

    number: int
    granted_at: datetime
    available_at: datetime
    expires_at: datetime | None
    remaining: int
    reason: EntryKind

    def is_available(self, now: datetime) -> bool:
        return self.available_at <= now and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class LotChange:
    """What an entry did to one lot; carries the lot's own dates, so that a reversal can open a spent lot
    again."""

    number: int
    points: int
    granted_at: datetime
    available_at: datetime
    expires_at: datetime | None
    reason: EntryKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A client's points. `entries`: how many were posted, also the next entry's number. debt: points still
    owed by a reversal. The pointer is for what is said of points that expire."""

    network_id: str
    client_id: str
    balance: int = 0
    debt: int = 0
    entries: int = 0
    lots: tuple[Lot, ...] = ()
    touches: Mapping[TouchKind, Touch] = field(default_factory=lambda: MappingProxyType({}))
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0

    @property
    def id(self) -> str:
        return self.client_id

    def available(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.is_available(now))

    def pending(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.available_at > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the ledger. points: signed, what leaves the balance is negative. debt: change of what is
    owed."""

    network_id: str
    client_id: str
    id: str
    number: int
    kind: EntryKind
    points: int
    balance_after: int
    lots: tuple[LotChange, ...]
    reason: str
    actor: str
    effective_at: datetime
    recorded_at: datetime
    input_hash: str
    debt: int = 0
    booking_id: str | None = None
    salon_id: str | None = None
    reverses: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """What somebody wants posted. points: signed. The same id may be posted again with the same input
    only."""

    id: str
    kind: EntryKind
    points: int
    reason: str
    actor: str
    booking_id: str | None = None
    salon_id: str | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def input_hash(self) -> str:
        """Digest of what the caller chose; times that follow from the moment of posting are left out."""
        said = (self.kind, self.points, self.reason, self.booking_id or "", self.expires_at or "")
        return hashlib.sha256("|".join(map(str, said)).encode()).hexdigest()[:16]


def posted(account: Account, posting: Posting, now: datetime) -> tuple[Account, Entry]:
    """The account after a posting, and the entry that says so. Raises INSUFFICIENT_POINTS, INVALID_POINTS."""
    if posting.points == 0 or abs(posting.points) > POINTS_MOST:
        raise refused(
            "INVALID_POINTS",
            "Points must be a whole number between 1 and 1,000,000,000.",
            points=posting.points,
        )
    if posting.points > 0:
        return _granted(account, posting, now)
    changes = _spent(account, -posting.points, now)
    return _entered(account, posting, changes, now)


def _granted(account: Account, posting: Posting, now: datetime) -> tuple[Account, Entry]:
    """A grant pays what is owed first; only the rest becomes a lot."""
    settled = min(account.debt, posting.points)
    points = posting.points - settled
    changes = (
        (
            LotChange(
                account.entries,
                points,
                now,
                posting.available_at or now,
                posting.expires_at,
                posting.kind,
            ),
        )
        if points
        else ()
    )
    return _entered(account, posting, changes, now, debt=-settled)


def _spent(account: Account, points: int, now: datetime) -> tuple[LotChange, ...]:
    lots = [lot for lot in account.lots if lot.is_available(now)]
    available = sum(lot.remaining for lot in lots)
    if points > available:
        raise refused(
            "INSUFFICIENT_POINTS",
            f"Only {available} points can be spent now.",
            available=available,
            wanted=points,
        )
    return _taken(lots, points)


def _taken(lots: Iterable[Lot], points: int) -> tuple[LotChange, ...]:
    """Takes points from lots, the soonest-expiring first, of equals the oldest."""
    changes, left = [], points
    for lot in sorted(lots, key=lambda lot: (lot.expires_at or _NEVER, lot.number)):
        take = min(lot.remaining, left)
        if take:
            changes.append(_change(lot, -take))
            left -= take
    return tuple(changes)


def _change(lot: Lot, points: int) -> LotChange:
    return LotChange(lot.number, points, lot.granted_at, lot.available_at, lot.expires_at, lot.reason)


def reversed_entry(
    account: Account, entry: Entry, *, id: str, reason: str, actor: str, now: datetime
) -> tuple[Account, Entry]:
    """Undoes an entry: spent points return to their lots; granted ones are taken back, from their own lot
    first, then from the others, and what is no longer there becomes debt. Raises CANNOT_REVERSE for a
    reversal."""
    if entry.kind is EntryKind.REVERSAL:
        raise refused(
            "CANNOT_REVERSE", "A reversal cannot be reversed: post the entry anew.", entry_id=entry.id
        )
    posting = Posting(
        id=id,
        kind=EntryKind.REVERSAL,
        points=-entry.points,
        reason=reason,
        actor=actor,
        booking_id=entry.booking_id,
        salon_id=entry.salon_id,
    )
    if entry.points < 0:
        changes = tuple(replace(change, points=-change.points) for change in entry.lots)
        return _entered(account, posting, changes, now, reverses=entry.id)
    wanted = entry.points - entry.debt
    own = {change.number for change in entry.lots}
    changes = _taken((lot for lot in account.lots if lot.number in own), wanted)
    left = wanted + sum(change.points for change in changes)
    if left:
        changes += _taken((lot for lot in account.lots if lot.number not in own), left)
    short = wanted + sum(change.points for change in changes)
    return _entered(account, posting, changes, now, debt=short, reverses=entry.id)


def _entered(
    account: Account,
    posting: Posting,
    changes: tuple[LotChange, ...],
    now: datetime,
    *,
    debt: int = 0,
    reverses: str | None = None,
) -> tuple[Account, Entry]:
    points = sum(change.points for change in changes)
    balance = account.balance + points
    entry = Entry(
        network_id=account.network_id,
        client_id=account.client_id,
        id=posting.id,
        number=account.entries,
        kind=posting.kind,
        points=points,
        balance_after=balance,
        lots=changes,
        reason=posting.reason,
        actor=posting.actor,
        effective_at=now,
        recorded_at=now,
        input_hash=posting.input_hash,
        debt=debt,
        booking_id=posting.booking_id,
        salon_id=posting.salon_id,
        reverses=reverses,
    )
    after = replace(
        account,
        balance=balance,
        debt=account.debt + debt,
        entries=account.entries + 1,
        lots=_lots_after(account.lots, changes),
    )
    return after, entry


def _lots_after(lots: tuple[Lot, ...], changes: tuple[LotChange, ...]) -> tuple[Lot, ...]:
    by_number = {lot.number: lot for lot in lots}
    for change in changes:
        lot = by_number.get(change.number) or Lot(
            change.number, change.granted_at, change.available_at, change.expires_at, 0, change.reason
        )
        by_number[change.number] = replace(lot, remaining=lot.remaining + change.points)
    return tuple(lot for lot in by_number.values() if lot.remaining)


def ensure_same(posting: Posting, entry: Entry) -> None:
    """A replay is welcome, another input under the same id is not. Raises ENTRY_EXISTS naming what
    differs."""
    if posting.input_hash == entry.input_hash:
        return
    differs = [
        name
        for name, said, stands in (
            ("kind", posting.kind, entry.kind),
            ("points", posting.points, entry.points - entry.debt),
            ("reason", posting.reason, entry.reason),
            ("booking_id", posting.booking_id, entry.booking_id),
        )
        if said != stands
    ]
    raise conflict(
        "ENTRY_EXISTS",
        "An entry with this id was posted with other input.",
        entry_id=entry.id,
        differs=differs,
    )


def faults(account: Account, entries: Iterable[Entry]) -> list[str]:
    """Every way in which an account disagrees with its entries; empty when the ledger is right."""
    found = []
    ordered = sorted(entries, key=lambda entry: entry.number)
    if [entry.number for entry in ordered] != list(range(account.entries)):
        found.append(f"entry numbers are not 0..{account.entries - 1}")
    total, debt = 0, 0
    remaining: dict[int, int] = {}
    for entry in ordered:
        total += entry.points
        debt += entry.debt
        if entry.balance_after != total:
            found.append(f"entry {entry.number}: balance_after is {entry.balance_after}, the sum is {total}")
        for change in entry.lots:
            remaining[change.number] = remaining.get(change.number, 0) + change.points
            if remaining[change.number] < 0:
                found.append(f"entry {entry.number}: lot {change.number} falls below zero")
    if account.balance != total:
        found.append(f"balance is {account.balance}, the entries sum to {total}")
    if {lot.number: lot.remaining for lot in account.lots} != {
        n: left for n, left in remaining.items() if left
    }:
        found.append("the open lots are not what the entries leave open")
    if account.debt != debt:
        found.append(f"debt is {account.debt}, the entries say {debt}")
    return found
