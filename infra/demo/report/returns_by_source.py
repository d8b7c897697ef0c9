"""Sources beside one another, by the report of sources: whose new clients come again, and what each who did
has cost."""

from collections.abc import Sequence

from infra.demo.report.report import Report, Row
from infra.demo.report.returns_in_words import Figures, difference_in_words, percent, rate

FEWEST = 30
"""Sources with fewer new clients are left out."""

FEED, STOP = "feed", "stop"


def by_source(report: Report, rows: Sequence[Figures]) -> None:
    """rows: of the report of sources, the cheapest client who came again first."""
    shown = sorted((row for row in rows if row["key"] and row["clients"] >= FEWEST), key=_dearness)
    columns = ["new clients", "came again", "cost", "each of these"]
    grid: list[Row] = [(row["name"], [row["clients"], row["returned"], *_costs(row)], percent(row))
                       for row in shown]  # fmt: skip
    report.grid("Sources", columns, grid)
    report.lines.pop()  # the sentences stand below the grid
    best = max((row for row in shown if row["verdict"] == FEED), key=_difference, default=None)
    worst = min((row for row in shown if row["verdict"] == STOP), key=_difference, default=None)
    sentences = [_sentence(row) for row in (best, worst) if row is not None]
    report.section("", sentences or ["no source stands out"])


def _difference(row: Figures) -> float:
    return float(row["difference"])


def _sentence(row: Figures) -> str:
    _, each = _costs(row)
    cost = f", for {each} each" if row["cost_currency"] else ", at a cost that nobody has entered"
    than_others = f"{difference_in_words(row)} than others"
    return f"{row['verdict']} {row['name']}: {rate(row)} came again{cost}: {than_others}"


def _dearness(row: Figures) -> tuple[bool, int, str]:
    each = row["cost_per_returned_client_minor"]
    return each is None, each or 0, row["name"]


def _costs(row: Figures) -> list[str]:
    currency, each = row["cost_currency"], row["cost_per_returned_client_minor"]
    if currency is None or each is None:
        return ["unknown", "unknown"]
    return [f"{minor / 100:,.0f} {currency}" for minor in (row["cost_minor"][currency], each)]
