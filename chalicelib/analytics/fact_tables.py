"""The facts of one network in a database on the function's disk. Parts that were read once stay there, so
that the next report reads only those that have changed since."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import msgspec
from duckdb import DuckDBPyConnection

from chalicelib.analytics.change_tables import CHANGES_SCHEMA
from chalicelib.analytics.database import open_database
from chalicelib.analytics.parquet import VISITS_V1, rows_of_files
from chalicelib.domain.facts.fact_pages import FactPage, is_intact
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.sources import Source, counted_as
from chalicelib.domain.shared.months import number_of_month

AT_ONCE = 16
"""How many objects are fetched at once."""

_NAMES = ", ".join(VISITS_V1)
_TABLE = ", ".join(f"{name} {kind}" for name, kind in VISITS_V1.items())
_SCHEMA = f"""
CREATE TABLE facts (month INTEGER, {_TABLE});
CREATE TABLE parts (salon VARCHAR, month INTEGER, part VARCHAR);
CREATE TABLE fetched (salon VARCHAR, month INTEGER, part VARCHAR);
CREATE TABLE fresh ({_TABLE});
CREATE TABLE shown (salon VARCHAR, month INTEGER);
CREATE TABLE marked (salon VARCHAR, visit_on DATE);
CREATE TABLE merges (source VARCHAR, target VARCHAR);
CREATE TABLE salons (salon VARCHAR, name VARCHAR, timezone VARCHAR);
CREATE TABLE staff (staff VARCHAR, name VARCHAR);
CREATE TABLE services (service VARCHAR, name VARCHAR, category VARCHAR);
CREATE TABLE sources (source VARCHAR, name VARCHAR);
CREATE TABLE words (word VARCHAR, source VARCHAR);
CREATE VIEW attendances AS
    SELECT v.* REPLACE (coalesce(m.target, v.client) AS client, coalesce(r.target, v.referrer) AS referrer)
    FROM (
        SELECT {_NAMES} FROM facts
        SEMI JOIN shown USING (salon, month)
        ANTI JOIN marked USING (salon, visit_on)
        UNION ALL BY NAME
        SELECT {_NAMES} FROM fresh
    ) AS v
    LEFT JOIN merges AS m ON m.source = v.client
    LEFT JOIN merges AS r ON r.source = v.referrer;
CREATE VIEW visits AS FROM attendances WHERE attendance = 'completed';
"""
"""month: of `visit_on`, as the domain numbers months. shown: the pages that count. marked: days of these
pages that do not count, since `fresh` has their facts. words: what each word for a source in the facts counts
as today."""


class Objects(Protocol):
    def get(self, key: str) -> bytes | None:
        """None: there is no such object. Called by several threads at once."""


class FactTables:
    """Not safe under threads."""

    def __init__(self, file: Path, memory_mb: int) -> None:
        self._file, self._folder = file, file.parent
        self.connection: DuckDBPyConnection = open_database(file, memory_mb)
        self.connection.execute(_SCHEMA + CHANGES_SCHEMA)

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
        self, pages: Sequence[FactPage], marked: Collection[tuple[str, date]], fresh: Iterable[VisitFact]
    ) -> None:
        """Sets what `visits` shows: the facts of these pages but for the marked days, and the fresh facts."""
        shown = [(page.salon_id, number_of_month(page.month)) for page in pages]
        self._fill("shown", {"salon": "VARCHAR", "month": "INTEGER"}, shown)
        self._fill("marked", {"salon": "VARCHAR", "visit_on": "DATE"}, marked)
        self.load("fresh", VISITS_V1, fresh)

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
        of_facts = "SELECT source FROM facts UNION SELECT source FROM fresh"
        words = [word for (word,) in self.connection.execute(of_facts).fetchall() if word is not None]
        meant = {word: counted_as(sources, word) for word in sorted(words)}
        names = {key: word for word, key in meant.items()} | {each.id: each.name for each in sources.values()}
        self._fill("words", _texts("word", "source"), meant.items())
        self._fill("sources", _texts("source", "name"), names.items())

    def remove(self) -> None:
        """Makes room on the disk. Not usable afterwards."""
        self.connection.close()
        self._file.unlink()

    def _replace(self, contents: Mapping[FactPage, bytes]) -> None:
        """Puts the facts of these parts in the place of what the tables have of their pages."""
        if not contents:
            return
        files = [self._folder / f"part-{number}.parquet" for number in range(len(contents))]
        for file, content in zip(files, contents.values(), strict=True):
            file.write_bytes(content)
        run = self.connection.execute
        run("BEGIN")
        parts = [(page.salon_id, number_of_month(page.month), page.part) for page in contents]
        self._fill("fetched", {"salon": "VARCHAR", "month": "INTEGER", "part": "VARCHAR"}, parts)
        run("DELETE FROM facts WHERE (salon, month) IN (SELECT (salon, month) FROM fetched)")
        run("DELETE FROM parts WHERE (salon, month) IN (SELECT (salon, month) FROM fetched)")
        run("INSERT INTO parts FROM fetched")
        run(
            f"INSERT INTO facts SELECT year(visit_on) * 12 + month(visit_on) - 1, {_NAMES} "
            f"FROM ({rows_of_files('fresh', '?')})",
            [[str(file) for file in files]],
        )
        run("COMMIT")
        for file in files:
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
