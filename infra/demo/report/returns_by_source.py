"""Sources beside one another: whose new clients come again, and what each who did has cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.domain.networks.sources import source_key
from infra.demo.report.report import Report, Row
from infra.demo.report.returns_in_words import Figures, percent, rate
from infra.demo.year.sources import CURRENCY, cost_between

FEWEST = 30
"""Sources with fewer new clients are left out."""


@dataclass(frozen=True)
class SourceReturns:
    """One source: its row of the report, by which words it is known, and its cost in lei; None: unknown."""

    name: str
    words: frozenset[str]
    row: Figures
    cost: int | None

    @property
    def cost_of_return(self) -> float | None:
        returned = self.row["returned"]
        return self.cost / returned if self.cost is not None and returned else None


def source_returns(
    rows: Sequence[Figures], listed: Sequence[Mapping[str, Any]], first: date, last: date
) -> list[SourceReturns]:
    """rows: first_time by source. listed: the network's sources. Costs are those of the months from `first`
    to `last`. Sorted by the cost of a return; those of which it is unknown come last."""
    found = []
    for row in rows:
        if not row["key"] or row["clients"] < FEWEST:
            continue
        source = next((each for each in listed if _is_called(each, row["key"])), None)
        if source is None:
            found.append(SourceReturns(row["key"], frozenset({source_key(row["key"])}), row, None))
        else:
            cost = cost_between(source, first, last)
            found.append(SourceReturns(source["name"], _words(source), row, cost))
    return sorted(found, key=lambda each: (each.cost_of_return is None, each.cost_of_return, each.name))


def by_source(report: Report, found: Sequence[SourceReturns]) -> None:
    rows: list[Row] = [(each.name, [each.row["clients"], each.row["returned"], *_costs(each)],
                        percent(each.row)) for each in found]  # fmt: skip
    columns = ["new clients", "came again", f"cost, {CURRENCY}", "each of these"]
    report.grid("Sources", columns, rows)
    known = sorted((cost, each.name, each) for each in found if (cost := each.cost_of_return) is not None)
    if len(known) < 2:
        return
    report.lines.pop()  # the sentences stand below the grid
    (cheap, _, fed), (dear, _, stopped) = known[0], known[-1]
    sentences = [
        f"feed {fed.name}: {rate(fed.row)} came again, for {cheap:,.0f} {CURRENCY} each",
        f"stop {stopped.name}: {rate(stopped.row)} came again, for {dear:,.0f} {CURRENCY} each",
    ]
    if fed.row["interval"][0] <= stopped.row["interval"][1]:
        sentences.append("  but the intervals of the two rates overlap: they may differ by cost alone")
    report.section("", sentences)


def _costs(each: SourceReturns) -> list[object]:
    cost_of_return = each.cost_of_return
    return [
        "unknown" if each.cost is None else each.cost,
        "unknown" if cost_of_return is None else round(cost_of_return),
    ]


def _words(source: Mapping[str, Any]) -> frozenset[str]:
    return frozenset({source_key(source["id"]), source_key(source["name"]), *source["aliases"]})


def _is_called(source: Mapping[str, Any], key: str) -> bool:
    """Whether a row's key is the source's id, its name, or another word for it."""
    return source_key(key) in _words(source)
