"""SQL statements, each put together of files of `sql`. Parameters are bound, never formatted in."""

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from duckdb import DuckDBPyConnection
from msgspec import Struct
from msgspec.structs import asdict

from chalicelib.domain.reports.questions import Question, counts_firsts, needs_sources

_PLACE = Path(__file__).parent / "sql"
_COMMENT = re.compile(r"^--.*\n", re.MULTILINE)
_PARAMETER = re.compile(r"\$(\w+)")

Row = tuple[Any, ...]
Figures = dict[str, Any]


class Asked(Struct, frozen=True):
    """A settled question, put to a connection on a local date."""

    connection: DuckDBPyConnection
    question: Question
    today: date

    def rows(self, *files: str, by: str | None = None, **more: Any) -> list[Row]:
        """The rows of the statement that the files make. by: the dimension of its keys; None: one key, "".
        more: values of parameters beside the question's own."""
        sql = statement(*files)
        return self.connection.execute(sql, self._values(sql, by, more)).fetchall()

    def keep(self, table: str, *files: str, by: str | None = None, **more: Any) -> None:
        """Makes a table of this connection alone of the rows; one that is there makes room."""
        sql = statement(*files)
        made = f"CREATE OR REPLACE TEMPORARY TABLE {table} AS {sql}"
        self.connection.execute(made, self._values(sql, by, more))

    def query(self, sql: str) -> list[Row]:
        """The rows of a small statement without parameters."""
        return self.connection.execute(sql).fetchall()

    def drop(self, *tables: str) -> None:
        for table in tables:
            self.connection.execute(f"DROP TABLE IF EXISTS {table}")

    def _values(self, sql: str, by: str | None, more: Mapping[str, Any]) -> dict[str, Any]:
        values = asdict(self.question) | {
            "by": by,
            "today": self.today,
            "needs_firsts": by == "source" or counts_firsts(self.question),
            "needs_sources": by == "source" or needs_sources(self.question),
        }
        return _used(sql, values | dict(more))


@cache
def statement(*files: str) -> str:
    """Named subqueries, file by file, and in the last file the select that uses them."""
    texts = [_text(file) for file in files]
    glued = (f"\n{text}" if text.startswith("SELECT") else f",\n{text}" for text in texts[1:])
    with_word = "" if texts[0].startswith("SELECT") else "WITH "
    return f"{with_word}{texts[0]}{''.join(glued)}"


@cache
def _text(file: str) -> str:
    return _COMMENT.sub("", (_PLACE / f"{file}.sql").read_text(encoding="utf-8")).strip()


def _used(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(each) if isinstance(each := values[name], tuple) else each
            for name in _PARAMETER.findall(sql)}  # fmt: skip
