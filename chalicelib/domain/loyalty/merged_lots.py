"""Where the lots of a merged client are now: each merge gives the source's lots new numbers on the target.

An example. The source has lot 0 with 30 points and lot 2 with 20 points; lot 1 is spent. The target has had
five lots, numbered 0 to 4. The merge makes two entries:

    transfer out, on the source:  lot 0: -30, lot 2: -20
    transfer in, on the target:   lot 5: +30, lot 6: +20

So lot 0 of the source is lot 5 of the target, and lot 2 of the source is lot 6 of the target. If the target
owes 30 points, lot 5 pays that debt at once and is not in the transfer-in entry. Then lot 0 of the source is
nowhere. If the target is merged into a third client, lots 5 and 6 get new numbers there in the same way.
"""

from collections.abc import Iterator, Sequence

from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.shared.ids import entry_id

LotKey = tuple[str, int]
"""A client's id and the number of one of this client's lots."""


def lots_across_merges(lots: set[LotKey], entries: Sequence[Entry]) -> set[LotKey]:
    """These lots, and the lots that their points became by merges. entries: the ledgers of all these
    clients."""
    became: dict[LotKey, set[LotKey]] = {}
    for transfer_out, transfer_in in _transfers(entries):
        for source_lot, target_lot in _renumbered(transfer_out, transfer_in, entries):
            became.setdefault(source_lot, set()).add(target_lot)
    found = new = lots
    while new := {target_lot for lot in new for target_lot in became.get(lot, ())} - found:
        found = found | new
    return found


def transfer_in_id(target_id: str, transfer_out_id: str) -> str:
    """The id of the entry that brings a merged client's points to the target. transfer_out_id: the entry by
    which the points leave the source."""
    return entry_id(target_id, "merge", transfer_out_id)


def _transfers(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Each merge's two entries: transfer out and transfer in. The entries of unmerging are left out."""
    by_id = {entry.id: entry for entry in entries}
    for entry in entries:
        other = by_id.get(entry.cause) if entry.kind is EntryKind.MERGE and entry.cause else None
        if other is not None and other.id == transfer_in_id(other.client_id, entry.id):
            yield entry, other


def _renumbered(
    transfer_out: Entry, transfer_in: Entry, entries: Sequence[Entry]
) -> Iterator[tuple[LotKey, LotKey]]:
    """Each lot of the source, with the lot of the target that has its points now."""
    target_before = [
        each
        for each in entries
        if each.client_id == transfer_in.client_id and each.number < transfer_in.number
    ]
    first = max((change.number + 1 for each in target_before for change in each.lots), default=0)
    opened = {change.number for change in transfer_in.lots}
    for number, change in enumerate(transfer_out.lots, first):
        if number in opened:
            yield (transfer_out.client_id, change.number), (transfer_in.client_id, number)
