"""Sources: what the clients of each did, what it cost, and how it compares with the others
(docs/metrics.md, "Sources")."""

from collections.abc import Iterable, Mapping
from datetime import date

from msgspec import Struct

from chalicelib.domain.networks.sources import MonthCost
from chalicelib.domain.shared.months import (
    first_day_of_month,
    last_day_of_month,
    month_number,
    name_of_month,
)
from chalicelib.domain.statistics.wilson import Interval, difference

FEWEST_CLIENTS = 30
"""Below so many clients of the source, or of all others together, a comparison says nothing."""


class SourceCounts(Struct, frozen=True, kw_only=True):
    """The clients of a source whose first visit ever is in the period.

    clients     whose window is over, or who have returned. returned: within the window.
    maturing    all others.
    one_time    with a single visit until now, the window being over.
    late        who did not return within the window, and did so later.
    paid_back   with more than three visits until now, of all clients.
    """

    clients: int = 0
    returned: int = 0
    maturing: int = 0
    one_time: int = 0
    late: int = 0
    paid_back: int = 0

    @property
    def new_clients(self) -> int:
        return self.clients + self.maturing

    @property
    def not_in_window(self) -> int:
        """The clients who can be late."""
        return self.clients - self.returned


def counts_together(counts: Iterable[SourceCounts]) -> SourceCounts:
    """The counts of several sources. No client has two."""
    found = list(counts)
    sums = {name: sum(getattr(each, name) for each in found) for name in SourceCounts.__struct_fields__}
    return SourceCounts(**sums)


class SourceComparison(Struct, frozen=True, kw_only=True):
    """How the retention of a source compares with that of the clients of all other sources together.

    verdict     `feed`: the interval of the difference is above 0; `stop`: below; `alike`: it holds 0;
                `too_few`: of either side there are fewer than 30 clients.
    difference  rate - others_rate; interval: 95 %. None where one of the two has no client.
    """

    verdict: str
    others_rate: float | None = None
    difference: float | None = None
    interval: Interval | None = None


def compared_with_others(source: SourceCounts, others: SourceCounts) -> SourceComparison:
    between = difference(source.returned, source.clients, others.returned, others.clients)
    others_rate = others.returned / others.clients if others.clients else None
    if between is None or others_rate is None:
        return SourceComparison(verdict="too_few", others_rate=others_rate)
    return SourceComparison(
        verdict=_source_verdict(min(source.clients, others.clients), between),
        others_rate=others_rate,
        difference=source.returned / source.clients - others_rate,
        interval=between,
    )


def _source_verdict(fewest: int, between: Interval) -> str:
    if fewest < FEWEST_CLIENTS:
        return "too_few"
    if between[0] > 0:
        return "feed"
    return "stop" if between[1] < 0 else "alike"


class PeriodCost(Struct, frozen=True, kw_only=True):
    """What a source cost in a period.

    known_minor     by currency, of the months whose cost is known.
    unknown_months  the others, as `2026-03`. While there is one, the cost of the period is not known.
    """

    known_minor: Mapping[str, int]
    unknown_months: tuple[str, ...]

    @property
    def currency(self) -> str | None:
        """The one currency of the whole cost; None: a month is unknown, or there are several currencies."""
        return (
            next(iter(self.known_minor)) if len(self.known_minor) == 1 and not self.unknown_months else None
        )


def cost_of_period(costs: Mapping[int, MonthCost], first: date, last: date) -> PeriodCost:
    """costs: by number of the month. A month that the period holds in part costs as many parts as it holds
    days of it: its cost is taken as spread evenly over its days. A half of a minor unit is rounded up."""
    known: dict[str, int] = {}
    unknown: list[str] = []
    for month in range(month_number(first), month_number(last) + 1):
        cost = costs.get(month)
        if cost is None:
            unknown.append(name_of_month(month))
            continue
        begin, end = first_day_of_month(month), last_day_of_month(month)
        days = (min(end, last) - max(begin, first)).days + 1
        amount = _rounded_ratio(cost.amount_minor * days, end.day)
        known[cost.currency] = known.get(cost.currency, 0) + amount
    return PeriodCost(known_minor=known, unknown_months=tuple(unknown))


def costs_together(costs: Iterable[PeriodCost]) -> PeriodCost:
    """The cost of several sources in one period."""
    known: dict[str, int] = {}
    unknown: set[str] = set()
    for each in costs:
        unknown |= {*each.unknown_months}
        for currency, amount in each.known_minor.items():
            known[currency] = known.get(currency, 0) + amount
    return PeriodCost(known_minor=known, unknown_months=tuple(sorted(unknown)))


class SourcePayback(Struct, frozen=True, kw_only=True):
    """Cost and sales of a source's clients, in minor units of the one currency of the cost; None: unknown.

    per_...     the cost divided by so many clients; None where there are none, too.
    left        sales until now minus cost: not profit, since visits themselves cost the salon. None where the
                clients paid in another currency.
    """

    currency: str | None = None
    per_new_client: int | None = None
    per_returned_client: int | None = None
    per_paid_back_client: int | None = None
    left: int | None = None


def payback(cost: PeriodCost, counts: SourceCounts, sales: Mapping[str, int]) -> SourcePayback:
    """sales: of the clients until now, by currency."""
    currency = cost.currency
    if currency is None:
        return SourcePayback()
    spent = cost.known_minor[currency]
    numbers = counts.new_clients, counts.returned, counts.paid_back
    new, returned, paid_back = (_rounded_ratio(spent, number) if number else None for number in numbers)
    return SourcePayback(
        currency=currency,
        per_new_client=new,
        per_returned_client=returned,
        per_paid_back_client=paid_back,
        left=None if set(sales) - {currency} else sales.get(currency, 0) - spent,
    )


def _rounded_ratio(amount: int, number: int) -> int:
    """The ratio in whole minor units; a half is rounded up."""
    return (2 * amount + number) // (2 * number)
