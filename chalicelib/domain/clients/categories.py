"""Categories of clients, version 1 of the definitions (docs/product.md, Categories of clients): potential,
new, developing, regular, at_risk, lost."""

from collections.abc import Sequence
from datetime import date, timedelta

from chalicelib.domain.shared.months import last_day_of_month, month_number

REGULAR_MONTHS = 6
AT_RISK_FACTOR_PERCENT = 125
AT_RISK_MIN_DAYS_OVER = 7
GAPS_COUNTED = 3


def months_later(day: date, months: int) -> date:
    """The same day so many calendar months later, the month's last day where it has no such day."""
    last = last_day_of_month(month_number(day) + months)
    return last.replace(day=min(day.day, last.day))


def lost_from(last_visit_on: date) -> date:
    """The first day on which a client who does not come is lost: the day after the same day two calendar
    months later. From 31 December, 28 or 29 February is still in time."""
    return months_later(last_visit_on, 2) + timedelta(days=1)


def at_risk_from(visits_count: int, visit_days: Sequence[date]) -> date | None:
    """The first day on which a client who does not come is at risk. They are then overdue by a quarter of
    their own rhythm, and by a week at least. None for a client without a rhythm, who has fewer than three
    visits."""
    gap = usual_gap_days(visit_days)
    if visits_count < 3 or gap is None:
        return None
    allowed = max(gap * AT_RISK_FACTOR_PERCENT // 100, gap + AT_RISK_MIN_DAYS_OVER)
    return max(visit_days) + timedelta(days=allowed + 1)


def usual_gap_days(visit_days: Sequence[date]) -> int | None:
    """Mean of the last three gaps between visits on different days (fewer if there are fewer), rounded;
    newest first."""
    days = sorted(set(visit_days), reverse=True)[: GAPS_COUNTED + 1]
    if len(days) < 2:
        return None
    return round((days[0] - days[-1]).days / (len(days) - 1))


def is_regular(visit_days: Sequence[date], today: date) -> bool:
    """A visit in each of six consecutive calendar months, the last of them the current or the previous
    month."""
    months = {month_number(day) for day in visit_days}
    this = month_number(today)
    return any(all(last - ago in months for ago in range(REGULAR_MONTHS)) for last in (this, this - 1))


def category(visits_count: int, visit_days: Sequence[date], today: date, has_future_booking: bool) -> str:
    """The client's category on a local date. visit_days: at least the latest eight, any order."""
    if visits_count == 0 or not visit_days:
        return "potential"
    last = max(visit_days)
    if not has_future_booking:
        if today >= lost_from(last):
            return "lost"
        risk_from = at_risk_from(visits_count, visit_days)
        if risk_from is not None and today >= risk_from:
            return "at_risk"
    if visits_count == 1:
        return "new"
    return "regular" if is_regular(visit_days, today) else "developing"
