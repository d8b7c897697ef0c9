"""`python -m bench`: measures everything on a local cloud of its own, prints it, writes bench/results.json
and the tables of docs/cost.md.

`python -m bench visit calls` measures only those, and writes nothing.
"""

import argparse
import signal
import sys
import time
from typing import Any

from bench import calls, campaign, cost_page, drain, imports, sweep, visit
from bench.figures import RESULTS, Figure, printed, table, write
from bench.ground import Ground, local_ground
from bench.meter import Meter

PARTS = ("visit", "calls", "sweep", "imports", "drain", "campaign")
SITES = ("standard", "yclients")


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

    with local_ground() as ground:
        tell(f"measuring on {ground.endpoint_url}")
        found, steps = measured(ground, wanted or PARTS, tell)
    print(f"\n{printed(found)}")
    if not wanted:
        write(found, steps)
        cost_page.rewrite(steps)
        print(f"\nwritten to {RESULTS}, with how each was measured; and docs/cost.md")
    return 0


def measured(ground: Ground, parts: Any, tell: Any) -> tuple[list[Figure], list[dict[str, Any]]]:
    """The figures of those parts, and the steps of a visit where that is among them."""
    found: list[Figure] = []
    steps: list[dict[str, Any]] = []
    if "visit" in parts:
        meters = {site: visit.lived(ground, site) for site in SITES}
        found += visit.figures(meters)
        steps = visit.rows(meters["standard"])
        for site, meter in meters.items():
            print(f"\nA visit of a new client, by {site}\n\n{_steps(meter)}\n")
    if "calls" in parts:
        found += calls.figures(ground)
        tell("calls counted")
    if "sweep" in parts:
        found += sweep.figures(ground)
        tell("sweeps counted")
    if "imports" in parts:
        found += imports.figures(ground, tell)
    if "drain" in parts:
        found += drain.figures(ground, tell)
    if "campaign" in parts:
        found += campaign.figures(ground, tell)
    return found, steps


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


if __name__ == "__main__":
    sys.exit(main())
