"""The rules that a question keeps, and what it asks by default."""

from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.categories import CATEGORIES
from chalicelib.domain.reports.leaving_reasons import ROWS as REASONS
from chalicelib.domain.reports.questions import PARAMETERS, Question, form_of
from chalicelib.domain.reports.report_forms import (
    DEFAULT_DEFINITION,
    DEFINITIONS,
    EARLIEST,
    FORMS,
    PERIOD,
    REPORTS,
    Days,
    ReportForm,
    last_full_month,
)
from chalicelib.domain.shared.errors import malformed, missing, refused
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number
from chalicelib.domain.shared.touches import MARKETING, TouchKind

WHO = ("all", "new")
KINDS = tuple(kind.value for kind in TouchKind if kind in MARKETING)
RETURNED_TO = ("network", "salon", "staff")

MOST_DAYS = 1_830
"""The longest window, the longest time before a period, and the latest end of a period from today."""

MOST_MONTHS = 60
MOST_LISTED = 200

_ALWAYS_TAKEN = frozenset({"first", "last"})


def settled(question: Question, today: date) -> Question:
    """The question with the defaults of its form; what is settled stays as it is. today: the earliest local
    date of the network's salons.

    Raises NOT_FOUND, UNKNOWN_DEFINITION, UNKNOWN_DIMENSION, UNKNOWN_CHOICE, UNUSED_PARAMETER, OUT_OF_RANGE,
    INVALID_PERIOD, ONE_WINDOW_NEEDED and INVALID_FIELD."""
    question = _with_definition(question)
    form = form_of(question)
    _check_choices(question, form)
    _check_used(question, form)
    _check_windows(question, form)
    if not 1 <= question.limit <= MOST_LISTED:
        raise malformed("INVALID_FIELD", f"A page has 1 to {MOST_LISTED} clients.", field="limit")
    question = replace(
        question,
        by=form.by or question.by,
        who=_default(question.who, WHO, "who" in form.takes),
        returned_to=_default(question.returned_to, RETURNED_TO, "returned_to" in form.takes),
        days=tuple(sorted(set(question.days))) or form.days,
    )
    question = _with_periods(question, form, today)
    return _with_whole_months(question) if form.whole_months else question


def _with_definition(question: Question) -> Question:
    """The question with a definition that its report has."""
    if question.report not in REPORTS:
        raise missing("report", question.report)
    definition = question.definition or DEFAULT_DEFINITION.get(question.report)
    if (question.report, definition) in FORMS:
        return replace(question, definition=definition)
    if (question.report, None) in FORMS:
        raise _unused("definition")
    known = list(DEFINITIONS)
    raise refused("UNKNOWN_DEFINITION", f"Choose a definition: {', '.join(known)}.", known=known)


def _check_choices(question: Question, form: ReportForm) -> None:
    if form.by is not None and question.by not in (None, form.by):
        raise _unused("by")
    if "by" in form.takes and question.by not in (None, *form.dimensions):
        known = list(form.dimensions)
        raise refused("UNKNOWN_DIMENSION", f"Rows are by one of {', '.join(known)}.", known=known)
    for name, choices in (
        ("who", WHO),
        ("returned_to", RETURNED_TO),
        ("listed", form.lists),
        ("category_before", CATEGORIES),
        ("category_after", CATEGORIES),
        ("reason", REASONS),
        ("kind", KINDS),
    ):
        if name in form.takes and getattr(question, name) not in (None, *choices):
            field, known = PARAMETERS[name], list(choices)
            raise refused("UNKNOWN_CHOICE", f"Choose one of {', '.join(known)}.", field=field, known=known)


def _check_used(question: Question, form: ReportForm) -> None:
    for name, field in PARAMETERS.items():
        if name not in form.takes | _ALWAYS_TAKEN and getattr(question, name) not in (None, ()):
            raise _unused(field)
    if question.reason is not None and question.listed is None:
        raise _unused(PARAMETERS["reason"])


def _check_windows(question: Question, form: ReportForm) -> None:
    asked, most = len(set(question.days)), form.most_windows
    if asked > 1 and most == 1:
        words = "This report has one window: name one number of days."
        raise refused("ONE_WINDOW_NEEDED", words, field="days")
    if asked > most:
        raise refused("OUT_OF_RANGE", f"Name {most} windows at most.", field="days", least=1, most=most)
    if not all(1 <= each <= MOST_DAYS for each in question.days):
        words = f"A window has 1 to {MOST_DAYS} days."
        raise refused("OUT_OF_RANGE", words, field="days", least=1, most=MOST_DAYS)
    if question.listed and most > 1 and asked != 1:
        words = "A list has the clients of one window: name one number of days."
        raise refused("ONE_WINDOW_NEEDED", words, field="days")


def _unused(field: str) -> Exception:
    return refused("UNUSED_PARAMETER", f"`{field}` says nothing here: leave it out.", field=field)


def _default(value: str | None, choices: tuple[str, ...], is_taken: bool) -> str | None:
    return value or choices[0] if is_taken else None


def _with_periods(question: Question, form: ReportForm, today: date) -> Question:
    days: Days = question.days
    first, last = _period(question.first, question.last, form.period(today, days), ("from", "to"), today)
    question = replace(question, first=first, last=last)
    if question.definition != PERIOD:
        return question
    ends = question.return_first, question.return_last
    fields = PARAMETERS["return_first"], PARAMETERS["return_last"]
    return_first, return_last = _period(*ends, last_full_month(today, days), fields, today)
    if return_first <= last:
        words = "The period of the return starts after the period of the base has ended."
        raise refused("INVALID_PERIOD", words, field=fields[0])
    return replace(question, return_first=return_first, return_last=return_last)


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
    if last - first >= MOST_MONTHS:
        words = f"A table has {MOST_MONTHS} months at most."
        raise refused("OUT_OF_RANGE", words, field="to", least=1, most=MOST_MONTHS)
    return replace(question, first=first_day_of_month(first), last=last_day_of_month(last))
