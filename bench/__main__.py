"""`python -m bench`: measures everything on a local cloud of its own, prints it, writes bench/results.json
and the tables of docs/cost.md and docs/scale.md.

`python -m bench visit calls` measures only those, and writes nothing.
"""

import argparse
import signal
import sys
import time
from typing import Any

from bench.measures import (
    audit,
    calls,
    campaign,
    drain,
    imports,
    messages,
    peak,
    postings,
    receipts,
    reports,
    simulation,
    simulation_walk,
    sweep,
    visit,
    writers,
)
from bench.report import cost_page, scale_page
from bench.report.figures import RESULTS, Figure, printed, table, write
from bench.setting.environment import BenchEnvironment, local_environment
from bench.setting.meter import Meter

COUNTED = {"receipts": receipts, "calls": calls, "sweep": sweep, "postings": postings}
TIMED = {"imports": imports, "drain": drain, "campaign": campaign, "writers": writers, "audit": audit}
PARTS = ("visit", "messages", *COUNTED, *TIMED, "simulation", "reports", "peak")
SITES = ("standard", "yclients")

Tables = dict[str, list[dict[str, Any]]]


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed and cost, measured on a local cloud.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of {', '.join(PARTS)}; none: all")
    wanted = parser.parse_args().parts
    if unknown := set(wanted) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the local cloud is stopped too
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"  {time.monotonic() - began:5.1f} s  {line}", flush=True)

    with local_environment() as environment:
        tell(f"measuring on {environment.endpoint_url}")
        found, tables = measured(environment, wanted or PARTS, tell)
    print(f"\n{printed(found)}")
    if not wanted:
        write(found, tables)
        cost_page.rewrite(tables["steps"], tables["messages"])
        scale_page.rewrite(tables["peak"])
        print(f"\nwritten to {RESULTS}, with how each was measured; docs/cost.md and docs/scale.md")
    return 0


def measured(environment: BenchEnvironment, parts: Any, tell: Any) -> tuple[list[Figure], Tables]:
    """The figures of those parts, and the rows behind some of them."""
    found: list[Figure] = []
    tables: Tables = {}
    if "visit" in parts:
        meters = {site: visit.lived(environment, site) for site in SITES}
        found += visit.figures(meters)
        tables["steps"] = visit.rows(meters["standard"])
        for site, meter in meters.items():
            print(f"\nA visit of a new client, by {site}\n\n{_steps(meter)}\n")
    if "messages" in parts:
        tables["messages"] = messages.measured(environment)
        found += messages.figures(tables["messages"], environment)
        print(f"\nMessages by kind\n\n{_messages(tables['messages'])}\n")
    for name, part in COUNTED.items():
        if name in parts:
            found += part.figures(environment)
            tell(f"{name}: counted")
    for name, timed in TIMED.items():
        if name in parts:
            found += timed.figures(environment, tell)
    if "simulation" in parts:
        found += [*simulation.figures(tell), *simulation_walk.figures(environment, tell)]
    if "reports" in parts:
        found += reports.figures(tell)
    if "peak" in parts:
        tables["peak"] = peak.measured(tell)
        found += peak.figures(tables["peak"])
    return found, tables


def _steps(meter: Meter) -> str:
    heads = ("step", "written", "floor", "read", "of rules", "calls", "function", "what the floor is")
    rows = [
        (
            f"({row['step']})" if row["beside"] else row["step"],
            row["write"],
            row["floor"],
            row["read"],
            row["of_rules"],
            row["dynamodb_calls"] + row["sqs_calls"],
            row["function"],
            row["what"],
        )
        for row in visit.rows(meter)
    ]
    return table(heads, rows)


def _messages(rows: list[dict[str, Any]]) -> str:
    heads = ("message", "comes to", "written", "of table", "of list", "of pointer", "most", "read", "calls")
    names = ("message", "comes_to", "write", "of_table", "of_log", "of_pointer", "most", "read")
    return table(heads, [[*(row[name] for name in names), row["dynamodb_calls"]] for row in rows])


if __name__ == "__main__":
    sys.exit(main())
