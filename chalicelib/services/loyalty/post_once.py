"""Post once to a client's account: read it, work the entry out, and save entries and account together. While
another writer is quicker, start over. An id is posted once."""

from collections.abc import Callable, Sequence
from datetime import datetime

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.ledger import Posted
from chalicelib.domain.shared.errors import DomainError, conflict
from chalicelib.services.clients.surviving_client import ensure_not_moved
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import CONFLICT_TRIES, World

_TRIES = 3 * CONFLICT_TRIES
"""Eight writers who post to one client at once all get through."""

Operation = Callable[[Account, datetime], Posted]
"""Works an entry out from the account as it is now."""

AlsoSaved = Callable[[Posted], Sequence[Storable]]
"""What else is saved in the same transaction. It is called at each try, and raises where a rule refuses."""


def post_once(
    world: World,
    network_id: str,
    client_id: str,
    entry_id: str,
    operation: Operation,
    *,
    client: Client | None = None,
    ensure_same: Callable[[Entry], None] = lambda existing: None,
    also_saved: AlsoSaved = lambda posted: (),
) -> Entry:
    """Saves an operation's entries, the account and `also_saved` in one transaction. A replay is answered
    with the existing entry, whatever has changed on the account since.

    entry_id     the id of the operation's entry.
    client       the client whose account it is, if the caller has read the client already.
    ensure_same  raises where the existing entry was posted with other input.
    Raises CLIENT_MERGED, TRY_AGAIN, and what the operation raises. Where the entry exists, no rule refuses:
    it was right when it was posted.
    """
    client = client or world.store.get(Client, network_id=network_id, id=client_id, fresh=False)
    for _ in world.tries(_TRIES):
        now, directory = world.now(), world.directory(network_id)
        account = world.store.account(network_id, client_id)
        try:
            ensure_not_moved(account)
            posted = operation(account, now)
            others = also_saved(posted)
        except DomainError:
            existing = world.store.get(Entry, network_id=network_id, client_id=client_id, id=entry_id)
            if existing is None:
                raise
            ensure_same(existing)
            return existing
        after = account_plan.with_wake(posted.account, directory, now, client)
        try:
            world.store.save(*posted.entries, after, *others)
        except SaveConflict as conflicting:
            if not _may_be_entry(conflicting.value, entry_id):
                continue
            existing = world.store.get(Entry, network_id=network_id, client_id=client_id, id=entry_id)
            if existing is not None:
                ensure_same(existing)
                return existing
        else:
            return posted.entry
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def _may_be_entry(value: object, entry_id: str) -> bool:
    """Whether the value that conflicted may be the entry with this id. None: the store could not tell.

    Entries are saved first. So where another value conflicted, the entry does not exist yet, or the next try
    finds it.
    """
    return value is None or (isinstance(value, Entry) and value.id == entry_id)
