"""What clients are worth: what they have paid, by month of the first visit or by source, and what they are
expected to pay in the next year (docs/metrics.md, "Value")."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict, replace

from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.analytics.value_of_base.kept_tables import KeptBills, KeptVisits
from chalicelib.domain.reports.questions import ClientValue, ListedClient, ListedClients, about_sources
from chalicelib.domain.reports.visit_forecast import (
    AHEAD_DAYS,
    NOT_CONVERGED,
    TOO_FEW_CLIENTS,
    TriedMethod,
    VisitForecast,
    forecast,
)
from chalicelib.domain.shared.errors import malformed
from chalicelib.domain.shared.months import month_number, name_of_month
from chalicelib.domain.statistics.gamma_gamma import GammaGamma, fit_bills
from chalicelib.domain.statistics.regularity import FEWEST

TABLES = (
    "value_days", "value_clients", "value_moments", "value_paces", "value_histories",
    "value_alive", "value_foretold", "value_sources", "value_worth",
)  # fmt: skip

MONTH = "month"
"""The dimension of the rows where none is asked for."""


class _Worth(Struct, frozen=True):
    """What was found out about the clients, who are in the table value_worth."""

    currency: str | None
    visits: VisitForecast
    regularity: float | None
    spending: GammaGamma | None
    spend_refused: str | None
    correlation: float | None


def value(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each month of a first visit, or for each source, and what the forecast is made by."""
    with _worth(asked) as worth:
        if worth is None:
            return [], _total(None, _figures(0, 0, 0, None, None))
        found = asked.rows("value/shown", "value/figures")
        figures = [_figures(*row[2:]) for row in found] or [_figures(0, 0, 0, None, None)]
        by = asked.question.by
        return (_by_source(asked) if by else _by_month(asked)), _total(worth, figures[0])


def list_by_value(asked: Asked) -> ListedClients:
    """A page of the clients, the greatest expected value first; what they paid, where nothing is expected."""
    question = asked.question
    rank, after = _after(question.after)
    with _worth(asked) as worth:
        if worth is None:
            return ListedClients((), None)
        found = asked.rows("value/shown", "value/list", after_rank=rank, after_client=after)
    page = found[: question.limit]
    values = {
        client: ClientValue(str(worth.currency), realised, visits, expected)
        for client, realised, visits, expected, _ in page
    }
    rows = asked.rows("asked_lines", "value/page", "listed_clients", clients=list(values))
    known = {row[0]: replace(ListedClient(*row), value=values[row[0]]) for row in rows}
    items = tuple(known[client] for client in values)
    more = f"{page[-1][4]}.{page[-1][0]}" if len(found) > question.limit else None
    return ListedClients(items, more)


@contextmanager
def _worth(asked: Asked) -> Iterator[_Worth | None]:
    """None: no visit. The tables are there until the end."""
    try:
        currency = asked.question.currency or _main_currency(asked)
        yield _found(asked, currency) if currency is not None else None
    finally:
        asked.drop(*TABLES)


def _main_currency(asked: Asked) -> str | None:
    found = asked.rows("value/main_currency")
    return str(found[0][0]) if found else None


def _found(asked: Asked, currency: str) -> _Worth:
    base = KeptVisits(asked, currency)
    visits = forecast(base)
    if visits.method is None:
        base.foretell_nothing()
    bills = KeptBills(asked)
    spending, refused = _spending(bills)
    fitted = {name: getattr(spending, name, None) for name in ("p", "q", "scale")}
    if about_sources(asked.question):
        asked.keep("value_sources", "asked_lines", "value/sources")
    else:
        asked.keep("value_sources", "value/no_sources")
    asked.keep("value_worth", "value/worth", **fitted)
    return _Worth(currency, visits, base.regularity, spending, refused, bills.correlation())


def _spending(bills: KeptBills) -> tuple[GammaGamma | None, str | None]:
    if bills.clients < FEWEST:
        return None, TOO_FEW_CLIENTS
    model = fit_bills(bills)
    return (model, None) if model.converged else (None, NOT_CONVERGED)


def _by_month(asked: Asked) -> list[Figures]:
    spent: dict[int, dict[int, int]] = defaultdict(dict)
    for month, number, minor in asked.rows("value/shown", "value/months"):
        spent[month][number] = minor
    this = month_number(asked.today)
    return [
        {"key": name_of_month(month), "name": name_of_month(month)}
        | _figures(*figures)
        | {"spent_minor": [spent[month].get(n, 0) for n in range(this - month + 1)]}
        for month, _, *figures in asked.rows("value/shown", "value/figures", by=MONTH)
    ]


def _by_source(asked: Asked) -> list[Figures]:
    names = names_of_keys(asked.connection, "source")
    return [
        {"key": key, "name": names.get(key, key)} | _figures(*figures)
        for _, key, *figures in asked.rows("value/shown", "value/figures", by="source")
    ]


def _figures(
    clients: int, without_bill: int, realised: int, visits: float | None, expected: int | None
) -> Figures:
    return {
        "clients": clients,
        "visits_without_bill": without_bill,
        "realised_minor": realised,
        "realised_per_client_minor": round(realised / clients) if clients else None,
        "expected_visits": visits,
        "expected_minor": expected,
    }


def _total(worth: _Worth | None, figures: Figures) -> Figures:
    if worth is None:
        worth = _Worth(
            None, VisitForecast(method=None, parameters={}, tried=()), None, None, TOO_FEW_CLIENTS, None
        )
    visits, spending = worth.visits, worth.spending
    last_tried = visits.tried[-1].refused if visits.tried else TOO_FEW_CLIENTS
    return (
        {"currency": worth.currency}
        | figures
        | {
            "ahead_days": AHEAD_DAYS,
            "method": visits.method,
            "refused": last_tried,
            "parameters": dict(visits.parameters),
            "regularity": worth.regularity,
            "tried": [_shown(tried) for tried in visits.tried],
            "spend_refused": worth.spend_refused,
            "spend_parameters": {name: getattr(spending, name) for name in ("p", "q", "scale")}
            if spending
            else {},
            "frequency_correlation": worth.correlation,
        }
    )


def _shown(tried: TriedMethod) -> Figures:
    figures: dict[str, Any] = dict.fromkeys(("error", "last_year_error", "foretold", "real"))
    return (
        {"method": tried.method, "refused": tried.refused}
        | figures
        | (asdict(tried.trial) if tried.trial is not None else {})
    )


def _after(cursor: str | None) -> tuple[int | None, str]:
    """Value and id of the last client of the page before. Raises INVALID_FIELD."""
    if cursor is None:
        return None, ""
    rank, _, client = cursor.partition(".")
    if not rank.removeprefix("-").isdecimal() or len(rank) > 18:
        raise malformed("INVALID_FIELD", "cursor: that of the page before.", field="cursor")
    return int(rank), client
