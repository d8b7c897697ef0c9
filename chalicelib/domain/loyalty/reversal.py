"""Undoing what the ledger says, wholly or in part, by entries that name what they undo: nothing is edited."""

from collections.abc import Sequence, Set
from datetime import datetime
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, LotChange, Posting
from chalicelib.domain.loyalty.ledger import Posted, apply_changes, settled
from chalicelib.domain.shared.errors import refused

NOT_REVERSIBLE = frozenset({EntryKind.REVERSAL, EntryKind.HOLD, EntryKind.RELEASE, EntryKind.MERGE})
"""Kinds that are not reversed: each is undone in a way of its own."""


def reverse(
    account: Account,
    entry: Entry,
    *,
    id: str,
    reason: str,
    actor: str,
    now: datetime,
    grace_until: datetime | None = None,
    points: int | None = None,
    undone: int = 0,
    own: Set[int] | None = None,
) -> Posted:
    """Undoes an entry, or `points` of it, where `undone` were undone before. Raises CANNOT_REVERSE.

    Spent points return to their lots, those taken last first; those whose lot has expired meanwhile to a new
    one, until `grace_until` (None: for good). Granted ones are taken back, from their own lots first, then
    from the others, and what is not free becomes debt. own: the numbers of those lots with whom the client
    was merged into.
    """
    if entry.kind in NOT_REVERSIBLE:
        raise refused("CANNOT_REVERSE", _HOW_UNDONE[entry.kind], entry_id=entry.id, kind=entry.kind.value)
    left = abs(entry.worth) - undone
    points = left if points is None else points
    if not 0 < points <= left:
        raise refused("CANNOT_REVERSE", "Nothing is left of it to be undone.", entry_id=entry.id)
    posting = Posting(
        id=id,
        kind=EntryKind.REVERSAL,
        points=-points if entry.worth > 0 else points,
        reason=reason,
        actor=actor,
        booking_id=entry.booking_id,
        salon_id=entry.salon_id,
    )
    account, expirations = settled(account, now)
    is_own = entry.client_id == account.client_id
    if posting.points < 0:
        if own is None:
            own = granted_lot_numbers(entry) if is_own else frozenset()
        made = apply_changes(account, posting, [], now, owed=-posting.points, first=own, reverses=entry.id)
        return Posted(*made, expirations)
    back = part_to_return(entry, undone, points)
    if not is_own:
        back = as_new_lots(account, back)
    return Posted(*return_points(account, entry, posting, points, back, grace_until, now), expirations)


_HOW_UNDONE = {
    EntryKind.REVERSAL: "A reversal cannot be reversed: post the entry anew.",
    EntryKind.HOLD: "A hold is not reversed: release it.",
    EntryKind.RELEASE: "A release is not reversed: hold the points anew.",
    EntryKind.MERGE: "A merge is not reversed by its entries: unmerge the clients.",
}


def granted_lot_numbers(entry: Entry) -> frozenset[int]:
    return frozenset(change.number for change in entry.lots if change.points > 0)


def as_new_lots(account: Account, changes: Sequence[LotChange]) -> list[LotChange]:
    """Of a client who was merged into this one: their lots are numbered otherwise."""
    return [replace(change, number=number) for number, change in enumerate(changes, account.lots_made)]


def return_points(
    account: Account,
    entry: Entry,
    posting: Posting,
    points: int,
    changes: Sequence[LotChange],
    grace_until: datetime | None,
    now: datetime,
    *,
    owed: int = 0,
    first: Set[int] = frozenset(),
) -> tuple[Account, Entry]:
    """So many points return to an account, those of `changes` to their lots; and so many are owed, of which
    what is free pays at once, lots numbered in `first` before the others."""
    changes = _returned(account, [change for change in changes if change.points], grace_until, now)
    rest = points - sum(change.points for change in changes)
    if rest:  # it was not taken from lots, but owed: what is owed no more is given back
        number = max([account.lots_made, *(change.number + 1 for change in changes)])
        changes.append(_grace(number, rest, None, posting.salon_id, now))
    return apply_changes(account, posting, changes, now, owed=owed, first=first, reverses=entry.id)


def part_to_return(entry: Entry, skip: int, points: int) -> list[LotChange]:
    """That part of what an entry has taken, counted from what it took last."""
    found = []
    for change in reversed(entry.lots):
        there = max(-change.points - skip, 0)
        skip = max(skip + change.points, 0)
        back = min(there, points)
        points -= back
        if back:
            found.append(replace(change, points=back, held=0))
    return found


def _returned(
    account: Account, changes: Sequence[LotChange], grace_until: datetime | None, now: datetime
) -> list[LotChange]:
    """To their own lots. One that is over and empty begins anew as a grace lot under its number, so that who
    asks what became of its points finds them; beside one that is over, but still held, there is a new one. A
    lot that is still open has the last word on when it ends: it may have been put off since."""
    stands = {lot.number: lot.expires_at for lot in account.lots}
    changes = [replace(change, expires_at=stands.get(change.number, change.expires_at)) for change in changes]
    numbers = count(max([account.lots_made, *(change.number + 1 for change in changes)]))
    return [
        _grace(
            next(numbers) if change.number in stands else change.number,
            change.points,
            grace_until,
            change.salon_id,
            now,
        )
        if change.expires_at is not None and change.expires_at <= now
        else change
        for change in changes
    ]


def _grace(
    number: int, points: int, until: datetime | None, salon_id: str | None, now: datetime
) -> LotChange:
    at = now.replace(microsecond=0)
    return LotChange(number, points, at, at, until, EntryKind.REVERSAL, salon_id)


class ReversalSinceMerge(Struct, frozen=True):
    """An entry from before the merge that was undone after it, by an entry of whoever they were then.
    before: how many of its points had been undone before that."""

    entry: Entry
    by: Entry
    before: int
