"""Invite: walk over a network's clients and make each client of a campaign's segment a recipient, once. After
a pause, give a new time to each recipient whose time has passed.

A recipient is saved on the condition that there is none yet. So a client gets no second message when a slice
is repeated after a crash, or done by two workers at once. That takes one call for each recipient. Batches
would take one call for 25, but know no conditions. The calls are still much faster than the campaign's pace.
"""

from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import UNDER_WAY, Campaign, CampaignState, Recipient
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.touches import UNSETTLED, TouchKind, with_touches
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Inviting, Resuming, Walk
from chalicelib.services.clients.segments import BATCH_SIZE
from chalicelib.services.marketing.about_recipient import PAUSED
from chalicelib.services.marketing.find_recipients import find_recipients_page, free_instants
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def invite_some(world: World, walk: Walk[Inviting]) -> Walk[Inviting]:
    """The walk after its next slice. The walk ends when its campaign was stopped."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None or campaign.state is CampaignState.STOPPED:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    found = find_recipients_page(world, campaign, walk)
    for client, at in found.recipients:
        recipient = Recipient(
            network_id=client.network_id,
            client_id=client.id,
            campaign_id=campaign.id,
            at=at,
            wake=Wake(at, TouchKind.CAMPAIGN.value),
        )
        with suppress(SaveConflict):  # this slice was done before
            world.store.save(recipient)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.cursor,
        seen=walk.seen + found.seen,
        changed=walk.changed + len(found.recipients),
        state=replace(walk.state, next_at=found.next_at),
    )
    return _conclude(world, campaign, walk) if found.is_last(campaign) else walk


def _conclude(world: World, campaign: Campaign, walk: Walk[Inviting]) -> Walk[Inviting]:
    now, as_read = world.now(), iter([campaign])
    # The first try takes the campaign that this slice has read; each later try reads it again.
    world.retrying(lambda: _save_all_found(world, walk, next(as_read, None), now))
    return replace(walk, stage=DONE, finished_at=now)


def _save_all_found(world: World, walk: Walk[Inviting], as_read: Campaign | None, now: datetime) -> None:
    campaign = as_read or world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None:
        raise missing("campaign", walk.state.campaign_id)
    if campaign.found_at is None:
        inviting = campaign.state is CampaignState.INVITING
        state = CampaignState.RUNNING if inviting else campaign.state
        world.store.save(replace(campaign, state=state, found_at=now, invited=walk.changed))


def resume_some(world: World, walk: Walk[Resuming]) -> Walk[Resuming]:
    """The walk after its next slice. Recipients that the pause has deferred get new times, at the campaign's
    pace. The walk ends when its campaign is paused again."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None or campaign.state not in UNDER_WAY:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    now, directory = world.now(), world.directory(walk.network_id)
    free = free_instants(campaign, directory, max(walk.state.next_at or now, now))
    page = world.store.client_ids(walk.network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    recipients = world.store.recipients_named(walk.network_id, campaign.id, page.items)
    deferred = [each for each in recipients if _is_deferred(each)]
    for recipient in deferred:
        with suppress(SaveConflict):  # a worker has just decided on it
            world.store.save(_due_at(recipient, next(free)))
    is_last = page.cursor is None
    return replace(
        walk,
        stage=DONE if is_last else CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=walk.changed + len(deferred),
        state=replace(walk.state, next_at=next(free)),
        finished_at=now if is_last else None,
    )


def _is_deferred(recipient: Recipient) -> bool:
    touch = recipient.touches.get(TouchKind.CAMPAIGN)
    return touch is not None and touch.state in UNSETTLED and touch.reason == PAUSED


def _due_at(recipient: Recipient, at: datetime) -> Recipient:
    touch = replace(recipient.touches[TouchKind.CAMPAIGN], again_at=at, reason=None)
    deferred: Recipient = with_touches(recipient, touch)
    return replace(deferred, wake=Wake(at, TouchKind.CAMPAIGN.value))
