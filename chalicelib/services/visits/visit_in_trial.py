"""A visit completed while its network is in trial. It counts as a visit, and earns nothing: what it would
have earned is worked out as in a live network, and counted."""

from collections import Counter
from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.coupons import Coupon
from chalicelib.domain.loyalty.programme import proportional_part
from chalicelib.domain.networks.network import Directory
from chalicelib.services.networks.count_in_trial import tally_with_points
from chalicelib.services.shared.world import World
from chalicelib.services.visits.visit_in_progress import VisitInProgress

_GIVEN = frozenset({EntryKind.CASHBACK, EntryKind.PROMOTION, EntryKind.STREAK, EntryKind.REFERRAL})


def giving_nothing(directory: Directory) -> Directory:
    """The set-up with every programme switched off."""
    rules = directory.network.rules
    bonuses = replace(
        rules.bonuses,
        enabled=False,
        programmes=tuple(replace(each, enabled=False) for each in rules.bonuses.programmes),
    )
    network = replace(directory.network, rules=replace(rules, bonuses=bonuses))
    return replace(directory, network=network)


def as_in_trial(world: World, visit: VisitInProgress, live: VisitInProgress) -> VisitInProgress:
    """The completed visit without points, and with the tally that counts what it would have given.

    The account keeps which visits and months a gift would have used up. So the same visits bring no gift
    after the trial either.

    visit: completed with `giving_nothing`; its set-up is that of the live visit again. live: as it would be.
    """
    made, points = [*live.entries, *live.beside], points_given(live)
    coupons = [each for each in made if isinstance(each, Coupon)]
    booking = replace(
        visit.booking,
        would_earn=live.booking.earned_points,
        would_promote=points[EntryKind.PROMOTION.value],
    )
    tally = tally_with_points(world, booking.network_id, points, visits=1, coupons=len(coupons))
    account = _with_marks(visit.account, live, coupons)
    visit = replace(visit, directory=live.directory, booking=booking, account=account)
    return visit.saving(tally)


def _with_marks(before: Account, live: VisitInProgress, coupons: Sequence[Coupon]) -> Account:
    """The account with the marks of the live visit's gifts, each with what the gift would have been: a visit
    that is taken back takes that off the tally."""
    ends = {each.id: each.expires_at for each in coupons}
    worth = {each.id: each.worth for each in live.entries}
    return replace(
        with_referral_of_trial(before, live),
        reward_uses=tuple(
            replace(use, would_end_at=ends[use.coupon_id]) if use.coupon_id in ends else use
            for use in live.account.reward_uses
        ),
        streaks=tuple(
            replace(use, would_give=worth[use.entry_id]) if use.entry_id in worth else use
            for use in live.account.streaks
        ),
    )


def with_referral_of_trial(before: Account, live: VisitInProgress) -> Account:
    """The account with the referral mark of the live visit, and with what both gifts would have been."""
    referral = live.account.referral
    if referral is not None and referral != before.referral:
        referral = replace(referral, would_give=points_given(live)[EntryKind.REFERRAL.value])
    return replace(before, referral=referral)


def without_points_of_trial(
    world: World, visit: VisitInProgress, before: Booking, *, visits: int = 0
) -> VisitInProgress:
    """The refunded or reversed visit with the tally that takes off what a live network would take back.
    Unchanged in a live network, where the trial's figures stay as they were at its end.

    before: the booking before the refund or the reversal. visits: 1 for a reversal.
    """
    if not visit.directory.network.trial:
        return visit
    left = before.would_earn - taken_back(before)
    points = left if visits else taken_back(visit.booking) - taken_back(before)
    taken = points + visit.points_of_trial
    tally = tally_with_points(
        world,
        before.network_id,
        {EntryKind.REVERSAL.value: -taken} if taken else {},
        visits=-visits,
        coupons=-visit.coupons_of_trial,
    )
    return visit.saving(tally)


def taken_back(booking: Booking) -> int:
    """What the booking's refunds would have taken back of the points that it would have earned."""
    parts = (booking.would_earn - booking.would_promote, booking.would_promote)
    whole_minor = booking.paid_minor or 0
    return sum(
        proportional_part(points, booking.refunded_minor, whole_minor, up=True) for points in parts if points
    )


def points_given(visit: VisitInProgress) -> Counter[str]:
    """The points that the visit gives, by the kind of their entries."""
    points: Counter[str] = Counter()
    for each in (*visit.entries, *visit.beside):
        if isinstance(each, Entry) and each.kind in _GIVEN:
            points[each.kind.value] += each.worth
    return points
