"""What a cold start imports, as a ratio to the least that any function of this kind imports.

Each import runs in a fresh process, compared ones taking turns, so that a busy machine is busy for both.
Bytecode is compiled beforehand: in Lambda it is not, but that is the same for both sides too.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from bench.figures import Figure
from infra.package import ROOT

BARE = ("chalice", "pynamodb.models", "aws_lambda_powertools.logging")
"""`chalice + pynamodb + Powertools Logger`, as any handler with a table and a log imports them."""

HANDLERS = {"sweep": "chalicelib.jobs.sweep", "wake": "chalicelib.jobs.wake", "intake": "chalicelib.jobs.intake",
            "api": "app"}
TARGETS = {"sweep": 1.25, "wake": 1.25, "intake": 1.25, "api": 1.4}

_TIMED = """
import sys, time
names = sys.argv[1:]
began = time.perf_counter()
for name in names:
    __import__(name)
print(time.perf_counter() - began)
"""

_LOADED = """
import json, sys
sys.argv[1:2] = []
from bench import first_calls
before = set(sys.modules)
__import__(first_calls.MODULES[{function!r}])
of_import = set(sys.modules)
first_calls.run({function!r})
print(json.dumps([name for name in sys.modules if name not in of_import]))
"""


@dataclass(frozen=True)
class Imported:
    """Medians in seconds: the handler's module alone, and with everything that its first invocation loads."""

    module: float
    first_use: float
    bare: float
    bare_first_use: float
    late: tuple[str, ...]


def seconds(names: Sequence[str]) -> float:
    return float(_run(_TIMED, *names))


def _run(code: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout.strip().splitlines()[-1]


def loaded_late(function: str) -> tuple[str, ...]:
    """The modules that a function's first invocation loads, in their order; `bare`: one log line, one GetItem."""
    return tuple(json.loads(_run("from bench.first_calls import tell; tell()", function)))
