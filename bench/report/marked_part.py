"""The measured part of a page of docs/, between two marks: `make bench` writes it anew, and a test holds the
page to bench/results.json."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def put_between_marks(page: Path, part: str) -> None:
    before, rest = page.read_text().split(BEGIN)
    page.write_text(f"{before}{BEGIN}\n{part}\n{END}{rest.split(END)[1]}")


def rows_of(heads: Sequence[str], rows: Sequence[Sequence[Any]], *, texts: int = 1) -> list[str]:
    """A table in Markdown; all but the first columns are numbers, to the right."""
    right = ["---"] * texts + ["---:"] * (len(heads) - texts)
    return [_line(heads), f"|{'|'.join(right)}|", *(_line(row) for row in rows)]


def _line(cells: Sequence[Any]) -> str:
    return f"| {' | '.join(f'{cell:g}' if isinstance(cell, float) else str(cell) for cell in cells)} |"
