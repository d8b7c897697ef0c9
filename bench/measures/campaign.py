"""What it costs to find the recipients of a campaign, how fast that goes beside a bare loop that makes the
same calls, and that it takes no more memory however many clients a network has."""

import gc
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any

from msgspec.structs import replace

from bench.measures.drain import Requests
from bench.report.figures import Figure
from bench.setting.environment import BenchEnvironment
from bench.setting.layout import lay_out
from bench.setting.meter import Spent
from bench.setting.metered_driver import SALON, MeteredDriver, a_metered_driver
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.shared.world import World
from chalicelib.services.waking.walk_on import walk_on
from chalicelib.store.item import CONNECT_SECONDS, READ_SECONDS
from infra.testkit.builders import a_client, a_consent, access
from infra.testkit.doubles import RecordingWakeQueue

SIZES = (2_000, 10_000)
WANTED = 200_000
SEGMENT = Segment(categories=("developing",), sources=("spring",))
"""What is known of a client without asking for their bookings."""


def counted(environment: BenchEnvironment, clients: int) -> Spent:
    """What it costs to find the recipients among so many clients."""
    driver, campaign = _started(environment, clients, watched=True)
    with driver.meter.step("inviting") as spent:
        _exhaust(_slices(_quiet(driver), campaign))
    environment.drop(driver.table)
    return spent


def peak_bytes(environment: BenchEnvironment, clients: int) -> int:
    """The most that Python had allocated at once for it. Tracing is slow: fewer are of the segment."""
    driver, campaign = _started(environment, clients, every=10)
    gc.collect()
    tracemalloc.start()
    _exhaust(_slices(_quiet(driver), campaign))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    environment.drop(driver.table)
    return peak


def _exhaust(slices: Iterator[None]) -> None:
    for _ in slices:
        pass


def _started(
    environment: BenchEnvironment, clients: int, *, watched: bool = False, every: int = 2
) -> tuple[MeteredDriver, Campaign]:
    """A network of so many clients, of whom one in `every` is of the segment."""
    driver = a_metered_driver(environment, watched=watched)
    lay_out(driver, _clients(driver, clients, every))
    world, now = driver.world, driver.clock.now
    body: dict[str, Any] = {
        "name": "Spring",
        "texts": {"ru": "{client}, весной -20 %"},
        "segment": SEGMENT,
        "starts_at": now + timedelta(minutes=30),
        "ends_at": now + timedelta(days=30),
        "per_minute": 1_000,
    }
    draft = campaigns.make_campaign(world, access(), body, "bench")
    return driver, run_campaign.start(world, access(), draft.id)


def _clients(driver: MeteredDriver, number: int, every: int) -> Iterator[Client]:
    today = driver.clock.now.date()
    visits = tuple(VisitDay(today - timedelta(days=ago), SALON) for ago in (20, 60, 95))
    for place in range(number):
        yield a_client(
            f"cli_{digest('bench', str(place))}",
            phone=f"+3736{place:07d}",
            email=None,
            source="spring" if place % every == 0 else "google",
            created_at=driver.clock.now - timedelta(minutes=place),
            consents=(a_consent(),),
            visits_count=len(visits),
            recent_visits=visits,
        )


def _invited(clients: int) -> int:
    return (clients + 1) // 2


def _slices(world: World, campaign: Campaign) -> Iterator[None]:
    """Does one slice after another, as one wake after another."""
    while True:
        walk = world.store.get(Walk, network_id=campaign.network_id, id=str(campaign.invite_walk_id))
        assert walk is not None
        if walk.finished_at is not None:
            return
        walk_on(world, walk)
        yield


def _quiet(driver: MeteredDriver) -> World:
    """Nobody is woken but by the bench."""
    return replace(driver.world, wake_queue=RecordingWakeQueue())


def _seconds(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


# --- the bare loop


@dataclass(frozen=True)
class Raced:
    """Seconds of ours and of the bare loop, slice by slice in turns: a machine that is busy for a while is
    busy for both."""

    ours: list[float]
    bare: list[float]
    recipients: int

    @property
    def ratio(self) -> float:
        return median(bare / ours for ours, bare in zip(self.ours, self.bare, strict=True))


def raced(environment: BenchEnvironment, clients: int) -> Raced:
    """The bare loop makes the same calls, of the same sizes, in the same order, by a plain client of
    botocore's."""
    slices = _requests(environment, clients)
    (driver, campaign), (other, _) = _started(environment, clients), _started(environment, clients)
    repeat = _repeater(environment, other.table.item.Meta.table_name)
    ours = []
    bare = []
    walking = _slices(_quiet(driver), campaign)
    for asked in slices:
        ours.append(_seconds(lambda: next(walking)))
        bare.append(_seconds(lambda: repeat(asked)))  # noqa: B023 - called at once
    for each in (driver, other):
        environment.drop(each.table)
    return Raced(ours, bare, _invited(clients))


def _requests(environment: BenchEnvironment, clients: int) -> list[Requests]:
    """What the walk asks of DynamoDB, by slice. The same each time: time and chance are the bench's."""
    driver, campaign = _started(environment, clients, watched=True)
    slices: list[Requests] = []
    driver.meter.requests = []
    for _ in _slices(_quiet(driver), campaign):
        slices.append(driver.meter.requests)
        driver.meter.requests = []
    environment.drop(driver.table)
    return slices


def _repeater(environment: BenchEnvironment, table_name: str) -> Callable[[Requests], None]:
    client = environment.connect(
        "dynamodb", parameter_validation=False, connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS
    )
    client.get_item(TableName=table_name, Key={"PK": {"S": "x"}, "SK": {"S": "x"}})
    methods = {"GetItem": client.get_item, "PutItem": client.put_item, "Query": client.query}
    capacity = {"ReturnConsumedCapacity": "TOTAL"}

    def repeat(asked: Requests) -> None:
        for operation, parameters in asked:
            if operation == "BatchGetItem":
                (wanted,) = parameters["RequestItems"].values()
                client.batch_get_item(RequestItems={table_name: wanted}, **capacity)
            else:
                methods[operation](**parameters | capacity | {"TableName": table_name})

    return repeat


# --- the figures


def figures(
    environment: BenchEnvironment, tell: Callable[[str], None], *, sizes: tuple[int, int] = SIZES
) -> list[Figure]:
    few, _ = sizes
    spent, race = counted(environment, few), raced(environment, few)
    tell(f"campaign: {few} clients counted and timed")
    small, large = (peak_bytes(environment, size) for size in sizes)
    tell("campaign: memory traced")
    return [*_costs(spent, few), _speed(race, few), *_memory(small, large, sizes)]


def _costs(spent: Spent, clients: int) -> list[Figure]:
    return [
        Figure(
            "campaign: written per recipient",
            spent.write / _invited(clients),
            "write units",
            3,
            f"{clients} clients, every second of them a recipient, told by category and source: their place"
            " (1), its pointer (1); the walk's own place adds the rest",
        ),
        Figure(
            "campaign: read per client looked at",
            spent.read / clients,
            "read units",
            1,
            "the client (0.5) and its key in the list; where only bookings can tell, they are read besides",
        ),
        Figure(
            "campaign: DynamoDB calls per recipient",
            spent.dynamodb_calls / _invited(clients),
            "calls",
            None,
            "one put; all else is by the page of 200 clients",
        ),
    ]


def _speed(race: Raced, clients: int) -> Figure:
    a_second = race.recipients / sum(race.ours)
    minutes = WANTED / a_second / 60
    return Figure(
        "campaign: speed against a bare loop",
        race.ratio,
        "ratio",
        0.8,
        f"{clients} clients; the bare loop repeats the same calls by a plain botocore client, slice by slice"
        f" in turns, median of {len(race.ours)} pairs; {a_second:.0f} recipients a second here, so that"
        f" {WANTED} would take {minutes:.0f} minutes (extrapolated), in slices of {max(race.ours):.1f} s at"
        " most",
        at_least=True,
    )


def _memory(small: int, large: int, sizes: tuple[int, int]) -> list[Figure]:
    few, many = sizes
    return [
        Figure(
            "campaign: peak memory",
            small / 1e6,
            "MB",
            None,
            f"{few} clients; what Python had allocated at once while walking, by tracemalloc",
        ),
        Figure(
            "campaign: peak memory, large base against small",
            large / small,
            "ratio",
            1.2,
            f"{large / 1e6:.1f} MB with {many} clients: a page of 200 at a time, whatever the base",
        ),
    ]
