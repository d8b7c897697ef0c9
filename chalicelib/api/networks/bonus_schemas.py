"""The loyalty programme in requests and answers: PUT takes what GET gives. Fields have the names of the
domain's BonusRules."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from typing import Annotated, Any, get_type_hints

from msgspec import UNSET, Meta, UnsetType, convert, to_builtins

from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Id, Line, Word, given
from chalicelib.domain.networks.bonus_rules import BonusRules, EarnBase, ExpiryModel, TiersBy

Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Currency = Annotated[str, Meta(min_length=3, max_length=3)]


# --- a programme


class TierRequest(Body, kw_only=True):
    """A level: turnover of at_least so much and less than `below` (null: no end) earns percent. In minor
    units of the salon's currency, or in visits."""

    name: Word
    at_least: Whole
    below: Whole | None = None
    percent: Whole


class ExclusionsRequest(Body):
    """What does not count: services by id, by category, or all goods."""

    service_ids: Annotated[tuple[Id, ...], Meta(max_length=500)] = ()
    categories: Annotated[tuple[Line, ...], Meta(max_length=100)] = ()
    goods: bool = False


class ExpiryRequest(Body):
    """after: days, or months of month_end; 0 of never."""

    model: ExpiryModel
    after: Whole = 0


Tiers = Annotated[tuple[TierRequest, ...], Meta(max_length=50)]


class ProgrammeRequest(Body):
    enabled: bool | UnsetType = UNSET
    cashback_percent: Whole | UnsetType = UNSET
    tiers: Tiers | UnsetType = UNSET
    tiers_by: TiersBy | UnsetType = UNSET
    tiers_months: Whole | UnsetType = UNSET
    earn_base: EarnBase | UnsetType = UNSET
    earn_excludes: ExclusionsRequest | UnsetType = UNSET
    pending_days: Whole | UnsetType = UNSET
    redeem_cap_percent: Whole | UnsetType = UNSET
    redeem_minimum_points: Whole | UnsetType = UNSET
    redeem_step_points: Whole | UnsetType = UNSET
    redeem_excludes: ExclusionsRequest | UnsetType = UNSET
    expiry: ExpiryRequest | UnsetType = UNSET


class GroupProgrammeRequest(ProgrammeRequest, kw_only=True):
    """A programme of some salons (none named: of all), or of a time, in place of the network's own. A field
    that is not given has its default, not the value of the network's own programme."""

    name: Word
    salon_ids: Annotated[tuple[Id, ...], Meta(max_length=1000)] | UnsetType = UNSET
    starts_on: date | UnsetType | None = UNSET
    ends_on: date | UnsetType | None = UNSET


# --- gifts


class GiftRequest(Body):
    """valid_days: local days after that of the grant; 0: for good."""

    points: Whole
    valid_days: Whole = 0


class ReferralRequest(Body):
    referrer: GiftRequest
    friend: GiftRequest


class CouponTermsRequest(Body, kw_only=True):
    """A discount: percent, or an amount in minor units of the salon's currency; on a service, or on goods."""

    name: Word
    percent: Whole = 0
    amount_minor: Whole = 0
    service_id: Id | None = None
    valid_days: Whole = 60


class VisitRewardRequest(Body, kw_only=True):
    """A coupon for so many visits within months, or within days: one of the two."""

    id: Word
    visits: Whole
    months: Whole = 0
    days: Whole = 0
    coupon: CouponTermsRequest


class StreakRequest(Body):
    months: Whole
    gift: GiftRequest


class SurpriseRequest(Body, kw_only=True):
    gift: GiftRequest
    monthly_budget_points: Whole
    holdout_percent: Whole = 10


class ByHandLimitRequest(Body):
    """What a role gives by hand. points: at once. The others: by one person a local day, to one client a
    calendar month. null: as many points as the times allow."""

    points: Whole
    times_a_day: Whole
    times_a_client_a_month: Whole
    points_a_day: Whole | None = None
    points_a_client_a_month: Whole | None = None


class BonusRulesRequest(ProgrammeRequest):
    """The network's own programme, and the rules that all programmes share. Lists, maps and the values within
    a field are replaced as a whole. null: no such gift."""

    point_value_minor: Whole | UnsetType = UNSET
    point_values_minor: Annotated[dict[Currency, Whole], Meta(max_length=50)] | UnsetType = UNSET
    by_hand_limit_points: Whole | UnsetType = UNSET
    grace_days: Whole | UnsetType = UNSET
    hold_days: Whole | UnsetType = UNSET
    programmes: Annotated[tuple[GroupProgrammeRequest, ...], Meta(max_length=100)] | UnsetType = UNSET
    birthday: GiftRequest | UnsetType | None = UNSET
    referral: ReferralRequest | UnsetType | None = UNSET
    visit_rewards: Annotated[tuple[VisitRewardRequest, ...], Meta(max_length=50)] | UnsetType = UNSET
    streak: StreakRequest | UnsetType | None = UNSET
    surprise: SurpriseRequest | UnsetType | None = UNSET
    compensation: Annotated[dict[Word, ByHandLimitRequest], Meta(max_length=10)] | UnsetType = UNSET


# --- reading and answering


@cache
def _types() -> dict[str, Any]:
    return get_type_hints(BonusRules)


def bonuses_of_request(request: BonusRulesRequest) -> dict[str, Any]:
    """The fields that the request gives, as the rules have them."""
    return {name: convert(to_builtins(value), _types()[name]) for name, value in given(request).items()}


def bonuses_shown(bonuses: BonusRules) -> BonusRulesRequest:
    return convert(_plain(bonuses), BonusRulesRequest)


def _plain(bonuses: BonusRules) -> dict[str, Any]:
    plain: dict[str, Any] = to_builtins(bonuses, enc_hook=dict, order="deterministic")
    return plain


# --- comparing

_NAMED_BY = {"programmes": "name", "visit_rewards": "id"}
"""Lists whose items have a name of their own, by which two versions are compared."""


def bonus_differences(before: BonusRules, after: BonusRules) -> Iterator[tuple[str, Any, Any]]:
    """The path, former and present value of each field that differs, as deep as both versions have it. Lists
    are compared as a whole, programmes and rewards by their names. None: the field is missing."""
    yield from _differences("bonuses", _named(before), _named(after))


def _named(bonuses: BonusRules) -> dict[str, Any]:
    plain = _plain(bonuses)
    return plain | {field: {each[name]: each for each in plain[field]} for field, name in _NAMED_BY.items()}


def _differences(path: str, before: Any, after: Any) -> Iterator[tuple[str, Any, Any]]:
    if before == after:
        return
    if not isinstance(before, dict) or not isinstance(after, dict):
        yield path, before, after
        return
    form = "{}[{}]" if path.removeprefix("bonuses.") in _NAMED_BY else "{}.{}"
    for key in [*after, *(key for key in before if key not in after)]:
        yield from _differences(form.format(path, key), before.get(key), after.get(key))
