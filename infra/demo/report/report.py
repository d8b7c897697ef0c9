"""The table at the end of the demo: read from the deployed table, so that a second run says the same."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.loyalty.ledger_check import faults
from infra.demo.day.replay import Outcome
from infra.demo.report.cost import PRICES_OF, Bill
from infra.demo.year.layout import LayoutTable

CHECKED_BESIDE = 100
LABEL = 22

Row = tuple[str, Sequence[object], str]
"""Name, a figure for each column, a remark."""


@dataclass
class Report:
    """Lines of plain text: a title to the left, figures beside it."""

    lines: list[str] = field(default_factory=list)

    def section(self, title: str, rows: Iterable[str]) -> None:
        label = title
        for row in rows:
            self.lines.append(f"{label:{LABEL}}{row}".rstrip())
            label = ""
        self.lines.append("")

    def grid(self, title: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        def line(name: str, figures: Sequence[object], remark: str) -> str:
            aligned = (f"{_shown(figure):>{max(len(column), 9) + 2}}"
                       for figure, column in zip(figures, columns, strict=True))  # fmt: skip
            return f"{name:20}{''.join(aligned)}   {remark}"

        self.section(title, [line("", columns, ""), *(line(*row) for row in rows)])


def _shown(figure: object) -> str:
    return f"{figure:,}" if isinstance(figure, int) and figure else "-" if figure == 0 else str(figure)


def webhooks(report: Report, items: Sequence[InboxItem]) -> None:
    states = [state for state in InboxState if any(item.state is state for item in items)]
    by_site: dict[str, list[InboxItem]] = {}
    for item in items:
        by_site.setdefault(item.site, []).append(item)
    rows = [
        (site, [sum(item.state is state for item in found) for state in states], _reasons(found))
        for site, found in sorted(by_site.items())
    ]
    total = [sum(item.state is state for item in items) for state in states]
    report.grid("Webhooks", [state.value for state in states], [*rows, ("all", total, "")])


def _reasons(items: Iterable[InboxItem]) -> str:
    counted = Counter(item.reason for item in items if item.reason)
    return ", ".join(f"{reason} {count}" for reason, count in counted.most_common())


def stories(report: Report, reported: Sequence[Outcome]) -> None:
    right = sum(each.right for each in reported)
    rows = [
        f"{'ok ' if each.right else 'NOT'} {each.site:9} {each.title:45} {each.state}" for each in reported
    ]
    report.section("Stories of bookings", [f"{right} of {len(reported)} ended as they should", *rows])


def bookings(report: Report, table: LayoutTable, network_id: str, salons: Sequence[dict[str, str]]) -> None:
    counted = {salon["name"]: table.statuses(network_id, salon["id"]) for salon in salons}
    rows = [(name, [found[status.value] for status in Status], "") for name, found in counted.items()]
    total = sum(counted.values(), Counter[str]())
    everything = ("all", [total[status.value] for status in Status], f"{total.total():,} bookings")
    report.grid("Bookings", [status.value for status in Status], [*rows, everything])


def bonuses(
    report: Report, table: LayoutTable, network_id: str, laid_out: Mapping[str, Sequence[int]],
    touched: Sequence[str], others: Sequence[str], since: datetime,
) -> None:  # fmt: skip
    """Entries by kind, and the ledger check: entry by entry for the clients of the demo and a hundred others,
    by balance and lots for all."""
    checked = [*touched, *others[:: max(len(others) // CHECKED_BESIDE, 1)]]
    accounts = {
        account.client_id: account for account in table.accounts_named(network_id, [*touched, *others])
    }
    wrong: list[str] = []
    fresh: list[Entry] = []
    for client_id in dict.fromkeys(checked):
        entries = table.entries(network_id, client_id)
        wrong += faults(accounts.get(client_id) or table.account(network_id, client_id), entries)
        fresh += [entry for entry in entries if entry.recorded_at >= since]
    wrong += [
        f"{account.client_id}: balance {account.balance}"
        for account in accounts.values()
        if account.balance != sum(lot.remaining for lot in account.lots)
    ]
    kinds = sorted({*laid_out, *(entry.kind.value for entry in fresh)})
    rows = []
    for kind in kinds:
        new = [entry for entry in fresh if entry.kind.value == kind]
        count, points = laid_out.get(kind, (0, 0))
        rows.append((kind, [count, len(new), points + sum(entry.points for entry in new)], ""))
    report.grid("Bonus entries", ["year", "demo", "points"], rows)
    balance = sum(account.balance for account in accounts.values())
    verdict = "no fault" if not wrong else f"{len(wrong)} FAULTS: {'; '.join(wrong[:3])}"
    report.section("Ledger check", [
        f"{verdict}: {len(checked)} accounts entry by entry, all {len(accounts):,} by their lots; "
        f"{balance:,} points stand open"])  # fmt: skip


def bill_of_hour(report: Report, bill: Bill) -> None:
    rows = [f"{what:12} {how_much:38} ${cost:.5f}" for what, how_much, cost in bill.dollars]
    report.section(
        "This hour on AWS",
        [f"${bill.total:.4f} by the prices of {PRICES_OF}; what carriers charge stands above", *rows],
    )  # fmt: skip


def addresses(report: Report, named: Sequence[tuple[str, str]]) -> None:
    report.section("To open", [f"{name:19}{address}" for name, address in named])


def entries_by_kind(histories: Iterable[list[Any]], into: dict[str, list[int]]) -> Iterable[list[Any]]:
    """Passes lives through, counting their bonus entries: kind -> how many, and the sum of their points."""
    for history in histories:
        for value in history:
            if isinstance(value, Entry):
                counted = into.setdefault(value.kind.value, [0, 0])
                counted[0] += 1
                counted[1] += value.points
        yield history
