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

Requests = list[tuple[str, dict[str, Any]]]


@dataclass(frozen=True)
class Drains:
    """Seconds of ours and of the bare loop, shard by shard, over all runs."""

    ours: list[float]
    bare: list[float]
    calls: int

    @property
    def ratio(self) -> float:
        """The speed of ours in that of the bare loop, median of the shards: each was drained by both within a
        few seconds, so that a machine which is busy for a while is busy for both."""
        return median(bare / ours for ours, bare in zip(self.ours, self.bare, strict=True))


def compare(ground: Ground, messages: int, runs: int, tell: Callable[[str], None]) -> Drains:
    """Ours and the bare loop take turns at draining shards, each on a table with the same bookings due."""
    requests = _requests(ground, messages)
    ours: list[float] = []
    bare: list[float] = []
    for run in range(runs):
        salon, other = _with_due(ground, messages), _with_due(ground, messages)
        repeat = _repeater(ground, other.table.item.Meta.table_name)
        salon.table.client(salon.network_id, "cli_nobody")  # connected, as the repeater is
        for shard, asked in requests.items():
            ours.append(_seconds(lambda: _drain(salon, shard)))  # noqa: B023 - called at once
            bare.append(_seconds(lambda: repeat(asked)))  # noqa: B023 - called at once
        assert len(salon.sender.sent) == messages
        for each in (salon, other):
            ground.drop(each.table)
        tell(f"drain {run + 1} of {runs}")
    return Drains(ours, bare, sum(map(len, requests.values())))


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _requests(ground: Ground, messages: int) -> dict[str, Requests]:
    """What draining asks of DynamoDB, by shard. The same each time: time and chance are the bench's."""
    salon = _with_due(ground, messages, watched=True)
    asked: dict[str, Requests] = {}
    for shard in salon.shards():
        salon.meter.requests = asked[shard] = []
        _drain(salon, shard)
    ground.drop(salon.table)
    return asked


def _drain(salon: Salon, shard: str) -> None:
    drained = drain_shard(salon.world, salon.wakers, shard, lambda: True)
    assert not drained.failed, drained


def _repeater(ground: Ground, table_name: str) -> Callable[[Requests], None]:
    """Makes the same calls, of the same sizes, in the same order, by a plain client of botocore's."""
    client = ground.connect(
        "dynamodb", parameter_validation=False, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
    client.get_item(TableName=table_name, Key={"PK": {"S": "x"}, "SK": {"S": "x"}})
    methods = {"GetItem": client.get_item, "PutItem": client.put_item, "Query": client.query}
    own = {"TableName": table_name, "ReturnConsumedCapacity": "TOTAL"}

    def repeat(asked: Requests) -> None:
        for operation, parameters in asked:
            methods[operation](**parameters | own)

    return repeat


def _with_due(ground: Ground, messages: int, *, watched: bool = False) -> Salon:
    salon = Salon(ground, watched=watched)
    lay_out(salon, due(salon, messages))
    salon.world.directory(salon.network_id)
    return salon


def figures(
    ground: Ground, tell: Callable[[str], None], *, messages: int = 1_000, runs: int = 2
) -> list[Figure]:
    found = compare(ground, messages, runs, tell)
    ours, bare = (messages * runs / sum(seconds) for seconds in (found.ours, found.bare))
    return [
        Figure(
            "drain: speed against a bare loop",
            found.ratio,
            "ratio",
            0.7,
            f"{messages} confirm requests due, recording sender; the bare loop repeats the same {found.calls}"
            f" calls by a plain botocore client, shard by shard in turns, median of {len(found.ours)} pairs;"
            f" {ours:.0f} against {bare:.0f} messages a second",
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
