"""The base kept, and the advertising saved (docs/metrics.md, "Base-kept")."""

from datetime import timedelta
from typing import Any

from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.base_kept import BaseKept, base_kept
from chalicelib.domain.reports.report_forms import FILTERS
from chalicelib.domain.shared.months import first_day_of_month, month_number
from chalicelib.domain.statistics.wilson import wilson

NOT_OVER = "period_not_over"
NO_FORMER_BASE = "no_former_base"
NO_COST = "no_cost_known"
COST_OF_NETWORK = "cost_is_of_the_network"


def base_kept_report(asked: Asked) -> tuple[list[Figures], Figures]:
    """The total alone. unknown: why nothing is told of what was saved."""
    question = asked.question
    assert question.first is not None
    assert question.last is not None
    first, last = month_number(question.first), month_number(question.last)
    months = last - first + 1
    former, earlier = first_day_of_month(first - months), first_day_of_month(first - 2 * months)
    last_before = question.first - timedelta(days=1)
    days: dict[str, Any] = {"former_first": former, "former_base_first": earlier, "base_last": last_before}
    ((kept, clients, former_kept, former_clients),) = asked.rows("asked_lines", "value/base_kept", **days)
    cost = _cost(asked, first, last)
    found = base_kept(kept, clients, former_kept, former_clients, cost["new_client_cost_minor"])
    is_over = question.last < asked.today
    return [], {
        "base": [former, last_before],
        "former_base": [earlier, former - timedelta(days=1)],
        "clients": clients,
        "kept": kept,
        "rate": found.rate,
        "interval": wilson(kept, clients),
        "former_clients": former_clients,
        "former_kept": former_kept,
        "former_rate": found.former_rate,
        **cost,
        **_saved(found if is_over else None),
        "unknown": _unknown(found, is_over, _is_filtered(asked)),
        "assumes": found.assumes,
    }


def _saved(found: BaseKept | None) -> Figures:
    """Nothing of a period that is not over: clients still come back."""
    if found is None:
        return dict.fromkeys(("kept_more", "kept_more_interval", "saved_minor", "saved_interval_minor"))
    return {
        "kept_more": found.kept_more,
        "kept_more_interval": found.interval,
        "saved_minor": found.saved,
        "saved_interval_minor": found.saved_interval,
    }


def _cost(asked: Asked, first_month: int, last_month: int) -> Figures:
    """The cost of a new client in the currency that is asked for, or in that of the greatest cost."""
    nothing: Figures = dict.fromkeys(("currency", "cost_minor", "brought", "new_client_cost_minor"))
    if _is_filtered(asked):
        return nothing | {"cost_months_unknown": None}
    rows = asked.rows("asked_lines", "value/new_client_cost", first_month=first_month, last_month=last_month)
    wanted = asked.question.currency
    for currency, cost, brought, months, sources in rows:
        if wanted in (None, currency):
            return {
                "currency": currency,
                "cost_minor": cost,
                "brought": brought,
                "new_client_cost_minor": round(cost / brought) if brought else None,
                "cost_months_unknown": sources * (last_month - first_month + 1) - months,
            }
    return nothing | {"cost_months_unknown": None}


def _is_filtered(asked: Asked) -> bool:
    return any(getattr(asked.question, name) is not None for name in FILTERS)


def _unknown(found: BaseKept, is_over: bool, is_filtered: bool) -> str | None:
    if not is_over:
        return NOT_OVER
    if found.kept_more is None:
        return NO_FORMER_BASE
    if found.saved is not None:
        return None
    return COST_OF_NETWORK if is_filtered else NO_COST
