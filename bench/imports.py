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

from bench.figures import Figure
from bench.ground import REGION, SHARDS, Ground
from bench.layout import just_made, lay_out
from bench.salon import SALON, SERVICE, Salon
from bench.visit import DELIVERIES
from chalicelib.domain.network import Role
from chalicelib.services.manage_keys import make_key
from chalicelib.services.receive_webhook import receive
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
    Handler("api", "app", "app", 1.4),
)


def figures(
    ground: Ground, tell: Callable[[str], None], *, runs: int = 11, handlers: Sequence[Handler] = HANDLERS
) -> list[Figure]:
    """The import of each handler's module, then the same with all that its first invocation loads besides."""
    late = _loaded_late(ground, handlers)
    sides = {"bare": BARE, "bare+": _joined(BARE, late["bare"])}
    for handler in handlers:
        sides |= {handler.name: handler.module, f"{handler.name}+": _joined(handler.module, late[handler.name])}
    times = _timed(sides, runs, tell)
    found = []
    for handler in handlers:
        found += [
            Figure(f"import of {handler.name}", times[handler.name] / times["bare"], "ratio", handler.target,
                   f"{handler.module} {_ms(times[handler.name])}, chalice + pynamodb + Powertools Logger"
                   f" {_ms(times['bare'])}; fresh processes in turns, medians of {runs}"),
            Figure(f"import and first use of {handler.name}", times[f"{handler.name}+"] / times["bare+"], "ratio",
                   None, f"with the {len(late[handler.name])} modules that the first invocation loads:"
                   f" {_ms(times[f'{handler.name}+'])}; bare, with those of its own first call: {_ms(times['bare+'])};"
                   f" against bare's import alone: {times[f'{handler.name}+'] / times['bare']:.2f}"),
        ]  # fmt: skip
    return found


def _joined(modules: str, late: Sequence[str]) -> str:
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


def _python(*arguments: str, input: str = "", **environment: str) -> str:
    given = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT), **environment}
    done = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=given, input=input, capture_output=True,
                          text=True, timeout=60, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{arguments}: {done.stderr[-2000:]}")
    return done.stdout


# --- one invocation of each


def _loaded_late(ground: Ground, handlers: Sequence[Handler]) -> dict[str, list[str]]:
    """The modules that each function's first invocation loads, in their order. Those that cannot be imported by
    name (made while running) are left out."""
    salon = Salon(ground)
    salon.clock.now = datetime.now(UTC).replace(microsecond=0)
    environment, events = _environment(salon), _events(salon)
    bare = {"table": salon.table.item.Meta.table_name, "region": REGION, "endpoint_url": ground.endpoint_url}
    late = {"bare": _first_call(BARE, "bare", bare, environment)}
    for handler in handlers:
        late[handler.name] = _first_call(handler.module, handler.function, events[handler.name], environment)
    ground.drop(salon.table)
    return late


def _first_call(modules: str, function: str, event: Any, environment: dict[str, str]) -> list[str]:
    told = _python("-P", "bench/first_call.py", modules, function, input=json.dumps(event), **environment)
    loaded: list[str] = json.loads(told.splitlines()[-1])
    checked = _python("-c", "import importlib.util, json, sys\nfound = []\nfor name in json.load(sys.stdin):\n"
                      "    try:\n        importlib.import_module(name)\n        found.append(name)\n"
                      "    except ImportError:\n        pass\nprint(json.dumps(found))", input=json.dumps(loaded))
    found: list[str] = json.loads(checked.splitlines()[-1])
    return found


def _environment(salon: Salon) -> dict[str, str]:
    """What the functions' environment says, and the parameters that they read."""
    ssm = salon.ground.connect("ssm")
    for name, value in (("link-secret", "5" * 64), ("public-base-url", "https://lotos.example")):
        ssm.put_parameter(Name=f"/perennial/bench/{name}", Value=value, Type="String", Overwrite=True)
    return {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": str(salon.ground.endpoint_url), "TABLE_NAME": str(salon.table.item.Meta.table_name),
        "WAKE_QUEUE_URL": salon.wake_url, "INTAKE_QUEUE_URL": salon.intake_url, "WAKE_SHARDS": str(SHARDS),
        "PARAMETER_PREFIX": "/perennial/bench", "STAGE": "bench", "SMS_CHANNEL": "sns", "LOG_LEVEL": "ERROR",
        "POWERTOOLS_SERVICE_NAME": "perennial", "POWERTOOLS_METRICS_NAMESPACE": "Perennial/bench",
    }  # fmt: skip


def _events(salon: Salon) -> dict[str, Any]:
    """An event for each function, with work behind it."""
    raw, headers = DELIVERIES["standard"](salon.clock.now.replace(year=salon.clock.now.year + 1), salon.clock.now)
    receipt = receive(salon.receiving, "standard", salon.connections["standard"].token, raw, headers)
    lay_out(salon, (made := [just_made(salon)]))
    pk, sk, _ = salon.table.locate(made[0])
    _, key = make_key(salon.world, salon.network_id, Role.RECEPTION, name="Reception")
    booking = {"salon_id": SALON, "starts_at": f"{salon.clock.now.year + 1}-01-15T10:00:00Z",
               "lines": [{"service_id": SERVICE}], "client": {"name": "Ion Rusu", "phone": "069000001"}}
    return {
        "sweep": {"version": "0", "account": "0", "region": REGION, "detail": {}, "detail-type": "Scheduled Event",
                  "source": "aws.events", "time": "2026-11-23T08:00:00Z", "id": "1", "resources": ["rule"]},
        "intake": _sqs({"network_id": salon.network_id, "inbox_id": receipt.inbox_id}),
        "wake": _sqs({"shard": "WAKE#00", "pk": pk, "sk": sk}),
        "api": {"requestContext": {"httpMethod": "POST", "resourcePath": "/v1/bookings", "requestId": "bench",
                                   "identity": {"sourceIp": "192.0.2.1"}},
                "headers": {"Authorization": f"Bearer {key}"}, "multiValueQueryStringParameters": None,
                "pathParameters": {}, "body": json.dumps(booking), "isBase64Encoded": False, "stageVariables": None},
    }  # fmt: skip


def _sqs(body: dict[str, str]) -> dict[str, Any]:
    return {"Records": [{"messageId": "1", "receiptHandle": "1", "body": json.dumps(body),
                         "attributes": {"MessageGroupId": "1"}, "messageAttributes": {}, "md5OfBody": "",
                         "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:us-east-1:000000000000:q",
                         "awsRegion": REGION}]}  # fmt: skip
