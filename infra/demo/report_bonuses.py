"""The part of the demo's table that tells of points: read over HTTP, as the office reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.demo.bonuses import money
from infra.demo.http import Caller
from infra.demo.report import Report, Row


@dataclass(frozen=True)
class PointsReport:
    """owner: who asks. names: of salons, by id."""

    owner: Caller
    names: Mapping[str, str]

    def all(self, report: Report, said: Sequence[Sequence[str]], month: str, gone: Sequence[str]) -> None:
        """said: what was done at the desk. month: which was cleared. gone: clients whose points expired."""
        report.section("Bonuses", [f"{title:19}{words}" for title, words in [*said, *self._expired(gone)]])
        self._promotions(report)
        self._simulation(report)
        self._audit(report)
        self._clearing(report, month)

    def _expired(self, gone: Sequence[str]) -> list[tuple[str, str]]:
        entries = [
            entry
            for id in gone
            for entry in self.owner.get(f"/v1/clients/{id}/bonus/entries")["items"]
            if entry["kind"] == "expiry"
        ]
        points = sum(entry["points"] for entry in entries)
        words = f"{len(entries)} clients' points ended last midnight: {points} posted by the wake function"
        return [("expiry", words)]

    def _promotions(self, report: Report) -> None:
        rows = []
        for each in self.owner.get("/v1/promotions")["items"]:
            result = each["result"]
            came = (
                f"{result['points']} points to {result['clients']} clients for {result['visits']} visits, "
                f"worth {', '.join(map(money, result['value']))}"
                if result
                else "not begun"
            )
            rows.append(f"{each['name']} ({each['state']} until {each['ends_on']}): {came}")
        report.section("Promotion", rows or ["none"])

    def _simulation(self, report: Report) -> None:
        found = self.owner.get("/v1/programme/simulations")["items"]
        whole = self.owner.get(f"/v1/programme/simulations/{found[0]['id']}") if found else None
        if whole is None or whole["result"] is None:
            report.section("Simulation", ["not finished"])
            return
        report.lines.append(
            f"{'Simulation':22}{whole['visits']:,} visits of {whole['seen']:,} clients, "
            f"{whole['from']} to {whole['to']}, lived through again by two programmes"
        )
        report.grid("", ["present", "proposed", "difference"], _compared(whole["result"]))

    def _audit(self, report: Report) -> None:
        walks = self.owner.get("/v1/walks?limit=100")["items"]
        rows = []
        for walk in (each for each in walks if each["kind"] == "audit" and each["finished_at"]):
            sums = walk["audit"]
            verdict = "no differences" if not sums["differing"] else f"{sums['differing']} DIFFER"
            rows.append(f"{verdict}: {sums['checked']:,} accounts recomputed from {sums['entries']:,} "
                        f"entries by the deployed functions; balances {sums['balance']:,}")  # fmt: skip
        report.section("Audit", rows or ["not finished"])

    def _clearing(self, report: Report, month: str) -> None:
        said = self.owner.get(f"/v1/reports/bonus/clearing?month={month}")
        totals = said["totals"]
        rows = [f"{month}: " + ", ".join(f"{name} {totals[name]:,}" for name in totals if totals[name])]
        for pair in said["items"]:
            granting, honouring = (
                self.names.get(pair[f"{which}_salon_id"], "no salon") for which in ("granting", "honouring")
            )
            if pair["honoured"]:
                rows.append(f"granted by {granting}, spent at {honouring}: {pair['honoured']:,} points, "
                            f"{money(pair['value'])}")  # fmt: skip
        report.section("Clearing", rows)


def _compared(result: Mapping[str, Any]) -> list[Row]:
    """Cost, reach and what is left open, of both programmes."""
    rows: list[Row] = []

    def row(name: str, of: str, field: str) -> None:
        figures = [result[which][of][field] for which in ("present", "proposed")]
        rows.append((name, [*figures, figures[1] - figures[0]], ""))

    row("points granted", "points", "granted")
    row("points redeemed", "points", "redeemed")
    row("points expired", "points", "expired")
    row("open at the end", "points", "outstanding")
    row("clients earning", "reach", "earning")
    row("clients redeeming", "reach", "redeeming")
    present, proposed = ({each["currency"]: each for each in result[which]["money"]}
                         for which in ("present", "proposed"))  # fmt: skip
    for currency in sorted(present.keys() & proposed.keys()):
        costs = [of[currency]["redeemed"] // 100 for of in (present, proposed)]
        shares = [of[currency]["share_percent"] for of in (present, proposed)]
        remark = f"{shares[0]} % and {shares[1]} % of the revenue"
        rows.append((f"cost, {currency}", [*costs, costs[1] - costs[0]], remark))
    return rows
