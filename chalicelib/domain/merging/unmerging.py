"""Unmerging two accounts: source and target each get what they would have had without the merge.

Points that the merged client spent since the merge were spent by the target. So the source's points leave the
target, as debt where the target has spent them. A reversal of one of the source's entries (a refund of an old
visit, say) is undone on the target and made on the source.
"""

from collections.abc import Sequence, Set
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, LotChange, Posting
from chalicelib.domain.loyalty.ledger import Posted, settled
from chalicelib.domain.loyalty.reversal import (
    ReturnedPoints,
    granted_lot_numbers,
    parts_to_return,
    return_points,
)
from chalicelib.domain.merging.since_merge import SinceMerge

_NOTHING = SinceMerge()


def unmerge_target(
    account: Account, transfer_in: Entry, posting: Posting, now: datetime, since: SinceMerge = _NOTHING
) -> Posted:
    """The target's account without the source's points, in one entry.

    The target loses what it gained for the source: transferred points and refunds of the source's spendings,
    less the points that expired. The target gets back what it lost for the source: the source's debt, and
    points that reversals of the source's grants took.
    """
    account, expirations = settled(account, now)
    for_source = [transfer_in, *(each.reversal for each in since.reversals)]
    losses = [entry for entry in for_source if entry.worth < 0]
    parts = [part for entry in losses for part in parts_to_return(account, entry, 0, -entry.worth)]
    points_lost = -sum(entry.worth for entry in losses)
    points_gained = sum(entry.worth for entry in for_source if entry.worth > 0)
    after, entry = return_points(
        account,
        transfer_in,
        posting,
        ReturnedPoints(points_lost, _with_latest_end(parts), since.grace_until),
        now,
        new_debt=points_gained - since.points_expired_of(transfer_in.worth),
        pay_first=_lots_granted_by(for_source, account),
    )
    return Posted(after, entry, expirations)


def unmerge_source(
    account: Account, transfer_out: Entry, posting: Posting, now: datetime, since: SinceMerge = _NOTHING
) -> Posted:
    """The source's account with its points again, in one entry.

    The source gets the points that it had transferred and the refunds of its spendings, less the points that
    expired. The source loses the debt that it had transferred, and the points of its grants that were
    reversed since. Points return to their lots; points whose lot has expired return until `grace_until`.
    """
    account, expirations = settled(account, now)
    debt_returned = max(transfer_out.worth, 0)
    points_returned = max(-transfer_out.worth, 0)
    parts = parts_to_return(account, transfer_out, 0, points_returned)
    for each in since.reversals:
        if each.reversal.worth > 0:
            points_returned += each.reversal.worth
            parts += parts_to_return(account, each.entry, each.points_before, each.reversal.worth)
    points_expired = since.points_expired_of(-transfer_out.worth)
    points_returned -= points_expired
    parts = _without_expired(_with_latest_end(parts), points_expired, now)
    for each in since.reversals:
        if each.reversal.worth < 0:
            points_reversed = -each.reversal.worth
            own_lots = _lots_granted_by([each.entry], account)
            points_taken, parts = _take_from_parts(parts, points_reversed, own_lots)
            points_returned -= points_taken
            debt_returned += points_reversed - points_taken
    returned = ReturnedPoints(points_returned, parts, since.grace_until)
    after, entry = return_points(account, transfer_out, posting, returned, now, new_debt=debt_returned)
    return Posted(after, entry, expirations)


def _lots_granted_by(entries: Sequence[Entry], account: Account) -> frozenset[int]:
    """Numbers of the lots that this account's own entries among these granted."""
    numbers = [granted_lot_numbers(entry) for entry in entries if entry.client_id == account.client_id]
    return frozenset[int]().union(*numbers)


def _with_latest_end(parts: Sequence[LotChange]) -> list[LotChange]:
    """The parts, each with the latest end among the parts of its lot. The lot may have been put off between
    two takings."""
    ends = {part.number: part.expires_at for part in sorted(parts, key=_by_end)}
    return [replace(part, expires_at=ends[part.number]) for part in parts]


def _by_end(part: LotChange) -> tuple[bool, datetime]:
    return part.expires_at is None, part.expires_at or part.granted_at


def _without_expired(parts: Sequence[LotChange], points: int, now: datetime) -> list[LotChange]:
    """The parts without so many expired points. They are taken from parts whose lot has expired, then from
    any other part."""
    expired = {part.number for part in parts if part.expires_at is not None and part.expires_at <= now}
    points_taken, parts = _take_from_parts(parts, points, expired)
    _, parts = _take_from_parts(parts, points - points_taken, {part.number for part in parts})
    return parts


def _take_from_parts(
    parts: Sequence[LotChange], points: int, numbers: Set[int]
) -> tuple[int, list[LotChange]]:
    """How many of the points could be taken from parts of lots with these numbers, and the parts that are
    left."""
    parts_left, points_missing = [], points
    for part in parts:
        points_taken = min(part.points, points_missing) if part.number in numbers else 0
        parts_left.append(replace(part, points=part.points - points_taken))
        points_missing -= points_taken
    return points - points_missing, parts_left
