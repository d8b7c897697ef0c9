"""The rules of a programme: which programme applies, a client's tier, what a bill earns, how much of the bill
points may pay for, how long points last. Integers only; rounded so that no point is made of nothing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, MonthTurnover
from chalicelib.domain.networks.bonus_rules import (
    TURNOVER_MONTHS,
    BonusRules,
    EarnBase,
    Exclusions,
    Expiry,
    ExpiryModel,
    Gift,
    GroupProgramme,
    Programme,
    Tier,
    TiersBy,
)
from chalicelib.domain.shared.months import last_day_of_month, month_number
from chalicelib.domain.shared.zones import day_start, local_date

# --- which programme holds


def programme_for(rules: BonusRules, salon_id: str | None, on: date) -> Programme:
    """The programme of a visit in that salon on that local date: a group's programme of that time, else the
    network's of that time, else the network's own. salon_id None: for the whole network."""
    now = [each for each in rules.programmes if _holds_on(each, on)]
    of_group = (each for each in now if salon_id is not None and salon_id in each.salon_ids)
    of_all = (each for each in now if not each.salon_ids)
    return next(of_group, None) or next(of_all, None) or rules


def same_programme(rules: BonusRules, one: str | None, other: str | None, on: date) -> bool:
    """Whether two salons have the same programme that day."""
    return programme_for(rules, one, on) == programme_for(rules, other, on)


def _holds_on(programme: GroupProgramme, on: date) -> bool:
    return (programme.starts_on or on) <= on <= (programme.ends_on or on)


# --- turnover and tiers


def with_turnover(account: Account, day: date, currency: str, spent_minor: int, visits: int) -> Account:
    """The account with so much more turnover (or, negative, less) in the month of that local date."""
    month = month_number(day)
    others = [each for each in account.turnover if (each.month, each.currency) != (month, currency)]
    found = (each for each in account.turnover if each not in others)
    before = next(found, MonthTurnover(month, currency, 0, 0))
    changed = replace(before, spent_minor=before.spent_minor + spent_minor, visits=before.visits + visits)
    kept = [*others, *([changed] if changed.spent_minor or changed.visits else [])]
    newest = max((each.month for each in kept), default=month)
    kept = [each for each in kept if each.month > newest - TURNOVER_MONTHS]
    return replace(account, turnover=tuple(sorted(kept, key=lambda each: (each.month, each.currency))))


class TierStanding(Struct, frozen=True):
    """A client's tier, the tier above, and the client's turnover in the programme's window: minor units or
    visits."""

    tier: Tier
    above: Tier | None
    turnover: int

    @property
    def missing(self) -> int:
        return self.above.at_least - self.turnover if self.above else 0


def standing(account: Account, programme: Programme, currency: str, on: date) -> TierStanding | None:
    """None: the programme has no tiers.

    A client enters a tier with the first bill after the bill that reached it. A client leaves a tier on the
    first of a month, when older turnover falls out of the window.
    """
    if not programme.tiers:
        return None
    first = month_number(on) - programme.tiers_months + 1
    within = [each for each in account.turnover if first <= each.month <= month_number(on)]
    if programme.tiers_by is TiersBy.VISITS:
        turnover = sum(each.visits for each in within)
    else:
        turnover = sum(each.spent_minor for each in within if each.currency == currency)
    reached = max(sum(1 for tier in programme.tiers if tier.at_least <= turnover), 1)
    above = programme.tiers[reached] if reached < len(programme.tiers) else None
    return TierStanding(programme.tiers[reached - 1], above, turnover)


def earning_percent(account: Account, programme: Programme, currency: str, on: date) -> int:
    reached = standing(account, programme, currency, on)
    return reached.tier.percent if reached else programme.cashback_percent


# --- a bill


class Charge(Struct, frozen=True):
    """One service of a bill, at its list price."""

    service_id: str
    category: str | None
    price_minor: int


class Bill(Struct, frozen=True, kw_only=True):
    """A bill in minor units, as the programme counts it.

    paid_minor   the whole bill.
    goods_minor  the part of it that is goods.
    charges      the services of the rest; none: not known.
    """

    paid_minor: int
    goods_minor: int = 0
    charges: tuple[Charge, ...] = ()

    @property
    def services_minor(self) -> int:
        return self.paid_minor - self.goods_minor


def _counting(amount_minor: int, charges: Sequence[Charge], excludes: Exclusions) -> int:
    """The part of the services' amount that is not excluded: by list prices, or by number where no price is
    known."""
    counting = [each for each in charges if not _is_excluded(each, excludes)]
    if len(counting) == len(charges):
        return amount_minor
    whole = sum(each.price_minor for each in charges)
    if whole == 0:
        return amount_minor * len(counting) // len(charges)
    return amount_minor * sum(each.price_minor for each in counting) // whole


def _is_excluded(charge: Charge, excludes: Exclusions) -> bool:
    return charge.service_id in excludes.service_ids or charge.category in excludes.categories


def redeemable_minor(bill: Bill, programme: Programme) -> int:
    """The part of a bill that counts for the cap: points may pay for a percentage of it."""
    excludes = programme.redeem_excludes
    goods = 0 if excludes.goods else bill.goods_minor
    return goods + _counting(bill.services_minor, bill.charges, excludes)


def cap_points(bill: Bill, programme: Programme, point_value_minor: int) -> int:
    """The most points that the cap and the step let pay for a bill."""
    most = redeemable_minor(bill, programme) * programme.redeem_cap_percent // 100 // point_value_minor
    return _in_steps(most, programme)


def _in_steps(points: int, programme: Programme) -> int:
    return points - points % programme.redeem_step_points


def earned_points(
    bill: Bill, redeemed_points: int, programme: Programme, percent: int, point_value_minor: int
) -> int:
    """The points that a bill earns: a percentage of the part that counts. The share paid with points earns
    nothing."""
    if not programme.enabled or bill.paid_minor <= 0:
        return 0
    services = bill.services_minor
    if programme.earn_base is EarnBase.SOLD:
        services = sum(each.price_minor for each in bill.charges) or services
    goods = 0 if programme.earn_excludes.goods else bill.goods_minor
    counts = goods + _counting(services, bill.charges, programme.earn_excludes)
    in_money = max(bill.paid_minor - redeemed_points * point_value_minor, 0)
    return counts * in_money * percent // (bill.paid_minor * 100 * point_value_minor)


class Quote(Struct, frozen=True):
    """The most that may be redeemed on a bill, and which limit decides: balance, cap, minimum or disabled."""

    points: int
    value_minor: int
    limited_by: str


def quote(available: int, bill: Bill, programme: Programme, point_value_minor: int) -> Quote:
    """The most that may be redeemed of a bill with so many points available."""
    if not programme.enabled:
        return Quote(0, 0, "disabled")
    cap, has = cap_points(bill, programme, point_value_minor), _in_steps(available, programme)
    points, limited_by = (cap, "cap") if cap <= has else (has, "balance")
    if points < programme.redeem_minimum_points:
        return Quote(0, 0, "minimum")
    return Quote(points, points * point_value_minor, limited_by)


# --- when points begin and end


class LotTerms(Struct, frozen=True):
    """The terms on which a lot is granted: from when, until when, and after how many idle days it expires."""

    available_at: datetime
    expires_at: datetime | None
    idle_days: int | None = None


def earned_terms(programme: Programme, earned_at: datetime, salon_zone: str, network_zone: str) -> LotTerms:
    """The terms of points earned now. The points are pending until local midnight of the salon,
    `pending_days` days later. They last as long as the programme says, until a local midnight of the
    network."""
    on = local_date(earned_at, salon_zone)
    available_at = max(day_start(on + timedelta(programme.pending_days), salon_zone), earned_at)
    last = last_day(programme.expiry, local_date(earned_at, network_zone))
    if last is None:
        return LotTerms(available_at, None)
    idle_days = programme.expiry.after if programme.expiry.model is ExpiryModel.INACTIVITY else None
    return LotTerms(available_at, max(day_end(last, network_zone), available_at), idle_days)


def last_day(expiry: Expiry, granted_on: date) -> date | None:
    """The last local day of points granted on that day; None: they do not expire."""
    if expiry.model is ExpiryModel.NEVER:
        return None
    if expiry.model is ExpiryModel.MONTH_END:
        return last_day_of_month(month_number(granted_on) + expiry.after)
    return granted_on + timedelta(days=expiry.after)


def day_end(day: date, zone: str) -> datetime:
    """The instant at which a local day is over: points that last until it cannot be spent from then on."""
    return day_start(day + timedelta(days=1), zone)


def gift_end(gift: Gift, granted_at: datetime, zone: str) -> datetime | None:
    if not gift.valid_days:
        return None
    return day_end(local_date(granted_at, zone) + timedelta(days=gift.valid_days), zone)


# --- undoing in part


def proportional_part(points: int, part_minor: int, whole_minor: int, *, up: bool) -> int:
    """The part of the points (or of an amount) that belongs to a part of a bill.

    up: rounded up, for what is taken back; else rounded down, for what is given back. So the parts never add
    up to more than the client paid for.
    """
    if whole_minor <= 0:
        return points if part_minor >= whole_minor else 0
    return -(-points * part_minor // whole_minor) if up else points * part_minor // whole_minor
