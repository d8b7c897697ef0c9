"""Invite: walk over a network's clients and give those of a campaign's segment their place in it, once each;
give those who missed their time while it was paused a new one.

A place is put under the condition that there is none: whatever slice is done again, after whatever crash, and
even by two workers at once, a client who was written to is never written to again. That takes a call a
recipient, where batches, which know no conditions, would take one for 25; but a campaign goes out at so many
a minute, and its places are put far faster than that.
"""

from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import UNDER_WAY, Campaign, CampaignState, Recipient
from chalicelib.domain.shared.touches import UNSETTLED, TouchKind, with_touches
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Walk
from chalicelib.services.clients.segments import BATCH_SIZE
from chalicelib.services.marketing.about_recipient import PAUSED
from chalicelib.services.marketing.change_campaign import save_change
from chalicelib.services.marketing.find_recipients import find_recipients_page, free_instants
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def invite_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice. A campaign that is stopped is not gone on with."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=str(walk.campaign_id))
    if campaign is None or campaign.state is CampaignState.STOPPED:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    found = find_recipients_page(world, campaign, walk)
    for client, at in found.recipients:
        place = Recipient(
            network_id=client.network_id,
            client_id=client.id,
            campaign_id=campaign.id,
            at=at,
            wake=Wake(at, TouchKind.CAMPAIGN.value),
        )
        with suppress(SaveConflict):  # this slice was done before
            world.store.save(place)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.cursor,
        seen=walk.seen + found.seen,
        changed=walk.changed + len(found.recipients),
        next_at=found.next_at,
    )
    return _all_found(world, campaign, walk) if found.is_last(campaign) else walk


def _all_found(world: World, campaign: Campaign, walk: Walk) -> Walk:
    now = world.now()

    def found(stands: Campaign) -> Campaign:
        if stands.found_at is not None:
            return stands
        running = stands.state is CampaignState.INVITING
        state = CampaignState.RUNNING if running else stands.state
        return replace(stands, state=state, found_at=now, invited=walk.changed)

    save_change(world, campaign, found)
    return replace(walk, stage=DONE, finished_at=now)


def resume_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice: those of a page of clients who were put off by the pause are due anew,
    at the campaign's pace. One that is paused again is not gone on with."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=str(walk.campaign_id))
    if campaign is None or campaign.state not in UNDER_WAY:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    now, directory = world.now(), world.directory(walk.network_id)
    free = free_instants(campaign, directory, max(walk.next_at or now, now))
    page = world.store.client_ids(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    places = world.store.recipients_named(walk.network_id, campaign.id, page.items)
    waiting = [each for each in places if _is_put_off(each)]
    for recipient in waiting:
        with suppress(SaveConflict):  # a worker has it: it is decided on
            world.store.save(_due_at(recipient, next(free)))
    is_last = page.cursor is None
    return replace(
        walk,
        stage=DONE if is_last else CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=walk.changed + len(waiting),
        next_at=next(free),
        finished_at=now if is_last else None,
    )


def _is_put_off(recipient: Recipient) -> bool:
    touch = recipient.touches.get(TouchKind.CAMPAIGN)
    return touch is not None and touch.state in UNSETTLED and touch.reason == PAUSED


def _due_at(recipient: Recipient, at: datetime) -> Recipient:
    touch = replace(recipient.touches[TouchKind.CAMPAIGN], again_at=at, reason=None)
    placed: Recipient = with_touches(recipient, touch)
    return replace(placed, wake=Wake(at, TouchKind.CAMPAIGN.value))
