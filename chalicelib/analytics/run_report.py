"""A question about visits, answered by DuckDB with the SQL of its definition.

The connection has the views `visits` (columns as VisitFact, merged clients under their final target),
`services`, `staff`, `salons`, `sources` (source, name, type), `words` (word, source: what the word counts as)
and the tables that the form of its report names: `costs`, `touches` (columns as TouchFact), and `changes`
with those of change_tables.py.
"""

from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from duckdb import DuckDBPyConnection

from chalicelib.analytics.categories.flows import flows, listed_by_flows
from chalicelib.analytics.categories.leaving import leaving, listed_by_leaving
from chalicelib.analytics.rebooking import listed_by_rebooking, rebooking
from chalicelib.analytics.referrals import referrals
from chalicelib.analytics.retention import listed_by_retention, retention
from chalicelib.analytics.services import services
from chalicelib.analytics.sources import sources
from chalicelib.analytics.staff import staff_on_equal_terms
from chalicelib.analytics.statements import Asked
from chalicelib.analytics.totals import cohorts, engagement, repurchase, spend, upsell
from chalicelib.analytics.touches.lift import lift, listed_by_lift
from chalicelib.analytics.value_of_base.base_kept import base_kept_report
from chalicelib.analytics.value_of_base.value import list_by_value, value
from chalicelib.domain.reports.questions import (
    PARAMETERS,
    Definition,
    ListedClients,
    Question,
    Report,
    final_on,
    form_of,
)
from chalicelib.domain.reports.report_forms import (
    BASE_KEPT,
    COHORTS,
    ENGAGEMENT,
    FLOWS,
    LEAVING,
    LIFT,
    REBOOKING,
    REFERRALS,
    REPURCHASE,
    RETENTION,
    SERVICES,
    SOURCES,
    SPEND,
    STAFF,
    UPSELL,
    VALUE,
)
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.months import last_day_of_month, month_number
from chalicelib.domain.shared.zones import local_date

_REPORTS = MappingProxyType(
    {
        RETENTION: retention,
        COHORTS: cohorts,
        REPURCHASE: repurchase,
        ENGAGEMENT: engagement,
        SPEND: spend,
        UPSELL: upsell,
        STAFF: staff_on_equal_terms,
        VALUE: value,
        BASE_KEPT: base_kept_report,
        FLOWS: flows,
        SOURCES: sources,
        SERVICES: services,
        REFERRALS: referrals,
        LEAVING: leaving,
        REBOOKING: rebooking,
        LIFT: lift,
    }
)
_LISTS = MappingProxyType(
    {
        RETENTION: listed_by_retention,
        STAFF: listed_by_retention,
        VALUE: list_by_value,
        FLOWS: listed_by_flows,
        SOURCES: listed_by_retention,
        SERVICES: listed_by_retention,
        LEAVING: listed_by_leaving,
        REBOOKING: listed_by_rebooking,
        LIFT: listed_by_lift,
    }
)


def run_report(connection: DuckDBPyConnection, question: Question, as_of: datetime, zone: str) -> Report:
    """The figures of a question; `listed` counts for nothing. as_of: the instant up to which the connection
    has all visits. zone: the network's. Raises as `settled`."""
    asked = _asked(connection, question, as_of, zone)
    rows, total = _REPORTS[question.report](asked)
    return Report(
        report=question.report,
        definition=_definition(asked.question),
        zone=zone,
        as_of=as_of,
        final_on=_final_on(asked),
        rows=tuple(rows),
        total=total,
    )


def run_list(connection: DuckDBPyConnection, question: Question, as_of: datetime, zone: str) -> ListedClients:
    """The clients of a question with `listed`. Raises as `settled`."""
    return _LISTS[question.report](_asked(connection, question, as_of, zone))


def _asked(connection: DuckDBPyConnection, question: Question, as_of: datetime, zone: str) -> Asked:
    """A day is over once it is over in every salon: today is the earliest of their local dates."""
    zones = [name for (name,) in connection.execute("SELECT DISTINCT timezone FROM salons").fetchall()]
    today = min(local_date(as_of, each) for each in zones or [zone])
    return Asked(connection, settled(question, today), today)


def _final_on(asked: Asked) -> date:
    form = form_of(asked.question)
    if form.until_now and not form.counts_returns:
        return last_day_of_month(month_number(asked.today)) + timedelta(days=1)
    return final_on(asked.question)


def _definition(question: Question) -> Definition:
    form = form_of(question)
    values: dict[str, Any] = {field: getattr(question, field) for field in PARAMETERS}
    parameters = {PARAMETERS[field]: value for field, value in values.items() if value not in (None, ())}
    return Definition(form.id, form.version, form.says, parameters)
