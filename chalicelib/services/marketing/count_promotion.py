"""Count what a promotion gives, so that its cap holds to the point: in one of its shares, taken at random,
or, where that has too little left, in several. What is counted is written together with the points
themselves."""

from chalicelib.domain.marketing.promotions import (
    SHARES,
    PromotionShare,
    remaining_in,
    share_name,
    spread_over_shares,
)
from chalicelib.domain.shared.ids import ALPHABET
from chalicelib.services.shared.world import World

Parts = list[tuple[PromotionShare, int]]
"""Shares as they were read, and how many points each gives."""


def any_share(world: World, network_id: str, promotion_id: str) -> PromotionShare:
    """Another one each time, so that who starts over seldom meets the same writer again."""
    number = share_name(ALPHABET.index(world.chance(1)))
    return world.store.promotion_share(network_id, promotion_id, number)


def shares_for(
    world: World, network_id: str, promotion_id: str, cap_points: int | None, wanted: int
) -> Parts:
    """Where so many points can be counted, or as many as are left. One read, until the cap is near."""
    share = any_share(world, network_id, promotion_id)
    left = remaining_in(share, cap_points)
    if cap_points is None or left is None or left >= wanted:
        return [(share, wanted)]
    kept = world.store.promotion_shares(network_id, [promotion_id])
    of = {each.number: each for each in kept}
    names = [share_name(number) for number in range(SHARES)]
    new = {
        name: PromotionShare(network_id=network_id, promotion_id=promotion_id, number=name) for name in names
    }
    return spread_over_shares([of.get(name, new[name]) for name in names], cap_points, wanted)
