"""Walk over a network's clients and count: whom a campaign would reach and at what cost, or what has become
of its recipients."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.marketing.counts import CampaignCount, with_client
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.messages.messages import message_id as message_id_of
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.touches import UNSETTLED, Plan, Touch, TouchKind, TouchState
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Counting, Tallying, Walk
from chalicelib.services.clients.segments import BATCH_SIZE
from chalicelib.services.marketing.about_recipient import AboutRecipient, about_recipient
from chalicelib.services.marketing.find_recipients import find_recipients_page
from chalicelib.services.messages.decide_touch import Case, Check, Route, find_route
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.word_touch import message_contents
from chalicelib.services.shared.world import World

CAMPAIGN = TouchKind.CAMPAIGN
WAITING, LEFT_OUT = "waiting", "left_out"
_ENDED = frozenset({CampaignState.RUNNING, CampaignState.PAUSED})
"""States that become `done` once all recipients are decided on, or at the campaign's end. A stopped campaign
stays stopped."""


# --- a dry run


def count_some(sending: Sending, walk: Walk[Counting]) -> Walk[Counting]:
    """The walk after its next slice. The walk ends when its draft was changed or started."""
    world = sending.world
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None or not _is_wanted(campaign, walk):
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    found = find_recipients_page(world, campaign, walk)
    directory = world.directory(walk.network_id)
    count = walk.state.count or CampaignCount(at=world.now())
    for client, at in found.recipients:
        count = _forecast(sending, replace(count, last_at=at), campaign, client, at, directory)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.cursor,
        seen=walk.seen + found.seen,
        changed=walk.changed + len(found.recipients),
        state=replace(walk.state, next_at=found.next_at, count=count),
    )
    if not found.is_last(campaign):
        return walk
    world.retrying(partial(_save_forecast, world, walk, count))
    return replace(walk, stage=DONE, finished_at=world.now())


def _save_forecast(world: World, walk: Walk[Counting], count: CampaignCount) -> None:
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None:
        raise missing("campaign", walk.state.campaign_id)
    if _is_wanted(campaign, walk) and campaign.forecast != count:
        world.store.save(replace(campaign, forecast=count))


def _is_wanted(campaign: Campaign, walk: Walk[Counting]) -> bool:
    return campaign.state is CampaignState.DRAFT and campaign.count_walk_id == walk.id


def _forecast(
    sending: Sending,
    count: CampaignCount,
    campaign: Campaign,
    client: Client,
    at: datetime,
    directory: Directory,
) -> CampaignCount:
    """The count with one more client. It decides as sending does, without what is known on the day only:
    caps, the budget, and new bookings."""
    recipient = Recipient(network_id=client.network_id, client_id=client.id, campaign_id=campaign.id, at=at)
    about = about_recipient(recipient, campaign, client, directory)
    plan = Plan(CAMPAIGN, at, campaign.ends_at)
    now = sending.world.now()
    if about.rules.is_off(CAMPAIGN):
        return with_client(count, None, "switched_off")
    if is_held_out(client.network_id, client.id, CAMPAIGN, about.rules.holdout_percent.get(CAMPAIGN, 0)):
        return with_client(count, None, "held_out")
    chosen = find_route(Case(about, plan, None, sending.world.store, now, sending.senders.keys()))
    if isinstance(chosen, Check):
        return with_client(count, None, chosen.reason)
    return with_client(count, chosen.channel, micros=_micros(sending, about, plan, chosen, now))


def _micros(sending: Sending, about: AboutRecipient, plan: Plan, chosen: Route, now: datetime) -> int:
    return message_contents(sending, about, [(plan, chosen)], now)[CAMPAIGN].micros


# --- what has become of its recipients


def tally_some(world: World, walk: Walk[Tallying]) -> Walk[Tallying]:
    """The walk after its next slice, with its recipients counted by their states."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    store, network_id = world.store, walk.network_id
    page = store.client_ids(network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    recipients = store.recipients_named(network_id, campaign.id, page.items)
    message_ids = {
        each.client_id: message_id for each in recipients if (message_id := _message_id(each)) is not None
    }
    messages = {each.client_id: each for each in store.messages_named(network_id, list(message_ids.items()))}
    count = walk.state.count or CampaignCount(at=world.now())
    for recipient in recipients:
        count = _with_recipient(count, recipient, messages, over=world.now() >= campaign.ends_at)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=walk.changed + len(recipients),
        state=replace(walk.state, count=count),
    )
    return _conclude(world, walk, count) if page.cursor is None else walk


def _message_id(recipient: Recipient) -> str | None:
    """The id of the message of the last attempt; None: no attempt was made."""
    touch = recipient.touches.get(CAMPAIGN)
    if touch is None or touch.attempt == 0:
        return None
    return message_id_of(recipient.id, CAMPAIGN, touch.occurrence, touch.attempt, touch.at)


def _with_recipient(
    count: CampaignCount, recipient: Recipient, messages: Mapping[str, Message], *, over: bool
) -> CampaignCount:
    """The count with one more recipient. The message knows what receipts reported; the recipient does not.

    A recipient may stay undecided, because the rules left no time or no channel. Once the campaign is over,
    such a recipient is left out.
    """
    touch, message = recipient.touches.get(CAMPAIGN), messages.get(recipient.client_id)
    micros = (message.cost_micros or 0) if message is not None else 0
    if touch is None or touch.state in UNSETTLED:
        return with_client(count, LEFT_OUT if over and touch is None else WAITING, _reason(touch), micros)
    if message is not None and touch.state is not TouchState.SKIPPED:
        return with_client(count, message.state.value, message.reason, micros)
    return with_client(count, touch.state.value, touch.reason, micros)


def _reason(touch: Touch | None) -> str | None:
    return touch.reason if touch is not None else None


def _conclude(world: World, walk: Walk[Tallying], count: CampaignCount) -> Walk[Tallying]:
    now = world.now()
    world.retrying(partial(_save_results, world, walk, count, now))
    return replace(walk, stage=DONE, finished_at=now)


def _save_results(world: World, walk: Walk[Tallying], count: CampaignCount, now: datetime) -> None:
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=walk.state.campaign_id)
    if campaign is None:
        raise missing("campaign", walk.state.campaign_id)
    all_decided = campaign.found_at is not None and not count.outcomes.get(WAITING)
    is_over = all_decided or now >= campaign.ends_at
    state = CampaignState.DONE if is_over and campaign.state in _ENDED else campaign.state
    with_results = replace(campaign, results=count, state=state)
    if with_results != campaign:
        world.store.save(with_results)
