"""How fast due messages are drained, beside a bare loop that makes the very same calls."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.ground import Ground
from bench.layout import due, lay_out
from bench.salon import Salon
from chalicelib.services.wake_items import drain_shard
from chalicelib.store.item import CONNECT_SECONDS, READ_SECONDS
from chalicelib.store.keys import shard_names

Requests = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Drains:
    """Messages a second, ours and the bare loop's, run by run."""

    ours: list[float]
    bare: list[float]
    calls: int
    messages: int

    @property
    def ratio(self) -> float:
        """Of runs that followed one another: a machine that is busy for a while is busy for both."""
        return median(ours / bare for ours, bare in zip(self.ours, self.bare, strict=True))


def compare(ground: Ground, messages: int, runs: int, tell: Callable[[str], None]) -> Drains:
    """Ours and the bare loop take turns, each on a table laid out anew with the same bookings due."""
    ours: list[float] = []
    bare: list[float] = []
    requests = _requests(ground, messages)
    for run in range(runs):
        ours.append(messages / _ours(ground, messages))
        bare.append(messages / _bare(ground, messages, requests))
        tell(f"drain {run + 1} of {runs}: {ours[-1]:.0f} messages a second, bare loop {bare[-1]:.0f}")
    return Drains(ours, bare, len(requests), messages)


def _requests(ground: Ground, messages: int) -> Requests:
    """What draining asks of DynamoDB. The same each time: time and chance are the bench's."""
    salon = _with_due(ground, messages, watched=True)
    salon.meter.requests = []
    _drain(salon, messages)
    ground.drop(salon.table)
    return salon.meter.requests


def _ours(ground: Ground, messages: int) -> float:
    salon = _with_due(ground, messages)
    salon.table.client(salon.network_id, "cli_nobody")  # connected, as the bare loop is
    began = time.perf_counter()
    _drain(salon, messages)
    seconds = time.perf_counter() - began
    ground.drop(salon.table)
    return seconds


def _drain(salon: Salon, messages: int) -> None:
    for shard in shard_names(salon.table.shards):
        drained = drain_shard(salon.world, salon.wakers, shard, lambda: True)
        assert not drained.failed, drained
    assert len(salon.sender.sent) == messages


def _bare(ground: Ground, messages: int, requests: Requests) -> float:
    """The same calls, of the same sizes and in the same order, by a client of botocore's and nothing else."""
    salon = _with_due(ground, messages)
    name = salon.table.item.Meta.table_name
    client = ground.connect(
        "dynamodb", parameter_validation=False, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
    calls = [(_METHODS[operation], _of_table(asked, name)) for operation, asked in requests]
    client.get_item(TableName=name, Key={"PK": {"S": "x"}, "SK": {"S": "x"}})
    began = time.perf_counter()
    for method, asked in calls:
        getattr(client, method)(**asked)
    seconds = time.perf_counter() - began
    ground.drop(salon.table)
    return seconds


_METHODS = {"GetItem": "get_item", "PutItem": "put_item", "Query": "query"}


def _of_table(asked: dict[str, Any], name: str) -> dict[str, Any]:
    return asked | {"TableName": name, "ReturnConsumedCapacity": "TOTAL"}


def _with_due(ground: Ground, messages: int, *, watched: bool = False) -> Salon:
    salon = Salon(ground, watched=watched)
    lay_out(salon, due(salon, messages))
    salon.world.directory(salon.network_id)
    return salon


def figures(
    ground: Ground, tell: Callable[[str], None], *, messages: int = 1_000, runs: int = 3
) -> list[Figure]:
    found = compare(ground, messages, runs, tell)
    speeds = f"{median(found.ours):.0f} against {median(found.bare):.0f} messages a second"
    return [
        Figure(
            "drain: speed against a bare loop",
            found.ratio,
            "ratio",
            0.7,
            f"{messages} confirm requests due, recording sender; the bare loop repeats the same {found.calls}"
            f" calls by a plain botocore client on the same local cloud; median of {runs} pairs: {speeds}",
            at_least=True,
        ),
        Figure(
            "drain: DynamoDB calls per message",
            found.calls / messages,
            "calls",
            None,
            "reads of the index, booking and client; claim, record, resolve",
        ),
    ]
