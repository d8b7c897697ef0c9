"""The proof of an account: every figure is computed again from the account's entries."""

from collections.abc import Iterable

from msgspec import Struct, field

from chalicelib.domain.loyalty.account import Account, Entry, Lot, LotChange


def faults(account: Account, entries: Iterable[Entry]) -> list[str]:
    """Every difference between an account and its entries, in words; empty when the account is right."""
    sums = _Sums()
    for entry in sorted(entries, key=lambda entry: entry.number):
        sums.add(entry)
    found = [*sums.faults]
    if sums.entries != account.entries:
        found.append(f"entry numbers are not 0..{account.entries - 1}")
    for name in ("balance", "debt", "held"):
        of_account, of_entries = getattr(account, name), getattr(sums, name)
        if of_account != of_entries:
            found.append(f"{name} is {of_account}, the entries sum to {of_entries}")
    remaining = {lot.number: lot.remaining for lot in account.lots}
    if remaining != {number: points for number, points in sums.remaining.items() if points}:
        found.append("the open lots are not what the entries leave open")
    if account.held_by_lot() != {number: points for number, points in sums.held_of.items() if points}:
        found.append("what is held of the lots is not what the entries hold")
    for lot in account.lots:
        found += _changed_terms(sums.granted.get(lot.number), lot)
    return found


def _changed_terms(granted: LotChange | None, lot: Lot) -> list[str]:
    """The terms of a lot that are not as they were granted. Only the end of a lot that expires by inactivity
    may be later than it was granted."""
    if granted is None:
        return []
    fixed = ("granted_at", "available_at", "reason", "salon_id", "idle_days")
    found = [name for name in fixed if getattr(lot, name) != getattr(granted, name)]
    if lot.expires_at != granted.expires_at and not _is_put_off(granted, lot):
        found.append("expires_at")
    return [f"lot {granted.number}: {name} is not as it was granted" for name in found]


def _is_put_off(granted: LotChange, lot: Lot) -> bool:
    if granted.idle_days is None or granted.expires_at is None or lot.expires_at is None:
        return False
    return lot.expires_at >= granted.expires_at


class _Sums(Struct):
    """What the entries sum to that were added so far.

    remaining, held_of  points by the number of the lot. granted: the change that opened the lot.
    """

    entries: int = 0
    balance: int = 0
    debt: int = 0
    held: int = 0
    remaining: dict[int, int] = field(default_factory=dict)
    held_of: dict[int, int] = field(default_factory=dict)
    granted: dict[int, LotChange] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
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
            self._add_change(entry, change)

    def _add_change(self, entry: Entry, change: LotChange) -> None:
        number = change.number
        if change.points > 0 and not self.remaining.get(number):  # opens the lot, or makes it a grace lot
            self.granted[number] = change
        self.remaining[number] = self.remaining.get(number, 0) + change.points
        self.held_of[number] = self.held_of.get(number, 0) + change.held
        if self.remaining[number] < 0:
            self.faults.append(f"entry {entry.number}: lot {number} falls below zero")
        if not 0 <= self.held_of[number] <= self.remaining[number]:
            self.faults.append(f"entry {entry.number}: more of lot {number} is held than there is")
