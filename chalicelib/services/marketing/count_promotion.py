"""Count the points that a promotion gives, so that its cap holds to the point. They are counted in one random
share, or in several shares where that one has too little left. The shares are saved in one transaction with
the posting."""

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
"""Shares as they were read, with the points that each gives."""


def any_share(world: World, network_id: str, promotion_id: str) -> PromotionShare:
    """A random share, so that a repeated attempt seldom conflicts with the same writer again."""
    number = share_name(ALPHABET.index(world.randomness(1)))
    return world.store.promotion_share(network_id, promotion_id, number)


def shares_for(
    world: World, network_id: str, promotion_id: str, cap_points: int | None, wanted: int
) -> Parts:
    """The shares in which `wanted` points can be counted, or as many as are left of the cap. One read, until
    the cap is near."""
    share = any_share(world, network_id, promotion_id)
    remaining = remaining_in(share, cap_points)
    if cap_points is None or remaining is None or remaining >= wanted:
        return [(share, wanted)]
    existing = {each.number: each for each in world.store.promotion_shares(network_id, [promotion_id])}
    names = [share_name(number) for number in range(SHARES)]
    new = {
        name: PromotionShare(network_id=network_id, promotion_id=promotion_id, number=name) for name in names
    }
    return spread_over_shares([existing.get(name, new[name]) for name in names], cap_points, wanted)
