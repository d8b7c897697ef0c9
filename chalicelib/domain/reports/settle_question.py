"""The rules that a question keeps, and what a definition asks by default."""

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.reports.definitions import (
    COHORTS,
    DEFINITIONS,
    FIRST_TIME,
    PERIOD,
    REPORTS,
    REPURCHASE,
    RETENTION,
    SINCE_VISIT,
    STAFF,
    TRAILING,
    UPSELL,
    WINDOW,
)
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.shared.errors import malformed, missing, refused
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number

DIMENSIONS = ("salon", "staff", "service", "category", "source")
WHO = ("all", "new")
RETURNED_TO = ("network", "salon", "staff")
LISTS = ("base", "returned", "lost", "maturing")

EARLIEST = date(2000, 1, 1)
"""The first local date that a report counts."""

MOST_DAYS = 1_830
"""The longest window, the longest time before a period, and the latest end of a period from today."""

MOST_WINDOWS = 12
MOST_COHORTS = 60
MOST_LISTED = 200
DAYS: Mapping[str | None, tuple[int, ...]] = MappingProxyType(
    {TRAILING: (60,), WINDOW: (120,), SINCE_VISIT: (30, 60, 90, 120, 150, 180), FIRST_TIME: (90,)}
)
"""Definition of retention -> its `days` where the question names none."""

STAFF_DAYS = (90,)
"""The window of the report of staff by since_visit, where the question names none."""

_OF_RETENTION = {"days": "days", "who": "who", "returned_to": "returned_to", "listed": "list"}
_OF_PERIOD = {"return_first": "return_from", "return_last": "return_to"}
"""Field -> the parameter's name in the API."""


def settled(question: Question, today: date) -> Question:
    """The question with the defaults of its definition; what is settled stays as it is. today: the earliest
    local date of the network's salons.

    Raises NOT_FOUND, UNKNOWN_DEFINITION, UNKNOWN_DIMENSION, UNKNOWN_CHOICE, UNUSED_PARAMETER, OUT_OF_RANGE,
    INVALID_PERIOD, ONE_WINDOW_NEEDED and INVALID_FIELD."""
    if question.report == STAFF:
        return replace(settled(_of_staff(question), today), report=STAFF)
    _check_names(question)
    _check_used(question)
    _check_windows(question)
    if not 1 <= question.limit <= MOST_LISTED:
        raise malformed("INVALID_FIELD", f"A page has 1 to {MOST_LISTED} clients.", field="limit")
    if question.report == RETENTION:
        question = replace(
            question,
            who=question.who or WHO[0],
            returned_to=question.returned_to or RETURNED_TO[0],
            days=tuple(sorted(set(question.days))) or DAYS.get(question.definition, ()),
        )
    question = _with_periods(question, today)
    if question.report == COHORTS:
        question = _with_whole_months(question)
    return question


def _of_staff(question: Question) -> Question:
    """The question about retention that the report of staff is made of: by staff, with one window."""
    if question.by not in (None, STAFF):
        raise refused("UNUSED_PARAMETER", "`by` says nothing here: leave it out.", field="by")
    if len(set(question.days)) > 1:
        words = "Specialists are compared by one window: name one number of days."
        raise refused("ONE_WINDOW_NEEDED", words, field="days")
    definition = question.definition or SINCE_VISIT
    days = question.days or (STAFF_DAYS if definition == SINCE_VISIT else ())
    return replace(question, report=RETENTION, by=STAFF, definition=definition, days=days)


def _check_names(question: Question) -> None:
    if question.report not in REPORTS:
        raise missing("report", question.report)
    if question.by is not None and question.by not in DIMENSIONS:
        known = list(DIMENSIONS)
        raise refused("UNKNOWN_DIMENSION", f"Rows are by one of {', '.join(known)}.", known=known)
    if question.report == RETENTION and question.definition not in DEFINITIONS:
        known = list(DEFINITIONS)
        raise refused("UNKNOWN_DEFINITION", f"Choose a definition: {', '.join(known)}.", known=known)
    for name, choices in (("who", WHO), ("returned_to", RETURNED_TO), ("listed", LISTS)):
        if getattr(question, name) not in (None, *choices):
            field, known = _OF_RETENTION[name], list(choices)
            raise refused("UNKNOWN_CHOICE", f"Choose one of {', '.join(known)}.", field=field, known=known)


def _check_used(question: Question) -> None:
    unused = {} if question.definition == PERIOD else dict(_OF_PERIOD)
    if question.report != RETENTION:
        unused |= _OF_RETENTION | {"definition": "definition"}
    elif question.definition == PERIOD:
        unused["days"] = "days"
    for name, field in unused.items():
        if getattr(question, name) not in (None, ()):
            raise refused("UNUSED_PARAMETER", f"`{field}` says nothing here: leave it out.", field=field)


def _check_windows(question: Question) -> None:
    most = MOST_WINDOWS if question.definition == SINCE_VISIT else 1
    if len(question.days) > most:
        raise refused("OUT_OF_RANGE", f"Name {most} windows at most.", field="days", least=1, most=most)
    if not all(1 <= each <= MOST_DAYS for each in question.days):
        words = f"A window has 1 to {MOST_DAYS} days."
        raise refused("OUT_OF_RANGE", words, field="days", least=1, most=MOST_DAYS)
    if question.definition == SINCE_VISIT and question.listed and len(set(question.days)) != 1:
        words = "A list has the clients of one window: name one number of days."
        raise refused("ONE_WINDOW_NEEDED", words, field="days")


def _with_periods(question: Question, today: date) -> Question:
    first, last = _period(
        question.first, question.last, _default_period(question, today), ("from", "to"), today
    )
    question = replace(question, first=first, last=last)
    if question.definition != PERIOD:
        return question
    month = month_number(today) - 1
    default = first_day_of_month(month), last_day_of_month(month)
    ends = question.return_first, question.return_last
    return_first, return_last = _period(*ends, default, ("return_from", "return_to"), today)
    if return_first <= last:
        words = "The period of the return starts after the period of the base has ended."
        raise refused("INVALID_PERIOD", words, field="return_from")
    return replace(question, return_first=return_first, return_last=return_last)


def _default_period(question: Question, today: date) -> tuple[date, date]:
    """The last full month; of `period` the month before it; of definitions with windows the last month whose
    windows are all over; of `trailing` the current month until today; of cohorts the last twelve months; of
    repurchase and upsell all days until today."""
    month = month_number(today)
    if question.report in (REPURCHASE, UPSELL):
        return EARLIEST, today
    if question.definition == TRAILING:
        return first_day_of_month(month), today
    if question.report == COHORTS:
        return first_day_of_month(month - 11), last_day_of_month(month)
    if question.definition == PERIOD:
        month -= 1
    elif question.days:
        month = month_number(today - timedelta(days=question.days[-1]))
    return first_day_of_month(month - 1), last_day_of_month(month - 1)


def _period(
    first: date | None, last: date | None, default: tuple[date, date], fields: tuple[str, str], today: date
) -> tuple[date, date]:
    if first is None and last is None:
        return default
    if first is None or last is None:
        raise refused(
            "INVALID_PERIOD", "A period has both ends, or neither.", field=fields[first is not None]
        )
    if last < first:
        raise refused(
            "INVALID_PERIOD", f"`{fields[1]}` is before `{fields[0]}`: exchange them.", field=fields[1]
        )
    if first > today:
        raise refused("INVALID_PERIOD", "The period has not begun: ask for an earlier one.", field=fields[0])
    if first < EARLIEST:
        raise refused("INVALID_PERIOD", f"Reports begin on {EARLIEST} at the earliest.", field=fields[0])
    if last > today + timedelta(days=MOST_DAYS):
        raise refused("INVALID_PERIOD", f"A period ends within {MOST_DAYS} days.", field=fields[1])
    return first, last


def _with_whole_months(question: Question) -> Question:
    assert question.first is not None
    assert question.last is not None
    first, last = month_number(question.first), month_number(question.last)
    if last - first >= MOST_COHORTS:
        words = f"A table has {MOST_COHORTS} months at most."
        raise refused("OUT_OF_RANGE", words, field="to", least=1, most=MOST_COHORTS)
    return replace(question, first=first_day_of_month(first), last=last_day_of_month(last))
