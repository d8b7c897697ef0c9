"""Undo an entry of the ledger by another that names it, wholly or in part."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.domain.access import Access
from chalicelib.domain.account import Account, Entry, EntryKind
from chalicelib.domain.errors import missing
from chalicelib.domain.ids import client_of_entry, entry_id
from chalicelib.domain.ledger import Posted, brought_up
from chalicelib.domain.network import Directory
from chalicelib.domain.programme import day_end
from chalicelib.domain.undoing import reversed_entry
from chalicelib.domain.zones import local_date
from chalicelib.services.follow_merge import present
from chalicelib.services.post_once import post_once
from chalicelib.services.world import World


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
    """How many of the points that an entry brought expired, and did not come back since."""
    own = {change.number for change in entry.lots if change.points > 0}
    reversed_ids = {each.reverses for each in entries}
    return sum(
        -change.points
        for each in entries
        if each.kind is EntryKind.EXPIRY and each.client_id == entry.client_id and each.id not in reversed_ids
        for change in each.lots
        if change.number in own
    )


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
    )
    return replace(done, ends=(*ends, *done.ends))


def reverse(world: World, access: Access, entry_id: str, reason: str) -> Entry:
    """Undoes what is left of an entry. Again: the same reversal. Raises NOT_FOUND, CANNOT_REVERSE."""
    network_id, client_id = access.network_id, client_of_entry(entry_id)
    entry = world.store.entry(network_id, client_id, entry_id)
    if entry is None:
        raise missing("entry", entry_id)
    client = present(world, world.store.client(network_id, client_id))
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
    found = {id: world.store.entries(network_id, id) for id in dict.fromkeys(client_ids)}
    merges = [each for entries in found.values() for each in entries if each.kind is EntryKind.MERGE]
    for id in dict.fromkeys(client_of_entry(each.cause) for each in merges if each.cause):
        if id not in found:
            found[id] = world.store.entries(network_id, id)
    return [entry for entries in found.values() for entry in entries]
