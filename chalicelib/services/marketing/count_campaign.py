"""Count, walking over a network's clients: whom a campaign would reach and at what cost, or what has become
of those it was sent to."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.marketing.campaigns import Campaign, CampaignState, Recipient
from chalicelib.domain.marketing.counts import CampaignCount, with_client
from chalicelib.domain.messages.messages import Message, message_id
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.touches import UNSETTLED, Plan, Touch, TouchKind, TouchState
from chalicelib.domain.waking.walks import CLIENTS, DONE, SUPERSEDED, Walk
from chalicelib.services.clients.segments import BATCH_SIZE
from chalicelib.services.marketing.about_recipient import AboutRecipient, about_recipient
from chalicelib.services.marketing.change_campaign import save_change
from chalicelib.services.marketing.find_recipients import find_recipients_page
from chalicelib.services.messages.decide_touch import Case, Check, Route, find_route
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.word_touch import drafted
from chalicelib.services.shared.world import World

CAMPAIGN = TouchKind.CAMPAIGN
WAITING, LEFT_OUT = "waiting", "left_out"
_ENDED = frozenset({CampaignState.RUNNING, CampaignState.PAUSED})
"""What comes to be done when all were decided on, or at the campaign's end; what was stopped stays so."""


# --- a dry run


def count_some(sending: Sending, walk: Walk) -> Walk:
    """The walk after its next slice. Of a draft that was changed meanwhile it is not gone on with."""
    world = sending.world
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=str(walk.campaign_id))
    if campaign is None or not _is_wanted(campaign, walk):
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    found = find_recipients_page(world, campaign, walk)
    directory = world.directory(walk.network_id)
    count = walk.count or CampaignCount(at=world.now())
    for client, at in found.recipients:
        count = _forecast(sending, replace(count, last_at=at), campaign, client, at, directory)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.cursor,
        seen=walk.seen + found.seen,
        changed=walk.changed + len(found.recipients),
        next_at=found.next_at,
        count=count,
    )
    if not found.is_last(campaign):
        return walk
    save_change(world, campaign, lambda it: replace(it, forecast=count) if _is_wanted(it, walk) else it)
    return replace(walk, stage=DONE, finished_at=world.now())


def _is_wanted(campaign: Campaign, walk: Walk) -> bool:
    return campaign.state is CampaignState.DRAFT and campaign.count_walk_id == walk.id


def _forecast(
    sending: Sending,
    count: CampaignCount,
    campaign: Campaign,
    client: Client,
    at: datetime,
    directory: Directory,
) -> CampaignCount:
    """As sending decides it, but for what only the day will tell: caps, budget, and who books meanwhile."""
    place = Recipient(network_id=client.network_id, client_id=client.id, campaign_id=campaign.id, at=at)
    about = about_recipient(place, campaign, client, directory)
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
    return drafted(sending, about, [(plan, chosen)], now)[CAMPAIGN].micros


# --- what has become of its recipients


def tally_some(world: World, walk: Walk) -> Walk:
    """The walk after its next slice."""
    campaign = world.store.get(Campaign, network_id=walk.network_id, id=str(walk.campaign_id))
    if campaign is None:
        return replace(walk, stage=SUPERSEDED, finished_at=world.now())
    store, network_id = world.store, walk.network_id
    page = store.client_ids(network_id, limit=BATCH_SIZE, cursor=walk.cursor)
    places = store.recipients_named(network_id, campaign.id, page.items)
    sent = {place.client_id: id for place in places if (id := _message_id(place)) is not None}
    messages = {each.client_id: each for each in store.messages_named(network_id, list(sent.items()))}
    count = walk.count or CampaignCount(at=world.now())
    for place in places:
        count = _became(count, place, messages, over=world.now() >= campaign.ends_at)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=page.cursor,
        seen=walk.seen + len(page.items),
        changed=walk.changed + len(places),
        count=count,
    )
    return _all_counted(world, campaign, walk, count) if page.cursor is None else walk


def _message_id(place: Recipient) -> str | None:
    """Of the last attempt, where one was made."""
    touch = place.touches.get(CAMPAIGN)
    if touch is None or touch.attempt == 0:
        return None
    return message_id(place.id, CAMPAIGN, touch.occurrence, touch.attempt, touch.at)


def _became(
    count: CampaignCount, place: Recipient, messages: Mapping[str, Message], *, over: bool
) -> CampaignCount:
    """Receipts tell of the message what the recipient does not know. Who was never decided on, because the
    rules left no time or no place for it, is left out once the campaign is over."""
    touch, message = place.touches.get(CAMPAIGN), messages.get(place.client_id)
    micros = (message.cost_micros or 0) if message is not None else 0
    if touch is None or touch.state in UNSETTLED:
        return with_client(count, LEFT_OUT if over and touch is None else WAITING, _why(touch), micros)
    if message is not None and touch.state is not TouchState.SKIPPED:
        return with_client(count, message.state.value, message.reason, micros)
    return with_client(count, touch.state.value, touch.reason, micros)


def _why(touch: Touch | None) -> str | None:
    return touch.reason if touch is not None else None


def _all_counted(world: World, campaign: Campaign, walk: Walk, count: CampaignCount) -> Walk:
    now = world.now()

    def told(stands: Campaign) -> Campaign:
        decided = stands.found_at is not None and not count.outcomes.get(WAITING)
        over = decided or now >= stands.ends_at
        state = CampaignState.DONE if over and stands.state in _ENDED else stands.state
        return replace(stands, results=count, state=state)

    save_change(world, campaign, told)
    return replace(walk, stage=DONE, finished_at=now)
