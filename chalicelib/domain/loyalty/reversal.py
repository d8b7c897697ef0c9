"""Reversals: entries that undo another entry, wholly or in part. No entry is edited."""

from collections.abc import Sequence, Set
from datetime import datetime
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, LotChange, Posting
from chalicelib.domain.loyalty.ledger import Posted, apply_changes, settled
from chalicelib.domain.shared.errors import refused

NOT_REVERSIBLE = frozenset({EntryKind.REVERSAL, EntryKind.HOLD, EntryKind.RELEASE, EntryKind.MERGE})
"""Kinds of entries that cannot be reversed. `_HOW_UNDONE` says what is done instead."""


class ReversalTerms(Struct, frozen=True, kw_only=True):
    """A reversal that somebody asks for.

    id           the id of the reversing entry.
    points       how many of the entry's points are undone; None: all that were not undone before.
    grace_until  when points expire that return after their lot has expired; None: never.
    """

    id: str
    reason: str
    actor: str
    points: int | None = None
    grace_until: datetime | None = None


class ReturnedPoints(Struct, frozen=True):
    """Points that return to an account.

    points       how many points return in all.
    parts        the lots that some of them return to. Points without a lot had paid debt; they get a new lot.
    grace_until  when points expire that return after their lot has expired; None: never.
    """

    points: int
    parts: Sequence[LotChange]
    grace_until: datetime | None


def reverse(
    account: Account,
    entry: Entry,
    request: ReversalTerms,
    now: datetime,
    *,
    points_undone: int = 0,
    own_lots: Set[int] | None = None,
) -> Posted:
    """Undoes an entry on an account: its own, or that of the client whom its client was merged into.

    A spending's points return to their lots, the ones that were taken last first. Points whose lot has
    expired go to a grace lot. A grant's points are taken from the grant's own lots first, then from the
    account's other lots; what is not free becomes debt.

    points_undone  how many of the entry's points were undone before.
    own_lots       numbers, on this account, of the lots that the entry made; None: as the entry says.
    Raises CANNOT_REVERSE.
    """
    points = _points_to_undo(entry, request, points_undone)
    posting = Posting(
        id=request.id,
        kind=EntryKind.REVERSAL,
        points=-points if entry.worth > 0 else points,
        reason=request.reason,
        actor=request.actor,
        booking_id=entry.booking_id,
        salon_id=entry.salon_id,
    )
    account, expirations = settled(account, now)
    is_own_entry = entry.client_id == account.client_id
    if entry.worth > 0:
        if own_lots is None:
            own_lots = granted_lot_numbers(entry) if is_own_entry else frozenset()
        after, reversal = apply_changes(
            account, posting, [], now, new_debt=points, pay_first=own_lots, reverses=entry.id
        )
        return Posted(after, reversal, expirations)
    parts = parts_to_return(account, entry, points_undone, points)
    returned = ReturnedPoints(points, parts, request.grace_until)
    return Posted(*return_points(account, entry, posting, returned, now), expirations)


def _points_to_undo(entry: Entry, request: ReversalTerms, points_undone: int) -> int:
    if entry.kind in NOT_REVERSIBLE:
        raise refused("CANNOT_REVERSE", _HOW_UNDONE[entry.kind], entry_id=entry.id, kind=entry.kind.value)
    points_left = abs(entry.worth) - points_undone
    points = points_left if request.points is None else request.points
    if not 0 < points <= points_left:
        raise refused("CANNOT_REVERSE", "Nothing is left of it to be undone.", entry_id=entry.id)
    return points


_HOW_UNDONE = {
    EntryKind.REVERSAL: "A reversal cannot be reversed: post the entry anew.",
    EntryKind.HOLD: "A hold is not reversed: release it.",
    EntryKind.RELEASE: "A release is not reversed: hold the points anew.",
    EntryKind.MERGE: "A merge is not reversed by its entries: unmerge the clients.",
}


def granted_lot_numbers(entry: Entry) -> frozenset[int]:
    """Numbers of the lots that an entry put points into."""
    return frozenset(change.number for change in entry.lots if change.points > 0)


def parts_to_return(account: Account, entry: Entry, points_undone: int, points: int) -> list[LotChange]:
    """The changes that return a part of what an entry took from lots. The points that were taken last return
    first, so `points_undone` are skipped from that end.

    The entry may be another client's, who was merged. That client's lots have other numbers, so each part
    gets a new lot on this account.
    """
    parts, points_to_skip = [], points_undone
    for change in reversed(entry.lots):
        points_taken = -change.points
        points_here = min(max(points_taken - points_to_skip, 0), points)
        points_to_skip = max(points_to_skip - points_taken, 0)
        points -= points_here
        if points_here:
            parts.append(replace(change, points=points_here, held=0))
    if entry.client_id == account.client_id:
        return parts
    return [replace(part, number=number) for number, part in enumerate(parts, account.lots_made)]


def return_points(
    account: Account,
    entry: Entry,
    posting: Posting,
    returned: ReturnedPoints,
    now: datetime,
    *,
    new_debt: int = 0,
    pay_first: Set[int] = frozenset(),
) -> tuple[Account, Entry]:
    """The account after points returned to it, and the posting's entry, which reverses `entry`. new_debt,
    pay_first: as for `apply_changes`."""
    changes = _changes_that_return(account, returned, now)
    points_without_lot = returned.points - sum(change.points for change in changes)
    if points_without_lot:
        number = _next_number(account, changes)
        changes.append(_grace_lot(number, points_without_lot, None, posting.salon_id, now))
    return apply_changes(
        account, posting, changes, now, new_debt=new_debt, pay_first=pay_first, reverses=entry.id
    )


def _changes_that_return(account: Account, returned: ReturnedPoints, now: datetime) -> list[LotChange]:
    """Each part returns to its own lot. The terms of an open lot count, since its end may have been put off.

    A lot that has expired and is empty becomes a grace lot with the same number. So what became of its points
    is found by that number. A lot that has expired but is still held keeps its number, and the grace
    lot beside it gets a new one.
    """
    open_lots = {lot.number: lot.expires_at for lot in account.lots}
    changes = [
        replace(part, expires_at=open_lots.get(part.number, part.expires_at))
        for part in returned.parts
        if part.points
    ]
    new_numbers = count(_next_number(account, changes))
    return [
        _grace_lot(
            next(new_numbers) if change.number in open_lots else change.number,
            change.points,
            returned.grace_until,
            change.salon_id,
            now,
        )
        if change.expires_at is not None and change.expires_at <= now
        else change
        for change in changes
    ]


def _next_number(account: Account, changes: Sequence[LotChange]) -> int:
    """The first lot number that neither the account nor the changes have used."""
    return max([account.lots_made, *(change.number + 1 for change in changes)])


def _grace_lot(
    number: int, points: int, until: datetime | None, salon_id: str | None, now: datetime
) -> LotChange:
    at = now.replace(microsecond=0)
    return LotChange(number, points, at, at, until, EntryKind.REVERSAL, salon_id)
