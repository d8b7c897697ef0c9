"""Parquet files of facts, written and read by DuckDB on the disk of the function."""

import json
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
from msgspec.structs import asdict

from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.services.facts.fact_files import DamagedPart, FactPart

VISITS_V1 = {
    "salon": "VARCHAR",
    "booking": "VARCHAR",
    "line": "USMALLINT",
    "client": "VARCHAR",
    "visit_on": "DATE",
    "visit_at": "TIMESTAMP",
    "service": "VARCHAR",
    "staff": "VARCHAR",
    "currency": "VARCHAR",
    "list_minor": "BIGINT",
    "price_minor": "BIGINT",
    "paid_minor": "BIGINT",
    "goods_minor": "BIGINT",
    "points_minor": "BIGINT",
    "refunded_minor": "BIGINT",
    "source": "VARCHAR",
    "booked_on": "DATE",
    "referrer": "VARCHAR",
    "attendance": "VARCHAR",
}
"""The columns of the schema `visits/v1`, in their order, with their DuckDB types."""

COMPLETED = "completed"

_ORDER = "visit_on, visit_at, booking, line"


def make_part(
    facts: Sequence[VisitFact], former: bytes | None = None, days: Collection[date] = ()
) -> FactPart:
    """The part of these facts and of the other days of `former`; see `MakeParts`."""
    with TemporaryDirectory(prefix="facts-") as directory, duckdb.connect() as connection:
        home = Path(directory)
        connection.execute("SET threads = 1")
        connection.execute(f"SET temp_directory = '{home / 'spill'}'")
        load_facts(connection, "new_facts", facts, home)
        source = f"SELECT {', '.join(VISITS_V1)} FROM new_facts"
        if former is not None:
            kept = home / "former.parquet"
            kept.write_bytes(former)
            connection.execute("CREATE TABLE renewed_days (day DATE)")
            connection.executemany("INSERT INTO renewed_days VALUES (?)", [[day] for day in days] or [[None]])
            source += (
                f" UNION ALL {rows_of_files('new_facts', repr(str(kept)))}"
                " WHERE visit_on NOT IN (SELECT day FROM renewed_days WHERE day IS NOT NULL)"
            )
        made = home / "part.parquet"
        written = _written(connection, source, made)
        return FactPart(made.read_bytes(), written)


def rows_of_files(shape: str, files: str) -> str:
    """The select of all columns from Parquet files, older ones among them: what a file lacks is NULL, and its
    lines are of completed bookings.

    shape: a table with all columns. files: the SQL of one path, or of a list."""
    names = ", ".join(name for name in VISITS_V1 if name != "attendance")
    read = f"SELECT * FROM read_parquet({files}, union_by_name = true, hive_partitioning = false)"
    return (
        f"SELECT {names}, coalesce(attendance, '{COMPLETED}') AS attendance"
        f" FROM (SELECT * FROM {shape} WHERE false UNION ALL BY NAME {read})"
    )


def _written(connection: duckdb.DuckDBPyConnection, source: str, to: Path) -> int:
    """How many rows were written. Raises DamagedPart."""
    try:
        done = connection.execute(
            f"COPY ({source} ORDER BY {_ORDER}) TO '{to}' (FORMAT parquet, COMPRESSION zstd)"
        )
    except duckdb.Error as error:
        raise DamagedPart(str(error)) from error
    row = done.fetchone()
    return int(row[0]) if row else 0


def load_facts(
    connection: duckdb.DuckDBPyConnection, table: str, facts: Sequence[VisitFact], directory: Path
) -> None:
    """Makes a table with the columns of `visits/v1` of these facts. directory: for a file that is removed
    again."""
    columns = ", ".join(f"{name} {kind}" for name, kind in VISITS_V1.items())
    connection.execute(f"CREATE TABLE {table} ({columns})")
    if not facts:
        return
    lines = directory / f"{table}.json"
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_plain(fact), ensure_ascii=False) + "\n" for fact in facts)
    kinds = ", ".join(f"{name}: '{kind}'" for name, kind in VISITS_V1.items())
    connection.execute(
        f"INSERT INTO {table} SELECT * FROM read_json('{lines}', format = 'newline_delimited',"
        f" columns = {{{kinds}}})"
    )
    lines.unlink()


def _plain(fact: VisitFact) -> dict[str, Any]:
    return {name: _cell(value) for name, value in asdict(fact).items()}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def read_part(content: bytes) -> list[VisitFact]:
    """The facts of a part, in its order. Raises DamagedPart."""
    with TemporaryDirectory(prefix="facts-") as directory, duckdb.connect() as connection:
        file = Path(directory) / "part.parquet"
        file.write_bytes(content)
        try:
            load_facts(connection, "shape", (), Path(directory))
            rows = connection.execute(rows_of_files("shape", repr(str(file)))).fetchall()
        except duckdb.Error as error:
            raise DamagedPart(str(error)) from error
    return [_fact(dict(zip(VISITS_V1, row, strict=True))) for row in rows]


def _fact(row: dict[str, Any]) -> VisitFact:
    return VisitFact(**row | {"visit_at": row["visit_at"].replace(tzinfo=UTC)})
