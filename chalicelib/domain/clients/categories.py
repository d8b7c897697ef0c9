"""Categories of clients by a network's definitions (docs/product.md, Categories of clients): potential, new,
developing, regular, at_risk, lost. Dates are local dates of the salon that speaks to the client."""

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.domain.networks.category_definitions import FIRST_DEFINITIONS, CategoryDefinitions
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number

POTENTIAL, NEW, DEVELOPING, REGULAR = "potential", "new", "developing", "regular"
AT_RISK, LOST = "at_risk", "lost"
CATEGORIES = (POTENTIAL, NEW, DEVELOPING, REGULAR, AT_RISK, LOST)
OVERDUE = frozenset({AT_RISK, LOST})
"""The categories of clients who stay away. A client with a booking ahead is in none of them."""

GAPS_COUNTED = 3


def months_later(day: date, months: int) -> date:
    """The same day so many calendar months later, the month's last day where it has no such day."""
    last = last_day_of_month(month_number(day) + months)
    return last.replace(day=min(day.day, last.day))


def lost_from(last_visit_on: date, by: CategoryDefinitions = FIRST_DEFINITIONS) -> date:
    """The first day on which a client who does not come is lost: the day after the same day, by default two
    calendar months later. From 31 December, 28 or 29 February is still in time."""
    return months_later(last_visit_on, by.lost_months) + timedelta(days=1)


def at_risk_from(
    visits_count: int, visit_days: Sequence[date], by: CategoryDefinitions = FIRST_DEFINITIONS
) -> date | None:
    """The first day on which a client who does not come is at risk. They are then overdue by a quarter of
    their own rhythm, and by a week at least, in exact days: the mean gap is not rounded here. None for a
    client without a rhythm, who has fewer than three visits."""
    between, gaps = _last_gaps(visit_days)
    if visits_count < by.at_risk_visits or gaps == 0:
        return None
    by_factor = between * by.at_risk_factor_percent // (gaps * 100)
    allowed = max(by_factor, between // gaps + by.at_risk_min_days_over)
    return max(visit_days) + timedelta(days=allowed + 1)


def not_regular_from(last_visit_on: date) -> date:
    """The first day on which a regular who does not come is none any more, unless they are at risk before."""
    return first_day_of_month(month_number(last_visit_on) + 2)


def usual_gap_days(visit_days: Sequence[date]) -> int | None:
    """Mean of the last three gaps between visits on different days (fewer if there are fewer), rounded;
    newest first."""
    between, gaps = _last_gaps(visit_days)
    return round(between / gaps) if gaps else None


def _last_gaps(visit_days: Sequence[date]) -> tuple[int, int]:
    """The days that the last gaps are together, and how many gaps there are."""
    days = sorted(set(visit_days), reverse=True)[: GAPS_COUNTED + 1]
    return ((days[0] - days[-1]).days, len(days) - 1) if days else (0, 0)


def is_regular(visit_days: Sequence[date], today: date, by: CategoryDefinitions = FIRST_DEFINITIONS) -> bool:
    """A visit in each of six consecutive calendar months, the last of them the current or the previous
    month."""
    months = {month_number(day) for day in visit_days}
    this = month_number(today)
    return any(all(last - ago in months for ago in range(by.regular_months)) for last in (this, this - 1))


def category(
    visits_count: int,
    visit_days: Sequence[date],
    today: date,
    has_future_booking: bool,
    by: CategoryDefinitions = FIRST_DEFINITIONS,
) -> str:
    """The client's category on a local date. visit_days: at least the latest eight, any order."""
    if visits_count == 0 or not visit_days:
        return POTENTIAL
    last = max(visit_days)
    if not has_future_booking:
        if today >= lost_from(last, by):
            return LOST
        risk_from = at_risk_from(visits_count, visit_days, by)
        if risk_from is not None and today >= risk_from:
            return AT_RISK
    if visits_count == 1:
        return NEW
    return REGULAR if is_regular(visit_days, today, by) else DEVELOPING
