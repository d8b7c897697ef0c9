"""Shares of clients, as reports show them."""

from chalicelib.analytics.statements import Figures
from chalicelib.domain.statistics.wilson import wilson


def share(clients: int, of: int) -> Figures:
    """A part of the clients of a row, with Wilson's interval. rate: None where the row has nobody."""
    return {
        "clients": clients,
        "of": of,
        "rate": clients / of if of else None,
        "interval": wilson(clients, of),
    }
