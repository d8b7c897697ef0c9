"""Which dates are birthdays of people, and which stand for none."""

from datetime import date, timedelta

from msgspec import Struct

YEARLESS = 1604
"""The year of a birthday without one, as address books write it: a leap year, so that 29 February exists."""

MOST_YEARS = 120
"""No client is older."""
UNKNOWN_YEARS = frozenset({YEARLESS, 1900, 1904})
"""Years that programs write where only the day and the month are known."""
PLACEHOLDERS = frozenset({(1900, 1, 1), (1904, 1, 1), (1970, 1, 1)})
"""The first days of calendars of programs: the date where nothing is known."""


class ReadBirthday(Struct, frozen=True):
    """The birthday that a date stands for; None where it stands for none. why: what is wrong with it."""

    day: date | None = None
    why: str | None = None


def birthday_of(day: date, today: date | None) -> ReadBirthday:
    """The birthday that somebody wrote as `day`. A year that stands for "unknown" becomes YEARLESS. None for
    a placeholder, for today (the date of entry), for the future, and for more than MOST_YEARS ago.

    today: a day of UTC, where it is known; a salon's own day may be one more or less.
    """
    if (day.year, day.month, day.day) in PLACEHOLDERS:
        return ReadBirthday(why="A placeholder for an unknown birthday")
    if day.year in UNKNOWN_YEARS:
        return ReadBirthday(day.replace(year=YEARLESS))
    if today is None:
        return ReadBirthday(day)
    if day >= today - timedelta(days=1):
        return ReadBirthday(why="A birthday lies in the past")
    if day.year < today.year - MOST_YEARS:
        return ReadBirthday(why=f"More than {MOST_YEARS} years ago")
    return ReadBirthday(day)
