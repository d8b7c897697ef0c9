"""Reverse an entry of the ledger, wholly or in part, by another entry that names it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import Posted, settled
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.loyalty.reversal import ReversalTerms, reverse
from chalicelib.domain.loyalty.reversal_history import lot_numbers_with, points_undone, reversal_id
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import client_of_entry
from chalicelib.domain.shared.operations import Tally
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.loyalty.limit_by_hand import counted_by_hand
from chalicelib.services.loyalty.post_once import post_once
from chalicelib.services.shared.world import World


def grace_end(directory: Directory, now: datetime) -> datetime:
    """When points expire that return now after their lot has expired: a local midnight of the network."""
    days = timedelta(days=directory.rules.bonuses.grace_days)
    return day_end(local_date(now, directory.zone) + days, directory.zone)


def prepare_reversal(
    directory: Directory,
    account: Account,
    entry: Entry,
    entries: Sequence[Entry],
    request: ReversalTerms,
    now: datetime,
) -> Posted:
    """Works out the reversal of an entry on an account. Nothing is saved.

    account  of the entry's client, or of the client who survived a merge of that client.
    entries  the ledgers of the client and of all clients that this client was merged with.
    request  its `grace_until` is set by the network's rules.
    Raises CANNOT_REVERSE.
    """
    account, expirations = settled(account, now)
    posted = reverse(
        account,
        entry,
        replace(request, grace_until=grace_end(directory, now)),
        now,
        points_undone=points_undone(entry, [*entries, *expirations]),
        own_lots=lot_numbers_with(account.client_id, entry, entries),
    )
    return replace(posted, expirations=(*expirations, *posted.expirations))


def reverse_entry(world: World, access: Access, entry_id: str, reason: str) -> Entry:
    """Undoes all points of an entry that were not undone before. A repetition answers the same reversal.

    If the entry's client was merged, the surviving client's account gets the reversal. Points that a reversal
    gives back count as given by hand. Raises NOT_FOUND, FORBIDDEN (the key does not reach the salon of the
    entry), CANNOT_REVERSE, OVER_LIMIT.
    """
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

    request = ReversalTerms(id=reversal_id(entry, holder_id), reason=reason, actor=access.actor)

    def operation(account: Account, now: datetime) -> Posted:
        entries = entries_across_merges(world, network_id, client_id, holder_id)
        return prepare_reversal(world.directory(network_id), account, entry, entries, request, now)

    def counted(posted: Posted) -> list[Tally]:
        return counted_by_hand(world, access, posted.account, posted.entry.worth)

    return post_once(world, network_id, holder_id, request.id, operation, client=client, also_saved=counted)


def entries_across_merges(world: World, network_id: str, *client_ids: str) -> list[Entry]:
    """The ledgers of these clients and of all clients that they were ever merged with. What was undone in one
    of these ledgers stays undone in all of them."""
    ledgers: dict[str, list[Entry]] = {}
    to_read = list(dict.fromkeys(client_ids))
    for client_id in to_read:  # grows in the loop, since each merged client may have been merged with others
        ledgers[client_id] = world.store.entries(network_id, client_id)
        transfers = (each.cause for each in ledgers[client_id] if each.kind is EntryKind.MERGE and each.cause)
        merged_ids = dict.fromkeys(map(client_of_entry, transfers))
        to_read += [each_id for each_id in merged_ids if each_id not in to_read]
    return [entry for entries in ledgers.values() for entry in entries]
