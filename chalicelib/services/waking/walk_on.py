"""Walk on: one slice of a walk, then its new place is saved, due at once or at the time that the walk sleeps
until. A crash between the slice and the save costs the slice; doing it again does no harm."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import AnyWalk, Walk, WalkKind
from chalicelib.services.bookings.follow_split import follow_some
from chalicelib.services.clearing.audit_accounts import audit_some, count_nowhere
from chalicelib.services.clearing.audit_nightly import audit_night
from chalicelib.services.clearing.clear_month import clear_some
from chalicelib.services.loyalty.draw_surprises import draw_some
from chalicelib.services.marketing.count_campaign import count_some, tally_some
from chalicelib.services.marketing.give_promotion import grant_some
from chalicelib.services.marketing.invite import invite_some, resume_some
from chalicelib.services.messages.sending import Sending
from chalicelib.services.shared.world import World
from chalicelib.services.simulations.simulate_past import simulate_some
from chalicelib.services.waking.count_category_moves import try_some
from chalicelib.services.waking.replan import replan_some

Step = Callable[[World, Walk[Any]], AnyWalk]
"""Does the next slice of a walk: the walk at its new place, with finished_at set at its end."""


def walk_steps(sending: Sending | None = None) -> Mapping[WalkKind, Step]:
    """The step of each kind of walk. Without `sending` there are no metrics, and no dry runs of campaigns,
    since these ask the channels for a price."""
    count = sending.count if sending else count_nowhere
    steps: dict[WalkKind, Step] = {
        WalkKind.REPLAN: replan_some,
        WalkKind.INVITE: invite_some,
        WalkKind.RESUME: resume_some,
        WalkKind.TALLY: tally_some,
        WalkKind.PROMOTE: grant_some,
        WalkKind.SURPRISE: draw_some,
        WalkKind.AUDIT: partial(audit_some, count=count),
        WalkKind.AUDIT_SAMPLE: partial(audit_night, count=count),
        WalkKind.CLEARING: partial(clear_some, count=count),
        WalkKind.SIMULATE: simulate_some,
        WalkKind.SPLIT: follow_some,
        WalkKind.TRY_CATEGORIES: try_some,
    }
    if sending is not None:
        steps[WalkKind.COUNT] = lambda world, walk: count_some(sending, walk)
    return steps


def walk_on(world: World, walk: AnyWalk, steps: Mapping[WalkKind, Step] | None = None) -> None:
    """Does one slice of the walk and saves its new place. steps: those without channels where None is given.
    Raises SaveConflict when another worker has the walk; the saved place then stays."""
    if walk.finished_at is None:
        steps = walk_steps() if steps is None else steps
        walk = steps[walk.kind](world, walk)
    now = world.now()
    at = max(walk.sleeps_until or now, now)
    wake = None if walk.finished_at is not None else Wake(at, walk.kind.value)
    (saved,) = world.store.save(replace(walk, wake=wake, trouble=None))
    world.wake_if_due(saved)
