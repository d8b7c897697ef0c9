"""Sources: who came from each and returned, what they paid, and what the source cost (docs/metrics.md,
"Sources")."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.retention import retention_figures
from chalicelib.analytics.shares import share
from chalicelib.analytics.spending import (
    KeyedSpending,
    by_currency,
    discounts,
    spending_by_key,
    visits_and_sales,
)
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.networks.sources import MonthCost, SourceType
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.report_forms import FIRST_TIME
from chalicelib.domain.reports.source_figures import (
    PeriodCost,
    SourceComparison,
    SourceCounts,
    compared_with_others,
    cost_of_period,
    costs_together,
    counts_together,
    payback,
)

UNKNOWN_SOURCE = ""
RECOMMENDED = frozenset({SourceType.CLIENT_WORD, SourceType.COLLEAGUE_WORD})


class _FoundSource(Struct, frozen=True, kw_only=True):
    """type: None for a word that the network does not list. cost: None where costs say nothing."""

    counts: SourceCounts
    spending: list[KeyedSpending]
    type: str | None
    cost: PeriodCost | None


def sources(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each source that brought somebody or cost something. The total tells recommended clients and
    all others apart."""
    found = _found(asked)
    names = names_of_keys(asked.connection, "source")
    together = counts_together(each.counts for each in found.values())
    rows = []
    for key, source in sorted(found.items()):
        others = counts_together(each.counts for other, each in found.items() if other != key)
        comparison = compared_with_others(source.counts, others) if key != UNKNOWN_SOURCE else None
        row = {"key": key, "name": names.get(key, key), "type": source.type}
        rows.append(row | _source_figures(source) | _comparison(comparison))
    costs = [each.cost for each in found.values() if each.cost is not None]
    total = _FoundSource(
        counts=together,
        spending=[each for source in found.values() for each in source.spending],
        type=None,
        cost=costs_together(costs) if costs else None,
    )
    recommended = {key for key, each in found.items() if each.type in RECOMMENDED}
    return rows, _source_figures(total) | {
        "recommended": _returns(found, recommended),
        "others": _returns(found, found.keys() - recommended - {UNKNOWN_SOURCE}),
    }


def _found(asked: Asked) -> dict[str, _FoundSource]:
    files = "asked_lines", "places", FIRST_TIME
    counts = {
        key: SourceCounts(
            clients=clients, returned=returned, maturing=maturing, one_time=one_time, late=late,
            paid_back=paid_back,
        )
        for key, clients, returned, maturing, one_time, late, paid_back
        in asked.rows(*files, "source_clients", by="source")
    }  # fmt: skip
    spending = spending_by_key(asked, *files, "cohort_lines", by="source")
    types = dict(asked.connection.execute("SELECT source, type FROM sources").fetchall())
    costs = _costs(asked)
    return {
        key: _FoundSource(
            counts=counts.get(key, SourceCounts()),
            spending=spending.get(key, []),
            type=types.get(key),
            cost=costs.get(key) or _unknown_cost(asked, key),
        )
        for key in counts.keys() | {key for key, cost in costs.items() if any(cost.known_minor.values())}
    }


def _costs(asked: Asked) -> Mapping[str, PeriodCost]:
    """The cost of each source of which one is known, until today. A cost is of the whole network: where the
    question is about a part of the visits it says nothing."""
    if not _about_whole_network(asked.question):
        return {}
    by_month: dict[str, dict[int, MonthCost]] = {}
    found = asked.connection.execute("SELECT source, month, amount_minor, currency FROM costs").fetchall()
    for source, month, amount, currency in found:
        if asked.question.source in (None, source):
            by_month.setdefault(source, {})[month] = MonthCost(amount, currency)
    first, last = _period(asked)
    return {source: cost_of_period(costs, first, last) for source, costs in by_month.items()}


def _unknown_cost(asked: Asked, key: str) -> PeriodCost | None:
    if key == UNKNOWN_SOURCE or not _about_whole_network(asked.question):
        return None
    return cost_of_period({}, *_period(asked))


def _period(asked: Asked) -> tuple[date, date]:
    assert asked.question.first is not None
    assert asked.question.last is not None
    return asked.question.first, max(asked.question.first, min(asked.question.last, asked.today))


def _about_whole_network(question: Question) -> bool:
    narrowed = question.salon_ids, question.staff_id, question.service_id, question.service_category
    return all(each is None for each in narrowed)


# --- figures


def _source_figures(source: _FoundSource) -> Figures:
    counts = source.counts
    return (
        retention_figures(counts.clients, counts.returned, counts.maturing)
        | {
            "new_clients": counts.new_clients,
            "one_time": share(counts.one_time, counts.clients),
            "late": share(counts.late, counts.not_in_window),
            "paid_back": share(counts.paid_back, counts.new_clients),
        }
        | visits_and_sales(source.spending)
        | {"discounts": discounts(source.spending)}
        | _cost_figures(source)
    )


def _cost_figures(source: _FoundSource) -> Figures:
    cost = source.cost or PeriodCost(known_minor={}, unknown_months=())
    found = payback(cost, source.counts, by_currency(source.spending, "sales_minor"))
    return {
        "cost_minor": None if source.cost is None else dict(cost.known_minor),
        "costs_unknown_months": list(cost.unknown_months),
        "cost_currency": found.currency,
        "cost_per_new_client_minor": found.per_new_client,
        "cost_per_returned_client_minor": found.per_returned_client,
        "cost_per_paid_back_client_minor": found.per_paid_back_client,
        "sales_less_cost_minor": found.left,
    }


def _comparison(found: SourceComparison | None) -> Figures:
    return {
        "verdict": found.verdict if found else None,
        "others_rate": found.others_rate if found else None,
        "difference": found.difference if found else None,
        "difference_interval": found.interval if found else None,
    }


def _returns(found: Mapping[str, _FoundSource], keys: Any) -> Figures:
    counts = counts_together(found[key].counts for key in sorted(keys))
    figures = retention_figures(counts.clients, counts.returned, counts.maturing)
    return figures | {"late": share(counts.late, counts.not_in_window)}
