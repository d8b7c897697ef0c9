"""A sum that is told, or corrected, after its visit was completed: what the visit gave changes by the
difference, as further entries. Nothing is written here.

The visit ends as if the last sum had been told first, on the day of the visit. What later visits earned in a
tier that the sum would have changed stays.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.domain.clients.client_visits import without_booking, without_spending
from chalicelib.domain.clients.clients import Client, ReversedWhileMerged
from chalicelib.domain.loyalty import programme
from chalicelib.domain.loyalty.account import Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post, release_points
from chalicelib.domain.loyalty.reversal_history import points_expired, points_undone
from chalicelib.domain.merging.merged_client import note_reversal_while_merged
from chalicelib.services.bookings.follow_hold import release_posting
from chalicelib.services.loyalty.visit_points import bill_of_booking, posting_id, posting_ids
from chalicelib.services.shared.world import World
from chalicelib.services.visits.promote_visit import with_more_promoted, with_promotion, without_promotion
from chalicelib.services.visits.undo_gifts import without_referral
from chalicelib.services.visits.undo_visit import correction_id, points_corrected, with_entry_undone
from chalicelib.services.visits.visit_bill import VisitBill
from chalicelib.services.visits.visit_gifts import referrer_of, with_referral
from chalicelib.services.visits.visit_in_progress import VisitInProgress

BILL_CORRECTED = "bill corrected"
"""The reason of the entries that take back what a higher sum had given, as the ledger keeps it."""


def with_sum(visit: VisitInProgress, bill: VisitBill, chain: Sequence[Client]) -> VisitInProgress:
    """The completed visit with its new sum, in the client's spending and turnover. Its points are as before.

    chain: the booking's client, the client whom they were merged into, and so on. Those who were merged since
    the visit remember the difference for the case that they are unmerged.
    """
    before = visit.booking
    was_told = before.paid_minor is not None
    booking = replace(
        before,
        paid_minor=bill.paid_minor,
        goods_minor=bill.goods_minor or None,
        tip_minor=bill.tip_minor or None,
        bill_due_at=None,
        earned_percent=_percent(visit),
        corrections=before.corrections + int(was_told),
    )
    more_minor, on = bill.paid_minor - (before.paid_minor or 0), visit.day.on
    account = programme.with_turnover(visit.account, on, booking.currency, more_minor, 0)
    visit = replace(visit, booking=booking, account=account)
    if visit.client is None or not more_minor:
        return visit
    gain = ReversedWhileMerged(booking.id, on, booking.currency, -more_minor)
    client = without_spending(visit.client, booking.currency, -more_minor)
    visit = replace(visit, client=client)
    return visit.saving(*(note_reversal_while_merged(each, gain) for each in chain[:-1]))


def _percent(visit: VisitInProgress) -> int:
    """What percentage of the bill is given. Visits of earlier releases did not keep it: it is worked out from
    the turnover without the visit."""
    booking, day = visit.booking, visit.day.on
    if booking.earned_percent is not None:
        return booking.earned_percent
    account = programme.with_turnover(visit.account, day, booking.currency, -(booking.paid_minor or 0), -1)
    return programme.earning_percent(account, visit.programme, booking.currency, day)


def with_points_by_sum(
    world: World, visit: VisitInProgress, before: VisitInProgress, redeem_points: int
) -> VisitInProgress:
    """The visit with the points, the promotion and the referral that its new sum gives, by the difference to
    what it has.

    visit: with its new sum. before: the visit before that. redeem_points: how many points pay for a part of
    the bill now. Raises INSUFFICIENT_POINTS."""
    earned, had = _earned_points(visit, redeem_points), _kept(visit, EntryKind.CASHBACK)
    visit = _with_less(visit, EntryKind.CASHBACK, had - earned)
    visit = _with_redeemed(visit, redeem_points)
    visit = _with_more_earned(visit, earned - had)
    visit = replace(visit, booking=replace(visit.booking, earned_points=earned))
    visit = _with_promotion(world, visit, before, had)
    return _with_referral(world, visit, before)


def _earned_points(visit: VisitInProgress, redeem_points: int) -> int:
    booking, directory = visit.booking, visit.directory
    bill = bill_of_booking(booking, directory, booking.paid_minor or 0, booking.goods_minor or 0)
    value = directory.rules.bonuses.point_value(booking.currency)
    return programme.earned_points(bill, redeem_points, visit.programme, booking.earned_percent or 0, value)


# --- entries of one kind


def entries_of_kind(visit: VisitInProgress, kind: EntryKind) -> list[Entry]:
    """The visit's entries of the kind, the first one first."""
    ids = posting_ids(visit.booking, kind, visit.ledger)
    return sorted((each for each in visit.ledger if each.id in ids), key=lambda each: ids.index(each.id))


def _kept(visit: VisitInProgress, kind: EntryKind) -> int:
    """The points of the visit's entries of the kind, less what corrections took back. A refund changes
    nothing of it."""
    return sum(abs(each.worth) - points_corrected(visit, each) for each in entries_of_kind(visit, kind))


def _with_less(visit: VisitInProgress, kind: EntryKind, points: int) -> VisitInProgress:
    """The visit after so many points of the kind are taken back, or, if they were spent on it, returned;
    those that came last first. Points that have expired unspent are not taken a second time."""
    for entry in reversed(entries_of_kind(visit, kind)):
        here = min(points, abs(entry.worth) - points_corrected(visit, entry))
        if here <= 0:
            continue
        points -= here
        expired = points_expired(entry, visit.ledger) if entry.worth > 0 else 0
        left = abs(entry.worth) - points_undone(entry, visit.ledger)
        due = min(max(here - expired, 0), left)
        if due > 0:
            undoing = correction_id(visit.account.client_id, visit.booking.corrections, entry)
            visit = with_entry_undone(visit, entry, undoing_id=undoing, points=due)
    return visit


def _posting(visit: VisitInProgress, kind: EntryKind, points: int) -> Posting:
    """A further posting of the kind, linked to the first one."""
    booking, first = visit.booking, next(iter(entries_of_kind(visit, kind)), None)
    return Posting(
        id=posting_id(booking, kind, holder_id=visit.account.client_id),
        kind=kind,
        points=points,
        reason="visit",
        actor=visit.actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
        cause=first.id if first else None,
    )


def _with_redeemed(visit: VisitInProgress, points: int) -> VisitInProgress:
    """The visit with so many points spent on it: points that are held for it first, and no more than are
    there where some had been returned before."""
    had, value = visit.booking.redeemed_points, _value(visit)
    hold = visit.account.hold_of_booking(visit.booking.id)
    if points < had:
        visit = _with_less(visit, EntryKind.REDEEM, had - points)
    elif points > had:
        posting = _posting(visit, EntryKind.REDEEM, had - points)
        done = post(visit.account, posting, visit.now, hold_id=hold.id if hold else None)
        visit = visit.after(done)
    hold = visit.account.hold_of_booking(visit.booking.id)
    if hold is not None:
        posting = replace(release_posting(hold, visit.account, visit.actor), reason="visit")
        visit = visit.after(release_points(visit.account, hold.id, posting, visit.now))
    booking = replace(visit.booking, redeemed_points=points, redeemed_minor=points * value, held_points=0)
    return replace(visit, booking=booking)


def _value(visit: VisitInProgress) -> int:
    """What a point paid for on that day."""
    booking = visit.booking
    if booking.redeemed_points:
        return booking.redeemed_minor // booking.redeemed_points
    return visit.directory.rules.bonuses.point_value(booking.currency)


def _with_more_earned(visit: VisitInProgress, points: int) -> VisitInProgress:
    """The visit with more points, on the terms of points earned now."""
    if points <= 0:
        return visit
    salon_zone = visit.directory.salons[visit.booking.salon_id].timezone
    terms = programme.earned_terms(visit.programme, visit.now, salon_zone, visit.directory.zone)
    posting = replace(
        _posting(visit, EntryKind.CASHBACK, points),
        available_at=terms.available_at,
        expires_at=terms.expires_at,
        idle_days=terms.idle_days,
    )
    earned_at = (*visit.booking.earned_at, visit.now)
    visit = replace(visit, booking=replace(visit.booking, earned_at=earned_at))
    return visit.after(post(visit.account, posting, visit.now))


# --- promotion, referral


def _with_promotion(
    world: World, visit: VisitInProgress, before: VisitInProgress, had_earned: int
) -> VisitInProgress:
    earned, had = visit.booking.earned_points, _kept(visit, EntryKind.PROMOTION)
    first = next(iter(entries_of_kind(visit, EntryKind.PROMOTION)), None)
    if first is None or first.cause is None:
        if had_earned or before.client is None:
            return visit
        client = without_booking(before.client, visit.booking.id, visit.day, visit.booking.currency, 0)
        return with_promotion(world, visit, client)
    offer = visit.directory.offers.get(first.cause)
    in_proportion = had * earned // had_earned if had_earned else 0
    wanted = offer.more_than(earned) if offer is not None else in_proportion
    kept = min(had, wanted)
    visit = without_promotion(world, _with_less(visit, EntryKind.PROMOTION, had - kept), is_reversed=False)
    visit = replace(visit, booking=replace(visit.booking, earned_points=earned + kept))
    return with_more_promoted(world, visit, first.cause, wanted - kept) if wanted > kept else visit


def _with_referral(world: World, visit: VisitInProgress, before: VisitInProgress) -> VisitInProgress:
    """The gifts for a friend's first paid visit come with the sum, and go with it."""
    paid, had = visit.booking.paid_minor or 0, before.booking.paid_minor or 0
    if paid > 0 >= had and before.client is not None and visit.programme.enabled:
        return with_referral(visit, before.client, referrer_of(world, before, paid))
    if had > 0 >= paid:
        for entry in entries_of_kind(visit, EntryKind.REFERRAL):
            left = abs(entry.worth) - points_undone(entry, visit.ledger)
            visit = _with_less(visit, EntryKind.REFERRAL, left) if left > 0 else visit
        return without_referral(world, visit)
    return visit
