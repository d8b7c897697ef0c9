"""What of an entry was undone already, as the ledger says; lots are followed through merges."""

from collections.abc import Iterator, Sequence, Set

from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.reversal import ReversalSinceMerge, granted_lot_numbers
from chalicelib.domain.shared.ids import client_of_entry, entry_id


def reversal_id(entry: Entry, client_id: str) -> str:
    """A whole reversal's id follows from what it reverses: an entry can be reversed once. client_id: in whose
    ledger it stands; another than the entry's, if that client was merged into them."""
    return entry_id(client_id, "reverse", entry.id)


def points_undone(entry: Entry, entries: Sequence[Entry]) -> int:
    """How many of an entry's points were undone, as the ledger tells: reversed, or, of those that it granted,
    expired unspent, so that they were taken already."""
    undone = sum(abs(each.worth) for each in entries if each.reverses == entry.id)
    return undone + (points_expired(entry, entries) if entry.worth > 0 else 0)


def points_expired(entry: Entry, entries: Sequence[Entry]) -> int:
    """How many of the points that an entry brought expired, be it with whom the client was merged into, and
    did not come back since."""
    own = _lots_of(entry, entries)
    reversed_ids = {each.reverses for each in entries}
    return sum(
        -change.points
        for each in entries
        if each.kind is EntryKind.EXPIRY and each.id not in reversed_ids
        for change in each.lots
        if (each.client_id, change.number) in own
    )


def _lots_of(entry: Entry, entries: Sequence[Entry]) -> set[tuple[str, int]]:
    """The lots that an entry brought, by client and number, with whomever they are."""
    return _followed({(entry.client_id, number) for number in granted_lot_numbers(entry)}, entries)


def lot_numbers_with(client_id: str, entry: Entry, entries: Sequence[Entry]) -> set[int]:
    return {number for holder, number in _lots_of(entry, entries) if holder == client_id}


def reversals_since_merge(
    came: Entry, theirs: Set[str], entries: Sequence[Entry]
) -> list[ReversalSinceMerge]:
    """What was undone, since points came by that entry, of what these clients had had before. theirs: who
    left by that merge, and whoever had been merged into them."""
    reversals = [each for each in entries if each.reverses and each.kind is EntryKind.REVERSAL]
    since = [
        each
        for each in reversals
        if client_of_entry(str(each.reverses)) in theirs and _is_later(each, came, theirs)
    ]
    since.sort(key=lambda each: (each.effective_at, each.number))
    of = {entry.id: entry for entry in entries}
    undone = {
        id: sum(abs(each.worth) for each in reversals if each.reverses == id and each not in since)
        for id in {each.reverses for each in since}
    }
    found = []
    for each in since:
        found.append(ReversalSinceMerge(of[str(each.reverses)], each, undone[each.reverses]))
        undone[each.reverses] += abs(each.worth)
    return found


def _is_later(entry: Entry, came: Entry, theirs: Set[str]) -> bool:
    """With whom they came to, or with whom those were merged into."""
    if entry.client_id == came.client_id:
        return entry.number > came.number
    return entry.client_id not in theirs and entry.effective_at >= came.effective_at


def _followed(lots: set[tuple[str, int]], entries: Sequence[Entry]) -> set[tuple[str, int]]:
    """Lots by client and number, and the same as they are numbered with whoever they came to by merges."""
    moved: dict[tuple[str, int], set[tuple[str, int]]] = {}
    for left in entries:
        came = next((each for each in entries if each.id == left.cause), None)
        if (
            left.kind is EntryKind.MERGE
            and came is not None
            and came.id == transfer_in_id(came.client_id, left.id)
        ):
            for lot, there in _moved(left, came, entries):
                moved.setdefault(lot, set()).add(there)
    new = lots
    while new := {there for lot in new for there in moved.get(lot, ())} - lots:
        lots = lots | new
    return lots


def _moved(
    left: Entry, came: Entry, entries: Sequence[Entry]
) -> Iterator[tuple[tuple[str, int], tuple[str, int]]]:
    """In the order in which they left they are numbered on, but for those that paid a debt at once."""
    before = [each for each in entries if each.client_id == came.client_id and each.number < came.number]
    first = max((change.number + 1 for each in before for change in each.lots), default=0)
    there = {change.number for change in came.lots}
    for number, change in enumerate(left.lots, first):
        if number in there:
            yield (left.client_id, change.number), (came.client_id, number)


def transfer_in_id(other_id: str, out_id: str) -> str:
    """The id of the entry by which points come to whom a client was merged into. out_id: by which they
    left."""
    return entry_id(other_id, "merge", out_id)
