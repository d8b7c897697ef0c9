"""Parquet files of facts, written and read by DuckDB on the disk of the function."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Any

import duckdb
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.domain.facts.fact_kinds import FACT_KINDS, Fact
from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS
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
    "rating": "USMALLINT",
}
"""The columns of the schema `visits/v1`, in their order, with their DuckDB types."""

COMPLETED = "completed"

TOUCHES_V1 = {
    "salon": "VARCHAR",
    "message": "VARCHAR",
    "client": "VARCHAR",
    "kind": "VARCHAR",
    "channel": "VARCHAR",
    "state": "VARCHAR",
    "reason": "VARCHAR",
    "touch_on": "DATE",
    "touch_at": "TIMESTAMP",
    "cost_micros": "BIGINT",
    "booking": "VARCHAR",
    "campaign": "VARCHAR",
    "parts": "USMALLINT",
    "charged": "BOOLEAN",
}
"""The columns of the schema `touches/v1`."""


class FactSchema(Struct, frozen=True):
    """columns: name -> DuckDB type, in their order. day: the expression for the day on whose page a row
    stands. order: of the rows of a file. absent: what a column says where an older file lacks it; else NULL.
    clients: the columns with clients, who may have been merged since."""

    columns: Mapping[str, str]
    day: str
    order: str
    absent: Mapping[str, str] = MappingProxyType({})
    clients: tuple[str, ...] = ("client",)


SCHEMAS: Mapping[str, FactSchema] = MappingProxyType(
    {
        VISITS: FactSchema(
            VISITS_V1,
            "visit_on",
            "visit_on, visit_at, booking, line",
            absent=MappingProxyType({"attendance": COMPLETED}),
            clients=("client", "referrer"),
        ),
        TOUCHES: FactSchema(TOUCHES_V1, "touch_at::DATE", "touch_at, message"),
    }
)
"""Table of facts -> schema."""


def make_part(
    table: str, facts: Sequence[Any], former: bytes | None = None, days: Collection[date] = ()
) -> FactPart:
    """The part of these facts and of the other days of `former`; see `MakeParts`."""
    schema = SCHEMAS[table]
    names = ", ".join(schema.columns)
    with TemporaryDirectory(prefix="facts-") as directory, duckdb.connect() as connection:
        home = Path(directory)
        connection.execute("SET threads = 1")
        connection.execute(f"SET temp_directory = '{home / 'spill'}'")
        _load_facts(connection, "new_facts", schema.columns, facts, home)
        source = f"SELECT {names} FROM new_facts"
        if former is not None:
            kept = home / "former.parquet"
            kept.write_bytes(former)
            connection.execute("CREATE TABLE renewed_days (day DATE)")
            connection.executemany("INSERT INTO renewed_days VALUES (?)", [[day] for day in days] or [[None]])
            source += (
                f" UNION ALL {rows_of_files(schema, 'new_facts', repr(str(kept)))}"
                f" WHERE {schema.day} NOT IN (SELECT day FROM renewed_days WHERE day IS NOT NULL)"
            )
        made = home / "part.parquet"
        written = _written(connection, f"{source} ORDER BY {schema.order}", made)
        return FactPart(made.read_bytes(), written)


def rows_of_files(schema: FactSchema, shape: str, files: str) -> str:
    """The select of all columns from Parquet files, older ones among them, which may lack some.

    shape: a table with all columns. files: the SQL of one path, or of a list."""
    names = (
        f"coalesce({name}, '{schema.absent[name]}') AS {name}" if name in schema.absent else name
        for name in schema.columns
    )
    read = f"SELECT * FROM read_parquet({files}, union_by_name = true, hive_partitioning = false)"
    return f"SELECT {', '.join(names)} FROM (SELECT * FROM {shape} WHERE false UNION ALL BY NAME {read})"


def _written(connection: duckdb.DuckDBPyConnection, source: str, to: Path) -> int:
    """How many rows were written. Raises DamagedPart."""
    try:
        done = connection.execute(f"COPY ({source}) TO '{to}' (FORMAT parquet, COMPRESSION zstd)")
    except duckdb.Error as error:
        raise DamagedPart(str(error)) from error
    row = done.fetchone()
    return int(row[0]) if row else 0


def _load_facts(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    columns: Mapping[str, str],
    facts: Sequence[Any],
    directory: Path,
) -> None:
    """Makes a table with these columns of these facts. directory: for a file that is removed again."""
    connection.execute(
        f"CREATE TABLE {table} ({', '.join(f'{name} {kind}' for name, kind in columns.items())})"
    )
    if not facts:
        return
    lines = directory / f"{table}.json"
    with lines.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(_plain(fact), ensure_ascii=False) + "\n" for fact in facts)
    kinds = ", ".join(f"{name}: '{kind}'" for name, kind in columns.items())
    connection.execute(
        f"INSERT INTO {table} SELECT * FROM read_json('{lines}', format = 'newline_delimited',"
        f" columns = {{{kinds}}})"
    )
    lines.unlink()


def _plain(fact: Fact) -> dict[str, Any]:
    return {name: _cell(value) for name, value in asdict(fact).items()}


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    return value.isoformat() if isinstance(value, date) else value


def read_part(table: str, content: bytes) -> list[Any]:
    """The facts of a part of a table, in its order. Raises DamagedPart."""
    schema = SCHEMAS[table]
    with TemporaryDirectory(prefix="facts-") as directory, duckdb.connect() as connection:
        file = Path(directory) / "part.parquet"
        file.write_bytes(content)
        try:
            _load_facts(connection, "shape", schema.columns, (), Path(directory))
            rows = connection.execute(rows_of_files(schema, "shape", repr(str(file)))).fetchall()
        except duckdb.Error as error:
            raise DamagedPart(str(error)) from error
    return [_fact(table, dict(zip(schema.columns, row, strict=True))) for row in rows]


def _fact(table: str, row: dict[str, Any]) -> Fact:
    values: dict[str, Any] = {
        name: each.replace(tzinfo=UTC) if isinstance(each, datetime) else each for name, each in row.items()
    }
    return FACT_KINDS[table].fact(**values)
