"""What happened to a source's points between a merge and its undoing."""

from collections.abc import Sequence, Set
from datetime import datetime

from msgspec import Struct

from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.reversal_history import points_expired
from chalicelib.domain.shared.ids import client_of_entry


class ReversalSinceMerge(Struct, frozen=True):
    """A reversal that was posted after the merge and undoes an entry from before it.

    entry          the undone entry, of the source or of a client who had been merged into the source.
    reversal       the entry that undoes it, of the target or of a client whom the target was merged into.
    points_before  how many of the entry's points had been undone before this reversal.
    """

    entry: Entry
    reversal: Entry
    points_before: int


class SinceMerge(Struct, frozen=True):
    """What the target's ledger says about the source's points since the merge.

    reversals       reversals of the source's entries, in the order in which they were posted.
    points_expired  how many of the source's points expired on the target.
    grace_until     when points expire that return after their lot has expired; None: never.
    """

    reversals: Sequence[ReversalSinceMerge] = ()
    points_expired: int = 0
    grace_until: datetime | None = None

    def points_expired_of(self, points_transferred: int) -> int:
        """How many points are expired for source and target both. points_transferred: net of debt.

        Never more than the transferred points together with the reversals come to. The source's debt would
        have been paid with the other points, so these could not have expired.
        """
        net = points_transferred + sum(each.reversal.worth for each in self.reversals)
        return min(self.points_expired, max(net, 0))


def since_merge(
    transfer_in: Entry, source_ids: Set[str], entries: Sequence[Entry], grace_until: datetime
) -> SinceMerge:
    """What happened since the transfer-in entry. source_ids: the source, and every client who had been merged
    into the source. entries: the ledgers of all clients that source and target were ever merged with."""
    reversals = _reversals(transfer_in, source_ids, entries)
    for_source = [transfer_in, *(each.reversal for each in reversals)]
    expired = sum(points_expired(entry, entries) for entry in for_source)
    return SinceMerge(reversals, expired, grace_until)


def _reversals(
    transfer_in: Entry, source_ids: Set[str], entries: Sequence[Entry]
) -> list[ReversalSinceMerge]:
    of_source = [
        each
        for each in entries
        if each.kind is EntryKind.REVERSAL
        and each.reverses is not None
        and client_of_entry(each.reverses) in source_ids
    ]
    since = [each for each in of_source if _is_since(each, transfer_in, source_ids)]
    since.sort(key=lambda each: (each.effective_at, each.number))
    by_id = {entry.id: entry for entry in entries}
    found: list[ReversalSinceMerge] = []
    for reversal in since:
        same = [each for each in of_source if each.reverses == reversal.reverses and each not in since]
        same += [each.reversal for each in found if each.entry.id == reversal.reverses]
        points_before = sum(abs(each.worth) for each in same)
        found.append(ReversalSinceMerge(by_id[str(reversal.reverses)], reversal, points_before))
    return found


def _is_since(reversal: Entry, transfer_in: Entry, source_ids: Set[str]) -> bool:
    """Whether a reversal was posted after the merge: on the target's ledger by its number, on the ledger of a
    client whom the target was merged into by its time."""
    if reversal.client_id == transfer_in.client_id:
        return reversal.number > transfer_in.number
    return reversal.client_id not in source_ids and reversal.effective_at >= transfer_in.effective_at
