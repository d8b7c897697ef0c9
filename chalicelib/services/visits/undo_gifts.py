"""Undo a visit's gifts when the visit is reversed, or its whole bill refunded. The entries that
the visit's completion posted are undone before; this is the rest: coupons, marks on accounts, the referrer's
points."""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, EntryKind, ReferralGift, RewardUse, StreakUse
from chalicelib.domain.loyalty.coupons import Coupon, voided
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.loyalty.visit_rewards import streaks_broken
from chalicelib.domain.shared.months import month_number
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.coupons import open_coupons
from chalicelib.services.loyalty.reverse_entry import entries_across_merges
from chalicelib.services.loyalty.visit_points import posting_id
from chalicelib.services.shared.world import World
from chalicelib.services.visits.undo_visit import with_entry_undone
from chalicelib.services.visits.visit_in_progress import VisitInProgress


def without_gifts(world: World, visit: VisitInProgress) -> VisitInProgress:
    """The refunded visit without its gifts: its months are free for another streak, and the referral gifts
    for it are taken back on both sides. visit: its own entries are undone already."""
    streak_id = posting_id(visit.booking, EntryKind.STREAK, correction=0)
    streaks = [use for use in visit.account.streaks if use.entry_id == streak_id]
    return without_referral(world, _without_streaks(visit, streaks))


def without_referral(world: World, visit: VisitInProgress) -> VisitInProgress:
    """The visit without its mark as the first paid one, and without the referrer's gift for it. visit: the
    gift of its own client is undone already."""
    marked = _marked_account(world, visit)
    gift = marked.referral
    if gift is None or gift.booking_id != visit.booking.id:
        return visit
    unmarked = replace(marked, referral=ReferralGift(gift.times))
    visit = replace(visit, account=unmarked) if marked is visit.account else visit.saving(unmarked)
    visit = replace(visit, points_of_trial=visit.points_of_trial + gift.would_give)
    return _without_referrers_gift(world, visit, gift)


def _without_streaks(visit: VisitInProgress, undone: Sequence[StreakUse]) -> VisitInProgress:
    """The visit whose months are free for another streak."""
    return replace(
        visit,
        account=replace(
            visit.account, streaks=tuple(use for use in visit.account.streaks if use not in undone)
        ),
        points_of_trial=visit.points_of_trial + sum(use.would_give for use in undone),
    )


def _marked_account(world: World, visit: VisitInProgress) -> Account:
    """The account on which the referral gift is marked: that of the booking's client, even if this client was
    merged into another since."""
    client_id = visit.booking.client_id
    if client_id in (None, visit.account.client_id):
        return visit.account
    return world.store.account(visit.account.network_id, str(client_id))


def without_gifts_of_reversed(world: World, visit: VisitInProgress, lost: VisitDay | None) -> VisitInProgress:
    """The reversed visit without its gifts, and without gifts that other visits no longer deserve.

    A coupon for the lost visit is voided while it is open, and its other visits count again; a coupon that
    was used or has expired stays, and its visits stay used up. A coupon that a trial counted is as an open
    one. A gift for months running is undone if one of its months has no visit left, whichever visit had
    brought the gift.

    visit: its own entries are undone, and its turnover is without the visit. lost: the visit that the client
    loses; None where another booking of the day keeps the visit.
    """
    visit = without_gifts(world, visit)
    if lost is None:
        return visit
    for use in visit.account.reward_uses:
        if lost in use.visits:
            visit = _without_coupon(world, visit, use)
    broken = streaks_broken(visit.account, month_number(lost.on))
    for each in broken:
        visit = _without_entry(visit, each.entry_id)
    return _without_streaks(visit, broken)


def _without_coupon(world: World, visit: VisitInProgress, use: RewardUse) -> VisitInProgress:
    """The visit whose coupon is void, if the coupon is open, so that the coupon's visits count again."""
    if use.would_end_at is not None:
        if use.would_end_at <= visit.now:
            return visit
        visit = replace(visit, coupons_of_trial=visit.coupons_of_trial + 1)
    else:
        coupon = _open_coupon(world, visit.account, use)
        if coupon is None:
            return visit
        visit = visit.saving(voided(coupon, visit.reason, visit.actor, visit.now))
    uses = tuple(each for each in visit.account.reward_uses if each is not use)
    return replace(visit, account=replace(visit.account, reward_uses=uses))


def _open_coupon(world: World, account: Account, use: RewardUse) -> Coupon | None:
    """The coupon that visits were used up for, or the one that replaced it in a merge, if it is still
    open."""
    ids = (account.client_id, *account.came_from)
    found = (
        world.store.get(Coupon, network_id=account.network_id, client_id=each_id, id=use.coupon_id)
        for each_id in ids
    )
    given = next((coupon for coupon in found if coupon is not None), None)
    if given is None:
        return None
    for each in open_coupons(world, account.network_id, account.client_id):
        if (each.cause, each.booking_id) == (given.cause, given.booking_id):
            return each
    return None


def _without_entry(visit: VisitInProgress, entry_id: str) -> VisitInProgress:
    """The visit after what is left of an entry is undone. The undoing is saved beside: it belongs to a gift,
    not to what the visit itself posted."""
    entry = next((each for each in visit.ledger if each.id == entry_id), None)
    if entry is None or points_undone(entry, visit.ledger) >= abs(entry.worth):
        return visit
    done = with_entry_undone(visit, entry)
    made = done.entries[len(visit.entries) :]
    return replace(done, entries=visit.entries).saving(*made)


def _without_referrers_gift(world: World, visit: VisitInProgress, gift: ReferralGift) -> VisitInProgress:
    """The referrer's points taken back; what the referrer has spent of them becomes a debt. The referrer and
    the visit's client may be one client by now."""
    if gift.referrer_id is None or gift.entry_id is None:
        return visit
    network_id = visit.booking.network_id
    referrer, account = surviving_account(world, network_id, gift.referrer_id)
    if account.client_id == visit.account.client_id:
        return _without_entry(visit, gift.entry_id)
    ledger = entries_across_merges(world, network_id, gift.referrer_id, account.client_id)
    referrers = replace(visit, client=referrer, account=account, ledger=tuple(ledger), entries=(), beside=())
    referrers = _without_entry(referrers, gift.entry_id)
    if not referrers.beside:
        return visit
    account = account_plan.with_wake(referrers.account, visit.directory, visit.now, referrer)
    return visit.saving(account, *referrers.beside)
