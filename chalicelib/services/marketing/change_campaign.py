"""Change a campaign as it stands, with whatever is to be saved along."""

from collections.abc import Callable

from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def save_change(
    world: World,
    campaign: Campaign,
    change: Callable[[Campaign], Campaign],
    also: Callable[[Campaign], list[Storable]] = lambda becomes: [],
) -> Campaign:
    """The campaign after the change, which may refuse it; one that it leaves as it is is not saved. also: of
    the changed campaign, what is saved in the same transaction. Raises NOT_FOUND, TRY_AGAIN."""
    stands: Campaign | None = campaign
    for _ in world.tries():
        if stands is None:
            raise missing("campaign", campaign.id)
        wanted = change(stands)
        if wanted == stands:
            return stands
        try:
            saved: Campaign = world.store.save(wanted, *also(wanted))[0]
        except SaveConflict:
            stands = world.store.get(Campaign, network_id=campaign.network_id, id=campaign.id)
        else:
            return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")
