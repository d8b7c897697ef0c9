"""What was paid at the counted lines, and what was taken off list prices."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from chalicelib.analytics.statements import Asked, Figures


class KeyedSpending(Struct, frozen=True):
    """One row of spend.sql: of one key, in one currency. Amounts are minor units."""

    key: str
    currency: str
    visits: int
    clients: int
    visits_without_bill: int
    sales_minor: int
    goods_minor: int
    points_minor: int
    refunded_minor: int
    priced_visits: int
    discounted_visits: int
    unpriced_lines: int
    list_minor: int
    under_list_minor: int


def spending(asked: Asked, *files: str, counts_clients: bool, **more: Any) -> list[KeyedSpending]:
    """What was paid at the counted lines of these files, for each key and currency. clients: 0 unless they
    are asked for."""
    rows = asked.rows(*files, "spend", counts_clients=counts_clients, **more)
    return [KeyedSpending(*row) for row in rows]


def spending_by_key(asked: Asked, *files: str, **more: Any) -> dict[str, list[KeyedSpending]]:
    """Key -> its spending in each currency, without the number of clients."""
    found: dict[str, list[KeyedSpending]] = {}
    for each in spending(asked, *files, counts_clients=False, **more):
        found.setdefault(each.key, []).append(each)
    return found


def visits_and_sales(of_key: Iterable[KeyedSpending]) -> Figures:
    """Visits with a bill and without one, and sales by currency."""
    found = list(of_key)
    return {
        "visits": sum(each.visits + each.visits_without_bill for each in found),
        "visits_without_bill": sum(each.visits_without_bill for each in found),
        "sales_minor": by_currency(found, "sales_minor"),
    }


def discounts(of_key: Iterable[KeyedSpending]) -> Figures:
    """How deep discounts are. visits_rate: of the visits with a known price, those with a line below its list
    price. money_rate: the part of the list prices that was not asked for; None where there are several
    currencies, which are not added up."""
    found = list(of_key)
    priced, discounted = (
        sum(getattr(each, name) for each in found) for name in ("priced_visits", "discounted_visits")
    )
    of_list, under = by_currency(found, "list_minor"), by_currency(found, "under_list_minor")
    known = [currency for currency, amount in of_list.items() if amount]
    one = known[0] if len(known) == 1 else None
    return {
        "priced_visits": priced,
        "discounted_visits": discounted,
        "visits_rate": discounted / priced if priced else None,
        "list_minor": of_list,
        "under_list_minor": under,
        "money_rate": under[one] / of_list[one] if one is not None else None,
        "unpriced_lines": sum(each.unpriced_lines for each in found),
    }


def by_currency(of_key: Iterable[KeyedSpending], name: str) -> Mapping[str, int]:
    sums: dict[str, int] = {}
    for each in of_key:
        sums[each.currency] = sums.get(each.currency, 0) + getattr(each, name)
    return sums


def mean_minor(minor: int, number: int) -> int | None:
    """The mean in whole minor units; a half is rounded up."""
    return (2 * minor + number) // (2 * number) if number else None
