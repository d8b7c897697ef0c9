"""A figure: what was measured, against what target, and how."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parents[1] / "results.json"


@dataclass(frozen=True)
class Figure:
    """target: the most (or, with `at_least`, the least) that is allowed; None for what is only reported."""

    name: str
    value: float
    unit: str
    target: float | None
    how: str
    at_least: bool = False

    @property
    def ok(self) -> bool:
        if self.target is None:
            return True
        return self.value >= self.target if self.at_least else self.value <= self.target

    def as_json(self) -> dict[str, Any]:
        plain = asdict(self) | {"ok": self.ok}
        return {name: plain[name] for name in ("name", "value", "unit", "target", "ok", "how")}


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Columns of text, numbers to the right."""
    cells = [[_cell(value) for value in row] for row in (heads, *rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(heads))]
    numeric = [
        bool(rows) and all(isinstance(row[place], int | float) for row in rows) for place in range(len(heads))
    ]
    lines = [
        "  ".join(
            text.rjust(width) if right else text.ljust(width)
            for text, width, right in zip(row, widths, numeric, strict=True)
        ).rstrip()
        for row in cells
    ]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return "\n".join(lines)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def printed(figures: Sequence[Figure]) -> str:
    rows = [
        (figure.name, figure.value, figure.unit, _target(figure), "ok" if figure.ok else "MISSED")
        for figure in figures
    ]
    return table(("figure", "value", "unit", "target", ""), rows)


def _target(figure: Figure) -> str:
    if figure.target is None:
        return "-"
    return f"{'>=' if figure.at_least else '<='} {figure.target:g}"


def write(figures: Sequence[Figure], tables: Mapping[str, Sequence[Any]], to: Path = RESULTS) -> None:
    """tables: the rows behind the figures, by name; pages of docs/ are held to them by a test."""
    content = {"figures": [figure.as_json() for figure in figures], **tables}
    to.write_text("{\n" + ",\n".join(_table_as_json(*each) for each in content.items()) + "\n}\n")


def _table_as_json(name: str, rows: Sequence[Any]) -> str:
    """A row a line, so that what has changed is seen."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return f"{json.dumps(name)}: [\n{lines}\n]"
