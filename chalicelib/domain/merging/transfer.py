"""Merging two accounts: everything that the source's account has goes to the target's account. unmerging.py
undoes it."""

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Merge
from chalicelib.domain.loyalty.account import NOT_UPDATED, Account, Entry, Posting, WalletUpdate
from chalicelib.domain.loyalty.ledger import Posted, apply_changes, settled
from chalicelib.domain.loyalty.lots import lot_change
from chalicelib.domain.loyalty.programme import with_turnover
from chalicelib.domain.loyalty.surprises import latest_month
from chalicelib.domain.shared.errors import conflict
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState


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
    """The target's account with the source's turnover and month of the last surprise. Visits for which the
    source was rewarded do not count again, and the source's wallets show the target's account."""
    return replace(
        _with_turnover_of(target, source, 1),
        surprised_month=latest_month(target.surprised_month, source.surprised_month),
        came_from=(*target.came_from, source.client_id, *source.came_from),
        shown=target.shown or (WalletUpdate(NOT_UPDATED) if source.shown else None),
        reward_uses=(*target.reward_uses, *source.reward_uses),
        streaks=(*target.streaks, *source.streaks),
        touches=_with_warnings_of(target, source),
    )


def _with_warnings_of(target: Account, source: Account) -> Mapping[TouchKind, Touch]:
    """The target's touches. A warning that the source got is not repeated for points of the same day."""
    kind = TouchKind.BONUS_EXPIRY
    last, sent = target.touches.get(kind), source.touches.get(kind)
    is_later = sent is not None and (last is None or last.occurrence < sent.occurrence)
    if sent is None or not is_later or sent.state is not TouchState.SENT:
        return target.touches
    return MappingProxyType({**target.touches, kind: sent})


def detach(target: Account, source: Account) -> Account:
    """The target's account without the source's turnover, rewarded visits and wallets. The month of the
    target's last surprise stays as it is. source: after `restore`."""
    source_ids = {source.client_id, *source.came_from}
    return replace(
        _with_turnover_of(target, source, -1),
        came_from=tuple(each_id for each_id in target.came_from if each_id not in source_ids),
        reward_uses=tuple(use for use in target.reward_uses if use not in source.reward_uses),
        streaks=tuple(use for use in target.streaks if use not in source.streaks),
    )


def restore(source: Account, target: Account, merge: Merge) -> Account:
    """The source's account as its own again: without what was reversed since the merge. That is the turnover
    of reversed visits, and rewards that the target's account no longer has. target: before unmerging."""
    for each in merge.uncounted:
        source = with_turnover(source, each.on, each.currency, -each.spent_minor, -each.visits)
    return replace(
        source,
        reward_uses=tuple(use for use in source.reward_uses if use in target.reward_uses),
        streaks=tuple(use for use in source.streaks if use in target.streaks),
        moved_to=None,
        shown=WalletUpdate(NOT_UPDATED) if target.shown else None,
    )


def _with_turnover_of(account: Account, other: Account, sign: int) -> Account:
    """sign: 1 adds the other account's turnover, -1 takes it away."""
    for each in other.turnover:
        day = date(each.month // 12, each.month % 12 + 1, 1)
        account = with_turnover(account, day, each.currency, sign * each.spent_minor, sign * each.visits)
    return account
