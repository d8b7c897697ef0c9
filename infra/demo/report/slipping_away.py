"""The end of the demo's table: who is slipping away, whether it helps to write to them, and whom to call
today. All figures come from the deployed API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chalicelib.domain.clients.categories import AT_RISK, LOST, REGULAR
from chalicelib.domain.shared.months import first_day_of_month, month_number
from infra.demo.report.ask import Reports
from infra.demo.report.report import Report
from infra.demo.report.returns_in_words import Figures, month_in_words, rate, rate_of
from infra.demo.year.true_effects import WIN_BACK as TRUE

MONTHS = 3
WIN_BACK, LIFT_DAYS, LIFT_MONTHS = "win_back", 45, 8
OVERDUE = (AT_RISK, LOST)


@dataclass(frozen=True)
class SlippingAway:
    reports: Reports

    def all(self, report: Report) -> None:
        self._flows(report)
        self._lift(report)
        self._calls(report)

    def _flows(self, report: Report) -> None:
        found = self.reports.get("flows")
        months = sorted({row["month"] for row in found["rows"]})[-MONTHS - 1 : -1]
        report.section("Slipping away", [
            "changes of category of the last three full months, as the clients keep them",
            *(_flow(month, [row for row in found["rows"] if row["month"] == month]) for month in months),
            *_stock(found["total"]["stock"]),
        ])  # fmt: skip

    def _lift(self, report: Report) -> None:
        """Of the message to lost clients, over all months of the year whose windows are over."""
        last = date.fromisoformat(
            self.reports.get("lift", kind=WIN_BACK, days=LIFT_DAYS)["definition"]["parameters"]["to"]
        )
        first = first_day_of_month(month_number(last) - LIFT_MONTHS + 1)
        period = {"from": first, "to": last}
        found = self.reports.get("lift", kind=WIN_BACK, days=LIFT_DAYS, **period)["total"]
        left_alone = rate_of(found["held_out_returned"], found["held_out"], found["held_out_interval"])
        report.section("Lift", [
            f"the message to clients who are lost, {month_in_words(first)} to {month_in_words(last)}, "
            f"and who came again in {LIFT_DAYS} days:",
            f"for whom it was due: {rate(found)}, of whom {found['reached']:,} were reached",
            f"held out:            {left_alone}",
            _verdict(found),
            f"  true: of 100 clients {TRUE.written_to} come again where they are written to, "
            f"{TRUE.left_alone} where not; some would have come later anyway",
        ])  # fmt: skip

    def _calls(self, report: Report) -> None:
        found = self.reports.get("call-today")
        rows = [_call(number, each) for number, each in enumerate(found["items"], start=1)]
        head = f"{len(rows)} clients, none of whom was written to this week, has booked or has refused"
        report.section("To call today", [head, *rows] if rows else ["nobody"])


def _flow(month: str, rows: Sequence[Figures]) -> str:
    def moved(before: str | None, after: str) -> int:
        to_there = [row for row in rows if row["after"] == after]
        return sum(row["clients"] for row in to_there if before in (None, row["before"]))

    back = sum(row["clients"] for row in rows if row["before"] in OVERDUE and row["after"] not in OVERDUE)
    return (
        f"{month_in_words(date.fromisoformat(f'{month}-01'))}: "
        f"regular -> at risk {moved(REGULAR, AT_RISK)}, at risk -> lost {moved(AT_RISK, LOST)}; "
        f"in all {moved(None, AT_RISK)} came to be at risk, {moved(None, LOST)} lost; {back} came back"
    )


def _stock(stock: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"on {each['on']}: {each[REGULAR]:,} regular, {each[AT_RISK]:,} at risk, {each[LOST]:,} lost"
        for each in (stock[0], stock[-1])
    ]


def _verdict(found: Figures) -> str:
    if found["lift"] is None:
        return f"the verdict: {found['verdict']}"
    low, high = (100 * each for each in found["lift_interval"])
    words = f"the verdict: {found['verdict']}, {100 * found['lift']:+.1f} points ({low:+.1f} to {high:+.1f})"
    if found["cost_of_each_micros"] is None:
        return words
    cost, each = found["cost_micros"] / 1_000_000, found["cost_of_each_micros"] / 1_000_000
    return (
        f"{words}: ${cost:.2f} of messages brought {found['more_returned']:.0f} clients "
        f"who would not have come, at ${each:.2f} each"
    )


def _call(number: int, each: Mapping[str, Any]) -> str:
    reasons = "; ".join(_reason(reason) for reason in each["reasons"])
    usual = f", comes each {each['usual_gap_days']} days" if each["usual_gap_days"] else ""
    served = f", served by {each['staff_name']}" if each["staff_name"] else ""
    return f"{number:2} {each['name']:24} {reasons}: last here {each['last_visit_on']}{usual}{served}"


def _reason(reason: Mapping[str, Any]) -> str:
    """The code in words, and the figures that say why now."""
    words = str(reason["code"]).replace("_", " ")
    return f"{words}, {figures(reason)}" if (figures := FIGURES.get(reason["code"])) else words


FIGURES: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "low_rating": lambda reason: f"{reason['stars']} stars",
    "regular_at_risk": lambda reason: f"{reason['days_over']} days over",
    "high_value_lost": lambda reason: (
        f"spent {reason['spent_minor'] / 100:,.0f} {reason['currency']}, lost on {reason['lost_on']}"
    ),
    "balance_expiring": lambda reason: f"{reason['points']} points until {reason['expires_on']}",
}
"""Code of a reason -> its figures in words."""
