"""A visit completed while its network is in trial. It counts as a visit, and earns nothing: what it would
have earned is worked out as in a live network, and counted."""

from collections import Counter

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.coupons import Coupon
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
    account = replace(
        visit.account,
        reward_uses=live.account.reward_uses,
        streaks=live.account.streaks,
        referral=live.account.referral,
    )
    would_earn = live.booking.earned_points
    booking = replace(visit.booking, would_earn=would_earn)
    made = [*live.entries, *live.beside]
    points: Counter[str] = Counter()
    for each in made:
        if isinstance(each, Entry) and each.kind in _GIVEN:
            points[each.kind.value] += each.worth
    coupons = sum(isinstance(each, Coupon) for each in made)
    tally = tally_with_points(world, booking.network_id, points, visits=1, coupons=coupons)
    visit = replace(visit, directory=live.directory, booking=booking, account=account)
    return visit.saving(tally)
