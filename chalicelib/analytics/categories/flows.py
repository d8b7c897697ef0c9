"""Flows between categories (docs/metrics.md, "Flows")."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.clients.categories import CATEGORIES, POTENTIAL
from chalicelib.domain.clients.category_changes import CHANGES_KEPT
from chalicelib.domain.reports.questions import ListedClients, Question, is_filtered
from chalicelib.domain.shared.months import last_day_of_month, month_number

_FILES = "asked_lines", "flows/changes"


def flows(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each month and pair of categories, with a dimension for each value of it, too. The total has
    each pair over the period, and the stock: how many clients each category had at the end of days. It is
    told of the whole network alone."""
    question = asked.question
    found = _counted(asked, question.by)
    names = names_of_keys(asked.connection, question.by) if question.by else {}
    whole = found if question.by is None else _counted(asked, None)
    total = next(figures for _, month, before, _, figures in whole if month is None and before is None)
    total |= {"pairs": [_pair(before, after) | figures for _, month, before, after, figures in whole
                        if month is None and before is not None]}  # fmt: skip
    ((cut,),) = asked.rows("flows/cut_records", changes_kept=CHANGES_KEPT)
    rows = []
    for key, month, before, after, figures in found:
        if month is not None:
            row = {"key": f"{month}:{before}>{after}", "name": f"{before} > {after}", "month": month}
            if question.by is not None:
                row |= {"key": f"{row['key']}:{key}", "name": names.get(key, key), question.by: key}
            rows.append(row | _pair(before, after) | figures)
    rows.sort(key=lambda row: str(row["key"]))
    return rows, total | {"incomplete_clients": cut, "stock": _stock(asked)}


def listed_by_flows(asked: Asked) -> ListedClients:
    """The clients of the changes."""
    return listed_clients(asked, *_FILES, "flows/listed", **_of_lines(asked.question, None))


def _of_lines(question: Question, by: str | None) -> dict[str, bool]:
    filtered = is_filtered(question)
    return {
        "is_filtered": filtered,
        "of_lines": filtered or by is not None or question.listed is not None,
    }


_Counted = tuple[str, str | None, str | None, str | None, Figures]


def _counted(asked: Asked, by: str | None) -> list[_Counted]:
    """Key, month, before, after and figures, by month and pair. No month: of the period; no pair: of all
    changes."""
    causes: dict[Sequence[Any], dict[str, int]] = defaultdict(dict)
    counts: dict[Sequence[Any], tuple[int, int]] = {}
    for *group, cause, changes, clients in asked.rows(
        *_FILES, "flows/figures", by=by, **_of_lines(asked.question, by)
    ):
        if cause is not None:
            causes[tuple(group)][cause] = changes
        else:
            counts[tuple(group)] = changes, clients
    by_name = sorted(counts, key=lambda group: [str(each or "") for each in group])
    return [(*group, _figures(*counts[group], causes[group])) for group in by_name]


def _figures(changes: int, clients: int, causes: dict[str, int]) -> Figures:
    found: Figures = {"clients": clients, "changes": changes}
    return found | ({"causes": dict(sorted(causes.items()))} if causes else {})


def _pair(before: str | None, after: str | None) -> Figures:
    return {"before": before, "after": after}


# --- stock


def _stock(asked: Asked) -> list[Figures] | None:
    """The clients of each category but `potential`: on the day before the period, at the end of each month of
    it, and at its end. None where only some clients are asked about."""
    question = asked.question
    if is_filtered(question) or question.by is not None:
        return None
    days = sorted(set(_days_of_stock(asked)))
    found: dict[date, dict[str, int]] = {day: {} for day in days}
    for day, category, clients in asked.rows("flows/stock", days_of_stock=days):
        found[day][category] = clients
    known = [each for each in CATEGORIES if each != POTENTIAL]
    return [{"on": str(day)} | {name: found[day].get(name, 0) for name in known} for day in days]


def _days_of_stock(asked: Asked) -> Iterator[date]:
    first, last = asked.question.first, asked.question.last
    assert first is not None
    assert last is not None
    last = min(last, asked.today)
    yield first - timedelta(days=1)
    for month in range(month_number(first), month_number(last) + 1):
        yield min(last_day_of_month(month), last)
