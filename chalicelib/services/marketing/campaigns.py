"""Plan campaigns: make a draft, change it, read one campaign or the plan of a year."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import Campaign, CampaignState
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.marketing.check_campaign import checked_campaign
from chalicelib.services.marketing.planned_items import changed_fields, directory_with_segment, wrong_state
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def make_campaign(
    world: World, access: Access, fields: Mapping[str, Any], request_id: str | None = None
) -> Campaign:
    """Saves a draft. The same request_id makes one campaign. fields: of a Campaign. Raises what
    `checked_campaign` raises."""
    access.ensure_whole_network()
    campaign_id = derived("cmp", access.network_id, request_id) if request_id else world.new_id("cmp")
    now = world.now()
    draft = Campaign(
        network_id=access.network_id, id=campaign_id, created_at=now, actor=access.actor, **fields
    )
    draft = checked_campaign(draft, directory_with_segment(world, draft.network_id, draft.segment), now)
    try:
        return world.store.save(draft)[0]
    except SaveConflict:
        existing = (
            world.store.get(Campaign, network_id=access.network_id, id=campaign_id) if request_id else None
        )
        if existing is None:
            raise
        return existing


def change_campaign(world: World, access: Access, campaign_id: str, changes: Mapping[str, Any]) -> Campaign:
    """Changes a draft and drops the forecast of its last dry run.

    Raises NOT_FOUND, STALE_VERSION, WRONG_STATE, TRY_AGAIN and what `checked_campaign` raises.
    """
    return world.retrying(partial(_change, world, access, campaign_id, changes))


def _change(world: World, access: Access, campaign_id: str, changes: Mapping[str, Any]) -> Campaign:
    current = get_campaign(world, access, campaign_id)
    fields = changed_fields(changes, current)
    if current.state is not CampaignState.DRAFT:
        raise wrong_state(current, "changed")
    wanted = replace(current, **fields)
    directory = directory_with_segment(world, wanted.network_id, wanted.segment)
    wanted = checked_campaign(wanted, directory, world.now())
    if wanted == current:
        return current
    return world.store.save(replace(wanted, forecast=None, count_walk_id=None))[0]


def get_campaign(world: World, access: Access, campaign_id: str) -> Campaign:
    """Raises FORBIDDEN unless the access reaches the whole network; NOT_FOUND."""
    access.ensure_whole_network()
    campaign = world.store.get(Campaign, network_id=access.network_id, id=campaign_id)
    if campaign is None:
        raise missing("campaign", campaign_id)
    return campaign


def planned_campaigns(world: World, access: Access, year: int | None) -> list[Campaign]:
    """The campaigns that start in a local year of the network, or all of them, in the order of their start.
    A network has few enough of them to be read as a whole."""
    access.ensure_whole_network()
    zone = world.directory(access.network_id).zone
    campaigns = world.store.get_all(Campaign, network_id=access.network_id)
    wanted = [each for each in campaigns if year in (None, local_date(each.starts_at, zone).year)]
    return sorted(wanted, key=lambda each: (each.starts_at, each.id))
