"""What a simulation reads and writes for each visit that it lives through, and that it takes no more memory
however many clients a network has."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

from msgspec.structs import replace

from bench.measures.simulation import PROPOSED
from bench.report.figures import Figure
from bench.setting.environment import BenchEnvironment
from bench.setting.meter import Spent
from bench.setting.metered_driver import SALON, SERVICE, STAFF, MeteredDriver, a_metered_driver
from chalicelib.domain.bookings.bookings import Line, Status
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.networks.bonus_rules import Exclusions
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.simulations.simulate_programme import begin_simulation
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import a_booking, a_client, access
from infra.testkit.doubles import RecordingWakeQueue

SIZES = (400, 2_000)
VISITS_EACH = 4
CAME = 2
"""Every second client came, four times in the year."""

MAX_READ = 1.0
TRIED = replace(PROPOSED, earn_excludes=Exclusions())


def counted(environment: BenchEnvironment, clients: int) -> tuple[Spent, Simulation]:
    """What it costs to simulate so many clients."""
    driver = _driver(environment, clients, watched=True)
    with driver.meter.step("simulating") as spent:
        done = _simulated(driver)
    environment.drop(driver.table)
    return spent, done


def peak_bytes(environment: BenchEnvironment, clients: int) -> int:
    """The most that Python had allocated at once for it."""
    driver = _driver(environment, clients)
    gc.collect()
    tracemalloc.start()
    _simulated(driver)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    environment.drop(driver.table)
    return peak


def _simulated(driver: MeteredDriver) -> Simulation:
    """Begun, and done slice by slice, as one wake after another."""
    world = replace(driver.world, wake_queue=RecordingWakeQueue())
    begun = begin_simulation(world, access(), lambda present: TRIED, warm_up_months=0)
    while (
        walk := world.store.get(Walk, network_id=begun.network_id, id=begun.walk_id)
    ) is not None and walk.wake is not None:
        walk_on(world, walk)
    done = world.store.get(Simulation, network_id=begun.network_id, id=begun.id)
    assert done is not None
    return done


def _driver(environment: BenchEnvironment, clients: int, *, watched: bool = False) -> MeteredDriver:
    driver = a_metered_driver(environment, watched=watched)
    name = driver.table.item.Meta.table_name
    items = (driver.table._item_of(value).to_dynamodb_dict() for value in _values(driver, clients))
    while chunk := list(islice(items, 25)):
        left = {name: [{"PutRequest": {"Item": item}} for item in chunk]}
        while left:
            left = environment.client("dynamodb").batch_write_item(RequestItems=left).get("UnprocessedItems")
    return driver


def _values(driver: MeteredDriver, clients: int) -> Iterator[Any]:
    for place in range(clients):
        item_id, now = f"cli_{digest('bench', str(place))}", driver.clock.now
        came = [now - timedelta(days=30 + 80 * each, minutes=place) for each in range(VISITS_EACH)]
        days = tuple(VisitDay(at.date(), SALON) for at in came) if place % CAME == 0 else ()
        made_at = now - timedelta(days=400, minutes=place)
        yield a_client(item_id, created_at=made_at, visits_count=len(days), recent_visits=days)
        for at in came if days else ():
            yield a_booking(
                f"bkg_{digest(item_id, str(at))}",
                client_id=item_id,
                salon_id=SALON,
                starts_at=at,
                lines=(Line(SERVICE, 60, STAFF, 50_000),),
                status=Status.COMPLETED,
                closed_at=at + timedelta(hours=1),
                paid_minor=50_000,
                redeemed_points=20,
                earned_points=25,
            )


def figures(
    environment: BenchEnvironment, tell: Callable[[str], None], *, sizes: tuple[int, int] = SIZES
) -> list[Figure]:
    few, many = sizes
    spent, done = counted(environment, few)
    tell(f"simulation: {few} clients counted")
    small, large = (peak_bytes(environment, size) for size in sizes)
    tell("simulation: memory traced")
    reported = f"{few} clients, of whom every second came {VISITS_EACH} times"
    return [
        Figure("simulation: read per visit", spent.read / done.visits, "read units", MAX_READ,
               f"{reported}: the visit (0.5), and a part of the client, of who did not come, of the lists"),
        Figure("simulation: written per visit", spent.write / done.visits, "write units", None,
               "its sums and the walk's place, a slice at a time"),
        Figure("simulation: DynamoDB calls per visit", spent.dynamodb_calls / done.visits, "calls", None,
               "a query for each client who came; all else by the page of 100 clients"),
        Figure("simulation: peak memory", small / 1e6, "MB", None,
               f"{few} clients; what Python had allocated at once while walking, by tracemalloc"),
        Figure("simulation: peak memory, large network against small", large / small, "ratio", 1.25,
               f"{many} clients against {few}"),
    ]  # fmt: skip
