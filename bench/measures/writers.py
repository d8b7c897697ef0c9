"""Many writers at once: what they post, beside bare conditional writes of the same sizes by a plain
client."""

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from statistics import median, quantiles
from typing import Any

from msgspec.structs import replace

from bench.measures.drain import Requests
from bench.measures.postings import AccountHolder, holder_of
from bench.report.figures import Figure
from bench.setting.environment import BenchEnvironment
from bench.setting.metered_driver import SALON, a_metered_driver
from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.services.loyalty.post_bonus import post_to_client
from chalicelib.store.item import CONNECT_SECONDS, READ_SECONDS

Job = Callable[[], Any]


@dataclass(frozen=True)
class Scale:
    """turn: postings, after which the bare writes have their turn, so that a machine which is busy for a
    while is busy for both. turns: on one client. clients: each of which is posted to once."""

    writers: int = 8
    turn: int = 40
    turns: int = 20
    clients: int = 1_000


FULL = Scale()


@dataclass
class Race:
    """Seconds of ours and of the bare ones, turn by turn."""

    ours: list[float] = field(default_factory=list)
    bare: list[float] = field(default_factory=list)
    processor: float = 0
    """Seconds of the processor, in all turns of ours."""

    def run(self, pool: ThreadPoolExecutor, ours: Sequence[Job], bare: Sequence[Job]) -> None:
        before = time.process_time()
        self.ours.append(_seconds(pool, ours))
        self.processor += time.process_time() - before
        self.bare.append(_seconds(pool, bare))

    @property
    def ratios(self) -> list[float]:
        """The speed of ours in that of the bare ones."""
        return [bare / ours for ours, bare in zip(self.ours, self.bare, strict=True)]


@contextmanager
def _writers(number: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that give way to one another within half a millisecond: with Python's five, whoever has an
    answer waits for whoever is working, which no two functions of AWS do."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        with ThreadPoolExecutor(number) as pool:
            yield pool
    finally:
        sys.setswitchinterval(before)


def _seconds(pool: ThreadPoolExecutor, jobs: Sequence[Job]) -> float:
    """Until all are done; each writer takes the next."""
    began = time.perf_counter()
    for done in [pool.submit(job) for job in jobs]:
        done.result()
    return time.perf_counter() - began


def _posting(holder: AccountHolder, cause: str) -> Posting:
    return Posting(
        id=entry_id(holder.client.id, "request", cause),
        kind=EntryKind.REDEEM,
        points=-1,
        reason="asked at the desk",
        actor="key:" + derived("key", "bench"),
        salon_id=SALON,
    )


# --- all on one client


def of_one(environment: BenchEnvironment, scale: Scale) -> tuple[Race, int]:
    """The race, and how many postings had to be asked for again. Raises where one was lost, or counted twice,
    though in a last turn two writers ask for each at once."""
    driver, bare = a_metered_driver(environment, watched=False), _Bare(environment)
    holder = holder_of(driver, "one")
    before, race, again = holder.account, Race(), itertools.count()
    bare.lay(holder)

    def posted(cause: str) -> None:
        while True:
            try:
                post_to_client(driver.world, holder.client, _posting(holder, cause))
                return
            except DomainError as error:
                if error.code != "TRY_AGAIN":
                    raise
                next(again)

    def jobs(turn: int) -> list[Job]:
        return [partial(posted, f"{turn} {place}") for place in range(scale.turn)]

    with _writers(scale.writers) as pool:
        for turn in range(scale.turns):
            race.run(pool, jobs(turn), [partial(bare.update, holder)] * scale.turn)
        _seconds(pool, [job for job in jobs(scale.turns) for _ in range(2)])
    after, number = holder.account, scale.turn * (scale.turns + 1)
    holder.check()
    done = (before.balance - after.balance, after.entries - before.entries, bare.version(holder) - 1)
    assert done == (number, number, number - scale.turn), done
    environment.drop(driver.table)
    bare.end()
    return race, next(again)


# --- each on a client of its own


def of_many(environment: BenchEnvironment, scale: Scale) -> tuple[Race, Race]:
    """Beside the transactions alone, and beside the reads that must go before them as well."""
    asked = _requests(environment, scale.clients)
    races = []
    for kinds in (("TransactWriteItems",), ("GetItem", "TransactWriteItems")):
        driver, bare = a_metered_driver(environment, watched=False), _Bare(environment)
        holders = [holder_of(driver, f"many {place}") for place in range(scale.clients)]
        for holder in holders:
            bare.lay(holder)
        race = Race()
        with _writers(scale.writers) as pool:
            for first in range(0, scale.clients, scale.turn):
                some, calls = holders[first : first + scale.turn], asked[first : first + scale.turn]
                race.run(
                    pool,
                    [
                        partial(post_to_client, driver.world, holder.client, _posting(holder, "many"))
                        for holder in some
                    ],
                    [partial(bare.repeat, each, kinds) for each in calls],
                )
        for holder in holders:
            holder.check()
        environment.drop(driver.table)
        bare.end()
        races.append(race)
    return races[0], races[1]


def _requests(environment: BenchEnvironment, clients: int) -> list[Requests]:
    """What a posting asks of DynamoDB, client by client. The same each time."""
    driver, found = a_metered_driver(environment), []
    for place in range(clients):
        holder, asked = holder_of(driver, f"many {place}"), []
        driver.meter.requests = asked
        post_to_client(driver.world, holder.client, _posting(holder, "many"))
        driver.meter.requests = None
        found.append(asked)
    environment.drop(driver.table)
    return found


class _Bare:
    """The same writes by a plain client of botocore's, on a table of its own."""

    def __init__(self, environment: BenchEnvironment) -> None:
        self._environment, self._table = environment, environment.new_table()
        self.name = self._table.item.Meta.table_name
        self._client = environment.connect(
            "dynamodb", parameter_validation=False, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
        )
        # made here: two threads that ask first would have two different classes
        self._refused = self._client.exceptions.ConditionalCheckFailedException

    def lay(self, holder: AccountHolder) -> None:
        self._table.save(holder.client, replace(holder.account, version=0))

    def end(self) -> None:
        self._environment.drop(self._table)

    def _key(self, holder: AccountHolder) -> dict[str, Any]:
        pk, sk, _ = self._table.locate(holder.account)
        return {"PK": {"S": pk}, "SK": {"S": sk}}

    def version(self, holder: AccountHolder) -> int:
        return self._table.account(holder.client.network_id, holder.client.id).version

    def update(self, holder: AccountHolder) -> None:
        """The account as it was read, at its next version; anew where somebody else was quicker."""
        key = self._key(holder)
        while True:
            item = self._client.get_item(TableName=self.name, Key=key, ConsistentRead=True)["Item"]
            existing = item["version"]
            with suppress(self._refused):
                self._client.update_item(
                    TableName=self.name,
                    Key=key,
                    UpdateExpression="SET packed = :packed, version = :next",
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues={
                        ":packed": item["packed"],
                        ":next": {"N": str(int(existing["N"]) + 1)},
                        ":version": existing,
                    },
                )
                return

    def repeat(self, asked: Requests, kinds: Sequence[str]) -> None:
        """Calls of those kinds."""
        for kind, parameters in asked:
            if kind not in kinds:
                continue
            if kind == "GetItem":
                self._client.get_item(**parameters | {"TableName": self.name})
            else:
                items = [
                    {act: body | {"TableName": self.name} for act, body in item.items()}
                    for item in parameters["TransactItems"]
                ]
                self._client.transact_write_items(TransactItems=items)


def figures(environment: BenchEnvironment, tell: Callable[[str], None], scale: Scale = FULL) -> list[Figure]:
    one, again = of_one(environment, scale)
    tell(f"writers: {scale.turns * scale.turn} postings on one client")
    alone, read = of_many(environment, scale)
    tell(f"writers: postings on {scale.clients} clients")
    whose = f"{scale.clients} clients"
    return [
        _speed("one client", "reads and conditional updates of one item", one, scale, 0.5,
               f"none lost, none twice; {again} had to be asked for again"),
        _speed(whose, "reads and transactions of two items", read, scale, 0.7,
               "the very same calls, of the same sizes"),
        _speed(whose, "transactions of two items, nothing read", alone, scale, 0.7,
               "the same transactions, whose condition is known beforehand"),
    ]  # fmt: skip


def _speed(what: str, beside: str, race: Race, scale: Scale, target: float | None, note: str) -> Figure:
    number = scale.turn * len(race.ours)
    ours, bare = (number / sum(seconds) for seconds in (race.ours, race.bare))
    low, _, high = quantiles(race.ratios, n=4) if len(race.ratios) > 1 else race.ratios * 3
    return Figure(
        f"postings of {scale.writers} writers on {what}, against {beside}",
        median(race.ratios),
        "ratio",
        target,
        f"50 open lots; {note}; {scale.turn} in turns, median of {len(race.ratios)} pairs, of which half are"
        f" from {low:.2f} to {high:.2f}; {ours:.0f} against {bare:.0f} a second;"
        f" {race.processor / number * 1000:.1f} ms of our processor for each, all writers in one process",
        at_least=True,
    )
