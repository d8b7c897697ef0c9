"""Promotions: the annual plan, what each gives and to whom, and its result."""

from datetime import date, datetime
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, patch, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Listing, Money, PageOf, given, in_pages
from chalicelib.api.marketing.campaign_schemas import (
    Name,
    Progress,
    SegmentRequest,
    Whole,
    segment_answer,
    segment_of,
)
from chalicelib.domain.marketing.promotions import Promotion, PromotionResult
from chalicelib.domain.networks.bonus_rules import Gift
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.marketing import promotions


class GrantRequest(Body):
    """valid_days: local days after that of the grant; 0: the points never expire."""

    points: Whole
    valid_days: Whole = 0


class PromotionRequest(Body):
    """starts_on, ends_on: the first and the last day. A promotion has either multiplier_percent (200 doubles
    the points of visits on these days) or grant (to each client of the audience, at the start).

    audience: by default all clients; for a multiplier, salon_ids and service_ids are those of the visit.
    cap_points: the most points that it gives in all; client_cap_points: to one client.
    """

    name: Name
    starts_on: date
    ends_on: date
    audience: SegmentRequest | UnsetType = UNSET
    multiplier_percent: Whole | None = None
    grant: GrantRequest | None = None
    cap_points: Whole | None = None
    client_cap_points: Whole | None = None


class PromotionChanges(Body):
    """version: the change is made to that version only. null lifts a cap."""

    name: Name | UnsetType = UNSET
    starts_on: date | UnsetType = UNSET
    ends_on: date | UnsetType = UNSET
    audience: SegmentRequest | UnsetType = UNSET
    multiplier_percent: Whole | UnsetType | None = UNSET
    grant: GrantRequest | UnsetType | None = UNSET
    cap_points: Whole | UnsetType | None = UNSET
    client_cap_points: Whole | UnsetType | None = UNSET
    version: Whole | UnsetType = UNSET


class PromotionFilter(Listing):
    """year: promotions with a day in that year."""

    year: Annotated[int, Meta(ge=1970, le=2199)] | None = None


class PromotionResultAnswer(Answered):
    """What the promotion has given, without points of reversed visits. value: the value of the points now, by
    currency of the salons. left_points: of the cap; null: there is no cap."""

    points: int
    clients: int
    visits: int
    value: list[Money]
    left_points: int | None


class PromotionAnswer(Answered):
    """state: planned, running, ended or stopped. result: null until it has begun."""

    id: str
    name: str
    starts_on: date
    ends_on: date
    audience: SegmentRequest
    multiplier_percent: int | None
    grant: GrantRequest | None
    cap_points: int | None
    client_cap_points: int | None
    state: str
    result: PromotionResultAnswer | None
    created_at: datetime
    actor: str
    version: int


class PromotionDetails(PromotionAnswer):
    """granting: the progress of the walk that gives the grants."""

    granting: Progress | None


def _by_start(promotion: Promotion) -> str:
    return f"{promotion.starts_on:%Y%m%d}.{promotion.id}"


@post("/v1/promotions")
@endpoint(roles=OFFICE, body=PromotionRequest, answer=PromotionDetails, status=201)
def make(ask: Ask) -> PromotionDetails:
    """Plans a promotion. It begins and ends by itself, on its days."""
    return _details(
        ask, promotions.make_promotion(ask.world, ask.access, _promotion_fields(ask.body), ask.request_id)
    )


@get("/v1/promotions")
@endpoint(roles=OFFICE, query=PromotionFilter, answer=PageOf[PromotionAnswer])
def find(ask: Ask) -> PageOf[PromotionAnswer]:
    """The promotions in the order of their first day, each with its result."""
    planned = promotions.planned_promotions(ask.world, ask.access, ask.query.year)
    page = in_pages(planned, ask.query, position=_by_start)
    results = promotions.results_of(ask.world, page.items)
    items = [PromotionAnswer(**_facts(ask, each, results[each.id])) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


@get("/v1/promotions/{promotion_id}")
@endpoint(roles=OFFICE, answer=PromotionDetails)
def see(ask: Ask, promotion_id: str) -> PromotionDetails:
    return _details(ask, promotions.get_promotion(ask.world, ask.access, promotion_id))


@patch("/v1/promotions/{promotion_id}")
@endpoint(roles=OFFICE, body=PromotionChanges, answer=PromotionDetails)
def change(ask: Ask, promotion_id: str) -> PromotionDetails:
    """Changes a promotion: before its first day all fields; later its name and its last day, and its caps may
    be raised."""
    return _details(
        ask, promotions.change_promotion(ask.world, ask.access, promotion_id, _promotion_fields(ask.body))
    )


@post("/v1/promotions/{promotion_id}/stop")
@endpoint(roles=OFFICE, answer=PromotionDetails)
def stop(ask: Ask, promotion_id: str) -> PromotionDetails:
    """Stops a promotion for good. Points that it has given stay."""
    return _details(ask, promotions.stop_promotion(ask.world, ask.access, promotion_id))


# --- reading and answering


def _promotion_fields(request: PromotionRequest | PromotionChanges) -> dict[str, Any]:
    """The given fields of a request, as fields of a Promotion."""
    found = given(request)
    if "audience" in found:
        found["audience"] = segment_of(found["audience"])
    if found.get("grant") is not None:
        found["grant"] = Gift(found["grant"].points, found["grant"].valid_days)
    return found


def _details(ask: Ask, promotion: Promotion) -> PromotionDetails:
    result = promotions.results_of(ask.world, [promotion])[promotion.id]
    return PromotionDetails(**_facts(ask, promotion, result), granting=_progress(ask, promotion))


def _facts(ask: Ask, promotion: Promotion, result: PromotionResult) -> dict[str, Any]:
    same = (
        "id", "name", "starts_on", "ends_on", "multiplier_percent", "cap_points", "client_cap_points",
        "created_at", "actor", "version",
    )  # fmt: skip
    grant = promotion.grant
    return {
        **{name: getattr(promotion, name) for name in same},
        "audience": segment_answer(promotion.audience),
        "grant": GrantRequest(points=grant.points, valid_days=grant.valid_days) if grant else None,
        "state": promotion.state.value,
        "result": _result(ask, promotion, result),
    }


def _result(ask: Ask, promotion: Promotion, result: PromotionResult) -> PromotionResultAnswer | None:
    if promotion.state == "planned" and not result.visits:
        return None
    rules = ask.world.directory(promotion.network_id).rules.bonuses
    value = [
        Money(amount_minor=points * rules.point_value(currency), currency=currency)
        for currency, points in sorted(result.points.items())
        if currency
    ]
    left = promotion.cap_points - result.total if promotion.cap_points is not None else None
    return PromotionResultAnswer(
        points=result.total, clients=result.clients, visits=result.visits, value=value, left_points=left
    )


def _progress(ask: Ask, promotion: Promotion) -> Progress | None:
    walk = (
        ask.world.store.get(Walk, network_id=promotion.network_id, id=promotion.walk_id)
        if promotion.walk_id
        else None
    )
    if walk is None:
        return None
    finished = walk.finished_at is not None
    return Progress(
        walk_id=walk.id, kind=walk.kind.value, seen=walk.seen, found=walk.changed, finished=finished
    )
