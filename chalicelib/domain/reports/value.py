"""What clients are worth: what they have paid, by client and by month of the first visit; what they are
expected to pay; and what it saves to keep them (docs/metrics.md, "Lifetime value")."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from statistics import StatisticsError, correlation

from msgspec import Struct

from chalicelib.domain.reports.visit_forecast import (
    NOT_CONVERGED,
    TOO_FEW_CLIENTS,
    ClientVisits,
    VisitForecast,
    forecast,
)
from chalicelib.domain.shared.months import month_number, name_of_month
from chalicelib.domain.statistics.gamma_gamma import GammaGamma, expected_spend, fit_spending
from chalicelib.domain.statistics.regularity import FEWEST
from chalicelib.domain.statistics.wilson import Interval, difference

SAVED_ASSUMES = (
    "Without the clients who were kept beyond the former rate, as many new clients would have been needed,"
    " each at the cost of a new client."
)


class ClientValue(Struct, frozen=True, kw_only=True):
    """One client's value. Money in minor units. expected_*: of the days ahead; None where it is not
    foretold."""

    client: str
    realised: int
    expected_visits: float | None
    expected: int | None


class CohortValue(Struct, frozen=True, kw_only=True):
    """The clients whose first visit was in a month. spent: what they paid in that month and in each month
    after it, until the last month of the report."""

    month: str
    clients: int
    spent: tuple[int, ...]


class BaseValue(Struct, frozen=True, kw_only=True):
    """The value of a base, in one currency.

    clients                in the order in which they were given, without those who had no visit yet.
    cohorts                by month, months without a first visit left out.
    visits                 the forecast of visits, with the methods tried.
    spend_refused          why no bill is foretold: too_few_clients or not_converged. None: it is.
    frequency_correlation  between a client's repeat visits and mean bill, which Gamma-Gamma takes as 0. None
                           where it cannot be measured.
    """

    clients: tuple[ClientValue, ...]
    cohorts: tuple[CohortValue, ...]
    visits: VisitForecast
    spend_refused: str | None
    frequency_correlation: float | None


def value_of_base(clients: Iterable[ClientVisits], until: date, ahead_days: int = 365) -> BaseValue:
    """What clients paid until a local date, and what they are expected to pay in the days after it."""
    known = [_until(client, until) for client in clients if client.days and client.days[0] <= until]
    visits = forecast(known, until, ahead_days)
    repeats = [_repeat_bills(client) for client in known]
    rows = [(count, total / count) for count, total in repeats if count]
    spending, refused = _spending(rows)
    expected = visits.expected if visits.method else (None,) * len(known)
    found = []
    for client, (count, total), more in zip(known, repeats, expected, strict=True):
        bill = expected_spend(spending, count, total / count if count else 0.0) if spending else None
        found.append(
            ClientValue(
                client=client.client,
                realised=sum(client.bills),
                expected_visits=more,
                expected=None if more is None or bill is None else round(more * bill),
            )
        )
    return BaseValue(
        clients=tuple(found),
        cohorts=cohort_values(known, until),
        visits=visits,
        spend_refused=refused,
        frequency_correlation=_correlation(rows),
    )


def cohort_values(clients: Sequence[ClientVisits], until: date) -> tuple[CohortValue, ...]:
    """What each cohort paid, month by month, until the month of a local date."""
    last = month_number(until)
    members: Counter[int] = Counter()
    spent: dict[int, list[int]] = {}
    for client in clients:
        paid = [(month_number(day), bill) for day, bill in zip(client.days, client.bills, strict=True)]
        if not paid or paid[0][0] > last:
            continue
        first = paid[0][0]
        months = spent.setdefault(first, [0] * (last - first + 1))
        members[first] += 1
        for month, bill in paid:
            if month <= last:
                months[month - first] += bill
    return tuple(
        CohortValue(month=name_of_month(month), clients=members[month], spent=tuple(months))
        for month, months in sorted(spent.items())
    )


def _until(client: ClientVisits, until: date) -> ClientVisits:
    if client.days[-1] <= until:
        return client
    count = sum(day <= until for day in client.days)
    return ClientVisits(client.client, client.days[:count], client.bills[:count])


def _repeat_bills(client: ClientVisits) -> tuple[int, int]:
    """Number and sum of the bills above 0 after the first visit, whose price is often a welcome."""
    bills = [bill for bill in client.bills[1:] if bill > 0]
    return len(bills), sum(bills)


def _spending(rows: Sequence[tuple[int, float]]) -> tuple[GammaGamma | None, str | None]:
    if len(rows) < FEWEST:
        return None, TOO_FEW_CLIENTS
    model = fit_spending(rows)
    return (model, None) if model.converged else (None, NOT_CONVERGED)


def _correlation(rows: Sequence[tuple[int, float]]) -> float | None:
    if len(rows) < FEWEST:
        return None
    try:
        return correlation([visits for visits, _ in rows], [mean for _, mean in rows])
    except StatisticsError:
        return None


class BaseKept(Struct, frozen=True, kw_only=True):
    """How much of a base was kept, against a former rate, and what that saved.

    kept, clients    who returned, of the base. rate, former_rate: None where a base is empty.
    kept_more        clients kept beyond those whom the former rate would have kept; interval: 95 %. Below 0:
                     fewer were kept.
    saved            kept_more, at the cost of a new client, in minor units; None where no cost is known.
    saved_interval   of `saved`, from that of kept_more.
    assumes          what `saved` takes as true, in words.
    """

    kept: int
    clients: int
    rate: float | None
    former_rate: float | None
    kept_more: float | None
    interval: Interval | None
    saved: int | None
    saved_interval: tuple[int, int] | None
    assumes: str = SAVED_ASSUMES


def base_kept(
    kept: int, clients: int, former_kept: int, former_clients: int, new_client_cost: int | None
) -> BaseKept:
    """The base of a period against that of a former period, by the same definition of retention.
    new_client_cost: advertising of the period, by the clients whom it brought, in minor units. ValueError for
    counts that cannot be."""
    between = difference(kept, clients, former_kept, former_clients)
    more = interval = saved = saved_interval = None
    if between is not None:
        more = (kept / clients - former_kept / former_clients) * clients
        interval = between[0] * clients, between[1] * clients
        if new_client_cost is not None:
            saved = round(more * new_client_cost)
            saved_interval = round(interval[0] * new_client_cost), round(interval[1] * new_client_cost)
    return BaseKept(
        kept=kept,
        clients=clients,
        rate=kept / clients if clients else None,
        former_rate=former_kept / former_clients if former_clients else None,
        kept_more=more,
        interval=interval,
        saved=saved,
        saved_interval=saved_interval,
    )
