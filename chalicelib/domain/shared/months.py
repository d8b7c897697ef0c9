"""Calendar months, counted and named."""

from datetime import date


def month_of(day: date) -> int:
    """Months are counted from the year 0."""
    return day.year * 12 + day.month - 1
