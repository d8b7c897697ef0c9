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

from chalicelib.domain.reports.questions import Question, counts_firsts

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
        values = asdict(self.question) | {
            "by": by,
            "today": self.today,
            "needs_firsts": by == "source" or counts_firsts(self.question),
        }
        return self.connection.execute(sql, _used(sql, values | more)).fetchall()


@cache
def statement(*files: str) -> str:
    """Named subqueries, file by file, and in the last file the select that uses them."""
    texts = [_text(file) for file in files]
    glued = (f"\n{text}" if text.startswith("SELECT") else f",\n{text}" for text in texts[1:])
    return f"WITH {texts[0]}{''.join(glued)}"


@cache
def _text(file: str) -> str:
    return _COMMENT.sub("", (_PLACE / f"{file}.sql").read_text(encoding="utf-8")).strip()


def _used(sql: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(each) if isinstance(each := values[name], tuple) else each
            for name in _PARAMETER.findall(sql)}  # fmt: skip
