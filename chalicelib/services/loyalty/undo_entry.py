"""Undo an entry of the ledger by another that names it, wholly or in part."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import Posted, brought_up
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.loyalty.undoing import granted_lots, reversed_entry
from chalicelib.domain.merging.unmerging import UndoneSince
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import client_of_entry, entry_id
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.follow_merge import present
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.shared.world import World


def reversal_id(entry: Entry, client_id: str) -> str:
    """A whole reversal's id follows from what it reverses: an entry can be reversed once. client_id: in whose
    ledger it stands; another than the entry's, if that client was merged into them."""
    return entry_id(client_id, "reverse", entry.id)


def undone_of(entry: Entry, entries: Sequence[Entry]) -> int:
    """How many of an entry's points were undone, as the ledger tells: reversed, or, of those that it granted,
    expired unspent, so that they were taken already."""
    undone = sum(abs(each.worth) for each in entries if each.reverses == entry.id)
    return undone + (expired_of(entry, entries) if entry.worth > 0 else 0)


def expired_of(entry: Entry, entries: Sequence[Entry]) -> int:
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
    return _followed({(entry.client_id, number) for number in granted_lots(entry)}, entries)


def _lots_with(client_id: str, entry: Entry, entries: Sequence[Entry]) -> set[int]:
    return {number for holder, number in _lots_of(entry, entries) if holder == client_id}


def undone_since(came: Entry, theirs: Set[str], entries: Sequence[Entry]) -> list[UndoneSince]:
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
        found.append(UndoneSince(of[str(each.reverses)], each, undone[each.reverses]))
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
            and came.id == merged_id(came.client_id, left.id)
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


def merged_id(other_id: str, out_id: str) -> str:
    """The id of the entry by which points come to whom a client was merged into. out_id: by which they
    left."""
    return entry_id(other_id, "merge", out_id)


def grace_end(directory: Directory, now: datetime) -> datetime:
    """Until when points last that come back when they would have expired meanwhile."""
    days = timedelta(days=directory.rules.bonuses.grace_days)
    return day_end(local_date(now, directory.zone) + days, directory.zone)


def undone(
    directory: Directory,
    account: Account,
    entry: Entry,
    entries: Sequence[Entry],
    *,
    reason: str,
    actor: str,
    now: datetime,
    id: str | None = None,
    points: int | None = None,
) -> Posted:
    """The account without what is left of an entry, or without `points` of it, worked out without writing.
    entries: all of the client's, and of whoever was merged into them. Raises CANNOT_REVERSE."""
    account, ends = brought_up(account, now)
    done = reversed_entry(
        account,
        entry,
        id=id or reversal_id(entry, account.client_id),
        reason=reason,
        actor=actor,
        now=now,
        grace_until=grace_end(directory, now),
        points=points,
        undone=undone_of(entry, [*entries, *ends]),
        own=_lots_with(account.client_id, entry, entries),
    )
    return replace(done, ends=(*ends, *done.ends))


def reverse(world: World, access: Access, entry_id: str, reason: str) -> Entry:
    """Undoes what is left of an entry. Again: the same reversal. Raises NOT_FOUND, FORBIDDEN (it was posted
    in a salon that the key does not reach), CANNOT_REVERSE."""
    network_id, client_id = access.network_id, client_of_entry(entry_id)
    entry = world.store.get(Entry, network_id=network_id, client_id=client_id, id=entry_id)
    if entry is None:
        raise missing("entry", entry_id)
    if entry.salon_id is not None:
        access.ensure_salon(entry.salon_id)
    client = present(world, world.store.get(Client, network_id=network_id, id=client_id))
    holder_id = client.id if client is not None else client_id
    for each in entries_of(world, network_id, client_id, holder_id):
        if each.reverses == entry.id and each.id == reversal_id(entry, each.client_id):
            return each
    id = reversal_id(entry, holder_id)

    def operation(account: Account, now: datetime) -> Posted:
        entries = entries_of(world, network_id, client_id, holder_id)
        directory = world.directory(network_id)
        return undone(directory, account, entry, entries, reason=reason, actor=access.actor, now=now)

    return post_once(world, network_id, holder_id, id, operation, client=client)


def entries_of(world: World, network_id: str, *client_ids: str) -> list[Entry]:
    """The ledgers of these clients, each once, and of those with whom they were ever merged: what was undone
    there stays undone."""
    found: dict[str, list[Entry]] = {}
    asked = list(dict.fromkeys(client_ids))
    for id in asked:  # grows as it goes: who was merged with them was merged with others, too
        found[id] = world.store.entries(network_id, id)
        merged = (each.cause for each in found[id] if each.kind is EntryKind.MERGE and each.cause)
        asked += dict.fromkeys(other for other in map(client_of_entry, merged) if other not in asked)
    return [entry for entries in found.values() for entry in entries]
