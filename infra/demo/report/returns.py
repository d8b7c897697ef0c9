"""The last part of the demo's table: who returns, to whom, and from which source. All figures come from the
reports of the deployed API; what is true in the year stands beside what the reports found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from chalicelib.domain.shared.months import first_day_of_month, last_day_of_month, month_number
from infra.demo.report.ask import Reports
from infra.demo.report.report import Report
from infra.demo.report.returns_by_source import by_source
from infra.demo.report.returns_in_words import (
    Figures,
    compared,
    found_of_source,
    found_of_specialist,
    month_in_words,
    rate,
    true_of_source,
    true_of_specialist,
    why_definitions_differ,
)
from infra.demo.year.sources import LISTED
from infra.demo.year.true_effects import NEWCOMERS_GO_TO, OF_SOURCE, OF_STAFF

DAYS = 90
MONTHS = 8
"""How many months of clients are looked at: those of the demo's year whose clients all have had 90 days to
return."""

HIDDEN_POINTS = 3


@dataclass(frozen=True)
class ReturnsReport:
    reports: Reports

    def all(self, report: Report) -> None:
        first_time = self.reports.get("retention", definition="first_time", days=DAYS)
        asked = first_time["definition"]["parameters"]
        first, last = date.fromisoformat(asked["from"]), date.fromisoformat(asked["to"])
        self._definitions(report, first, last, first_time)
        first = first_day_of_month(month_number(last) - MONTHS + 1)
        staff = self.reports.get("staff", **_period(first, last), days=DAYS)["rows"]
        self._specialists(report, staff, first, last)
        sources = self.reports.get("sources", **_period(first, last), days=DAYS)
        by_source(report, sources["rows"])
        _true_and_found(report, staff, sources["rows"], sources["total"])

    def _definitions(self, report: Report, first: date, last: date, first_time: Figures) -> None:
        period_asked = {**_period(first, last), "days": DAYS}
        since_visit = self.reports.get("retention", definition="since_visit", **period_asked)
        return_first = last + timedelta(days=1)
        return_last = last_day_of_month(month_number(return_first))
        period = self.reports.get(
            "retention", definition="period", **_period(first, last),
            return_from=return_first, return_to=return_last,
        )  # fmt: skip
        month, next_month = month_in_words(first), month_in_words(return_first)
        rows = [
            f"since_visit  {rate(since_visit['total'])} came again within {DAYS} days of their visit",
            f"period       {rate(period['total'])} came again in {next_month}",
            f"first_time   {rate(first_time['total'])} who were new came again within {DAYS} days",
        ]
        as_of = f"{str(first_time['as_of'])[:16].replace('T', ' ')} UTC"
        head = f"of the clients of {month}, by the API's reports as of {as_of}; in brackets: 95 % intervals"
        report.section("Who returns", [head, *rows, *why_definitions_differ(next_month, DAYS)])

    def _specialists(self, report: Report, staff: Sequence[Figures], first: date, last: date) -> None:
        named = [row for row in staff if row["verdict"] in ("better", "worse")]
        named.sort(key=lambda row: abs(row["difference"]), reverse=True)
        alike = [row for row in staff if row["verdict"] == "alike"]
        rows = [
            f"clients of {month_in_words(first)} to {month_in_words(last)}, who came again in {DAYS} days;",
            "on equal terms: had all served the same services and the same share of new clients",
        ]
        for row in named:
            rows += _titled("help" if row["verdict"] == "worse" else "learn from", row)
        if not named:
            rows.append("nobody stands out")
        hidden = max(alike, key=_hidden_points, default=None)
        if hidden is not None and _hidden_points(hidden) > HIDDEN_POINTS:
            rows += _titled("do not blame", hidden)
            rows.append("  the plain figure is lower than the one on equal terms: here are more new clients, "
                        "or services after which fewer return")  # fmt: skip
        rows.append("of twenty specialists who are all equal, one is named by chance; "
                    f"{len(named) + len(alike)} were compared here and {len(named)} named")  # fmt: skip
        report.section("Specialists", rows)


def _titled(advice: str, row: Figures) -> list[str]:
    first, *others = compared(row)
    return [f"talk to, and {advice}: {first}", *others]


def _hidden_points(row: Figures) -> float:
    """By how many points the plain figure of a specialist is too low."""
    return 100 * float(row["equal_rate"] - row["rate"])


def _period(first: date, last: date) -> dict[str, Any]:
    return {"from": first, "to": last}


def _true_and_found(
    report: Report, staff: Sequence[Figures], sources: Sequence[Figures], all_new: Figures
) -> None:
    """What is true in the year, line by line, and what the reports say of it."""
    rows: list[str] = []
    for row in (each for each in staff if each["name"] in (*OF_STAFF, NEWCOMERS_GO_TO)):
        rows += [f"{row['name']}: {true_of_specialist(row['name'])}", f"  found: {found_of_specialist(row)}"]
    for word in OF_SOURCE:
        name, _ = LISTED[word]
        for row in (each for each in sources if each["name"] == name):
            rows += [f"{name}: {true_of_source(word)}", f"  found: {found_of_source(row, all_new)}"]
    equal = [row for row in staff if row["name"] not in OF_STAFF and row["verdict"] is not None]
    by_chance = [row["name"] for row in equal if row["verdict"] in ("better", "worse")]
    rows.append(f"the other specialists: true: {len(equal)} are equal")
    rows.append(f"  found: {', '.join(by_chance)} named by chance" if by_chance else "  found: none is named")
    report.section("True and found", rows)
