"""Come by all of a network's accounts, some clients at a time: what the audit and the clearing have in
common."""

from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.shared.world import World

CLIENTS_BATCH_SIZE = 200
ENTRIES_BATCH_SIZE = 20_000
"""No page of clients is begun after so many entries: with few clients of a slice having many, it is some
seconds' worth."""

_PAGE = 25
_LOOKED_AT = 50

UseAccount = Callable[[Account], int]
"""Is given each client's account, an empty one where there is none, perhaps as it was a second ago; answers
how many entries it has read."""


class AccountsRead(Struct, frozen=True):
    """cursor: where to go on; None at the end."""

    clients: int
    cursor: str | None


def read_accounts(
    world: World, network_id: str, take: UseAccount, *, cursor: str | None, clients: int = CLIENTS_BATCH_SIZE
) -> AccountsRead:
    """Comes by the next accounts, those of so many clients at most. Nothing is kept of one when the next
    comes: the memory is that of one client's ledger."""
    seen = entries = 0
    while True:
        page = world.store.client_ids(network_id, limit=min(_PAGE, clients - seen), cursor=cursor)
        for account in accounts_of(world, network_id, page.items):
            entries += take(account)
        seen, cursor = seen + len(page.items), page.cursor
        if cursor is None or seen >= clients or entries >= ENTRIES_BATCH_SIZE:
            return AccountsRead(seen, cursor)


def accounts_of(world: World, network_id: str, client_ids: Sequence[str]) -> list[Account]:
    """In that order. Who has no account may have entries all the same, if something went wrong."""
    found = {each.client_id: each for each in world.store.accounts_named(network_id, client_ids)}
    return [found.get(id) or Account(network_id=network_id, client_id=id) for id in client_ids]


def running_walk(world: World, network_id: str, kind: WalkKind, month: str | None = None) -> Walk | None:
    """A walk of that kind, and over that month, which has not come to its end."""
    newest = world.store.get_page(Walk, network_id=network_id, limit=_LOOKED_AT).items
    return next(
        (
            walk
            for walk in newest
            if walk.kind is kind
            and walk.finished_at is None
            and (walk.period.month if walk.period else None) == month
        ),
        None,
    )


def begin_walk(world: World, walk: Walk) -> Walk:
    """Saved, and gone on with at once."""
    (saved,) = world.store.save(walk)
    world.wake_if_due(saved)
    return saved


def slice_due_at(walk: Walk, now: datetime) -> datetime:
    """Since when it has been waiting for its next slice: the same when that is done again."""
    return walk.wake.at if walk.wake is not None else now
