"""What waking a walk does: one slice of it, then the place that it has come to is saved, due at once
(or, of one that comes again each month, when it is time). A crash in between costs the slice, which does no
harm when it is done again."""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.clearing.audit_accounts import audit_some
from chalicelib.services.clearing.audit_nightly import audit_night
from chalicelib.services.clearing.clear_month import clear_some
from chalicelib.services.loyalty.draw_surprises import draw_some
from chalicelib.services.marketing.count_campaign import tally_some
from chalicelib.services.marketing.give_promotion import give_some
from chalicelib.services.marketing.invite import invite_some, resume_some
from chalicelib.services.shared.world import World
from chalicelib.services.simulations.simulate_past import simulate_some
from chalicelib.services.waking.replan import replan_some

Step = Callable[[World, Walk], Walk]
"""Does the next slice of a walk: answers with the walk at its new place, finished_at set at the end of it."""

STEPS: Mapping[WalkKind, Step] = {
    WalkKind.REPLAN: replan_some,
    WalkKind.INVITE: invite_some,
    WalkKind.RESUME: resume_some,
    WalkKind.TALLY: tally_some,
    WalkKind.PROMOTE: give_some,
    WalkKind.SURPRISE: draw_some,
    WalkKind.AUDIT: audit_some,
    WalkKind.AUDIT_SAMPLE: audit_night,
    WalkKind.CLEARING: clear_some,
    WalkKind.SIMULATE: simulate_some,
}
"""Of the walks that need no more than the world."""


def walk_on(world: World, walk: Walk, steps: Mapping[WalkKind, Step] = STEPS) -> None:
    """Raises SaveConflict when another worker has the walk: its place stands."""
    if walk.finished_at is None:
        walk = steps[walk.kind](world, walk)
    now = world.now()
    at = max(walk.sleeps_until or now, now)
    wake = None if walk.finished_at is not None else Wake(at, walk.kind.value)
    (saved,) = world.store.save(replace(walk, wake=wake, trouble=None))
    world.wake_if_due(saved)
