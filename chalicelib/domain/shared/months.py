"""Calendar months, in two forms. The number of a month counts the months since January of the year 0; the
name of a month is its ISO 8601 form, such as `2026-11`. Accounts store numbers, other items store names."""

from calendar import monthrange
from datetime import date


def month_number(day: date) -> int:
    """12 for each year, and 0 for January to 11 for December."""
    return day.year * 12 + day.month - 1


def month_name(day: date) -> str:
    """The month of a local date, or of an instant in UTC."""
    return name_of_month(month_number(day))


def name_of_month(number: int) -> str:
    year, month = divmod(number, 12)
    return f"{year:04d}-{month + 1:02d}"


def number_of_month(name: str) -> int:
    """Raises ValueError for what is no name of a month."""
    return month_number(date.fromisoformat(f"{name}-01"))


def first_day_of_month(number: int) -> date:
    year, month = divmod(number, 12)
    return date(year, month + 1, 1)


def last_day_of_month(number: int) -> date:
    first = first_day_of_month(number)
    return first.replace(day=monthrange(first.year, first.month)[1])


def month_before(name: str) -> str:
    """The name of the month before the named one."""
    return name_of_month(number_of_month(name) - 1)
