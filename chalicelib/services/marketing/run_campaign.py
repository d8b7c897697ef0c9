"""Run a campaign: try it dry, start it, pause it, let it go on, stop it, count what has become of it.
Whatever takes a walk over all clients is only begun here."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import UNDER_WAY, Campaign, CampaignState
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.marketing.campaigns import directory_naming, get_campaign, wrong_state
from chalicelib.services.marketing.change_campaign import save_change
from chalicelib.services.marketing.check_campaign import checked_campaign
from chalicelib.services.shared.world import World

FOUND_BEFORE = timedelta(hours=1)
"""How long before its start the recipients of a campaign begin to be found: late enough for their categories
to be those of the day, and in time for the first to be written to at once."""

TALLIED_AFTER = timedelta(hours=1)
"""When, after its end, what became of a campaign is counted: receipts take their time."""

GOES_ON_AFTER = timedelta(seconds=10)
"""A worker that has just read that the campaign is paused puts its recipient off first."""


def dry_run(world: World, access: Access, campaign_id: str) -> Campaign:
    """Begins to count whom a draft would reach, and at what cost; the draft gets the `forecast`. One that is
    being counted already is left to it. Raises WRONG_STATE, NO_SALON."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state is not CampaignState.DRAFT:
        raise wrong_state(campaign, "tried dry")
    _ensure_ready(world, campaign)
    return _counting(world, campaign, WalkKind.COUNT)


def count_results(world: World, access: Access, campaign_id: str) -> Campaign:
    """Begins to count what has become of a campaign's recipients so far; the campaign gets the `results`. At
    its end this is done unasked. Raises WRONG_STATE."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state is CampaignState.DRAFT:
        raise wrong_state(campaign, "counted")
    return _counting(world, campaign, WalkKind.TALLY)


def _counting(world: World, campaign: Campaign, kind: WalkKind) -> Campaign:
    if campaign.count_walk_id is not None:
        walk = world.store.get(Walk, network_id=campaign.network_id, id=campaign.count_walk_id)
        if walk is not None and walk.wake is not None:
            return campaign
    walk = _walk(world, campaign, kind, world.now())
    saved: tuple[Campaign, Walk] = world.store.save(replace(campaign, count_walk_id=walk.id), walk)
    world.wake_queue.wake_item(saved[1])
    return saved[0]


def start(world: World, access: Access, campaign_id: str) -> Campaign:
    """Starts a draft: from `starts_at` on its messages go out. One that was started already is left as it is.
    Raises WRONG_STATE, NO_SALON, and what `checked_campaign` does, for time has passed."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state in UNDER_WAY:
        return campaign
    if campaign.state is not CampaignState.DRAFT:
        raise wrong_state(campaign, "started")
    _ensure_ready(world, campaign)
    now = world.now()
    invite = _walk(world, campaign, WalkKind.INVITE, max(now, campaign.starts_at - FOUND_BEFORE))
    tally = _walk(world, campaign, WalkKind.TALLY, campaign.ends_at + TALLIED_AFTER)
    started = replace(campaign, state=CampaignState.INVITING, invite_walk_id=invite.id)
    saved = world.store.save(started, invite, tally)
    if invite.wake is not None and invite.wake.at <= now:
        world.wake_queue.wake_item(saved[1])
    return saved[0]


def _ensure_ready(world: World, campaign: Campaign) -> None:
    directory = directory_naming(world, campaign)
    if not directory.salons:
        raise refused("NO_SALON", "Add a salon first: messages speak for one.")
    checked_campaign(campaign, directory, world.now())


def pause(world: World, access: Access, campaign_id: str) -> Campaign:
    """From now on nothing more is sent. Raises WRONG_STATE unless it is under way."""
    return _stepped(world, access, campaign_id, CampaignState.PAUSED)


def stop(world: World, access: Access, campaign_id: str) -> Campaign:
    """Nothing more is sent, for good. Raises WRONG_STATE unless it is under way or paused."""
    return _stepped(world, access, campaign_id, CampaignState.STOPPED)


def resume(world: World, access: Access, campaign_id: str) -> Campaign:
    """Goes on; whoever was due meanwhile gets a new time, at the same pace. Raises WRONG_STATE unless it is
    paused."""
    campaign = get_campaign(world, access, campaign_id)
    if campaign.state in UNDER_WAY:
        return campaign
    walk = _walk(world, campaign, WalkKind.RESUME, world.now() + GOES_ON_AFTER)

    def change(stands: Campaign) -> Campaign:
        if stands.state is not CampaignState.PAUSED:
            raise wrong_state(stands, "resumed")
        all_found = stands.found_at is not None
        return replace(stands, state=CampaignState.RUNNING if all_found else CampaignState.INVITING)

    return save_change(world, campaign, change, lambda becomes: [walk])


_FROM: Mapping[CampaignState, frozenset[CampaignState]] = {
    CampaignState.PAUSED: UNDER_WAY,
    CampaignState.STOPPED: UNDER_WAY | {CampaignState.PAUSED},
}


def _stepped(world: World, access: Access, campaign_id: str, to: CampaignState) -> Campaign:
    """The same step again changes nothing."""

    def change(stands: Campaign) -> Campaign:
        if stands.state is not to and stands.state not in _FROM[to]:
            raise wrong_state(stands, to.value)
        return replace(stands, state=to)

    return save_change(world, get_campaign(world, access, campaign_id), change)


def _walk(world: World, campaign: Campaign, kind: WalkKind, at: datetime) -> Walk:
    return Walk(
        network_id=campaign.network_id,
        id=world.new_id("wlk"),
        kind=kind,
        begun_at=world.now(),
        campaign_id=campaign.id,
        wake=Wake(at, kind.value),
    )
