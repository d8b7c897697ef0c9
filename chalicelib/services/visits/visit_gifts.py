"""What a completed visit is rewarded with besides its points: a coupon for so many visits, a gift for months
running, and gifts to both sides of a referral. Works it out and writes nothing; undone by undo_gifts.py."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import (
    Account,
    Entry,
    EntryKind,
    Posting,
    ReferralGift,
    RewardUse,
    StreakUse,
)
from chalicelib.domain.loyalty.coupons import Coupon, coupon_id
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.loyalty.programme import gift_end
from chalicelib.domain.loyalty.visit_rewards import months_rewarded, visits_rewarded, without_old_uses
from chalicelib.domain.networks.bonus_rules import BonusRules, Gift
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.months import month_number
from chalicelib.services.clients.surviving_client import surviving_account
from chalicelib.services.loyalty.coupons import issued_coupon
from chalicelib.services.loyalty.visit_points import posting_id, programme_of, visited_on
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


class Referrer(Struct, frozen=True):
    """By whose word a client came, with their account."""

    client: Client
    account: Account


class VisitGifts(Struct, frozen=True):
    """The visitor's account with what it was given, the entries that did it, and what else must be saved:
    coupons, and the referrer's side."""

    account: Account
    entries: tuple[Entry, ...] = ()
    beside: tuple[Storable, ...] = ()


class _Visit(Struct, frozen=True):
    booking: Booking
    directory: Directory
    actor: str
    now: datetime

    @property
    def rules(self) -> BonusRules:
        return self.directory.rules.bonuses

    def posting(self, kind: EntryKind, gift: Gift, **said: Any) -> Posting:
        """Once for each completion."""
        given: dict[str, Any] = {"id": posting_id(self.booking, kind), "booking_id": self.booking.id}
        return Posting(
            kind=kind,
            points=gift.points,
            reason=kind.value,
            actor=self.actor,
            salon_id=self.booking.salon_id,
            expires_at=gift_end(gift, self.now, self.directory.zone),
            **given | said,
        )


def referrer_of(
    world: World, directory: Directory, client: Client, account: Account, paid_minor: int
) -> Referrer | None:
    """By whose word the client came, where a visit at that price will be rewarded for it; None too where they
    are gone. Reads nothing where there is nothing to give."""
    if directory.rules.bonuses.referral is None or not _brings_referral(client, account, paid_minor):
        return None
    referrer, theirs = surviving_account(world, client.network_id, str(client.referred_by))
    if referrer is None or referrer.id == client.id:
        return None
    return Referrer(referrer, theirs)


def _brings_referral(client: Client, account: Account, paid_minor: int) -> bool:
    """Whether a visit is the first that the client pays for, or the first after the gifts for that one were
    taken back. client: before the visit."""
    if client.referred_by is None or paid_minor <= 0:
        return False
    if account.referral is not None:
        return account.referral.booking_id is None
    return not any(client.spent_minor.values())


def gifts_of_visit(
    directory: Directory,
    booking: Booking,
    before: Client,
    visitor: Client,
    account: Account,
    referrer: Referrer | None,
    actor: str,
    now: datetime,
) -> VisitGifts:
    """booking: closed, with its bill. before, visitor: the client before and after the visit. account: after
    it has earned its points. Nothing where the salon's programme is switched off."""
    if not programme_of(booking, directory).enabled:
        return VisitGifts(account)
    visit = _Visit(booking, directory, actor, now)
    day = VisitDay(visited_on(booking, directory), booking.salon_id)
    account, coupons = _coupons(visit, without_old_uses(account, visitor.recent_visits, day.on), visitor, day)
    account, entries = _streak(visit, account, month_number(day.on))
    beside: tuple[Storable, ...] = coupons
    if visit.rules.referral is not None and _brings_referral(before, account, booking.paid_minor or 0):
        account, more, theirs = _referral(visit, account, before, referrer)
        entries, beside = (*entries, *more), (*beside, *theirs)
    return VisitGifts(account, entries, beside)


# --- so many visits within a window


def _coupons(
    visit: _Visit, account: Account, visitor: Client, day: VisitDay
) -> tuple[Account, tuple[Coupon, ...]]:
    made = []
    for reward in visit.rules.visit_rewards:
        visits = visits_rewarded(reward, account, visitor.recent_visits, day)
        if visits:
            coupon = issued_coupon(
                visit.directory,
                visitor,
                reward.coupon,
                visit.booking.currency,
                id=coupon_id(visitor.id, reward.id, visit.booking.id, str(visit.booking.reopened)),
                cause=reward.id,
                booking_id=visit.booking.id,
                actor=visit.actor,
                now=visit.now,
            )
            made.append(coupon)
            use = RewardUse(reward.id, coupon.id, visits)
            account = replace(account, reward_uses=(*account.reward_uses, use))
    return account, tuple(made)


# --- months running


def _streak(visit: _Visit, account: Account, month: int) -> tuple[Account, tuple[Entry, ...]]:
    streak = visit.rules.streak
    months = months_rewarded(streak, account, month) if streak and streak.gift.points else None
    if streak is None or months is None:
        return account, ()
    done = post(account, visit.posting(EntryKind.STREAK, streak.gift), visit.now)
    use = StreakUse(*months, done.entry.id)
    return replace(done.account, streaks=(*done.account.streaks, use)), done.entries


# --- a friend's first paid visit


def _referral(
    visit: _Visit, account: Account, friend: Client, referrer: Referrer | None
) -> tuple[Account, tuple[Entry, ...], tuple[Storable, ...]]:
    """Both sides' gifts. The referrer's entry is named by the friend, so that there is one for each friend
    however many of their visits are told at once."""
    gifts = visit.rules.referral
    assert gifts is not None  # asked before
    times = account.referral.times if account.referral else 0
    mark = ReferralGift(times + 1, visit.booking.id)
    entries: tuple[Entry, ...] = ()
    theirs: tuple[Storable, ...] = ()
    if gifts.friend.points:
        done = post(
            account,
            visit.posting(EntryKind.REFERRAL, gifts.friend, cause=friend.referred_by),
            visit.now,
        )
        account, entries = done.account, done.entries
    if gifts.referrer.points and referrer is not None:
        id = entry_id(referrer.client.id, "referral", friend.id, str(times))
        posting = visit.posting(EntryKind.REFERRAL, gifts.referrer, id=id, booking_id=None, cause=friend.id)
        done = post(referrer.account, posting, visit.now)
        after = account_plan.with_wake(done.account, visit.directory, visit.now, referrer.client)
        theirs = (after, *done.entries)
        mark = replace(mark, referrer_id=referrer.client.id, entry_id=id)
    return replace(account, referral=mark), entries, theirs


def coupons_for(booking: Booking, account: Account) -> list[str]:
    """The ids of the coupons that the visit brought."""
    client_id, times = str(booking.client_id), str(booking.reopened)
    return [
        use.coupon_id
        for use in account.reward_uses
        if use.coupon_id == coupon_id(client_id, use.reward_id, booking.id, times)
    ]


def given_for(booking: Booking, account: Account) -> Iterable[str]:
    """The ids of the client's own entries that stand for gifts of that visit."""
    streak, referral = (posting_id(booking, kind) for kind in (EntryKind.STREAK, EntryKind.REFERRAL))
    if any(use.entry_id == streak for use in account.streaks):
        yield streak
    if account.referral is not None and account.referral.booking_id == booking.id:
        yield referral
