"""The part of the demo's table that tells of points: read over HTTP, as the office reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.shared.currencies import in_minor
from infra.demo.day.bonuses import money
from infra.demo.http import Caller
from infra.demo.report.report import Report, Row


@dataclass(frozen=True)
class PointsReport:
    """owner: who asks. names: of salons, by id."""

    owner: Caller
    names: Mapping[str, str]

    def all(
        self,
        report: Report,
        desk: Sequence[Sequence[str]],
        months: Sequence[str],
        expired_clients: Sequence[str],
    ) -> None:
        """desk: titles and words of what was done there. months: which were cleared. expired_clients: those
        whose points expired."""
        rows = [*desk, *self._expired(expired_clients)]
        report.section("Bonuses", [f"{title:19}{words}" for title, words in rows])
        self._promotions(report)
        self._simulation(report)
        self._audit(report)
        self._clearing(report, months)

    def _expired(self, expired_clients: Sequence[str]) -> list[tuple[str, str]]:
        entries = [
            entry
            for each_id in expired_clients
            for entry in self.owner.get(f"/v1/clients/{each_id}/bonus/entries")["items"]
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
        drawn = self.owner.get("/v1/reports/bonus/surprises")
        spent = f"{drawn['drawn']} drawn, {drawn['spent']} of {drawn['budget']} points"
        begin = "the first draw is on the first of next month"
        rows.append(f"surprises of {drawn['month']}: {begin if drawn['budget'] is None else spent}")
        report.section("Promotion", rows)

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
        for walk in (each for each in walks if each["kind"] == "audit"):
            if not walk["finished_at"]:
                rows.append(f"not finished: {walk['seen']:,} seen")
                continue
            sums = walk["audit"]
            verdict = "no differences" if not sums["differing"] else f"{sums['differing']} DIFFER"
            rows.append(f"{verdict}: {sums['checked']:,} accounts recomputed from {sums['entries']:,} "
                        f"entries by the deployed functions; balances {sums['balance']:,}")  # fmt: skip
        page = self.owner.get("/v1/bonus/audit?limit=50")
        rows.append(f"a page at once: {page['checked']} accounts, {len(page['differences'])} differ")
        report.section("Audit", rows)

    def _clearing(self, report: Report, months: Sequence[str]) -> None:
        rows = []
        for month in months:
            body = self.owner.get(f"/v1/reports/bonus/clearing?month={month}")
            totals = body["totals"]
            rows.append(
                f"{month}: " + ", ".join(f"{name} {totals[name]:,}" for name in totals if totals[name])
            )
            rows += [self._honoured(each) for each in body["salons"] if each["honoured"]]
            rows += [self._owed(each) for each in body["items"] if _is_owed(each)]
        report.section("Clearing", rows)

    def _honoured(self, salon: Mapping[str, Any]) -> str:
        each = salon["cost_per_visit"]
        per_visit = f", {money(each, 2)} a visit" if each else ""
        return (f"  {self.names[salon['salon_id']]}: {salon['honoured']:,} points honoured, "
                f"{money(salon['value'])}{per_visit}")  # fmt: skip

    def _owed(self, pair: Mapping[str, Any]) -> str:
        granting, honouring = (self.names[pair[f"{which}_salon_id"]] for which in ("granting", "honouring"))
        return f"  {granting} owes {honouring} for {pair['honoured']:,} points: {money(pair['value'])}"


def _is_owed(pair: Mapping[str, Any]) -> bool:
    """Whether points of one salon paid in another."""
    granting, honouring = pair["granting_salon_id"], pair["honouring_salon_id"]
    return bool(granting and honouring and granting != honouring and pair["honoured"])


def _compared(result: Mapping[str, Any]) -> list[Row]:
    """Cost, reach and what is left open, of both programmes."""
    rows: list[Row] = []

    def row(name: str, of: str, field: str) -> None:
        figures = [result[which][of][field] for which in ("present", "proposed")]
        rows.append((name, [*figures, figures[1] - figures[0]], ""))

    row("points granted", "points", "granted")
    gifts = [result[which]["points"] for which in ("present", "proposed")]
    given = [points["granted"] - points["by_kind"].get("cashback", 0) for points in gifts]
    rows.append(("  of these, gifts", [*given, given[1] - given[0]], ""))
    row("points redeemed", "points", "redeemed")
    row("points expired", "points", "expired")
    row("open at the end", "points", "outstanding")
    row("clients earning", "reach", "earning")
    row("clients redeeming", "reach", "redeeming")
    present, proposed = ({each["currency"]: each for each in result[which]["money"]}
                         for which in ("present", "proposed"))  # fmt: skip
    for currency in sorted(present.keys() & proposed.keys()):
        costs = [of[currency]["redeemed"] // in_minor(1, currency) for of in (present, proposed)]
        shares = [of[currency]["share_percent"] for of in (present, proposed)]
        remark = f"{shares[0]} % and {shares[1]} % of the revenue"
        rows.append((f"cost, {currency}", [*costs, costs[1] - costs[0]], remark))
    return rows
