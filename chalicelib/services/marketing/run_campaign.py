"""Run a campaign: try it dry, start it, pause it, resume it, stop it, count its results. Work over all
clients is only begun here; a walk does it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import UNDER_WAY, Campaign, CampaignState
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import AnyWalk, Counting, Inviting, Resuming, Tallying, Walk, WalkState
from chalicelib.services.marketing.campaigns import get_campaign
from chalicelib.services.marketing.check_campaign import checked_campaign
from chalicelib.services.marketing.planned_items import directory_with_segment, wrong_state
from chalicelib.services.networks.go_live import ensure_live
from chalicelib.services.shared.world import World

FOUND_BEFORE = timedelta(hours=1)
"""How long before a campaign's start its recipients begin to be found. It is late enough for clients to have
the categories of the day, and early enough for the first message to go out on time."""

TALLIED_AFTER = timedelta(hours=1)
"""How long after a campaign's end its results are counted, since receipts come late."""

RESUMED_AFTER = timedelta(seconds=10)
"""How long a resumed campaign waits. A worker that has just read that the campaign is paused defers its
recipient first."""


def dry_run(world: World, access: Access, campaign_id: str) -> Campaign:
    """Begins to count whom a draft would reach, and at what cost. The draft gets the result as its
    `forecast`. A count that is under way goes on. Raises NOT_FOUND, WRONG_STATE, NO_SALON."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise wrong_state(campaign, "tried dry")
    _ensure_ready(world, campaign)
    return _begin_count(world, campaign, Counting(campaign.id))


def count_results(world: World, access: Access, campaign_id: str) -> Campaign:
    """Begins to count what has become of a campaign's recipients so far. The campaign gets its `results`.
    After its end they are counted without a request. Raises NOT_FOUND, WRONG_STATE."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state is CampaignState.DRAFT:
        raise wrong_state(campaign, "counted")
    return _begin_count(world, campaign, Tallying(campaign.id))


def _begin_count(world: World, campaign: Campaign, state: Counting | Tallying) -> Campaign:
    if campaign.count_walk_id is not None:
        walk = world.store.get(Walk, network_id=campaign.network_id, id=campaign.count_walk_id)
        if walk is not None and walk.wake is not None:
            return campaign
    walk = _walk(world, campaign, state, world.now())
    saved: tuple[Campaign, AnyWalk] = world.store.save(replace(campaign, count_walk_id=walk.id), walk)
    world.wake_queue.wake_item(saved[1])
    return saved[0]


def start(world: World, access: Access, campaign_id: str) -> Campaign:
    """Starts a draft: its messages go out from `starts_at` on. A started campaign stays as it is.

    Raises NOT_FOUND, WRONG_STATE, NOT_LIVE, NO_SALON and what `checked_campaign` raises, since its dates may
    be over by now.
    """
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state in UNDER_WAY:
        return campaign
    if campaign.state is not CampaignState.DRAFT:
        raise wrong_state(campaign, "started")
    ensure_live(world, access.network_id)
    _ensure_ready(world, campaign)
    now = world.now()
    invite = _walk(world, campaign, Inviting(campaign.id), max(now, campaign.starts_at - FOUND_BEFORE))
    tally = _walk(world, campaign, Tallying(campaign.id), campaign.ends_at + TALLIED_AFTER)
    started = replace(campaign, state=CampaignState.INVITING, invite_walk_id=invite.id)
    saved = world.store.save(started, invite, tally)
    if invite.wake is not None and invite.wake.at <= now:
        world.wake_queue.wake_item(saved[1])
    return saved[0]


def _ensure_ready(world: World, campaign: Campaign) -> None:
    directory = directory_with_segment(world, campaign.network_id, campaign.segment)
    if not directory.salons:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    checked_campaign(campaign, directory, world.now())


def pause(world: World, access: Access, campaign_id: str) -> Campaign:
    """Sends nothing more until the campaign is resumed. Raises NOT_FOUND, TRY_AGAIN; WRONG_STATE unless it is
    under way or paused."""
    return world.retrying(partial(_step, world, access, campaign_id, CampaignState.PAUSED))


def stop(world: World, access: Access, campaign_id: str) -> Campaign:
    """Sends nothing more, for good. Raises NOT_FOUND, TRY_AGAIN; WRONG_STATE unless it is under way, paused
    or stopped."""
    return world.retrying(partial(_step, world, access, campaign_id, CampaignState.STOPPED))


def resume(world: World, access: Access, campaign_id: str) -> Campaign:
    """Resumes a paused campaign. A walk gives new times, at the same pace, to recipients whose time has
    passed. A campaign that is under way stays as it is. Raises NOT_FOUND, TRY_AGAIN, WRONG_STATE."""
    return world.retrying(partial(_resume, world, access, campaign_id))


def _resume(world: World, access: Access, campaign_id: str) -> Campaign:
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state in UNDER_WAY:
        return campaign
    if campaign.state is not CampaignState.PAUSED:
        raise wrong_state(campaign, "resumed")
    all_found = campaign.found_at is not None
    resumed = replace(campaign, state=CampaignState.RUNNING if all_found else CampaignState.INVITING)
    walk = _walk(world, campaign, Resuming(campaign.id), world.now() + RESUMED_AFTER)
    return world.store.save(resumed, walk)[0]


_ALLOWED_FROM: Mapping[CampaignState, frozenset[CampaignState]] = {
    CampaignState.PAUSED: UNDER_WAY,
    CampaignState.STOPPED: UNDER_WAY | {CampaignState.PAUSED},
}


def _step(world: World, access: Access, campaign_id: str, to: CampaignState) -> Campaign:
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state is to:
        return campaign
    if campaign.state not in _ALLOWED_FROM[to]:
        raise wrong_state(campaign, to.value)
    return world.store.save(replace(campaign, state=to))[0]


def _walk(world: World, campaign: Campaign, state: WalkState, at: datetime) -> AnyWalk:
    return Walk(
        network_id=campaign.network_id,
        id=world.new_id("wlk"),
        state=state,
        begun_at=world.now(),
        wake=Wake(at, state.kind.value),
    )
