"""Undo an entry of the ledger by another that names it, wholly or in part."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import Posted, settled
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.loyalty.reversal import reverse
from chalicelib.domain.loyalty.reversal_history import lot_numbers_with, points_undone, reversal_id
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import client_of_entry
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.shared.world import World


def grace_end(directory: Directory, now: datetime) -> datetime:
    """Until when points last that come back when they would have expired meanwhile."""
    days = timedelta(days=directory.rules.bonuses.grace_days)
    return day_end(local_date(now, directory.zone) + days, directory.zone)


def prepare_reversal(
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
    account, expirations = settled(account, now)
    done = reverse(
        account,
        entry,
        id=id or reversal_id(entry, account.client_id),
        reason=reason,
        actor=actor,
        now=now,
        grace_until=grace_end(directory, now),
        points=points,
        undone=points_undone(entry, [*entries, *expirations]),
        own=lot_numbers_with(account.client_id, entry, entries),
    )
    return replace(done, expirations=(*expirations, *done.expirations))


def reverse_entry(world: World, access: Access, entry_id: str, reason: str) -> Entry:
    """Undoes what is left of an entry. Again: the same reversal. Raises NOT_FOUND, FORBIDDEN (it was posted
    in a salon that the key does not reach), CANNOT_REVERSE."""
    network_id, client_id = access.network_id, client_of_entry(entry_id)
    entry = world.store.get(Entry, network_id=network_id, client_id=client_id, id=entry_id)
    if entry is None:
        raise missing("entry", entry_id)
    if entry.salon_id is not None:
        access.ensure_salon(entry.salon_id)
    client = surviving_client(world, world.store.get(Client, network_id=network_id, id=client_id))
    holder_id = client.id if client is not None else client_id
    for each in entries_across_merges(world, network_id, client_id, holder_id):
        if each.reverses == entry.id and each.id == reversal_id(entry, each.client_id):
            return each
    id = reversal_id(entry, holder_id)

    def operation(account: Account, now: datetime) -> Posted:
        entries = entries_across_merges(world, network_id, client_id, holder_id)
        directory = world.directory(network_id)
        return prepare_reversal(
            directory, account, entry, entries, reason=reason, actor=access.actor, now=now
        )

    return post_once(world, network_id, holder_id, id, operation, client=client)


def entries_across_merges(world: World, network_id: str, *client_ids: str) -> list[Entry]:
    """The ledgers of these clients, each once, and of those with whom they were ever merged: what was undone
    there stays undone."""
    found: dict[str, list[Entry]] = {}
    asked = list(dict.fromkeys(client_ids))
    for id in asked:  # grows as it goes: who was merged with them was merged with others, too
        found[id] = world.store.entries(network_id, id)
        merged = (each.cause for each in found[id] if each.kind is EntryKind.MERGE and each.cause)
        asked += dict.fromkeys(other for other in map(client_of_entry, merged) if other not in asked)
    return [entry for entries in found.values() for entry in entries]
