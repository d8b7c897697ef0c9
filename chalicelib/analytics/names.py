"""Names of the keys of a report's rows."""

from collections.abc import Mapping
from types import MappingProxyType

from duckdb import DuckDBPyConnection

_NAMES = MappingProxyType(
    {
        "salon": "SELECT salon, name FROM salons",
        "staff": "SELECT staff, name FROM staff",
        "service": "SELECT service, name FROM services",
        "source": "SELECT source, name FROM sources",
    }
)


def names_of_keys(connection: DuckDBPyConnection, by: str) -> Mapping[str, str]:
    """Key -> name. A category is its own name, and has none here."""
    return dict(connection.execute(_NAMES[by]).fetchall()) if by in _NAMES else {}
