"""Bookings to come in a database: the view `booked` has a row for each, under its final client."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from chalicelib.analytics.change_tables import Loading
from chalicelib.domain.facts.visit_facts import BookingToCome

_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "salon": "VARCHAR",
        "booking": "VARCHAR",
        "client": "VARCHAR",
        "starts_on": "DATE",
        "booked_on": "DATE",
    }
)
"""The fields of a BookingToCome."""

BOOKINGS_SCHEMA = f"""
CREATE TABLE to_come ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())});
CREATE VIEW booked AS
    SELECT b.* REPLACE (coalesce(m.target, b.client) AS client)
    FROM to_come AS b LEFT JOIN merges AS m ON m.source = b.client;
"""


def set_bookings(tables: Loading, bookings: Iterable[BookingToCome]) -> None:
    """Sets the bookings that `booked` shows."""
    tables.load("to_come", _COLUMNS, bookings)
