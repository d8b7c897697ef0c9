"""Taking two accounts apart again that were one (domain/moving): each is left with what it would have had.

What was spent in between was spent by who they were then: the points that had come leave whom they came to,
if need be as a debt. What was undone in between of one who goes again, a refund of an old visit, goes with
them.
"""

from collections.abc import Sequence, Set
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, LotChange, Posting
from chalicelib.domain.loyalty.ledger import Posted, settled
from chalicelib.domain.loyalty.reversal import (
    ReversalSinceMerge,
    as_new_lots,
    granted_lot_numbers,
    part_to_return,
    return_points,
)


def unmerge_target(
    account: Account,
    came: Entry,
    posting: Posting,
    now: datetime,
    *,
    since: Sequence[ReversalSinceMerge] = (),
    expired: int = 0,
    grace_until: datetime | None = None,
) -> Posted:
    """The account that points had come to, without them. expired: how many of them expired there; they are
    gone for both, as far as who goes has any left."""
    account, expirations = settled(account, now)
    theirs = [came, *(each.by for each in since)]
    taken = [entry for entry in theirs if entry.worth < 0]
    back = [part for entry in taken for part in _part(account, entry, 0, -entry.worth)]
    made = return_points(
        account,
        came,
        posting,
        -sum(entry.worth for entry in taken),
        _at_their_latest(back),
        grace_until,
        now,
        owed=sum(entry.worth for entry in theirs if entry.worth > 0) - _gone(came.worth, since, expired),
        first=_own_lots(account, theirs),
    )
    return Posted(*made, expirations)


def unmerge_source(
    account: Account,
    left: Entry,
    posting: Posting,
    now: datetime,
    *,
    since: Sequence[ReversalSinceMerge] = (),
    expired: int = 0,
    grace_until: datetime | None = None,
) -> Posted:
    """The account that points had left, with them. Those that were spent there before they would have expired
    return until `grace_until`."""
    account, expirations = settled(account, now)
    returned = [(left, 0, -left.worth)] if left.worth < 0 else []
    returned += [(each.entry, each.before, each.by.worth) for each in since if each.by.worth > 0]
    parts = [part for entry, before, points in returned for part in _part(account, entry, before, points)]
    expired = _gone(-left.worth, since, expired)
    parts = _without(_at_their_latest(parts), expired, now)
    back, owed = sum(points for _, _, points in returned) - expired, max(left.worth, 0)
    for each in since:
        if each.by.worth < 0:  # of its own lots first, which are just coming back
            at_once, parts = _taken_off(parts, -each.by.worth, _own_lots(account, [each.entry]))
            back, owed = back - at_once, owed - each.by.worth - at_once
    made = return_points(account, left, posting, back, parts, grace_until, now, owed=owed)
    return Posted(*made, expirations)


def _gone(worth: int, since: Sequence[ReversalSinceMerge], expired: int) -> int:
    """What expired of the points that came, with what was undone since, as far as there are any: others would
    have paid what is owed, and could not have expired."""
    return min(expired, max(worth + sum(each.by.worth for each in since), 0))


def _part(account: Account, entry: Entry, before: int, points: int) -> list[LotChange]:
    part = part_to_return(entry, before, points)
    return part if entry.client_id == account.client_id else as_new_lots(account, part)


def _own_lots(account: Account, entries: Sequence[Entry]) -> frozenset[int]:
    own = (granted_lot_numbers(entry) for entry in entries if entry.client_id == account.client_id)
    return frozenset[int]().union(*own)


def _at_their_latest(changes: Sequence[LotChange]) -> list[LotChange]:
    """Of a lot that was taken from more than once, the latest end: it had been put off in between."""
    ends = {change.number: change.expires_at for change in sorted(changes, key=_by_end)}
    return [replace(change, expires_at=ends[change.number]) for change in changes]


def _by_end(change: LotChange) -> tuple[bool, datetime]:
    return change.expires_at is None, change.expires_at or change.granted_at


def _without(changes: Sequence[LotChange], expired: int, now: datetime) -> list[LotChange]:
    """Those that are over by now first."""
    over = {each.number for each in changes if each.expires_at is not None and each.expires_at <= now}
    gone, changes = _taken_off(changes, expired, over)
    return _taken_off(changes, expired - gone, {each.number for each in changes})[1]


def _taken_off(changes: Sequence[LotChange], points: int, numbers: Set[int]) -> tuple[int, list[LotChange]]:
    """How many of so many points could be taken off what returns to lots of these numbers, and what returns
    then."""
    found, left = [], points
    for change in changes:
        gone = min(change.points, left) if change.number in numbers else 0
        found.append(replace(change, points=change.points - gone))
        left -= gone
    return points - left, found
