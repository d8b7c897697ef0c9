"""Keep campaigns: plan one, change it while it is a draft, see those of a year."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import Campaign, CampaignState
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.marketing.change_campaign import save_change
from chalicelib.services.marketing.check_campaign import checked_campaign
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

_BATCH_SIZE = 200


def make_campaign(
    world: World, access: Access, said: Mapping[str, Any], request_id: str | None = None
) -> Campaign:
    """A draft. said: fields of a Campaign. Raises what `checked_campaign` does."""
    ensure_whole_network(access)
    id = derived("cmp", access.network_id, request_id) if request_id else world.new_id("cmp")
    now = world.now()
    draft = Campaign(network_id=access.network_id, id=id, created_at=now, actor=access.actor, **said)
    draft = checked_campaign(draft, directory_naming(world, draft), now)
    try:
        return world.store.save(draft)[0]
    except SaveConflict:
        stands = world.store.get(Campaign, network_id=access.network_id, id=id) if request_id else None
        if stands is None:
            raise
        return stands


def change_campaign(world: World, access: Access, campaign_id: str, changes: Mapping[str, Any]) -> Campaign:
    """Changes a draft; what a dry run came to before no longer holds. Raises WRONG_STATE, STALE_VERSION."""
    campaign = get_campaign(world, access, campaign_id)

    def change(stands: Campaign) -> Campaign:
        if changes.get("version", stands.version) != stands.version:
            raise conflict(
                "STALE_VERSION", "It was changed meanwhile; read it again.", version=stands.version
            )
        if stands.state is not CampaignState.DRAFT:
            raise wrong_state(stands, "changed")
        fields = {name: value for name, value in changes.items() if name != "version"}
        wanted = replace(stands, **fields)
        wanted = checked_campaign(wanted, directory_naming(world, wanted), world.now())
        return wanted if wanted == stands else replace(wanted, forecast=None, count_walk_id=None)

    return save_change(world, campaign, change)


def get_campaign(world: World, access: Access, campaign_id: str) -> Campaign:
    ensure_whole_network(access)
    campaign = world.store.get(Campaign, network_id=access.network_id, id=campaign_id)
    if campaign is None:
        raise missing("campaign", campaign_id)
    return campaign


def planned_campaigns(world: World, access: Access, year: int | None) -> list[Campaign]:
    """All campaigns, or those that start in a local year: the plan, by date. A network has as many as people
    think of, so that they are read as a whole."""
    ensure_whole_network(access)
    zone = world.directory(access.network_id).zone
    found: list[Campaign] = []
    cursor = None
    while True:
        page = world.store.get_page(Campaign, network_id=access.network_id, limit=_BATCH_SIZE, cursor=cursor)
        found += page.items
        cursor = page.cursor
        if cursor is None:
            break
    wanted = [each for each in found if year in (None, local_date(each.starts_at, zone).year)]
    return sorted(wanted, key=lambda each: (each.starts_at, each.id))


def ensure_whole_network(access: Access) -> None:
    access.ensure_whole_network()


def directory_naming(world: World, campaign: Campaign) -> Directory:
    """The set-up, read anew if what the segment names is not in what we have kept."""
    segment = campaign.segment

    def has(known: Directory) -> bool:
        salons = known.salons.keys() >= set(segment.salon_ids)
        return salons and known.services.keys() >= set(segment.service_ids)

    return world.directory(campaign.network_id, has)


def wrong_state(campaign: Campaign, done: str) -> Exception:
    return conflict(
        "WRONG_STATE",
        f"A campaign that is {campaign.state} cannot be {done}.",
        state=campaign.state.value,
        id=campaign.id,
    )
