"""How fast due messages are drained, beside a bare loop that makes the very same calls."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

from bench.figures import Figure
from bench.ground import Ground
from bench.layout import due, invited, lay_out
from bench.salon import Salon
from chalicelib.services.wake_items import drain_shard
from chalicelib.store.item import CONNECT_SECONDS, READ_SECONDS

Requests = list[tuple[str, dict[str, Any]]]
Lay = Callable[[Salon, int], Iterable[Any]]
"""What is due of a salon, so many times."""


CALLS = {
    "confirm requests": "reads of the index, booking, client, other bookings of the day; claim, record,"
    " resolve",
    "repeat invitations": "reads of the index, client, bookings ahead, the messages of seven days and the"
    " link; link, claim, record, resolve",
}


@dataclass(frozen=True)
class Drains:
    """Seconds of ours and of the bare loop, shard by shard, over all runs; of ours, those of the processor,
    in all."""

    ours: list[float]
    bare: list[float]
    calls: int
    processor: float

    @property
    def ratios(self) -> list[float]:
        """The speed of ours in that of the bare loop, shard by shard: each was drained by both within a few
        seconds, so that a machine which is busy for a while is busy for both."""
        return [bare / ours for ours, bare in zip(self.ours, self.bare, strict=True)]


def compare(ground: Ground, lay: Lay, messages: int, runs: int, tell: Callable[[str], None]) -> Drains:
    """Ours and the bare loop take turns at draining shards, each on a table in which the same is due."""
    requests = _requests(ground, lay, messages)
    ours: list[float] = []
    bare: list[float] = []
    processor = 0.0
    for run in range(runs):
        salon, other = _with_due(ground, lay, messages), _with_due(ground, lay, messages)
        repeat = _repeater(ground, other.table.item.Meta.table_name)
        salon.table.client(salon.network_id, "cli_nobody")  # connected, as the repeater is
        for shard, asked in requests.items():
            began = time.process_time()
            ours.append(_seconds(lambda: _drain(salon, shard)))  # noqa: B023 - called at once
            processor += time.process_time() - began
            bare.append(_seconds(lambda: repeat(asked)))  # noqa: B023 - called at once
        assert len(salon.sender.sent) == messages
        for each in (salon, other):
            ground.drop(each.table)
        tell(f"drain {run + 1} of {runs}")
    return Drains(ours, bare, sum(map(len, requests.values())), processor)


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _requests(ground: Ground, lay: Lay, messages: int) -> dict[str, Requests]:
    """What draining asks of DynamoDB, by shard. The same each time: time and chance are the bench's."""
    salon = _with_due(ground, lay, messages, watched=True)
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


def _with_due(ground: Ground, lay: Lay, messages: int, *, watched: bool = False) -> Salon:
    salon = Salon(ground, watched=watched)
    lay_out(salon, lay(salon, messages))
    salon.world.directory(salon.network_id)
    return salon


def figures(
    ground: Ground, tell: Callable[[str], None], *, messages: int = 1_000, runs: int = 2
) -> list[Figure]:
    return [
        *_of_kind(ground, due, "confirm requests", messages, runs, tell),
        *_of_kind(ground, invited, "repeat invitations", messages, runs, tell),
    ]


def _of_kind(
    ground: Ground, lay: Lay, what: str, messages: int, runs: int, tell: Callable[[str], None]
) -> list[Figure]:
    found = compare(ground, lay, messages, runs, tell)
    ours, bare = (messages * runs / sum(seconds) for seconds in (found.ours, found.bare))
    ratios = found.ratios
    return [
        Figure(
            f"drain: speed against a bare loop, {what}",
            median(ratios),
            "ratio",
            0.8,
            f"{messages} due, recording sender; the bare loop repeats the same {found.calls} calls by a plain"
            f" botocore client, shard by shard in turns; median of {len(ratios)} pairs, which were from"
            f" {min(ratios):.2f} to {max(ratios):.2f}; {ours:.0f} against {bare:.0f} messages a second",
            at_least=True,
        ),
        Figure(
            f"drain: DynamoDB calls per message, {what}", found.calls / messages, "calls", None, CALLS[what]
        ),
        Figure(
            f"drain: processor time per message, {what}",
            found.processor / messages / runs * 1000,
            "ms",
            None,
            "of our process: calls of DynamoDB made and read, deciding, wording; the local cloud has its own",
        ),
    ]
