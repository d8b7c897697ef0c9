"""The loyalty programme: what a bill earns and how much of it points may pay for. Integers only, rounded
down."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.ledger import Account
from chalicelib.domain.rules import BonusRules
from chalicelib.domain.zones import local_date, local_instant


@dataclass(frozen=True, slots=True)
class Quote:
    """The most that may be redeemed on a bill, and which limit decides: balance, cap, minimum or disabled."""

    points: int
    value_minor: int
    limited_by: str


def cap_points(bill_minor: int, rules: BonusRules) -> int:
    """The most points that the cap lets pay for a bill."""
    return bill_minor * rules.redeem_cap_percent // 100 // rules.point_value_minor


def quote(account: Account, bill_minor: int, rules: BonusRules, now: datetime) -> Quote:
    """The most that may be redeemed on a bill of `bill_minor` now."""
    if not rules.enabled:
        return Quote(0, 0, "disabled")
    cap, available = cap_points(bill_minor, rules), account.available(now)
    points, limited_by = (cap, "cap") if cap <= available else (available, "balance")
    if points < rules.redeem_minimum_points:
        return Quote(0, 0, "minimum")
    return Quote(points, points * rules.point_value_minor, limited_by)


def cashback_points(bill_minor: int, redeemed_points: int, rules: BonusRules) -> int:
    """Points earned by a bill: a percentage of what was paid in money; the part paid with points earns
    nothing."""
    if not rules.enabled:
        return 0
    paid_in_money = max(bill_minor - redeemed_points * rules.point_value_minor, 0)
    return paid_in_money * rules.cashback_percent // 100 // rules.point_value_minor


def available_from(earned_at: datetime, rules: BonusRules, zone_name: str) -> datetime:
    """Earned points are pending until local midnight, `pending_days` days on."""
    day = local_date(earned_at, zone_name) + timedelta(days=rules.pending_days)
    midnight = datetime.min.time()
    return max(local_instant(day, midnight, zone_name), earned_at)
