"""How fast due messages are drained, beside a bare loop that makes the very same calls."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from bench.report.figures import Figure
from bench.setting.environment import BenchEnvironment
from bench.setting.layout import due, invited, lay_out
from bench.setting.metered_driver import MeteredDriver, a_metered_driver
from chalicelib.domain.clients.clients import Client
from chalicelib.services.waking.wake_items import drain_shard
from chalicelib.store.item import CONNECT_SECONDS, READ_SECONDS

Requests = list[tuple[str, dict[str, Any]]]
Lay = Callable[[MeteredDriver, int], Iterable[Any]]
"""What is due of a salon, so many times."""

TURN = 5
"""Messages that ours sends before the bare loop makes the same calls: both are measured within a fraction of
a second, so that a machine which is busy for a while is busy for both."""

CALLS = {
    "confirm requests": "reads of the index, booking, client, other bookings of the day; claim, record,"
    " resolve",
    "repeat invitations": "reads of the index, client, bookings ahead, the messages of seven days and the"
    " link; link, claim, record, resolve",
}


@dataclass
class Drains:
    """Seconds of ours and of the bare loop, turn by turn; of ours, those of the processor, in all."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    processor: float = 0
    calls: int = 0

    @property
    def ratios(self) -> list[float]:
        """The speed of ours in that of the bare loop."""
        return [bare / ours for ours, bare in zip(self.ours, self.bare, strict=True)]


def compare(environment: BenchEnvironment, lay: Lay, messages: int) -> Drains:
    """Each drains a table in which the same is due."""
    asked = _requests(environment, lay, messages)
    found = Drains(calls=sum(len(turn) for turns in asked.values() for turn in turns))
    driver, other = _with_due(environment, lay, messages), _with_due(environment, lay, messages)
    repeat = _repeater(environment, other.table.item.Meta.table_name)
    driver.table.get(Client, network_id=driver.network_id, id="cli_nobody")  # connected, as the repeater is
    for shard, turns in asked.items():
        clock, left = _Watch(found), iter(turns)

        def in_turn(clock: "_Watch" = clock, left: Iterator[Requests] = left) -> None:
            clock.stop()
            found.bare.append(_seconds(lambda: repeat(next(left))))
            clock.start()

        clock.start()
        _drain(driver, shard, in_turn)
        in_turn()
    assert len(driver.sender.sent) == messages
    for each in (driver, other):
        environment.drop(each.table)
    return found


class _Watch:
    """Runs while it is our turn."""

    def __init__(self, to: Drains) -> None:
        self._to = to

    def start(self) -> None:
        self._began, self._processor = time.perf_counter(), time.process_time()

    def stop(self) -> None:
        self._to.ours.append(time.perf_counter() - self._began)
        self._to.processor += time.process_time() - self._processor


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def _requests(environment: BenchEnvironment, lay: Lay, messages: int) -> dict[str, list[Requests]]:
    """What draining asks of DynamoDB, by shard and turn. The same each time: time and chance are the
    bench's."""
    driver = _with_due(environment, lay, messages, watched=True)
    asked: dict[str, list[Requests]] = {}
    for shard in driver.shards():
        turns = asked[shard] = [[]]
        driver.meter.requests = turns[0]

        def next_turn(turns: list[Requests] = turns) -> None:
            turns.append([])
            driver.meter.requests = turns[-1]

        _drain(driver, shard, next_turn)
    environment.drop(driver.table)
    return asked


def _drain(driver: MeteredDriver, shard: str, after_turn: Callable[[], None]) -> None:
    """after_turn: called after so many messages, but for the last."""
    woken = 0

    def has_time() -> bool:
        nonlocal woken
        if woken and woken % TURN == 0:
            after_turn()
        woken += 1
        return True

    drained = drain_shard(driver.world, driver.handlers(driver.sending()), shard, has_time)
    assert not drained.failed, drained


def _repeater(environment: BenchEnvironment, table_name: str) -> Callable[[Requests], None]:
    """Makes the same calls, of the same sizes, in the same order, by a plain client of botocore's."""
    client = environment.connect(
        "dynamodb", parameter_validation=False, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
    client.get_item(TableName=table_name, Key={"PK": {"S": "x"}, "SK": {"S": "x"}})
    methods = {"GetItem": client.get_item, "PutItem": client.put_item, "Query": client.query}
    own = {"TableName": table_name, "ReturnConsumedCapacity": "TOTAL"}

    def repeat(asked: Requests) -> None:
        for operation, parameters in asked:
            methods[operation](**parameters | own)

    return repeat


def _with_due(
    environment: BenchEnvironment, lay: Lay, messages: int, *, watched: bool = False
) -> MeteredDriver:
    driver = a_metered_driver(environment, watched=watched)
    lay_out(driver, lay(driver, messages))
    driver.world.directory(driver.network_id)
    return driver


def figures(
    environment: BenchEnvironment, tell: Callable[[str], None], *, messages: int = 1_000
) -> list[Figure]:
    found = []
    for what, lay in (("confirm requests", due), ("repeat invitations", invited)):
        found += _of_kind(what, compare(environment, lay, messages), messages)
        tell(f"drain: {messages} {what}")
    return found


def _of_kind(what: str, found: Drains, messages: int) -> list[Figure]:
    ours, bare = (messages / sum(seconds) for seconds in (found.ours, found.bare))
    low, _, high = quantiles(found.ratios, n=4) if len(found.ratios) > 1 else found.ratios * 3
    return [
        Figure(
            f"drain: speed against a bare loop, {what}",
            median(found.ratios),
            "ratio",
            0.8,
            f"{messages} due, recording sender; the bare loop repeats the same {found.calls} calls by a plain"
            f" botocore client, {TURN} messages in turns; median of {len(found.ratios)} pairs, of which half"
            f" are from {low:.2f} to {high:.2f}; {ours:.0f} against {bare:.0f} messages a second",
            at_least=True,
        ),
        Figure(
            f"drain: DynamoDB calls per message, {what}", found.calls / messages, "calls", None, CALLS[what]
        ),
        Figure(
            f"drain: processor time per message, {what}",
            found.processor / messages * 1000,
            "ms",
            None,
            "of our process: calls of DynamoDB made and read, deciding, wording; the local cloud has its own",
        ),
    ]
