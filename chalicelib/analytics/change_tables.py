"""Changes of category in a database: the texts of the index, and the views that read them.

changes          client, number (from 1, in their order), before, after, changed_on, cause: what each listed
                 client keeps.
known_clients    client, category, category_since, reason, reason_on: the listed clients; the reason of
                 leaving that the client stated, if it is in force.
unchanged        category, clients: how many other clients have a category.
complaints       client: of a low rating whose task is open.
complaints_read  since: from which instant on all of them are known (UTC).
staff_places     staff, salon: where each specialist works who is not archived.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Protocol

from duckdb import DuckDBPyConnection

from chalicelib.domain.facts.packed_changes import CATEGORY_LETTERS, CAUSE_LETTERS, DAY_0, ListedCategory
from chalicelib.domain.networks.network import Directory
from chalicelib.services.reports.read_complaints import Complaints

COLUMNS: Mapping[str, str] = MappingProxyType(
    {"client_id": "VARCHAR", "category": "VARCHAR", "since": "DATE", "text": "VARCHAR"}
)


def _named(letter: str, letters: Mapping[Any, str]) -> str:
    """What a letter stands for, as SQL."""
    cases = " ".join(f"WHEN '{each}' THEN '{name}'" for name, each in letters.items())
    return f"CASE {letter} {cases} END"


CHANGES_SCHEMA = f"""
CREATE TABLE listed_categories ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())});
CREATE TABLE unchanged (category VARCHAR, clients BIGINT);
CREATE VIEW known_clients AS
    SELECT
        client, category, category_since, nullif(regexp_extract(stated, '^[a-z_]+'), '') AS reason,
        DATE '{DAY_0}' + nullif(regexp_extract(stated, '-?[0-9]+$'), '')::INTEGER AS reason_on
    FROM (
        SELECT client_id AS client, category, since AS category_since, split_part(text, ' ', 2) AS stated
        FROM listed_categories
    );
CREATE TABLE complaints (client VARCHAR);
CREATE TABLE complaints_read (since TIMESTAMP);
CREATE TABLE staff_places (staff VARCHAR, salon VARCHAR);
CREATE TABLE changes (
    client VARCHAR, number BIGINT, before VARCHAR, after VARCHAR, changed_on DATE, cause VARCHAR
);
"""

_UNPACK = f"""
INSERT INTO changes
    WITH steps AS (
        SELECT client_id AS client, unnest(steps) AS step, generate_subscripts(steps, 1) AS number
        FROM (
            SELECT client_id, str_split(split_part(text, ' ', 1), ',') AS steps
            FROM listed_categories
        )
    )
    SELECT
        client, number,
        {_named("step[1]", CATEGORY_LETTERS)} AS before,
        {_named("step[2]", CATEGORY_LETTERS)} AS after,
        DATE '{DAY_0}' + step[4:]::INTEGER AS changed_on,
        {_named("step[3]", CAUSE_LETTERS)} AS cause
    FROM steps
    WHERE step <> '-';
"""


class Loading(Protocol):
    """A database that takes many rows at once."""

    connection: DuckDBPyConnection

    def load(self, table: str, columns: Mapping[str, str], rows: Iterable[Any]) -> None: ...


def set_changes(tables: Loading, listed: Iterable[ListedCategory], unchanged: Mapping[str, int]) -> None:
    """Sets the listed clients, all of which have a text, and how many others have each category."""
    tables.load("listed_categories", COLUMNS, listed)
    rows = [{"category": category, "clients": number} for category, number in unchanged.items()]
    tables.load("unchanged", {"category": "VARCHAR", "clients": "BIGINT"}, rows)
    unpack_changes(tables.connection)


def unpack_changes(connection: DuckDBPyConnection) -> None:
    """Makes `changes` of the listed clients."""
    connection.execute("DELETE FROM changes")
    connection.execute(_UNPACK)


def set_complaints(tables: Loading, complaints: Complaints, directory: Directory) -> None:
    """Sets the clients of open complaints, who may be merged since, and where specialists work today."""
    clients = [{"client": each} for each in sorted(complaints.client_ids)]
    tables.load("complaints", {"client": "VARCHAR"}, clients)
    since = complaints.since.replace(tzinfo=None).isoformat(sep=" ")
    tables.load("complaints_read", {"since": "TIMESTAMP"}, [{"since": since}])
    open_salons = [salon.id for salon in directory.salons.values() if not salon.archived]
    places = [
        {"staff": staff.id, "salon": salon_id}
        for staff in directory.staff.values()
        if not staff.archived
        for salon_id in staff.salon_ids or open_salons
        if salon_id in open_salons
    ]
    tables.load("staff_places", {"staff": "VARCHAR", "salon": "VARCHAR"}, places)
