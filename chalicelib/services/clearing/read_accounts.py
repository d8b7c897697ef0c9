"""Read all accounts of a network, some clients at a time. The audit and the clearing both do so."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.waking.walks import AnyWalk, Walk, WalkState
from chalicelib.services.shared.world import World

CLIENTS_BATCH_SIZE = 200
ENTRIES_BATCH_SIZE = 20_000
"""No further page of clients is read after so many entries, so that a slice takes some seconds at most."""

_PAGE = 25
_LOOKED_AT = 50

UseAccount = Callable[[Account], int]
"""Is called with each client's account, or with an empty one where there is none, and returns the number of
entries that it has read. The account may be a second old."""


class AccountsRead(Struct, frozen=True):
    """The result of one call. clients: how many were passed. cursor: of the next call; None at the end."""

    clients: int
    cursor: str | None


def read_accounts(
    world: World, network_id: str, use: UseAccount, *, cursor: str | None, clients: int = CLIENTS_BATCH_SIZE
) -> AccountsRead:
    """Calls `use` with the accounts of the next clients. clients: how many at most. Only one client's ledger
    is in memory at a time."""
    seen = entries = 0
    while True:
        page = world.store.client_ids(network_id, limit=min(_PAGE, clients - seen), cursor=cursor)
        for account in accounts_of(world, network_id, page.items):
            entries += use(account)
        seen, cursor = seen + len(page.items), page.cursor
        if cursor is None or seen >= clients or entries >= ENTRIES_BATCH_SIZE:
            return AccountsRead(seen, cursor)


def accounts_of(world: World, network_id: str, client_ids: Sequence[str]) -> list[Account]:
    """The accounts of these clients, in that order. A client without an account gets an empty one, since
    entries may exist by a fault."""
    found = {each.client_id: each for each in world.store.accounts_named(network_id, client_ids)}
    return [found.get(each) or Account(network_id=network_id, client_id=each) for each in client_ids]


def running_walk(world: World, network_id: str, is_wanted: Callable[[WalkState], bool]) -> AnyWalk | None:
    """A walk of a wanted state that is not finished; None: there is none."""
    newest = world.store.get_page(Walk, network_id=network_id, limit=_LOOKED_AT).items
    return next((walk for walk in newest if walk.finished_at is None and is_wanted(walk.state)), None)


def begin_walk(world: World, walk: AnyWalk) -> AnyWalk:
    """Saves a walk and wakes it at once."""
    (saved,) = world.store.save(walk)
    world.wake_if_due(saved)
    return saved


def slice_due_at(walk: AnyWalk, now: datetime) -> datetime:
    """The instant at which the next slice was due. It is the same when the slice is repeated."""
    return walk.wake.at if walk.wake is not None else now
