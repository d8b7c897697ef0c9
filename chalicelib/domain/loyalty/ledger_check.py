"""Whether an account is what its entries say: every figure of it, recomputed."""

from collections.abc import Iterable

from msgspec import Struct, field

from chalicelib.domain.loyalty.account import Account, Entry, Lot, LotChange


def faults(account: Account, entries: Iterable[Entry]) -> list[str]:
    """Every way in which an account disagrees with its entries; empty when the ledger is right."""
    told = _Told()
    for entry in sorted(entries, key=lambda entry: entry.number):
        told.take(entry)
    found = [*told.faults]
    if told.entries != account.entries:
        found.append(f"entry numbers are not 0..{account.entries - 1}")
    for name in ("balance", "debt", "held"):
        has, said = getattr(account, name), getattr(told, name)
        if has != said:
            found.append(f"{name} is {has}, the entries sum to {said}")
    remaining = {lot.number: lot.remaining for lot in account.lots}
    if remaining != {number: left for number, left in told.remaining.items() if left}:
        found.append("the open lots are not what the entries leave open")
    if account.held_by_lot() != {number: held for number, held in told.held_of.items() if held}:
        found.append("what is held of the lots is not what the entries hold")
    for lot in account.lots:
        found += _misdated(told.granted.get(lot.number), lot)
    return found


def _misdated(granted: LotChange | None, lot: Lot) -> list[str]:
    """A lot keeps the terms it was granted on; only what expires by inactivity is put off."""
    if granted is None:
        return []
    same = ("granted_at", "available_at", "reason", "salon_id", "idle_days")
    found = [name for name in same if getattr(lot, name) != getattr(granted, name)]
    ends, ended = lot.expires_at, granted.expires_at
    put_off = granted.idle_days is not None and ended is not None and ends is not None and ends >= ended
    if ends != ended and not put_off:
        found.append("expires_at")
    return [f"lot {granted.number}: {name} is not as it was granted" for name in found]


class _Told(Struct):
    """What the entries sum to, as far as they were taken."""

    entries: int = 0
    balance: int = 0
    debt: int = 0
    held: int = 0
    remaining: dict[int, int] = field(default_factory=dict)
    held_of: dict[int, int] = field(default_factory=dict)
    granted: dict[int, LotChange] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def take(self, entry: Entry) -> None:
        if entry.number != self.entries:
            self.faults.append(f"entry {entry.number} stands where {self.entries} should")
        self.entries = entry.number + 1
        self.balance += entry.points
        self.debt += entry.debt
        self.held += entry.held
        if entry.balance_after != self.balance:
            self.faults.append(
                f"entry {entry.number}: balance_after is {entry.balance_after}, the sum is {self.balance}"
            )
        if entry.points != sum(change.points for change in entry.lots):
            self.faults.append(f"entry {entry.number}: its points are not those of its lots")
        for change in entry.lots:
            self._take_change(entry, change)

    def _take_change(self, entry: Entry, change: LotChange) -> None:
        number = change.number
        if change.points > 0 and not self.remaining.get(number):  # it begins, or begins anew
            self.granted[number] = change
        self.remaining[number] = self.remaining.get(number, 0) + change.points
        self.held_of[number] = self.held_of.get(number, 0) + change.held
        if self.remaining[number] < 0:
            self.faults.append(f"entry {entry.number}: lot {number} falls below zero")
        if not 0 <= self.held_of[number] <= self.remaining[number]:
            self.faults.append(f"entry {entry.number}: more of lot {number} is held than there is")
