"""Step a promotion: it begins and ends by itself, at local midnights of its network."""

from msgspec.structs import replace

from chalicelib.domain.marketing.promotions import Promotion, PromotionState, next_step
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import Granting, Walk, WalkKind
from chalicelib.services.shared.world import World


def step_promotion(world: World, promotion: Promotion) -> None:
    """Begins or ends a promotion that was woken. The start of a promotion with a grant begins its walk in the
    same transaction, so that the walk is begun once. Raises SaveConflict when another worker has the
    promotion."""
    now, zone = world.now(), world.directory(promotion.network_id).zone
    walks: list[Walk[Granting]] = []
    step = next_step(promotion, zone)
    while step is not None and step.at <= now:
        if promotion.state is PromotionState.RUNNING:
            promotion = replace(promotion, state=PromotionState.ENDED)
        else:
            promotion = replace(promotion, state=PromotionState.RUNNING)
            walks = [_grant_walk(world, promotion)] if promotion.grant is not None else []
        step = next_step(promotion, zone)
    walk_id = walks[0].id if walks else promotion.walk_id
    stepped = replace(promotion, walk_id=walk_id, wake=step, trouble=None)
    _, *begun = world.store.save(stepped, *walks)
    for walk in begun:
        world.wake_queue.wake_item(walk)


def _grant_walk(world: World, promotion: Promotion) -> Walk[Granting]:
    now = world.now()
    return Walk(
        network_id=promotion.network_id,
        id=world.new_id("wlk"),
        state=Granting(promotion.id),
        begun_at=now,
        wake=Wake(now, WalkKind.PROMOTE.value),
    )
