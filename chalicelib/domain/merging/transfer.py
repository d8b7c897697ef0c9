"""Merging two accounts: everything that the source's account has goes to the target's account. unmerging.py
undoes it."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, Entry, Posting, WalletUpdate
from chalicelib.domain.loyalty.ledger import Posted, apply_changes, settled
from chalicelib.domain.loyalty.lots import lot_change
from chalicelib.domain.shared.errors import conflict


def transfer_out(account: Account, posting: Posting, now: datetime) -> Posted:
    """The source's account after all its points and its debt have left it. Raises HOLDS_OPEN."""
    account, expirations = settled(account, now)
    if account.holds:
        ids = [hold.booking_id or hold.id for hold in account.holds]
        raise conflict(
            "HOLDS_OPEN", "Points are held: complete or cancel what they are held for.", held_for=ids
        )
    changes = [lot_change(lot, -lot.remaining) for lot in account.lots]
    after, entry = apply_changes(account, posting, changes, now, new_debt=-account.debt)
    return Posted(after, entry, expirations)


def transfer_in(account: Account, transfer_out: Entry, posting: Posting, now: datetime) -> Posted:
    """The target's account after the source's points and debt came to it. Each lot keeps its terms and gets
    the next number of the target's account. Where one of the two has debt, the points of the other pay it."""
    account, expirations = settled(account, now)
    changes = [
        replace(change, number=number, points=-change.points)
        for number, change in enumerate(transfer_out.lots, account.lots_made)
    ]
    after, entry = apply_changes(account, posting, changes, now, new_debt=-transfer_out.debt)
    return Posted(after, entry, expirations)


def attach(target: Account, source: Account) -> Account:
    """The target's account after the merge. Wallets of the source show it from now on. Visits for which the
    source was rewarded do not count again for the target."""
    return replace(
        target,
        came_from=(*target.came_from, source.client_id, *source.came_from),
        shown=target.shown or (WalletUpdate(NOT_UPDATED) if source.shown else None),
        reward_uses=(*target.reward_uses, *source.reward_uses),
        streaks=(*target.streaks, *source.streaks),
    )


def detach(target: Account, source: Account) -> Account:
    """The target's account after unmerging, without the source's wallets and rewarded visits."""
    source_ids = {source.client_id, *source.came_from}
    return replace(
        target,
        came_from=tuple(each_id for each_id in target.came_from if each_id not in source_ids),
        reward_uses=tuple(use for use in target.reward_uses if use not in source.reward_uses),
        streaks=tuple(use for use in target.streaks if use not in source.streaks),
    )


def with_rewards_still_used(source: Account, target: Account) -> Account:
    """The source's account after unmerging. Of its rewarded visits, it keeps those that are still rewarded on
    the target: a reward that was taken back since the merge stays taken back."""
    return replace(
        source,
        reward_uses=tuple(use for use in source.reward_uses if use in target.reward_uses),
        streaks=tuple(use for use in source.streaks if use in target.streaks),
    )
