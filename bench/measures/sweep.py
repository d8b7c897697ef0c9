"""What a minute costs: an idle one, and one with work, in a small base and in a large one."""

from dataclasses import dataclass

from bench.report.figures import Figure
from bench.setting.environment import SHARDS, BenchEnvironment
from bench.setting.layout import due, future, lay_out
from bench.setting.metered_driver import a_metered_driver


@dataclass(frozen=True)
class Minute:
    """An idle minute's units, then a minute's index reads for each thing due."""

    bookings: int
    due: int
    idle_read: float
    idle_write: float
    items_each: float
    units_each: float


def minute(environment: BenchEnvironment, bookings: int, number_due: int) -> Minute:
    """Sweeps a base of future bookings with nothing due, then with so many things due, and wakes those."""
    driver = a_metered_driver(environment)
    lay_out(driver, future(driver, bookings))
    with driver.meter.step("idle") as idle:
        assert driver.sweep() == []
    lay_out(driver, due(driver, number_due))
    with driver.meter.step("busy") as busy:
        assert driver.sweep() != []
        driver.run_wake()
    assert len(driver.sender.sent) == number_due
    environment.drop(driver.table)
    return Minute(
        bookings,
        number_due,
        idle.read,
        idle.write,
        busy.wake_entries / number_due,
        busy.wake_read / number_due,
    )


def figures(
    environment: BenchEnvironment, *, small: int = 1_000, large: int = 20_000, number_due: int = 240
) -> list[Figure]:
    few, many = (minute(environment, number, number_due) for number in (small, large))
    idle = max(few.idle_read, many.idle_read)
    apart = abs(many.items_each / few.items_each - 1) * 100
    units_apart = abs(many.units_each / few.units_each - 1) * 100
    base = f"{small} and {large} future bookings"
    return [
        Figure(
            "sweep: idle minute, per shard",
            idle / SHARDS,
            "read units",
            0.5,
            f"one sweep of {SHARDS} shards with nothing due, {base}; the larger of the two",
        ),
        Figure(
            "sweep: idle minute", max(few.idle_write, many.idle_write), "write units", 0, "the same sweep"
        ),
        Figure(
            "sweep: index entries read per due item",
            many.items_each,
            "entries",
            1.05,
            f"sweep and workers together, {number_due} items due in one minute among {large} future bookings;"
            f" the sweep itself reads one entry of each shard with work: N cost at most N + {SHARDS}",
        ),
        Figure(
            "sweep: index units per due item",
            many.units_each,
            "read units",
            None,
            "the same, by DynamoDB's rules: a page of 50 entries is one query",
        ),
        Figure(
            "sweep: large base against small, entries",
            apart,
            "%",
            5,
            f"difference of the above between {base}",
        ),
        Figure("sweep: large base against small, units", units_apart, "%", 5, f"the same of units, {base}"),
    ]
