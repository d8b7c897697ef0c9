"""How many points of an entry were undone before, as the ledger says. Undone points are reversed points, and
granted points that expired unspent."""

from collections.abc import Sequence

from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.merged_lots import LotKey, lots_across_merges
from chalicelib.domain.loyalty.reversal import granted_lot_numbers
from chalicelib.domain.shared.ids import entry_id


def reversal_id(entry: Entry, client_id: str) -> str:
    """The id of the reversal of a whole entry. It follows from the entry, so that an entry is reversed once.
    client_id: whose ledger has the reversal; the surviving client, if the entry's client was merged."""
    return entry_id(client_id, "reverse", entry.id)


def points_undone(entry: Entry, entries: Sequence[Entry]) -> int:
    """How many of an entry's points were undone: reversed, or, where the entry granted them, expired unspent.
    entries: the ledgers of the client and of all clients that this client was merged with."""
    points_reversed = sum(abs(each.worth) for each in entries if each.reverses == entry.id)
    return points_reversed + (points_expired(entry, entries) if entry.worth > 0 else 0)


def points_expired(entry: Entry, entries: Sequence[Entry]) -> int:
    """How many of the points that an entry granted have expired, on its own client's account or, after a
    merge, on the target's. An expiry that was reversed does not count."""
    lots = _lots_of(entry, entries)
    reversed_ids = {each.reverses for each in entries}
    return sum(
        -change.points
        for each in entries
        if each.kind is EntryKind.EXPIRY and each.id not in reversed_ids
        for change in each.lots
        if (each.client_id, change.number) in lots
    )


def lot_numbers_with(client_id: str, entry: Entry, entries: Sequence[Entry]) -> set[int]:
    """Numbers, on this client's account, of the lots that an entry granted. The entry may be another
    client's, who was merged."""
    return {number for holder_id, number in _lots_of(entry, entries) if holder_id == client_id}


def _lots_of(entry: Entry, entries: Sequence[Entry]) -> set[LotKey]:
    """The lots that an entry granted, and the lots that they became by merges."""
    granted = {(entry.client_id, number) for number in granted_lot_numbers(entry)}
    return lots_across_merges(granted, entries)
