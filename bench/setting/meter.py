"""Counts what clients of AWS do: calls, and read and write units, by step.

meter = Meter(indexes)
meter.watch(client)
with meter.step("notice"): ...
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from infra.testkit.capacity_units import Index, Item, read_units, size, table_write_units

_CONDITION_FAILED = 1
"""Least units of a write that was refused by its condition: it is charged all the same."""


@dataclass
class Spent:
    """What a step has cost. `reported`: by the local cloud; the other units by DynamoDB's own rules."""

    calls: Counter[str] = field(default_factory=Counter)
    write: float = 0
    read: float = 0
    reported_write: float = 0
    reported_read: float = 0
    rules_read: float = 0
    """Read units that went into the network's rules, which a process keeps for a minute; part of `read`."""
    wake_entries: int = 0
    wake_read: float = 0
    """Entries of the wake index that were read, and read units for them."""
    by_place: Counter[str] = field(default_factory=Counter)
    """Write units by the table and its indexes."""
    largest: Counter[str] = field(default_factory=Counter)
    """Bytes of the largest item written, by kind."""

    @property
    def dynamodb_calls(self) -> int:
        return sum(number for name, number in self.calls.items() if name.startswith("dynamodb."))


class Meter:
    """Sees the calls of the clients it watches. It keeps a copy of what was written, by which the rules
    count: so, for write units, it must have seen every write to the table."""

    def __init__(self, indexes: Sequence[Index]) -> None:
        self._indexes = indexes
        self._items: dict[tuple[str, str], Item] = {}
        self.steps: dict[str, Spent] = {}
        self.spent = Spent()
        self.requests: list[tuple[str, dict[str, Any]]] | None = None
        """Every request to DynamoDB, where somebody wants to repeat them."""

    @contextmanager
    def step(self, name: str) -> Iterator[Spent]:
        """Counts to this step until it ends; a step may be taken up again."""
        before, self.spent = self.spent, self.steps.setdefault(name, Spent())
        try:
            yield self.spent
        finally:
            self.spent = before

    def watch(self, client: Any) -> Any:
        events, service = client.meta.events, client.meta.service_model.service_name
        if service == "dynamodb":
            events.register("before-parameter-build.dynamodb", self._ask)
        events.register(f"after-call.{service}", self._count)
        return client

    def watch_table(self, table: Any) -> None:
        """Both connections of a store's table: PynamoDB has one for transactions."""
        self.watch(table.item._get_connection().connection.client)
        self.watch(table._connection.client)

    def _ask(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "INDEXES"
        context["bench_params"] = params
        if self.requests is not None:
            self.requests.append((model.name, dict(params)))

    def _count(
        self, http_response: Any, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> None:
        name = model.name
        service = model.service_model.service_name
        self.spent.calls[f"{service}.{name}"] += 1 + parsed["ResponseMetadata"].get("RetryAttempts", 0)
        if service != "dynamodb":
            return
        params = context["bench_params"]
        if http_response.status_code >= 300:
            self._refused(name, params)
        else:
            _COUNTERS[name](self, params, parsed)
            self._reported(name, parsed.get("ConsumedCapacity"))

    # --- by DynamoDB's rules

    def _get(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        consistent = params.get("ConsistentRead", False)
        self.spent.read += read_units([size(answer.get("Item"))], consistent=consistent)

    def _batch_get(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        ((name, asked),) = params["RequestItems"].items()
        found, consistent = answer["Responses"].get(name, []), asked.get("ConsistentRead", False)
        missing = len(asked["Keys"]) - len(found)
        self.spent.read += sum(read_units([size(item)], consistent=consistent) for item in found)
        self.spent.read += missing * read_units([], consistent=consistent)

    def _query(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """Items kept back by a filter are paid for too; where there was one, they are taken to be as large as
        those that came."""
        sizes = [size(item) for item in answer["Items"]]
        if answer["ScannedCount"] > len(sizes):
            mean = sum(sizes) // len(sizes) if sizes else 256
            sizes += [mean] * (answer["ScannedCount"] - len(sizes))
        units = read_units(sizes, consistent=params.get("ConsistentRead", False))
        self.spent.read += units
        if params.get("IndexName") == "wake":
            self.spent.wake_entries += answer["ScannedCount"]
            self.spent.wake_read += units

    def _put(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._written(params["Item"], params["Item"], times=1)

    def _update(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        """The start of an overdue wake is noted: the whole item is charged for, and no index changes."""
        existing = self._items.get((params["Key"]["PK"]["S"], params["Key"]["SK"]["S"]))
        self._add_write("table", table_write_units(existing, existing))

    def _delete(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        self._written(params["Key"], None, times=1)

    def _transact(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for action in params["TransactItems"]:
            if "Put" in action:
                self._written(action["Put"]["Item"], action["Put"]["Item"], times=2)
            else:
                self._written(action["Delete"]["Key"], None, times=2)

    def _batch_write(self, params: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for requests in params["RequestItems"].values():
            for request in requests:
                self._written(request["PutRequest"]["Item"], request["PutRequest"]["Item"], times=1)

    def _written(self, key: Item, new: Item | None, *, times: int) -> None:
        place = (key["PK"]["S"], key["SK"]["S"])
        old = self._items.pop(place, None)
        if new is not None:
            self._items[place] = dict(new)
            kind = place[1].partition("#")[0]
            self.spent.largest[kind] = max(self.spent.largest[kind], size(new))
        self._add_write("table", times * table_write_units(old, new))
        for index in self._indexes:
            self._add_write(index.name, index.write_units(old, new))

    def _add_write(self, place: str, units: int) -> None:
        self.spent.write += units
        if units:
            self.spent.by_place[place] += units

    def _refused(self, name: str, params: Mapping[str, Any]) -> None:
        """A condition that failed: the write is charged as if the item had stayed as it is."""
        actions = params.get("TransactItems")
        if actions is not None:
            self._add_write("table", 2 * _CONDITION_FAILED * len(actions))
        elif name in ("PutItem", "DeleteItem"):
            self._add_write("table", _CONDITION_FAILED)

    # --- by the local cloud's word

    def _reported(self, name: str, capacity: Any) -> None:
        entries = capacity if isinstance(capacity, list) else [capacity] if capacity else []
        units = sum(entry["CapacityUnits"] for entry in entries)
        if name in ("GetItem", "BatchGetItem", "Query"):
            self.spent.reported_read += units
        else:
            self.spent.reported_write += units


_COUNTERS = {
    "GetItem": Meter._get,
    "BatchGetItem": Meter._batch_get,
    "Query": Meter._query,
    "PutItem": Meter._put,
    "DeleteItem": Meter._delete,
    "UpdateItem": Meter._update,
    "TransactWriteItems": Meter._transact,
    "BatchWriteItem": Meter._batch_write,
}
