"""The reports beside retention: cohorts, repurchase, spend, upsell. Each gives rows and total."""

from collections import defaultdict
from collections.abc import Callable, Iterator

from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.shares import share
from chalicelib.analytics.spending import KeyedSpending, mean_minor, spending
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.shared.months import last_day_of_month, month_number, name_of_month
from chalicelib.domain.statistics.wilson import wilson

Rows = tuple[list[Figures], Figures]

SUMS = ("sales_minor", "goods_minor", "points_minor", "refunded_minor")


def cohorts(asked: Asked) -> Rows:
    """A row for each month of first visit. returned: clients with a visit in month 0, 1, ... until the
    current month; months_over: how many of these months are over. The total sums months that are over; `of`:
    the clients who had that month."""
    question = asked.question
    assert question.first is not None
    assert question.last is not None
    this = month_number(asked.today)
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    for key, number, clients in asked.rows("asked_lines", "cohorts", month_last=last_day_of_month(this)):
        counts[key][number] = clients
    rows: list[Figures] = []
    for month in range(month_number(question.first), min(month_number(question.last), this) + 1):
        found, key = counts[name_of_month(month)], name_of_month(month)
        returned = [found.get(number, 0) for number in range(this - month + 1)]
        rows.append(
            {
                "key": key,
                "name": key,
                "clients": returned[0],
                "returned": returned,
                "months_over": this - month,
            }
        )
    over = max((row["months_over"] for row in rows), default=0)
    reached = [[row for row in rows if row["months_over"] > number] for number in range(over)]
    return rows, {
        "clients": sum(row["clients"] for row in rows),
        "returned": [sum(row["returned"][number] for row in those) for number, those in enumerate(reached)],
        "of": [sum(row["clients"] for row in those) for those in reached],
    }


def repurchase(asked: Asked) -> Rows:
    return _keyed(asked, "repurchase", _repurchase_figures, (0, 0))


def engagement(asked: Asked) -> Rows:
    return _keyed(asked, "engagement", _engagement_figures, (0, 0, 0, 0, 0))


def upsell(asked: Asked) -> Rows:
    return _keyed(asked, "upsell", _upsell_figures, (0, 0, 0))


def spend(asked: Asked) -> Rows:
    """A row for each key and currency, without a dimension for each currency. The total has sums where there
    is one currency: money of several is not added up."""
    by = asked.question.by
    names = names_of_keys(asked.connection, by) if by else {}
    files = "asked_lines", "period_lines"
    totals = [_spend_figures(each) for each in spending(asked, *files, counts_clients=True)]
    if by is None:
        rows = [{"key": each["currency"], "name": each["currency"]} | each for each in totals]
    else:
        rows = [
            {"key": each.key, "name": names.get(each.key, each.key)} | _spend_figures(each)
            for each in spending(asked, *files, counts_clients=True, by=by)
        ]
    if len(totals) == 1:
        return rows, totals[0]
    counted = {name: sum(each[name] for each in totals) for name in ("visits", "visits_without_bill")}
    clients = asked.rows("asked_lines", "spending_clients")[0][0] if totals else 0
    sums = dict.fromkeys((*SUMS, "spend_per_visit_minor", "sales_per_client_minor"), None)
    return rows, {"currency": None, "clients": clients} | counted | sums


def _keyed(asked: Asked, file: str, figures: Callable[..., Figures], nobody: tuple[int, ...]) -> Rows:
    (total,) = [figures(*counts) for _, *counts in asked.rows("asked_lines", file)] or [figures(*nobody)]
    by = asked.question.by
    return list(_rows(asked, file, figures, by)) if by else [], total


def _rows(asked: Asked, file: str, figures: Callable[..., Figures], by: str) -> Iterator[Figures]:
    names = names_of_keys(asked.connection, by)
    for key, *counts in asked.rows("asked_lines", file, by=by):
        yield {"key": key, "name": names.get(key, key)} | figures(*counts)


def _repurchase_figures(clients: int, repeated: int) -> Figures:
    rate = repeated / clients if clients else None
    return {"clients": clients, "repeated": repeated, "rate": rate, "interval": wilson(repeated, clients)}


def _engagement_figures(visits: int, rated: int, with_points: int, clients: int, engaged: int) -> Figures:
    """index: the mean of the two shares of visits. engaged: clients with a visit of either kind."""
    parts = {"rated": rated, "with_points": with_points}
    shares = {
        name: {
            "visits": count,
            "of": visits,
            "rate": count / visits if visits else None,
            "interval": wilson(count, visits),
        }
        for name, count in parts.items()
    }
    return {
        "visits": visits,
        **shares,
        "index": (rated + with_points) / (2 * visits) if visits else None,
        "index_is": "(rated.rate + with_points.rate) / 2",
        "clients": clients,
        "engaged": share(engaged, clients),
        "not_known": ["messages_answered"],
    }


def _upsell_figures(clients: int, of_one: int, of_several: int) -> Figures:
    """ratio: clients of one category to clients of several. A client whose services have no category is in
    neither."""
    known = of_one + of_several
    return {
        "clients": clients,
        "of_one_category": of_one,
        "of_several_categories": of_several,
        "ratio": of_one / of_several if of_several else None,
        "rate": of_several / known if known else None,
        "interval": wilson(of_several, known),
    }


def _spend_figures(of_key: KeyedSpending) -> Figures:
    return {
        "currency": of_key.currency,
        "clients": of_key.clients,
        "visits": of_key.visits,
        "visits_without_bill": of_key.visits_without_bill,
        **{name: getattr(of_key, name) for name in SUMS},
        "spend_per_visit_minor": mean_minor(of_key.sales_minor, of_key.visits),
        "sales_per_client_minor": mean_minor(of_key.sales_minor, of_key.clients),
    }
