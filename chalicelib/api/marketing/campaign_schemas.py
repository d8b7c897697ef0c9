"""Requests and answers about campaigns."""

from collections.abc import Mapping
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
from chalicelib.domain.waking.walks import AnyWalk, Walk
from chalicelib.services.messages.report_costs import budget_of

Instant = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Name = Annotated[str, Meta(max_length=300)]
Category = Literal["potential", "new", "developing", "regular", "at_risk", "lost"]
Words = Annotated[dict[Word, Annotated[str, Meta(max_length=20_000)]], Meta(max_length=10)]
Some = Meta(max_length=100)


class SegmentRequest(Body):
    """A client matches if all given conditions hold. A condition with several values holds for any of them.

    service_ids: services of the client's latest 50 bookings. salon_ids: the salon of the last visit.
    visited_from, visited_to: the first and the last local day of the last visit. birth_month: 1-12.
    """

    categories: Annotated[tuple[Category, ...], Some] = ()
    sources: Annotated[tuple[Word, ...], Some] = ()
    service_ids: Annotated[tuple[Id, ...], Some] = ()
    salon_ids: Annotated[tuple[Id, ...], Some] = ()
    visited_from: date | None = None
    visited_to: date | None = None
    birth_month: Whole | None = None


class CampaignRequest(Body):
    """texts: by language, at least in the network's language. subjects: of e-mails, by language; none is
    needed. starts_at: the instant of the first message. ends_at: no message goes out from then on.
    per_minute: the pace."""

    name: Name
    texts: Words
    starts_at: Instant
    ends_at: Instant
    subjects: Words | UnsetType = UNSET
    segment: SegmentRequest | UnsetType = UNSET
    per_minute: Whole | UnsetType = UNSET


class CampaignChanges(Body):
    """version: the change is made to that version only. texts, subjects and segment replace the former ones
    as a whole."""

    name: Name | UnsetType = UNSET
    texts: Words | UnsetType = UNSET
    subjects: Words | UnsetType = UNSET
    segment: SegmentRequest | UnsetType = UNSET
    starts_at: Instant | UnsetType = UNSET
    ends_at: Instant | UnsetType = UNSET
    per_minute: Whole | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class NamedCount(Answered):
    """A number of clients. words: the reason in plain language."""

    code: str
    words: str | None
    clients: int


class Forecast(Answered):
    """The result of a dry run. clients: of the segment, either reached by a channel or left out for a reason.

    cost_micros: of the first attempts, in millionths of a US dollar; caps, and what else is known on the day
    only, are left out. last_at: when the last recipient would be due. budget_left_micros: of this month;
    null: there is no budget.
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
    """What had become of the recipients. states: of messages, and `waiting`, and `left_out`: the rules left
    no time or channel. reasons: of skipped and failed messages. cost_micros: of each recipient's last
    message."""

    counted_at: datetime
    clients: int
    states: list[NamedCount]
    reasons: list[NamedCount]
    cost_micros: int


class Progress(Answered):
    """The progress of a walk over all of the network's clients; `/v1/walks/{walk_id}` has more."""

    walk_id: str
    kind: str
    seen: int
    found: int
    finished: bool


class CampaignSummary(Answered):
    """state: draft, inviting, running, paused, stopped or done. invited: number of recipients, once all are
    found."""

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
    """inviting: the progress of the search for recipients. counting: the progress of the last count."""

    inviting: Progress | None
    counting: Progress | None
    forecast: Forecast | None
    results: Results | None


# --- reading


def campaign_fields(request: CampaignRequest | CampaignChanges) -> dict[str, Any]:
    """The given fields of a request, as fields of a Campaign."""
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
    walk: AnyWalk | None = (
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


def _numbers(clients_by_code: Mapping[str, int], *, in_words: bool = False) -> list[NamedCount]:
    """The numbers, the largest first."""
    return [
        NamedCount(code=code, words=reason_words(code) if in_words else None, clients=clients)
        for code, clients in sorted(clients_by_code.items(), key=lambda each: (-each[1], each[0]))
    ]
