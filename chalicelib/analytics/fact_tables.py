"""The facts of one network in a database on the function's disk. Parts that were read once stay there, so
that the next report reads only those that have changed since."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec
from duckdb import DuckDBPyConnection

from chalicelib.analytics.booking_tables import BOOKINGS_SCHEMA
from chalicelib.analytics.change_tables import CHANGES_SCHEMA
from chalicelib.analytics.database import open_database
from chalicelib.analytics.parquet import COMPLETED, SCHEMAS, FactSchema, rows_of_files
from chalicelib.domain.facts.fact_kinds import Fact
from chalicelib.domain.facts.fact_pages import TOUCHES, VISITS, FactPage, is_intact
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.sources import Source, counted_as
from chalicelib.domain.shared.months import number_of_month

AT_ONCE = 16
"""How many objects are fetched at once."""

_SET_UP = """
CREATE TABLE parts (kind VARCHAR, salon VARCHAR, month INTEGER, part VARCHAR);
CREATE TABLE fetched (kind VARCHAR, salon VARCHAR, month INTEGER, part VARCHAR);
CREATE TABLE merges (source VARCHAR, target VARCHAR);
CREATE TABLE salons (salon VARCHAR, name VARCHAR, timezone VARCHAR);
CREATE TABLE staff (staff VARCHAR, name VARCHAR);
CREATE TABLE services (service VARCHAR, name VARCHAR, category VARCHAR);
CREATE TABLE sources (source VARCHAR, name VARCHAR, type VARCHAR);
CREATE TABLE words (word VARCHAR, source VARCHAR);
CREATE TABLE costs (source VARCHAR, month INTEGER, amount_minor BIGINT, currency VARCHAR);
"""
"""kind: the table of facts. words: what each word for a source in the facts counts as today.
costs: of sources, a month each."""

_FACTS = """
CREATE TABLE {kind}_kept (month INTEGER, {columns});
CREATE TABLE {kind}_fresh ({columns});
CREATE TABLE {kind}_shown (salon VARCHAR, month INTEGER);
CREATE TABLE {kind}_marked (salon VARCHAR, day DATE);
CREATE VIEW {view} AS
    SELECT v.* REPLACE ({clients})
    FROM (
        SELECT {names} FROM {kind}_kept AS k
        SEMI JOIN {kind}_shown AS s ON s.salon = k.salon AND s.month = k.month
        ANTI JOIN {kind}_marked AS d ON d.salon = k.salon AND d.day = k.{day}
        UNION ALL BY NAME
        SELECT {names} FROM {kind}_fresh
    ) AS v
    {merges};
"""
"""kept: facts of pages; month: of their day, as the domain numbers months. shown: the pages that count.
marked: days of these pages that do not count, since `fresh` has their facts."""

_VIEWS = {VISITS: "attendances", TOUCHES: "touches"}
"""Table of facts -> the view of all its facts, each client under the final target of merges."""

_OF_COMPLETED = f"CREATE VIEW visits AS FROM attendances WHERE attendance = '{COMPLETED}';"


def _schema_of(kind: str, schema: FactSchema) -> str:
    clients = schema.clients
    return _FACTS.format(
        kind=kind,
        view=_VIEWS[kind],
        columns=", ".join(f"{name} {of}" for name, of in schema.columns.items()),
        names=", ".join(schema.columns),
        day=schema.day,
        clients=", ".join(f"coalesce(of_{name}.target, v.{name}) AS {name}" for name in clients),
        merges=" ".join(f"LEFT JOIN merges AS of_{name} ON of_{name}.source = v.{name}" for name in clients),
    )


_OF_KINDS = "".join(_schema_of(*each) for each in SCHEMAS.items())
_SCHEMA = _SET_UP + _OF_KINDS + _OF_COMPLETED + CHANGES_SCHEMA + BOOKINGS_SCHEMA


class Objects(Protocol):
    def get(self, key: str) -> bytes | None:
        """None: there is no such object. Called by several threads at once."""


class FactTables:
    """Not safe under threads."""

    def __init__(self, file: Path, memory_mb: int) -> None:
        self._file, self._folder = file, file.parent
        self.connection: DuckDBPyConnection = open_database(file, memory_mb)
        self.connection.execute(_SCHEMA)

    def fetch(self, objects: Objects, pages: Sequence[FactPage]) -> set[str]:
        """Brings the tables to the parts of these pages. Answers the parts that are missing or damaged: their
        pages must not be shown."""
        known = self.connection.execute("SELECT part FROM parts").fetchall()
        kept = {part for (part,) in known}
        wanted = [page for page in pages if page.part not in kept]
        if not wanted:
            return set()
        with ThreadPoolExecutor(AT_ONCE) as threads:
            contents = list(threads.map(lambda page: objects.get(str(page.part)), wanted))
        read = {page: content for page, content in zip(wanted, contents, strict=True) if content is not None}
        intact = {page: content for page, content in read.items() if is_intact(str(page.part), content)}
        self._replace(intact)
        return {str(page.part) for page in wanted if page not in intact}

    def show(
        self,
        kind: str,
        pages: Sequence[FactPage],
        marked: Collection[tuple[str, date]],
        fresh: Iterable[Fact],
    ) -> None:
        """Sets what the view of a table of facts shows: the facts of these pages but for the marked days, and
        the fresh facts."""
        shown = [(page.salon_id, number_of_month(page.month)) for page in pages]
        self._fill(f"{kind}_shown", {"salon": "VARCHAR", "month": "INTEGER"}, shown)
        self._fill(f"{kind}_marked", {"salon": "VARCHAR", "day": "DATE"}, marked)
        self.load(f"{kind}_fresh", SCHEMAS[kind].columns, fresh)

    def set_up(self, directory: Directory, merges: Mapping[str, str]) -> None:
        """Sets the network's set-up, and the final target of each merged client."""
        salons = [(each.id, each.name, each.timezone) for each in directory.salons.values()]
        staff = [(each.id, each.name) for each in directory.staff.values()]
        services = [(each.id, each.name, each.category) for each in directory.services.values()]
        self._fill("salons", _texts("salon", "name", "timezone"), salons)
        self._fill("staff", _texts("staff", "name"), staff)
        self._fill("services", _texts("service", "name", "category"), services)
        self._fill("merges", _texts("source", "target"), merges.items())

    def set_sources(self, sources: Mapping[str, Source]) -> None:
        """Sets what the words of the facts mean by the network's list. After `show`."""
        of_facts = "SELECT source FROM visits_kept UNION SELECT source FROM visits_fresh"
        words = [word for (word,) in self.connection.execute(of_facts).fetchall() if word is not None]
        meant = {word: counted_as(sources, word) for word in sorted(words)}
        named: dict[str, tuple[str, str | None]] = {key: (word, None) for word, key in meant.items()}
        named |= {each.id: (each.name, str(each.type)) for each in sources.values()}
        self._fill("words", _texts("word", "source"), meant.items())
        self._fill("sources", _texts("source", "name", "type"), ((key, *each) for key, each in named.items()))

    def set_costs(self, sources: Mapping[str, Source]) -> None:
        columns = {"source": "VARCHAR", "month": "INTEGER", "amount_minor": "BIGINT", "currency": "VARCHAR"}
        rows = (
            (source.id, number_of_month(month), cost.amount_minor, cost.currency)
            for source in sources.values()
            for month, cost in source.costs.items()
        )
        self._fill("costs", columns, rows)

    def remove(self) -> None:
        """Makes room on the disk. Not usable afterwards."""
        self.connection.close()
        self._file.unlink()

    def _replace(self, contents: Mapping[FactPage, bytes]) -> None:
        """Puts the facts of these parts in the place of what the tables have of their pages."""
        if not contents:
            return
        files = {page: self._folder / f"part-{number}.parquet" for number, page in enumerate(contents)}
        for page, file in files.items():
            file.write_bytes(contents[page])
        run = self.connection.execute
        run("BEGIN")
        parts = [(page.table, page.salon_id, number_of_month(page.month), page.part) for page in contents]
        columns = {"kind": "VARCHAR", "salon": "VARCHAR", "month": "INTEGER", "part": "VARCHAR"}
        self._fill("fetched", columns, parts)
        run("DELETE FROM parts WHERE (kind, salon, month) IN (SELECT (kind, salon, month) FROM fetched)")
        run("INSERT INTO parts FROM fetched")
        for kind, schema in SCHEMAS.items():
            of_kind = [str(file) for page, file in files.items() if page.table == kind]
            if not of_kind:
                continue
            day, names = schema.day, ", ".join(schema.columns)
            run(
                f"DELETE FROM {kind}_kept WHERE (salon, month) IN"
                " (SELECT (salon, month) FROM fetched WHERE kind = ?)",
                [kind],
            )
            run(
                f"INSERT INTO {kind}_kept SELECT year({day}) * 12 + month({day}) - 1, {names} "
                f"FROM ({rows_of_files(schema, f'{kind}_fresh', '?')})",
                [of_kind],
            )
        run("COMMIT")
        for file in files.values():
            file.unlink()

    def _fill(self, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]) -> None:
        """Sets the rows of a table, their values in the order of the columns."""
        self.load(table, columns, [dict(zip(columns, row, strict=True)) for row in rows])

    def load(self, table: str, columns: Mapping[str, str], rows: Iterable[Any]) -> None:
        """Sets the rows of a table. By a file, since DuckDB takes single rows a hundred times more slowly."""
        self.connection.execute(f"DELETE FROM {table}")
        lines = msgspec.json.Encoder().encode_lines(rows)
        if not lines:
            return
        file = self._folder / f"{table}.json"
        file.write_bytes(lines)
        self.connection.execute(
            f"INSERT INTO {table} BY NAME "
            "SELECT * FROM read_json(?, format = 'newline_delimited', columns = ?)",
            [str(file), dict(columns)],
        )
        file.unlink()


def _texts(*names: str) -> dict[str, str]:
    return dict.fromkeys(names, "VARCHAR")
