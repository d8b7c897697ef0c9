"""Keeps the measured part of docs/scale.md and its plot: `make bench` writes them anew."""

from collections.abc import Sequence
from typing import Any

from bench.measures.peak import LIMITS, SHARDS, row_of
from bench.report import marked_part
from bench.report.plot import lines
from infra.package import ROOT

PAGE = ROOT / "docs" / "scale.md"
PLOT = ROOT / "docs" / "peak.svg"
PLOTTED = ((8, 0), (16, 0), (32, 0), (64, 0), (128, 0), (64, 100))
MINUTES = 40

Rows = list[dict[str, Any]]


def measured_part(rows: Rows) -> str:
    """The tables, from what bench/results.json holds of the peak."""
    limits = ["no limit", *(f"{limit} a second" for limit in LIMITS[1:])]
    return "\n".join(
        [
            *marked_part.rows_of(
                ["shards", *limits],
                [[shards, *(_time(row_of(rows, shards, limit)) for limit in LIMITS)] for shards in SHARDS],
            ),
            "",
            *marked_part.rows_of(
                ["shards", "messages", "table, a partition", "wake index, a shard", "a salon's list"],
                [[shards, *_rates(row_of(rows, shards))] for shards in SHARDS],
            ),
        ]
    )


def _time(row: dict[str, Any]) -> str:
    minutes, seconds = divmod(row["seconds"], 60)
    return f"{minutes}:{seconds:02d}{' (too many)' if row['is_burst'] else ''}"


def _rates(row: dict[str, Any]) -> Sequence[int]:
    return [row["sent_most"], row["table_writes_most"], row["index_writes_most"], row["salon_writes_most"]]


def plot(rows: Rows) -> str:
    drawn = {}
    for shards, limit in PLOTTED:
        points = [(second / 60, waiting) for second, waiting in row_of(rows, shards, limit)["waiting"]]
        name = f"{shards} shards" + (f", {limit}/s" if limit else "")
        drawn[name] = [point for point in points if point[0] <= MINUTES]
    title = f"{rows[0]['due']:,} messages due in one minute"
    return lines(title, "minutes since the first fell due", "due and not yet sent", drawn)


def rewrite(rows: Rows) -> None:
    marked_part.put_between_marks(PAGE, measured_part(rows))
    PLOT.write_text(plot(rows))
