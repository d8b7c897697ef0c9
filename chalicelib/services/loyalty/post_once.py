"""The one loop by which a client's account is posted to: read, work out, write entries and account together,
start over when somebody else was quicker. The same id posts once."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.ledger import Posted
from chalicelib.domain.shared.errors import DomainError, conflict
from chalicelib.services.clients.surviving_client import ensure_not_moved
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import CONFLICT_TRIES, World

_TRIES = 3 * CONFLICT_TRIES
"""So that eight writers of one client all get through."""

Operation = Callable[[Account, datetime], Posted]
AlsoSaved = Callable[[Posted], Sequence[Any]]
"""What else is written in the same transaction, read afresh each time; raises where a rule refuses."""


def post_once(
    world: World,
    network_id: str,
    client_id: str,
    id: str,
    operation: Operation,
    *,
    client: Client | None = None,
    ensure_same: Callable[[Entry], None] = lambda stands: None,
    also_saved: AlsoSaved = lambda done: (),
) -> Entry:
    """One posting in one transaction: entries, account, and what is to stand beside them. A replay answers
    with the entry that stands, whatever the account has become since.

    id           of the operation's entry.
    client       whose account it is, if that was read already.
    ensure_same  raises where the entry that stands was posted with other input.
    Raises CLIENT_MERGED, and what the operation raises, unless the entry stands: then it was right when it
    was posted.
    """
    client = client or world.store.get(Client, network_id=network_id, id=client_id, fresh=False)
    for _ in world.tries(_TRIES):
        now, directory = world.now(), world.directory(network_id)
        account = world.store.account(network_id, client_id)
        try:
            ensure_not_moved(account)
            done = operation(account, now)
            more = also_saved(done)
        except DomainError:
            stands = world.store.get(Entry, network_id=network_id, client_id=client_id, id=id)
            if stands is None:
                raise
            ensure_same(stands)
            return stands
        after = account_plan.with_wake(done.account, directory, now, client)
        try:
            world.store.save(*done.entries, after, *more)
        except SaveConflict as conflicting:
            if not _may_be(conflicting.value, id):
                continue
            stands = world.store.get(Entry, network_id=network_id, client_id=client_id, id=id)
            if stands is not None:
                ensure_same(stands)
                return stands
        else:
            return done.entry
    raise conflict("TRY_AGAIN", "Too much is being posted to this client at once; try again.")


def _may_be(value: Any, id: str) -> bool:
    """Whether what conflicted is the entry of that id, or cannot be told: entries are saved first, so that
    another value means that this one does not stand, or that it will be found at the next try."""
    return value is None or (isinstance(value, Entry) and value.id == id)
