"""Gifts for a completed visit, besides the points that it earns: a coupon for so many visits, points for
months running, points for both sides of a referral. Nothing is written here. `undo_gifts.py` undoes them."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import (
    Account,
    EntryKind,
    Posting,
    ReferralGift,
    RewardUse,
    StreakUse,
)
from chalicelib.domain.loyalty.coupons import coupon_id
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.loyalty.visit_rewards import months_rewarded, visits_rewarded, without_old_uses
from chalicelib.domain.networks.bonus_rules import Gift
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.months import month_number
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.coupons import issued_coupon
from chalicelib.services.loyalty.visit_points import posting_id, posting_ids
from chalicelib.services.shared.world import World
from chalicelib.services.visits.visit_in_progress import VisitInProgress


class Referrer(Struct, frozen=True):
    """The client by whose word the visit's client came, with the referrer's account."""

    client: Client
    account: Account


def referrer_of(world: World, visit: VisitInProgress, paid_minor: int) -> Referrer | None:
    """The referrer of the visit's client, if a visit at that price will reward the referral; None if the
    referrer is missing. Reads nothing where there is nothing to give. visit: before it is closed."""
    client = visit.visitor
    if visit.directory.rules.bonuses.referral is None or not _brings_referral(
        client, visit.account, paid_minor
    ):
        return None
    referrer, account = surviving_account(world, client.network_id, str(client.referred_by))
    if referrer is None or referrer.id == client.id:
        return None
    return Referrer(referrer, account)


def _brings_referral(before: Client, account: Account, paid_minor: int) -> bool:
    """Whether a visit is the first that the client pays for, or the first after the gifts for such a visit
    were taken back. before: the client before the visit."""
    if before.referred_by is None or paid_minor <= 0:
        return False
    if account.referral is not None:
        return account.referral.booking_id is None
    return not any(before.spent_minor.values())


def with_gifts(visit: VisitInProgress, before: Client, referrer: Referrer | None) -> VisitInProgress:
    """The closed visit, its points earned, with its gifts: coupons, points for months running, and both
    sides' points of a referral. Unchanged where the salon's programme is switched off. before: the client
    before the visit."""
    if not visit.programme.enabled:
        return visit
    visit = _with_coupons(visit)
    visit = _with_streak(visit)
    return with_referral(visit, before, referrer)


def _posting(visit: VisitInProgress, kind: EntryKind, gift: Gift, **fields: Any) -> Posting:
    """A gift's posting. Its id follows from the completion, so that it is posted once for each."""
    own_id = posting_id(visit.booking, kind, holder_id=visit.account.client_id)
    given: dict[str, Any] = {"id": own_id, "booking_id": visit.booking.id}
    return Posting(
        kind=kind,
        points=gift.points,
        reason=kind.value,
        actor=visit.actor,
        salon_id=visit.booking.salon_id,
        expires_at=gift_end(gift, visit.now, visit.directory.zone),
        **given | fields,
    )


# --- so many visits within a window


def _with_coupons(visit: VisitInProgress) -> VisitInProgress:
    client, booking, day = visit.visitor, visit.booking, visit.day
    account, made = without_old_uses(visit.account, client.recent_visits, day.on), []
    for reward in visit.directory.rules.bonuses.visit_rewards:
        visits = visits_rewarded(reward, account, client.recent_visits, day)
        if not visits:
            continue
        coupon = issued_coupon(
            visit.directory,
            client,
            reward.coupon,
            booking.currency,
            id=coupon_id(client.id, reward.id, booking.id, str(booking.reopened)),
            cause=reward.id,
            booking_id=booking.id,
            actor=visit.actor,
            now=visit.now,
        )
        made.append(coupon)
        use = RewardUse(reward.id, coupon.id, visits)
        account = replace(account, reward_uses=(*account.reward_uses, use))
    return replace(visit, account=account).saving(*made)


# --- months running


def _with_streak(visit: VisitInProgress) -> VisitInProgress:
    streak, month = visit.directory.rules.bonuses.streak, month_number(visit.day.on)
    months = months_rewarded(streak, visit.account, month) if streak and streak.gift.points else None
    if streak is None or months is None:
        return visit
    done = post(visit.account, _posting(visit, EntryKind.STREAK, streak.gift), visit.now)
    visit = visit.after(done)
    use = StreakUse(*months, done.entry.id)
    return replace(visit, account=replace(visit.account, streaks=(*visit.account.streaks, use)))


# --- a friend's first paid visit


def with_referral(visit: VisitInProgress, friend: Client, referrer: Referrer | None) -> VisitInProgress:
    """Both sides' gifts for a friend's first paid visit. The id of the referrer's entry follows from the
    friend, so that there is one entry for each friend, however many of the friend's visits are reported at
    once."""
    gifts = visit.directory.rules.bonuses.referral
    if gifts is None or not _brings_referral(friend, visit.account, visit.booking.paid_minor or 0):
        return visit
    times = visit.account.referral.times if visit.account.referral else 0
    mark = ReferralGift(times + 1, visit.booking.id)
    if gifts.friend.points:
        posting = _posting(visit, EntryKind.REFERRAL, gifts.friend, cause=friend.referred_by)
        visit = visit.after(post(visit.account, posting, visit.now))
    if gifts.referrer.points and referrer is not None:
        referrer_entry_id = entry_id(referrer.client.id, "referral", friend.id, str(times))
        posting = _posting(
            visit, EntryKind.REFERRAL, gifts.referrer, id=referrer_entry_id, booking_id=None, cause=friend.id
        )
        done = post(referrer.account, posting, visit.now)
        account = account_plan.with_wake(done.account, visit.directory, visit.now, referrer.client)
        visit = visit.saving(account, *done.entries)
        mark = replace(mark, referrer_id=referrer.client.id, entry_id=referrer_entry_id)
    return replace(visit, account=replace(visit.account, referral=mark))


def coupon_ids_of_visit(booking: Booking, account: Account) -> list[str]:
    """The ids of the coupons that the visit brought; none of a visit in trial."""
    client_id, times = str(booking.client_id), str(booking.reopened)
    return [
        use.coupon_id
        for use in account.reward_uses
        if use.would_end_at is None
        and use.coupon_id == coupon_id(client_id, use.reward_id, booking.id, times)
    ]


def gift_entry_ids(booking: Booking, account: Account) -> Iterable[str]:
    """The ids of the entries on the client's own account that are gifts for the visit."""
    streak = posting_id(booking, EntryKind.STREAK, correction=0)
    if any(use.entry_id == streak for use in account.streaks):
        yield streak
    if account.referral is not None and account.referral.booking_id == booking.id:
        yield from posting_ids(booking, EntryKind.REFERRAL)
