"""Services: who came for each, what they paid, and what they came for afterwards (docs/metrics.md,
"Services")."""

from msgspec import Struct

from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.retention import retention_figures
from chalicelib.analytics.shares import share
from chalicelib.analytics.spending import (
    KeyedSpending,
    discounts,
    mean_minor,
    spending_by_key,
    visits_and_sales,
)
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.reports.questions import about_sources


class _ServedClients(Struct, frozen=True):
    """One row of service_clients.sql. ..._of: clients whose window is over, or who have come so already."""

    served_clients: int = 0
    new_clients: int = 0
    clients: int = 0
    returned: int = 0
    maturing: int = 0
    same_of: int = 0
    same: int = 0
    second_of: int = 0
    second: int = 0


def services(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each service. The total counts each client and each visit once."""
    files, about = ("asked_lines", "period_lines"), {"needs_firsts": about_sources(asked.question)}
    names = names_of_keys(asked.connection, "service")
    spending = spending_by_key(asked, *files, by="service", **about)
    rows: list[Figures] = []
    total = _service_figures(_ServedClients(), [])
    for is_total, key, *counts in asked.rows(*files, "service_clients", by="service", **about):
        served = _ServedClients(*counts)
        if is_total:
            total = _service_figures(served, spending_by_key(asked, *files, **about)[""])
            continue
        row = {"key": key, "name": names.get(key, key)} | _service_figures(served, spending[key])
        rows.append(row if key else row | {"same_service": None})
    return rows, total


def _service_figures(served: _ServedClients, spending: list[KeyedSpending]) -> Figures:
    return (
        retention_figures(served.clients, served.returned, served.maturing)
        | {
            "served_clients": served.served_clients,
            "new_clients": served.new_clients,
            "same_service": share(served.same, served.same_of),
            "second_category": share(served.second, served.second_of),
        }
        | visits_and_sales(spending)
        | {
            "spend_per_visit_minor": {
                each.currency: mean_minor(each.sales_minor, each.visits) for each in spending
            },
            "discounts": discounts(spending),
        }
    )
