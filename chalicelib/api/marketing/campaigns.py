"""Campaigns: the plan of a year; try one dry, start it, pause it, stop it, and see what becomes of it."""

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
    """year: in which they start, by the calendar of the network's first salon."""

    year: Annotated[int, Meta(ge=1970, le=2199)] | None = None


def _by_start(campaign: Campaign) -> str:
    return f"{campaign.starts_at:%Y%m%d%H%M%S%f}.{campaign.id}"


@post("/v1/campaigns")
@endpoint(roles=OFFICE, body=CampaignRequest, answer=CampaignAnswer, status=201)
def make(ask: Ask) -> CampaignAnswer:
    """A draft: nothing is sent before it is started."""
    fields = campaign_fields(ask.body)
    return full(ask, campaigns.make_campaign(ask.world, ask.access, fields, ask.request_id))


@get("/v1/campaigns")
@endpoint(roles=OFFICE, query=CampaignFilter, answer=PageOf[CampaignSummary])
def find(ask: Ask) -> PageOf[CampaignSummary]:
    """The plan, in the order of their starts."""
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
    """Of a draft only; its forecast no longer holds."""
    changes = campaign_fields(ask.body)
    return full(ask, campaigns.change_campaign(ask.world, ask.access, campaign_id, changes))


@post("/v1/campaigns/{campaign_id}/dry-run")
@endpoint(roles=OFFICE, answer=CampaignAnswer, status=202)
def dry_run(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Counts whom it would reach, and at what cost, without writing to anybody: `counting` shows how far it
    is, then `forecast` what it came to."""
    return _stepped(ask, run_campaign.dry_run, campaign_id)


@post("/v1/campaigns/{campaign_id}/count")
@endpoint(roles=OFFICE, answer=CampaignAnswer, status=202)
def count(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """Counts what has become of its recipients so far: `counting` shows how far it is, then `results` what it
    came to. An hour after its end this happens unasked."""
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
    """Whoever was due while it was paused gets a new time, at the same pace."""
    return _stepped(ask, run_campaign.resume, campaign_id)


@post("/v1/campaigns/{campaign_id}/stop")
@endpoint(roles=OFFICE, answer=CampaignAnswer)
def stop(ask: Ask, campaign_id: str) -> CampaignAnswer:
    """For good. Messages that are with their channel already are not called back."""
    return _stepped(ask, run_campaign.stop, campaign_id)


def _stepped(ask: Ask, step: Callable[[World, Access, str], Campaign], campaign_id: str) -> CampaignAnswer:
    return full(ask, step(ask.world, ask.access, campaign_id))
