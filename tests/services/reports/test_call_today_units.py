"""What the clients to call today cost in a large network: the lists are long, and few clients are read."""

from collections import Counter
from typing import Any

from msgspec import Struct, field

from chalicelib.domain.reports.call_list import MOST_CALLS
from chalicelib.store.item import attributes_of
from infra.testkit.capacity_units import read_units, size
from infra.testkit.salon_driver import SalonDriver
from tests.conftest import SHARDS
from tests.services.reports.test_call_today import lost, overdue, the_list, upcoming, visit_of

MOST_UNITS, MOST_QUERIES = 110, 50


class Reading(Struct):
    """Counts what a table's client reads, by the rules of DynamoDB."""

    calls: Counter[str] = field(default_factory=Counter)
    units: float = 0

    def watch(self, table: Any) -> None:
        client = table.item._get_connection().connection.client
        client.meta.events.register("after-call.dynamodb", self._count)

    def _count(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls[model.name] += 1
        for items in parsed.get("Responses", {}).values():
            self.units += sum(read_units([size(each)], consistent=False) for each in items)
        if "Items" in parsed:
            self.units += read_units(map(size, parsed["Items"]), consistent=False)


def test_a_list_reads_some_hundred_units_whatever_the_networks_size(driver: SalonDriver) -> None:
    """As long as what is looked at: more clients at risk and lost are not read."""
    made: list[Any] = []
    for number in range(1, 331):
        client = (overdue if number % 2 else lost)(number, spent=1_000_000 - 1_000 * number)
        made.append(client)
        if number < 80:
            made += [visit_of(client, visit.on) for visit in client.recent_visits[:3]]
        if number % 8 == 0:
            made.append(upcoming(client, 2))
    item = driver.store.item
    with item.batch_write() as batch:
        for value in made:
            batch.save(item(**attributes_of(value, SHARDS)))
    reading = Reading()
    reading.watch(driver.store)
    found = the_list(driver)
    assert len(found.items) == MOST_CALLS
    assert {each.staff_id for each in found.items} == {"stf_anna"}
    assert set(reading.calls) == {"Query", "BatchGetItem"}
    assert reading.calls["Query"] <= MOST_QUERIES
    assert reading.units <= MOST_UNITS
