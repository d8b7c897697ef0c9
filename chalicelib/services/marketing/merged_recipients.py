"""A recipient of a campaign whose client is merged: the surviving client gets the message, once."""

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.marketing.campaigns import Recipient
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.marketing.about_recipient import MERGED, is_reached
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def give_to_survivor(world: World, recipient: Recipient, client: Client) -> None:
    """Ends a recipient whose client is merged. The surviving client becomes a recipient in its place, unless
    they are one, or the message has gone out. Raises SaveConflict."""
    now = world.now()
    if is_reached(recipient):
        world.store.save(replace(recipient, wake=None))
        return
    skipped = Touch(TouchKind.CAMPAIGN, TouchState.SKIPPED, now, attempt=0, reason=MERGED)
    ended: Recipient = with_touches(replace(recipient, wake=None), skipped)
    survivor = surviving_client(world, client)
    place: list[Storable] = []
    if survivor is not None:
        network_id, campaign_id = recipient.network_id, recipient.campaign_id
        if not world.store.recipients_named(network_id, campaign_id, [survivor.id]):
            place.append(
                Recipient(
                    network_id=network_id,
                    client_id=survivor.id,
                    campaign_id=campaign_id,
                    at=recipient.at,
                    wake=Wake(now, TouchKind.CAMPAIGN.value),
                )
            )
    world.store.save(ended, *place)
