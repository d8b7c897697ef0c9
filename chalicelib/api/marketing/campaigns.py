"""Campaigns: the plan of a year; dry run, start, pause, resume, stop, and results."""

from collections.abc import Callable
from typing import Annotated

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, patch, post
from chalicelib.api.http.schemas import Listing, PageOf, in_pages
from chalicelib.api.marketing.campaign_schemas import (
    CampaignAnswer,
    CampaignChanges,
    CampaignRequest,
    CampaignSummary,
    campaign_fields,
    full,
    summary,
)
from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.networks.access import Access
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.shared.world import World


class CampaignFilter(Listing):
    """year: the local year of the network in which campaigns start."""

    year: Annotated[int, Meta(ge=1970, le=2199)] | None = None


def _by_start(campaign: Campaign) -> str:
    return f"{campaign.starts_at:%Y%m%d%H%M%S%f}.{campaign.id}"


@post("/v1/campaigns")
@endpoint(roles=OFFICE, body=CampaignRequest, answer=CampaignAnswer, status=201)
def make(ask: Ask) -> CampaignAnswer:
    """Makes a draft. No message goes out before the campaign is started."""
    fields = campaign_fields(ask.body)
    return full(ask, campaigns.make_campaign(ask.world, ask.access, fields, ask.request_id))


@get("/v1/campaigns")
@endpoint(roles=OFFICE, query=CampaignFilter, answer=PageOf[CampaignSummary])
def find(ask: Ask) -> PageOf[CampaignSummary]:
    """The campaigns, in the order of their start."""
    planned = campaigns.planned_campaigns(ask.world, ask.access, ask.query.year)
    page = in_pages(planned, ask.query, position=_by_start)
    return PageOf(items=[summary(each) for each in page.items], next_cursor=page.next_cursor)


@get("/v1/campaigns/{campaign_id}")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def see(ask: Ask, campaign_id: str) -> CampaignAnswer:
    return full(ask, campaigns.get_campaign(ask.world, ask.access, campaign_id))


@patch("/v1/campaigns/{campaign_id}")
@endpoint(roles=OFFICE, body=CampaignChanges, answer=CampaignAnswer)
def change(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Changes a draft and drops its forecast."""
    changes = campaign_fields(ask.body)
    return full(ask, campaigns.change_campaign(ask.world, ask.access, campaign_id, changes))


@post("/v1/campaigns/{campaign_id}/dry-run")
@endpoint(roles=OFFICE, answer=CampaignAnswer, status=202)
def dry_run(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Counts whom the campaign would reach, and at what cost. No message goes out. `counting` is the
    progress, `forecast` the result."""
    return _stepped(ask, run_campaign.dry_run, campaign_id)


@post("/v1/campaigns/{campaign_id}/count")
@endpoint(roles=OFFICE, answer=CampaignAnswer, status=202)
def count(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Counts what has become of the recipients so far. `counting` is the progress, `results` the result. An
    hour after the campaign's end they are counted without a request."""
    return _stepped(ask, run_campaign.count_results, campaign_id)


@post("/v1/campaigns/{campaign_id}/start")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def start(ask: Ask, campaign_id: str) -> CampaignAnswer:
    return _stepped(ask, run_campaign.start, campaign_id)


@post("/v1/campaigns/{campaign_id}/pause")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def pause(ask: Ask, campaign_id: str) -> CampaignAnswer:
    return _stepped(ask, run_campaign.pause, campaign_id)


@post("/v1/campaigns/{campaign_id}/resume")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def resume(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Recipients who were due during the pause get new times, at the same pace."""
    return _stepped(ask, run_campaign.resume, campaign_id)


@post("/v1/campaigns/{campaign_id}/stop")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def stop(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Stops the campaign for good. Messages that a channel has taken are not called back."""
    return _stepped(ask, run_campaign.stop, campaign_id)


def _stepped(ask: Ask, step: Callable[[World, Access, str], Campaign], campaign_id: str) -> CampaignAnswer:
    return full(ask, step(ask.world, ask.access, campaign_id))
