"""Moving all that an account has to another client's, who turned out to be the same person. Undone by
undoing.unmerged."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, Entry, Posting, WalletUpdate
from chalicelib.domain.loyalty.ledger import Posted, apply_changes, settled
from chalicelib.domain.loyalty.lots import lot_change
from chalicelib.domain.shared.errors import conflict


def attach(account: Account, gone: Account) -> Account:
    """The account, shown from now on by the passes of whoever has gone over to it, too. Visits that were
    rewarded there do not count again here."""
    return replace(
        account,
        came_from=(*account.came_from, gone.client_id, *gone.came_from),
        shown=account.shown or (WalletUpdate(NOT_UPDATED) if gone.shown else None),
        reward_uses=(*account.reward_uses, *gone.reward_uses),
        streaks=(*account.streaks, *gone.streaks),
    )


def detach(account: Account, gone: Account) -> Account:
    """The account without the passes, and the rewarded visits, of one who goes again."""
    theirs = {gone.client_id, *gone.came_from}
    return replace(
        account,
        came_from=tuple(id for id in account.came_from if id not in theirs),
        reward_uses=tuple(use for use in account.reward_uses if use not in gone.reward_uses),
        streaks=tuple(use for use in account.streaks if use not in gone.streaks),
    )


def with_rewards_still_used(account: Account, other: Account) -> Account:
    """The account of one who goes again, with those visits as rewarded that still were so with the other."""
    return replace(
        account,
        reward_uses=tuple(use for use in account.reward_uses if use in other.reward_uses),
        streaks=tuple(use for use in account.streaks if use in other.streaks),
    )


def transfer_out(account: Account, posting: Posting, now: datetime) -> Posted:
    """All that an account has, and owes, leaves it. Raises HOLDS_OPEN."""
    account, expirations = settled(account, now)
    if account.holds:
        ids = [hold.booking_id or hold.id for hold in account.holds]
        raise conflict(
            "HOLDS_OPEN", "Points are held: complete or cancel what they are held for.", held_for=ids
        )
    changes = [lot_change(lot, -lot.remaining) for lot in account.lots]
    return Posted(*apply_changes(account, posting, changes, now, owed=-account.debt), expirations)


def transfer_in(account: Account, out: Entry, posting: Posting, now: datetime) -> Posted:
    """What left another account comes to this one, each lot on its own terms, and what was owed there is owed
    here."""
    account, expirations = settled(account, now)
    changes = [
        replace(change, number=number, points=-change.points)
        for number, change in enumerate(out.lots, account.lots_made)
    ]
    return Posted(*apply_changes(account, posting, changes, now, owed=-out.debt), expirations)
