"""A question about visits, and its answer. docs/metrics.md tells how each figure is made."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from chalicelib.domain.reports.report_forms import COSTS, FILTERS, FORMS, PERIOD, TRAILING, WINDOW, ReportForm


class Question(Struct, frozen=True, kw_only=True):
    """What somebody asks. Dates are local dates of the salon, both ends included. None or empty: not said;
    `settled` fills in what the definition has by default.

    report      one of `report_forms.REPORTS`.
    definition  of retention and staff: period, trailing, window, since_visit or first_time.
    first, last the period of the base; of `trailing` the current period; of cohorts the first day of the
                first month and the last day of the last one.
    return_first, return_last
                of `period`: the period of the return.
    days        lengths of windows; several for retention by since_visit alone.
    who         all, or new: clients whose first visit in the network lies in the period of the base.
    returned_to network, salon or staff: where a return counts.
    by          a row for each salon, staff, service, category or source; None: the total alone.
    salon_ids   the salons whose visits make the base; None: all. A manager's salons are put in here.
    staff_id, service_id, service_category, source
                filters of the base; "": visits of which that is unknown.
    currency    of value: the visits that are paid in it; None: that of most visits.
    category_before, category_after
                of flows: only changes from that category, only changes to that one.
    reason      of lists of leaving: only the clients of that row.
    kind        of lift: one kind of marketing, such as win_back; None: each.
    listed      base, returned, lost or maturing: the clients behind the figure; of lift also held_out; None:
                the figures.
    limit, after
                of a list: its length, and the last client of the page before.
    """

    report: str
    definition: str | None = None
    first: date | None = None
    last: date | None = None
    return_first: date | None = None
    return_last: date | None = None
    days: tuple[int, ...] = ()
    who: str | None = None
    returned_to: str | None = None
    by: str | None = None
    salon_ids: tuple[str, ...] | None = None
    staff_id: str | None = None
    service_id: str | None = None
    service_category: str | None = None
    source: str | None = None
    currency: str | None = None
    category_before: str | None = None
    category_after: str | None = None
    reason: str | None = None
    kind: str | None = None
    listed: str | None = None
    limit: int = 50
    after: str | None = None


class Definition(Struct, frozen=True):
    """The definition that made a figure. says: its words. parameters: by their names in the API, with the
    defaults that were filled in."""

    id: str
    version: int
    says: str
    parameters: Mapping[str, Any]


class Report(Struct, frozen=True, kw_only=True):
    """The answer to a question.

    zone        the network's time zone.
    as_of       the instant up to which visits are counted.
    final_on    the first local date on which all windows and periods of the question are over.
    rows        key, name and figures of each value of the dimension, sorted by key; the key is "" for visits
                of which the value is unknown.
    total       the figures of all rows together: a client of several rows counts once.
    """

    report: str
    definition: Definition
    zone: str
    as_of: datetime
    final_on: date
    rows: tuple[Mapping[str, Any], ...]
    total: Mapping[str, Any]


class ClientValue(Struct, frozen=True):
    """What a client is worth, in one currency. expected_*: of the next year; None: not foretold."""

    currency: str
    realised_minor: int
    expected_visits: float | None
    expected_minor: int | None


class ListedClient(Struct, frozen=True, omit_defaults=True):
    """A client behind a figure. last_visit_on, visits_count and spent_minor (minor units by currency, refunds
    taken off) are of all visits until now; last_visit_on is None where all were undone. staff_id: the
    specialist of the latest visit of the base. value: of the report `value` alone."""

    client_id: str
    last_visit_on: date | None
    visits_count: int
    spent_minor: Mapping[str, int]
    staff_id: str | None
    value: ClientValue | None = None


class ListedClients(Struct, frozen=True):
    """A page of clients, sorted by id; of the report `value` by what is expected of them. next_after: `after`
    of the next page; None: this page is the last."""

    items: tuple[ListedClient, ...]
    next_after: str | None


PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "definition": "definition",
        "first": "from",
        "last": "to",
        "return_first": "return_from",
        "return_last": "return_to",
        "days": "days",
        "who": "who",
        "returned_to": "returned_to",
        "by": "by",
        "salon_ids": "salon_id",
        "staff_id": "staff_id",
        "service_id": "service_id",
        "service_category": "service_category",
        "source": "source",
        "currency": "currency",
        "category_before": "before",
        "category_after": "after",
        "reason": "reason",
        "kind": "kind",
        "listed": "list",
    }
)
"""Field of a question -> the parameter's name in the API."""


def form_of(question: Question) -> ReportForm:
    """The form of a settled question."""
    return FORMS[question.report, question.definition]


def final_on(question: Question) -> date:
    """The first local date on which all windows of a settled question are over, or its period where there are
    no windows."""
    assert question.last is not None
    return (return_period(question)[1] or question.last) + timedelta(days=1)


def base_period(question: Question) -> tuple[date, date]:
    """The first and the last local date of the base of a settled question."""
    assert question.first is not None
    assert question.last is not None
    if question.definition == TRAILING:
        return question.first - timedelta(days=question.days[0]), question.first - timedelta(days=1)
    return question.first, question.last


def return_period(question: Question) -> tuple[date | None, date | None]:
    """The first and the last local date on which a return can count, over all clients of a settled question.
    (None, None): the report counts no returns."""
    if not form_of(question).counts_returns or question.first is None or question.last is None:
        return None, None
    if question.definition == PERIOD:
        return question.return_first, question.return_last
    if question.definition == TRAILING:
        return question.first, question.last
    until = question.last + timedelta(days=question.days[-1])
    return (question.last if question.definition == WINDOW else question.first) + timedelta(days=1), until


def about_sources(question: Question) -> bool:
    return question.by == "source" or question.source is not None


def needs_sources(question: Question) -> bool:
    """Whether the clients' sources are looked up: for rows, for a filter, or beside what sources cost."""
    return about_sources(question) or COSTS in form_of(question).tables


def counts_firsts(question: Question) -> bool:
    """Whether the first visit ever of each client counts: a client's source is that of the earliest visit."""
    return form_of(question).counts_firsts or question.who == "new" or about_sources(question)


def is_filtered(question: Question) -> bool:
    """Whether only some visits are asked about."""
    return any(getattr(question, name) is not None for name in FILTERS)


def is_about_visits(question: Question) -> bool:
    """Whether a settled question needs visits at all."""
    asked = question.by is not None or question.listed is not None or is_filtered(question)
    return asked or form_of(question).needs_visits


NO_DAYS = date.max, date.min


def needed_days(question: Question) -> tuple[date | None, date]:
    """The local dates whose visits a settled question needs, both included; None: from the first visit on.
    date.max: until now. NO_DAYS: none are needed."""
    assert question.last is not None
    if not is_about_visits(question):
        return NO_DAYS
    form = form_of(question)
    if question.listed is not None or form.until_now:
        return None, date.max
    whole = form.whole_history or counts_firsts(question)
    last = date.max if form.later_visits else return_period(question)[1] or question.last
    return None if whole else base_period(question)[0], last
