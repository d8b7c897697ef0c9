"""Retention by each of its definitions, and the clients behind a figure."""

from collections.abc import Iterator
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.questions import ListedClients, Question, final_on
from chalicelib.domain.reports.report_forms import FIRST_TIME, SERVICES, SINCE_VISIT, SOURCES
from chalicelib.domain.statistics.wilson import wilson

_BASES = MappingProxyType({SOURCES: FIRST_TIME, SERVICES: SINCE_VISIT})
"""Report without a definition of its own -> the definition by which its clients return."""


def retention(asked: Asked) -> tuple[list[Figures], Figures]:
    """Rows and total. Of since_visit without a dimension there is a row for each window, and the total is of
    the longest."""
    question = asked.question
    found = {days: retention_figures(*counts) for _, days, *counts in _counts(asked, None)}
    windows: tuple[int | None, ...] = question.days or (None,)
    whole = [_with_days(days, found.get(days) or retention_figures(0, 0, 0)) for days in windows]
    if question.by is not None:
        return list(_rows_by(asked, question.by)), whole[-1]
    if question.definition == SINCE_VISIT:
        return [_row_of_window(question, each) for each in whole], whole[-1]
    return [], whole[-1]


def listed_by_retention(asked: Asked) -> ListedClients:
    """The clients behind the total of the question's figures."""
    question = asked.question
    definition, who = question.definition or _BASES[question.report], question.who or "all"
    return listed_clients(asked, "asked_lines", "places", definition, "retention_list", who=who)


def _rows_by(asked: Asked, by: str) -> Iterator[Figures]:
    names = names_of_keys(asked.connection, by)
    for key, days, *counts in _counts(asked, by):
        yield {"key": key, "name": names.get(key, key)} | _with_days(days, retention_figures(*counts))


def _counts(asked: Asked, by: str | None) -> list[tuple[str, int | None, int, int, int]]:
    """Key, days, clients, returned and maturing of each row."""
    assert asked.question.definition is not None
    rows = asked.rows("asked_lines", "places", asked.question.definition, "retention_figures", by=by)
    return [(key, days, clients, returned, maturing) for key, days, clients, returned, maturing in rows]


def _row_of_window(question: Question, figures: Figures) -> Figures:
    key, days = str(figures["days"]), (figures["days"],)
    return {"key": key, "name": key} | figures | {"final_on": final_on(replace(question, days=days))}


def _with_days(days: int | None, figures: Figures) -> Figures:
    return figures if days is None else {"days": days} | figures


def retention_figures(clients: int, returned: int, maturing: int) -> Figures:
    rate = returned / clients if clients else None
    return {
        "clients": clients,
        "returned": returned,
        "rate": rate,
        "interval": wilson(returned, clients),
        "churn": None if rate is None else (clients - returned) / clients,
        "maturing": maturing,
    }
