"""What a cold start imports, as a ratio to the least that any function of this kind imports.

Each import runs in a fresh process, compared ones taking turns, so that a busy machine is busy for both.
Bytecode is compiled beforehand: here it is a matter of the first run only.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from bench.report.figures import Figure
from bench.setting.environment import REGION, BenchEnvironment
from bench.setting.events import environment_of, events_of
from bench.setting.metered_driver import a_metered_driver
from infra.package import ROOT

BARE = "chalice,pynamodb.models,aws_lambda_powertools.logging"
"""`chalice + pynamodb + Powertools Logger`, as any handler with a table and a log imports them."""

_TIMED = """
import importlib, sys, time
began = time.perf_counter()
for name in sys.argv[1].split(","):
    importlib.import_module(name)
print(time.perf_counter() - began)
"""

_IMPORTABLE = """
import importlib, json, sys
found = []
for name in json.load(sys.stdin):
    try:
        importlib.import_module(name)
    except ImportError:  # a name that some package has made while running
        continue
    found.append(name)
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Handler:
    """One Lambda function: where its handler is, and the most that its import may cost."""

    name: str
    module: str
    function: str
    target: float


HANDLERS = (
    Handler("sweep", "chalicelib.jobs.sweep", "sweep", 1.25),
    Handler("wake", "chalicelib.jobs.wake", "wake", 1.25),
    Handler("intake", "chalicelib.jobs.intake", "intake", 1.25),
    Handler("receipts", "chalicelib.jobs.receipts", "receipts", 1.25),
    Handler("api", "app", "app", 1.4),
)


def figures(
    environment: BenchEnvironment,
    tell: Callable[[str], None],
    *,
    runs: int = 11,
    handlers: Sequence[Handler] = HANDLERS,
) -> list[Figure]:
    """The import of each handler's module, then the same with all that its first invocation loads besides."""
    late = _loaded_late(environment, handlers)
    sides = {"bare": BARE, "bare+": _module_list(BARE, late["bare"])}
    for handler in handlers:
        sides |= {
            handler.name: handler.module,
            f"{handler.name}+": _module_list(handler.module, late[handler.name]),
        }
    times = _timed(sides, runs, tell)
    found = []
    for handler in handlers:
        alone, used = times[handler.name], times[f"{handler.name}+"]
        found += [
            Figure(f"import of {handler.name}", alone / times["bare"], "ratio", handler.target,
                   f"{handler.module} {_ms(alone)}, the bare imports {_ms(times['bare'])};"
                   f" fresh processes in turns, medians of {runs}; bare: chalice, pynamodb, Logger"),
            Figure(f"import and first use of {handler.name}", used / times["bare+"], "ratio", None,
                   f"with the {len(late[handler.name])} modules that the first invocation loads: {_ms(used)};"
                   f" the bare imports with those of their own first call: {_ms(times['bare+'])}"),
        ]  # fmt: skip
    return found


def _module_list(modules: str, late: Sequence[str]) -> str:
    return ",".join((modules, *late))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _timed(sides: dict[str, str], runs: int, tell: Callable[[str], None]) -> dict[str, float]:
    """Median seconds of each side's imports."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for run in range(runs + 1):
        for name, modules in sides.items():
            took = float(_python("-c", _TIMED, modules).splitlines()[-1])
            if run:  # the first one compiles
                seconds[name].append(took)
    tell(f"imports: {len(sides)} kinds, {runs} times each")
    return {name: median(each) for name, each in seconds.items()}


def _python(*arguments: str, piped: str = "", **environment: str) -> str:
    given = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=given, input=piped, capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
    return done.stdout


# --- one invocation of each


def _loaded_late(environment: BenchEnvironment, handlers: Sequence[Handler]) -> dict[str, list[str]]:
    """The modules that each function's first invocation loads, in their order."""
    driver = a_metered_driver(environment)
    driver.clock.now = datetime.now(UTC).replace(microsecond=0)
    variables, events = environment_of(driver), events_of(driver)
    bare = {
        "table": driver.table.item.Meta.table_name,
        "region": REGION,
        "endpoint_url": environment.endpoint_url,
    }
    late = {"bare": _first_call(BARE, "bare", bare, variables)}
    for handler in handlers:
        late[handler.name] = _first_call(handler.module, handler.function, events[handler.name], variables)
    environment.drop(driver.table)
    return late


def _first_call(modules: str, function: str, event: Any, variables: dict[str, str]) -> list[str]:
    script = "bench/measures/first_call.py"
    reported = _python("-P", script, modules, function, piped=json.dumps(event), **variables)
    tried = _python("-c", _IMPORTABLE, piped=reported.splitlines()[-1])
    found: list[str] = json.loads(tried.splitlines()[-1])
    return found
