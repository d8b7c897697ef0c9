"""Campaigns as they are said and answered."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.http.endpoint import Ask
from chalicelib.api.http.parsing import Body, instant
from chalicelib.api.http.schemas import Answered, Id, Word, given
from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.marketing.counts import CampaignCount
from chalicelib.domain.messages.reasons import reason_words
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.messages.report_costs import budget_of

Instant = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Name = Annotated[str, Meta(max_length=300)]
Category = Literal["potential", "new", "developing", "regular", "at_risk", "lost"]
Words = Annotated[dict[Word, Annotated[str, Meta(max_length=20_000)]], Meta(max_length=10)]
Some = Meta(max_length=100)


class SegmentRequest(Body):
    """All conditions that are given hold; of several words in one, any.

    service_ids: what the client has had, among their latest 50 bookings. salon_ids, visited_from, visited_to
    (both included): where and on which local day the last visit was. birth_month: 1-12.
    """

    categories: Annotated[tuple[Category, ...], Some] = ()
    sources: Annotated[tuple[Word, ...], Some] = ()
    service_ids: Annotated[tuple[Id, ...], Some] = ()
    salon_ids: Annotated[tuple[Id, ...], Some] = ()
    visited_from: date | None = None
    visited_to: date | None = None
    birth_month: Whole | None = None


class CampaignRequest(Body):
    """texts: by language, at least in the network's own; subjects: of e-mails, likewise, none is needed.
    starts_at: the first message; ends_at: none from then on. per_minute: how fast it goes out."""

    name: Name
    texts: Words
    starts_at: Instant
    ends_at: Instant
    subjects: Words | UnsetType = UNSET
    segment: SegmentRequest | UnsetType = UNSET
    per_minute: Whole | UnsetType = UNSET


class CampaignChanges(Body):
    """version: the change is made to that version only. texts, subjects and segment are replaced whole."""

    name: Name | UnsetType = UNSET
    texts: Words | UnsetType = UNSET
    subjects: Words | UnsetType = UNSET
    segment: SegmentRequest | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    per_minute: Whole | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class NamedCount(Answered):
    """words: a reason in plain language."""

    code: str
    words: str | None
    clients: int


class Forecast(Answered):
    """What a dry run came to. clients: of the segment, reached by channel or left out for a reason.

    cost_micros: of the first attempts, millionths of a US dollar; caps and what else the day will bring are
    not foreseen. last_at: when the last of them would be due. budget_left_micros: of this month; null: there
    is no budget.
    """

    counted_at: datetime
    clients: int
    channels: list[NamedCount]
    left_out: list[NamedCount]
    cost_micros: int
    last_at: datetime | None
    budget_left_micros: int | None
    fits_budget: bool


class Results(Answered):
    """What had become of the recipients. states: of messages, and `waiting`; left_out: planned, but then the
    rules left no time or place for it. reasons: of those skipped and failed. cost_micros: of each recipient's
    last message."""

    counted_at: datetime
    clients: int
    states: list[NamedCount]
    reasons: list[NamedCount]
    cost_micros: int


class Progress(Answered):
    """A walk over all of the network's clients: `/v1/walks/{walk_id}` tells more."""

    walk_id: str
    kind: str
    seen: int
    found: int
    finished: bool


class CampaignSummary(Answered):
    """state: draft, inviting, running, paused, stopped or done. invited: how many recipients it has, once all
    were found."""

    id: str
    name: str
    texts: dict[str, str]
    subjects: dict[str, str]
    segment: SegmentRequest
    starts_at: datetime
    ends_at: datetime
    per_minute: int
    state: str
    invited: int | None
    created_at: datetime
    actor: str
    version: int


class CampaignAnswer(CampaignSummary):
    """inviting: how far the search for its recipients is. counting: how far the last count is."""

    inviting: Progress | None
    counting: Progress | None
    forecast: Forecast | None
    results: Results | None


# --- reading


def campaign_fields(request: CampaignRequest | CampaignChanges) -> dict[str, Any]:
    """The fields that were said, as a Campaign has them."""
    found = given(request)
    for name in ("starts_at", "ends_at"):
        if name in found:
            found[name] = instant(found[name], name)
    if "segment" in found:
        found["segment"] = segment_of(found["segment"])
    return found


def segment_of(request: SegmentRequest) -> Segment:
    lists = ("categories", "sources", "service_ids", "salon_ids")
    return Segment(
        **{name: tuple(dict.fromkeys(getattr(request, name))) for name in lists},
        visited_from=request.visited_from,
        visited_to=request.visited_to,
        birth_month=request.birth_month,
    )


# --- answering


def summary(campaign: Campaign) -> CampaignSummary:
    return CampaignSummary(**_facts(campaign))


def full(ask: Ask, campaign: Campaign) -> CampaignAnswer:
    return CampaignAnswer(
        **_facts(campaign),
        inviting=_progress(ask, campaign, campaign.invite_walk_id),
        counting=_progress(ask, campaign, campaign.count_walk_id),
        forecast=_forecast(ask, campaign.forecast) if campaign.forecast else None,
        results=_results(campaign.results) if campaign.results else None,
    )


def _facts(campaign: Campaign) -> dict[str, Any]:
    same = ("id", "name", "starts_at", "ends_at", "per_minute", "created_at", "actor", "version")
    return {
        **{name: getattr(campaign, name) for name in same},
        "texts": dict(campaign.texts),
        "subjects": dict(campaign.subjects),
        "state": campaign.state.value,
        "invited": campaign.invited if campaign.found_at is not None else None,
        "segment": segment_answer(campaign.segment),
    }


def segment_answer(segment: Segment) -> SegmentRequest:
    lists = ("categories", "sources", "service_ids", "salon_ids")
    return SegmentRequest(
        **{name: getattr(segment, name) for name in lists},
        visited_from=segment.visited_from,
        visited_to=segment.visited_to,
        birth_month=segment.birth_month,
    )


def _progress(ask: Ask, campaign: Campaign, walk_id: str | None) -> Progress | None:
    walk: Walk | None = (
        ask.world.store.get(Walk, network_id=campaign.network_id, id=walk_id) if walk_id else None
    )
    if walk is None:
        return None
    return Progress(
        walk_id=walk.id,
        kind=walk.kind.value,
        seen=walk.seen,
        found=walk.changed,
        finished=walk.finished_at is not None,
    )


def _forecast(ask: Ask, count: CampaignCount) -> Forecast:
    budget = budget_of(ask.world, ask.access.network_id, month_name(ask.world.now()))
    left = None
    if budget.budget_micros is not None:
        left = max(budget.budget_micros - budget.reserved_micros, 0)
    return Forecast(
        counted_at=count.at,
        clients=count.clients,
        channels=_numbers(count.outcomes),
        left_out=_numbers(count.reasons, in_words=True),
        cost_micros=count.micros,
        last_at=count.last_at,
        budget_left_micros=left,
        fits_budget=left is None or count.micros <= left,
    )


def _results(count: CampaignCount) -> Results:
    return Results(
        counted_at=count.at,
        clients=count.clients,
        states=_numbers(count.outcomes),
        reasons=_numbers(count.reasons, in_words=True),
        cost_micros=count.micros,
    )


def _numbers(counted: Any, *, in_words: bool = False) -> list[NamedCount]:
    """The most first."""
    return [
        NamedCount(code=code, words=reason_words(code) if in_words else None, clients=clients)
        for code, clients in sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    ]
