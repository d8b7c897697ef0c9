"""A peak by simulation: so many messages due in one minute, drained by one worker a shard.

Nothing is sent and no cloud is asked. What is simulated is the way of `jobs/wake.py`: the sweep finds the
shards with work, each shard is a group of a FIFO queue and so has one worker at a time, a worker sends one
message after another at its part of the sender's pace until its time is over, and hands the shard on.
"""

import heapq
import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from math import ceil
from typing import Any

from bench.report.figures import Figure
from chalicelib.channels.paced import MAX_GAP
from chalicelib.domain.shared.ids import encoded
from chalicelib.store.keys import shard_of
from infra.testkit.builders import NETWORK

SHARDS = (8, 16, 32, 64, 128, 256)
LIMITS = (0, 100, 20)
SHOWN = 64
"""The shards that the figures are of."""
MAX_PARTITION = 1_000
"""Writes a second that DynamoDB takes of one partition, of the table or of an index."""

WRITES = {"claim": 0.25, "record": 0.85, "resolve": 0.95}
"""The writes of a message to the table, each at that part of the time that it takes."""


@dataclass(frozen=True)
class Peak:
    """What is given. Seconds, unless said.

    due           messages that fall due, evenly within `within`.
    message       what one takes: calls, sending, our own work; each a little more or less than that.
    limit         messages a second that the sender takes, of all workers together; 0: any number.
    worker        how long a worker goes on before it hands on; hand_on: until the next one has begun.
    batch         messages of the queue that one invocation gets, whose shards it then drains in turn.
    partitions    of the table; a new table on demand has four.
    salons        whose lists the messages enter.
    """

    shards: int
    limit: float = 0
    due: int = 200_000
    within: float = 60
    message: float = 0.15
    worker: float = 37
    hand_on: float = 0.5
    batch: int = 1
    partitions: int = 4
    salons: int = 100
    seed: int = 1

    @property
    def is_burst(self) -> bool:
        """Whether the first messages of all workers, at the same moment, are more than the sender takes in a
        second, or a worker's part of the pace is too little to keep."""
        return bool(self.limit) and self.shards > self.limit

    @property
    def pace(self) -> float:
        """Least seconds between two messages of a worker."""
        return min(self.shards / self.limit, MAX_GAP) if self.limit else 0


@dataclass
class Drained:
    """What came of it. Writes are of the second in which there were most, to any one partition."""

    seconds: float = 0
    workers_most: int = 0
    sent_most: int = 0
    table_writes_most: int = 0
    index_writes_most: int = 0
    salon_writes_most: int = 0
    waiting: list[int] = field(default_factory=list)
    """Messages due and not yet sent, by seconds since the first fell due."""


def simulate(peak: Peak) -> Drained:
    randomness = random.Random(peak.seed)
    left = _by_shard(peak, randomness)
    log = _Log(peak, randomness)
    sweep_at = ceil(peak.within / 60) * 60.0  # the first sweep that finds all of it
    ready = [(sweep_at, number) for number, due in enumerate(left) if due]
    heapq.heapify(ready)
    while ready:
        at = ready[0][0]
        got = _batch(ready, peak.batch)
        begins, ends = at, at + peak.worker
        for shard in got:
            at = _drain(peak, randomness, left, shard, at, ends, log)
            if left[shard]:
                heapq.heappush(ready, (at + peak.hand_on, shard))
        log.worked(begins, at)
    return log.drained()


def _by_shard(peak: Peak, randomness: random.Random) -> list[int]:
    """How many messages each shard has: clients with random ids, by the keys' own rule."""
    left = [0] * peak.shards
    for _ in range(peak.due):
        client = f"NET#{NETWORK}#CLI#cli_{encoded(randomness.getrandbits(80), 16)}"
        left[int(shard_of(client, peak.shards).partition("#")[2])] += 1
    return left


def _batch(ready: list[tuple[float, int]], most: int) -> list[int]:
    """The shards of the messages that are in the queue at that moment, up to as many as one invocation
    gets."""
    at, shard = heapq.heappop(ready)
    got = [shard]
    while ready and len(got) < most and ready[0][0] <= at:
        got.append(heapq.heappop(ready)[1])
    return got


def _drain(
    peak: Peak, randomness: random.Random, left: list[int], shard: int, at: float, ends: float, log: "_Log"
) -> float:
    """One worker with one shard; when it was done, or its time over."""
    may_send_at = at
    while left[shard] and at < ends:
        took = peak.message * (0.7 + 0.6 * randomness.random())
        begins = max(at, may_send_at)
        may_send_at = begins + peak.pace
        at = begins + took
        left[shard] -= 1
        log.sent(begins, took, shard)
    return at


class _Log:
    """Counts by the second."""

    def __init__(self, peak: Peak, randomness: random.Random) -> None:
        self._peak, self._randomness = peak, randomness
        self._sent: dict[int, int] = defaultdict(int)
        self._table: dict[tuple[int, int], int] = defaultdict(int)
        self._index: dict[tuple[int, int], int] = defaultdict(int)
        self._driver: dict[tuple[int, int], int] = defaultdict(int)
        self._workers: list[tuple[float, int]] = []
        self._last = 0.0

    def worked(self, begins: float, ends: float) -> None:
        self._workers += [(begins, 1), (ends, -1)]

    def sent(self, begins: float, took: float, shard: int) -> None:
        peak, draw = self._peak, self._randomness.random
        item, client = int(draw() * peak.partitions), int(draw() * peak.partitions)
        for name, part in WRITES.items():
            second = int(begins + took * part)
            self._table[second, client if name == "record" else item] += 1
        self._index[int(begins + took * WRITES["resolve"]), shard] += 2  # its key moves
        self._driver[int(begins + took * WRITES["record"]), int(draw() * peak.salons)] += 1
        self._sent[int(begins + took)] += 1
        self._last = max(self._last, begins + took)

    def drained(self) -> Drained:
        return Drained(
            seconds=self._last,
            workers_most=max(_running(self._workers)),
            sent_most=max(self._sent.values()),
            table_writes_most=max(self._table.values()),
            index_writes_most=max(self._index.values()),
            salon_writes_most=max(self._driver.values()),
            waiting=list(self._waiting()),
        )

    def _waiting(self) -> Iterator[int]:
        peak, sent = self._peak, 0
        for second in range(ceil(self._last) + 1):
            sent += self._sent.get(second - 1, 0)
            yield round(min(second / peak.within, 1) * peak.due) - sent


def _running(changes: list[tuple[float, int]]) -> Iterator[int]:
    running = 0
    for _, change in sorted(changes):
        running += change
        yield running


# --- what it came to


def measured(tell: Callable[[str], None], due: int = 200_000) -> list[dict[str, Any]]:
    """A row for each number of shards and each limit; the last for workers that take ten shards at a time."""
    peaks = [Peak(shards, limit, due=due) for limit in LIMITS for shards in SHARDS]
    rows = []
    for peak in (*peaks, Peak(SHOWN, batch=10, due=due)):
        rows.append(_row(peak, simulate(peak)))
    tell(f"peaks: {len(rows)} simulated")
    return rows


def _row(peak: Peak, drained: Drained) -> dict[str, Any]:
    found = asdict(drained)
    every = max(len(drained.waiting) // 60, 1)  # points enough for a plot
    found["waiting"] = [[second, drained.waiting[second]] for second in range(0, len(drained.waiting), every)]
    found["seconds"] = round(drained.seconds)
    given = {name: getattr(peak, name) for name in ("due", "shards", "limit", "batch")}
    return given | {"is_burst": peak.is_burst} | found


def row_of(rows: list[dict[str, Any]], shards: int, limit: float = 0, batch: int = 1) -> dict[str, Any]:
    wanted = (shards, limit, batch)
    return next(row for row in rows if (row["shards"], row["limit"], row["batch"]) == wanted)


def figures(rows: list[dict[str, Any]]) -> list[Figure]:
    shown, in_tens = row_of(rows, SHOWN), row_of(rows, SHOWN, batch=10)
    rates = {name: shown[f"{name}_writes_most"] for name in ("table", "index", "salon")}
    given = Peak(SHOWN)
    how = (
        f"simulated, seed {given.seed}: {shown['due']} due in one minute, {SHOWN} shards with a worker each,"
        f" {given.message} s a message, workers of {given.worker:g} s, {given.hand_on} s to hand on"
    )
    slow = row_of(rows, SHARDS[0])
    return [
        Figure(f"peak: drained in, {SHOWN} shards", shown["seconds"], "seconds", None, how),
        Figure(f"peak: drained in, {SHARDS[0]} shards", slow["seconds"], "seconds", None, "the same"),
        Figure(
            "peak: drained in, ten messages of the queue a batch",
            in_tens["seconds"],
            "seconds",
            None,
            f"the same with {SHOWN} shards, of which a worker gets ten at a time: why it gets one",
        ),
        Figure(
            f"peak: hottest partition, {SHOWN} shards",
            max(rates.values()),
            "writes a second",
            MAX_PARTITION,
            f"in the busiest second: of the table ({given.partitions} partitions) {rates['table']}, of a wake"
            f" shard {rates['index']}, of a salon's list ({given.salons} salons) {rates['salon']}",
        ),
    ]
