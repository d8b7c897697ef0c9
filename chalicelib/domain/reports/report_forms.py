"""The form of each report, and of each definition of retention: its words and version, what it takes, its
default period, and which visits it needs. Whatever depends on the report is said here, once. docs/metrics.md
explains each with an example."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.holdout import HELD_OUT
from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number

ENGAGEMENT = "engagement"
RETENTION, COHORTS, REPURCHASE, SPEND, UPSELL = "retention", "cohorts", "repurchase", "spend", "upsell"
STAFF, VALUE, BASE_KEPT, FLOWS = "staff", "value", "base-kept", "flows"
SOURCES, SERVICES, LEAVING, REBOOKING, LIFT = "sources", "services", "leaving", "rebooking", "lift"
REFERRALS = "referrals"

PERIOD, TRAILING, WINDOW = "period", "trailing", "window"
SINCE_VISIT, FIRST_TIME = "since_visit", "first_time"
DEFINITIONS = (PERIOD, TRAILING, WINDOW, SINCE_VISIT, FIRST_TIME)
"""The definitions of retention."""

EARLIEST = date(2000, 1, 1)
"""The first local date that a report counts."""

DIMENSIONS = ("salon", "staff", "service", "category", "source")
FILTERS = ("salon_ids", "staff_id", "service_id", "service_category", "source")
LISTS = ("base", "returned", "lost", "maturing")
CHANGES = "changes"
"""A table beside visits: changes of category."""
COMPLAINTS = "complaints"
"""A table beside visits: low ratings whose tasks are open, and where specialists work today."""
BOOKINGS = "bookings"
"""A table beside visits: bookings to come."""

CLIENT = "client"
"""Rows by client: their names are read where a report is shown."""

COSTS = "costs"
"""The table of what sources cost."""
TOUCHES = "touches"
"""A table beside visits: messages, sent and skipped."""

LIFT_DAYS = (30,)
"""Within so many days after a touch a visit counts as its return, where nobody says otherwise."""

Days = tuple[int, ...]
DefaultPeriod = Callable[[date, Days], tuple[date, date]]
"""Today and the lengths of the windows -> the first and the last local date."""


# --- default periods


def last_full_month(today: date, days: Days) -> tuple[date, date]:
    return _month(month_number(today) - 1)


def last_full_month_but_one(today: date, days: Days) -> tuple[date, date]:
    return _month(month_number(today) - 2)


def last_month_over(today: date, days: Days) -> tuple[date, date]:
    """The last full month whose windows are all over."""
    return _month(month_number(today - timedelta(days=days[-1])) - 1)


def current_month(today: date, days: Days) -> tuple[date, date]:
    return first_day_of_month(month_number(today)), today


def last_twelve_months(today: date, days: Days) -> tuple[date, date]:
    """The current month is the last of them."""
    return first_day_of_month(month_number(today) - 11), last_day_of_month(month_number(today))


def last_three_full_months(today: date, days: Days) -> tuple[date, date]:
    last = month_number(today) - 1
    return first_day_of_month(last - 2), last_day_of_month(last)


def last_three_months_and_this(today: date, days: Days) -> tuple[date, date]:
    return first_day_of_month(month_number(today) - 3), today


def until_today(today: date, days: Days) -> tuple[date, date]:
    return EARLIEST, today


def _month(number: int) -> tuple[date, date]:
    return first_day_of_month(number), last_day_of_month(number)


# --- forms


class ReportForm(Struct, frozen=True, kw_only=True):
    """What a report takes and needs.

    id, version     of the definition that an answer names. The version grows whenever the same visits would
                    make another figure.
    says            its words.
    takes           the fields of a question that it takes, beside period and page of a list.
    dimensions      what its rows can be by. by: what they always are by; None: as asked.
    lists           the lists of clients behind its figures.
    days            the lengths of windows where the question names none; most_windows: how many it may name.
    whole_months    the period is of whole months, and named by months. names_months: it may be named by
                    months or by dates.
    needs_visits    False: its figures need visits only where `by`, a filter or a list asks about them.
    counts_returns  visits after the base count, until the windows of the definition are over.
    counts_firsts   the first visit ever of each client decides who is in the base.
    whole_history   visits before the base count, too.
    until_now       visits count until now, whatever the period is.
    later_visits    visits after the period count, too, until now.
    everywhere      visits in other salons than those asked about count, too.
    tables          what the report reads beside visits, such as `touches`.
    """

    id: str
    says: str
    period: DefaultPeriod
    version: int = 1
    takes: frozenset[str] = frozenset({"by", *FILTERS})
    dimensions: tuple[str, ...] = DIMENSIONS
    by: str | None = None
    lists: tuple[str, ...] = ()
    days: Days = ()
    most_windows: int = 1
    whole_months: bool = False
    names_months: bool = False
    needs_visits: bool = True
    counts_returns: bool = False
    counts_firsts: bool = False
    whole_history: bool = False
    until_now: bool = False
    later_visits: bool = False
    everywhere: bool = False
    tables: frozenset[str] = frozenset()


_COMMON = frozenset({"by", *FILTERS})
_OF_RETENTION = _COMMON | {"definition", "who", "returned_to", "listed"}
_WINDOWED = _OF_RETENTION | {"days"}

_RETENTION = (
    ReportForm(
        id=PERIOD,
        says="Of the clients with a visit in the first period: those with a visit in the second period.",
        takes=_OF_RETENTION | {"return_first", "return_last"},
        period=last_full_month_but_one,
    ),
    ReportForm(
        id=TRAILING,
        says="Of the clients with a visit in the days before the current period: those with a visit in the"
        " current period.",
        takes=_WINDOWED,
        period=current_month,
        days=(60,),
    ),
    ReportForm(
        id=WINDOW,
        says="Of the clients with a visit in the period: those with another visit in the days after it.",
        takes=_WINDOWED,
        period=last_month_over,
        days=(120,),
    ),
    ReportForm(
        id=SINCE_VISIT,
        says="Of the clients with a visit in the period: those with another visit, on a later date, within"
        " the days after their first visit of the period.",
        takes=_WINDOWED,
        period=last_month_over,
        days=(30, 60, 90, 120, 150, 180),
        most_windows=12,
    ),
    ReportForm(
        id=FIRST_TIME,
        says="Of the clients whose first visit ever is in the period: those with another visit, on a later"
        " date, within the days after the first.",
        takes=_WINDOWED,
        period=last_month_over,
        days=(90,),
        counts_firsts=True,
    ),
)

_OTHERS = (
    ReportForm(
        id=COHORTS,
        says="Of the clients whose first visit ever is in a month: those with a visit in that month, which is"
        " month 0, and in each month after it.",
        takes=_COMMON - {"by"},
        period=last_twelve_months,
        whole_months=True,
        counts_firsts=True,
        until_now=True,
    ),
    ReportForm(
        id=REPURCHASE,
        says="Of the clients with a visit in the period: those with two or more visits in the period.",
        period=until_today,
    ),
    ReportForm(
        id=SPEND,
        says="What was paid for the visits of the period, refunds taken off: a visit, and a client.",
        period=last_full_month,
    ),
    ReportForm(
        id=UPSELL,
        says="Clients with services of one category in the period, and clients with services of several.",
        period=until_today,
        everywhere=True,
    ),
    ReportForm(
        id=ENGAGEMENT,
        says="Of the visits in the period: those that the client rated, and those that points paid in part."
        " The index is the mean of the two shares.",
        period=last_full_month,
    ),
    ReportForm(
        id=REBOOKING,
        says="Of the visits in the period: those at the end of whose date the client held a booking for a"
        " later date, in any salon, that is not cancelled by now.",
        takes=_COMMON | {"who", "listed"},
        lists=("base", "returned", "lost"),
        period=last_full_month,
        later_visits=True,
        everywhere=True,
        tables=frozenset({BOOKINGS}),
    ),
    ReportForm(
        id=VALUE,
        says="What the clients whose first visit is in the period have paid until today, refunds taken off,"
        " and what they are expected to pay in the 365 days after it.",
        takes=_COMMON | {"currency", "listed"},
        dimensions=("source",),
        lists=("base",),
        period=until_today,
        names_months=True,
        whole_history=True,
        until_now=True,
    ),
    ReportForm(
        id=BASE_KEPT,
        says="Of the clients with a visit in the months before the period, as many months as the period has:"
        " those with a visit in the period. The rate is compared with that of a former period, which lies as"
        " many months earlier; what was kept beyond it saved new clients, each at the cost of one.",
        takes=_COMMON - {"by"} | {"currency"},
        period=last_three_full_months,
        whole_months=True,
        counts_firsts=True,
        tables=frozenset({COSTS}),
    ),
    ReportForm(
        id=FLOWS,
        says="Clients who changed from one category to another in each month of the period, and why.",
        takes=_COMMON | {"listed", "category_before", "category_after"},
        period=last_three_months_and_this,
        lists=("base",),
        names_months=True,
        needs_visits=False,
        whole_history=True,
        tables=frozenset({CHANGES}),
    ),
    ReportForm(
        id=SOURCES,
        says="Of the clients whose first visit ever is in the period, by their source: those with another"
        " visit, on a later date, within the days after the first; and all their visits until now, beside"
        " what the source cost in the period.",
        takes=_COMMON | {"days", "listed"},
        by="source",
        lists=LISTS,
        period=last_month_over,
        days=(90,),
        counts_returns=True,
        counts_firsts=True,
        until_now=True,
        tables=frozenset({COSTS}),
    ),
    ReportForm(
        id=REFERRALS,
        says="Of the clients whose first visit ever is in the period and whom another client recommended, by"
        " who recommended them: those with another visit, on a later date, within the days after the first;"
        " and all their visits until now.",
        takes=_COMMON | {"days"},
        dimensions=(CLIENT,),
        by=CLIENT,
        period=until_today,
        days=(90,),
        counts_returns=True,
        counts_firsts=True,
        until_now=True,
    ),
    ReportForm(
        id=SERVICES,
        says="Of the clients with a service in the period: those with another visit, on a later date, within"
        " the days after their first visit of the period with it; and what was paid for the service in the"
        " period.",
        takes=_COMMON | {"days", "listed"},
        by="service",
        lists=LISTS,
        period=last_month_over,
        days=(90,),
        counts_returns=True,
        counts_firsts=True,
        whole_history=True,
    ),
    ReportForm(
        id=LEAVING,
        says="Of the clients who became lost in the period: what they stated as the reason, and what is"
        " observed beside it.",
        takes=_COMMON | {"listed", "reason"},
        period=last_three_months_and_this,
        lists=("base", "lost", "returned"),
        names_months=True,
        whole_history=True,
        until_now=True,
        tables=frozenset({CHANGES, COMPLAINTS, TOUCHES}),
    ),
    ReportForm(
        id=LIFT,
        says="Of the clients for whom a touch of marketing was due in the period: those with a visit within"
        " the days after it, beside the same of the clients who were held out of that touch.",
        takes=frozenset({"kind", "days", "salon_ids", "listed"}),
        lists=(*LISTS, HELD_OUT),
        period=last_month_over,
        days=LIFT_DAYS,
        counts_returns=True,
        everywhere=True,
        tables=frozenset({TOUCHES}),
    ),
)

_STAFF_SAYS = (
    "Retention of each specialist, and as it would be had the specialist and the colleagues served the same"
    " services and the same share of new clients."
)


def _retention(form: ReportForm) -> ReportForm:
    return replace(form, counts_returns=True, lists=LISTS)


def _of_staff(form: ReportForm) -> ReportForm:
    """The report of staff by a definition of retention, with a single window."""
    return replace(
        form,
        id=STAFF,
        says=_STAFF_SAYS,
        by=STAFF,
        days=(90,) if form.id == SINCE_VISIT else form.days,
        most_windows=1,
        whole_history=True,
    )


FORMS: Mapping[tuple[str, str | None], ReportForm] = MappingProxyType(
    {(RETENTION, form.id): _retention(form) for form in _RETENTION}
    | {(STAFF, form.id): _of_staff(_retention(form)) for form in _RETENTION}
    | {(form.id, None): form for form in _OTHERS}
)
"""Report and definition of retention, None for a report that has none -> form."""

REPORTS = tuple(dict.fromkeys(report for report, _ in FORMS))

DEFAULT_DEFINITION: Mapping[str, str] = MappingProxyType({STAFF: SINCE_VISIT})
"""Report -> its definition of retention where the question names none."""


def is_of_staff(report: str) -> bool:
    """Whether a report can be asked for one specialist; a report that is not known may be."""
    return all("staff_id" in form.takes for (name, _), form in FORMS.items() if name == report)
