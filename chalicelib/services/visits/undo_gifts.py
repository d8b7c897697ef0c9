"""What becomes of a visit's gifts once the visit is taken back, or its whole bill refunded. The entries that
its completion posted are undone with its other entries; here is what those do not tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, ReferralGift, RewardUse
from chalicelib.domain.loyalty.coupons import Coupon, voided
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.loyalty.visit_rewards import streaks_broken
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.months import month_number
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, prepare_reversal
from chalicelib.services.loyalty.visit_points import posting_id
from chalicelib.services.shared.world import World


class Undoing(Struct, frozen=True):
    """Why, by whom and when gifts are undone."""

    world: World
    directory: Directory
    booking: Booking
    reason: str
    actor: str
    now: datetime


def refunded_gifts(undoing: Undoing, account: Account, entries: Sequence[Entry]) -> tuple[Account, list[Any]]:
    """The account whose visit's gifts are undone, and what else must be saved: the referrer's side. account:
    without what the visit's own entries had given. entries: as they were before, of the client and of those
    with whom they were merged. Its months are free for another streak."""
    own = posting_id(undoing.booking, EntryKind.STREAK)
    account = replace(account, streaks=tuple(use for use in account.streaks if use.entry_id != own))
    visitor = _who_visited(undoing, account)
    gift = visitor.referral
    if gift is None or gift.booking_id != undoing.booking.id:
        return account, []
    unmarked = replace(visitor, referral=ReferralGift(gift.times))
    if visitor is account:
        return _referrers_side(undoing, unmarked, entries, gift)
    account, beside = _referrers_side(undoing, account, entries, gift)
    return account, [unmarked, *beside]


def _who_visited(undoing: Undoing, account: Account) -> Account:
    """Where the visit is marked: with the client of then, even if they were merged into this one since."""
    client_id = undoing.booking.client_id
    if client_id in (None, account.client_id):
        return account
    return undoing.world.store.account(account.network_id, str(client_id))


def taken_back_gifts(
    undoing: Undoing, account: Account, entries: Sequence[Entry], visit: VisitDay | None
) -> tuple[Account, list[Any]]:
    """The same of a visit that was taken back. visit: the one that the client has no more; None: another
    booking of the day keeps it. A coupon for it that is still open is void, and the other visits count anew;
    one that was used, or has lapsed, stays, and its visits stay used up. A gift for months running of which
    one has no visit left is undone, whichever visit had brought it.

    account: without the visit in its turnover. entries: the client's, as they were before.
    """
    account, beside = refunded_gifts(undoing, account, entries)
    if visit is None:
        return account, beside
    for use in account.reward_uses:
        if visit not in use.visits:
            continue
        coupon = _still_open(undoing, account, use)
        if coupon is not None:
            beside.append(voided(coupon, undoing.reason, undoing.actor, undoing.now))
            account = replace(
                account, reward_uses=tuple(each for each in account.reward_uses if each is not use)
            )
    for broken in streaks_broken(account, month_number(visit.on)):
        account, more = _undone(undoing, account, entries, broken.entry_id)
        beside += more
        account = replace(account, streaks=tuple(use for use in account.streaks if use != broken))
    return account, beside


def _still_open(undoing: Undoing, account: Account, use: RewardUse) -> Coupon | None:
    """The coupon that visits were used up for, or its like, with whoever the client is now."""
    store = undoing.world.store
    ids = (account.client_id, *account.came_from)
    found = (store.get(Coupon, network_id=account.network_id, client_id=id, id=use.coupon_id) for id in ids)
    given = next((coupon for coupon in found if coupon is not None), None)
    if given is None:
        return None
    for each in open_coupons(undoing.world, account.network_id, account.client_id):
        if (each.cause, each.booking_id) == (given.cause, given.booking_id):
            return each
    return None


def _undone(
    undoing: Undoing, account: Account, entries: Sequence[Entry], id: str
) -> tuple[Account, list[Entry]]:
    """What is left of an entry, undone."""
    entry = next((each for each in entries if each.id == id), None)
    if entry is None or points_undone(entry, entries) >= abs(entry.worth):
        return account, []
    done = prepare_reversal(
        undoing.directory,
        account,
        entry,
        entries,
        reason=undoing.reason,
        actor=undoing.actor,
        now=undoing.now,
    )
    return done.account, [*done.entries]


def _referrers_side(
    undoing: Undoing, account: Account, entries: Sequence[Entry], gift: ReferralGift
) -> tuple[Account, list[Any]]:
    """What they have spent of it is owed. The account is the visitor's; it is the referrer's, too, if they
    turned out to be one."""
    if gift.referrer_id is None or gift.entry_id is None:
        return account, []
    world, network_id = undoing.world, undoing.booking.network_id
    client, theirs = surviving_account(world, network_id, gift.referrer_id)
    holder_id = theirs.client_id
    if holder_id == account.client_id:
        return _undone(undoing, account, entries, gift.entry_id)
    theirs, made = _undone(
        undoing, theirs, entries_across_merges(world, network_id, gift.referrer_id, holder_id), gift.entry_id
    )
    if not made:
        return account, []
    return account, [account_plan.with_wake(theirs, undoing.directory, undoing.now, client), *made]
