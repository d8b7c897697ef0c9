"""DynamoDB's rules for read and write units, worked out from the items themselves.

The local cloud reports units as well, but counts every read as one of at most 4 KB. So both are kept: what is
reported, and what these rules say (AWS, "DynamoDB read and write operations"; sizes by "Item sizes").
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

Item = Mapping[str, Any]

WRITE_BYTES, READ_BYTES = 1024, 4096


@dataclass(frozen=True)
class Index:
    """A global secondary index: its key, and which other attributes it keeps (None: all)."""

    name: str
    hash_key: str
    range_key: str
    keeps: frozenset[str] | None

    def entry(self, item: Item | None) -> dict[str, Any] | None:
        """What the index holds of an item; None where it is left out of the index."""
        if not item or self.hash_key not in item or self.range_key not in item:
            return None
        kept = {"PK", "SK", self.hash_key, self.range_key} | (self.keeps or set())
        return {name: value for name, value in item.items() if self.keeps is None or name in kept}

    def write_units(self, old: Item | None, new: Item | None) -> int:
        """One for an entry put, removed or changed in place; two for one whose key has moved."""
        before, after = self.entry(old), self.entry(new)
        if before == after:
            return 0
        if before is None or after is None:
            return _write(before or after)
        same_place = all(before[name] == after[name] for name in (self.hash_key, self.range_key))
        return max(_write(before), _write(after)) if same_place else _write(before) + _write(after)


def indexes_of(definition: Mapping[str, Any]) -> list[Index]:
    """The indexes of a table, from its CloudFormation properties."""
    found = []
    for index in definition["GlobalSecondaryIndexes"]:
        keys = {key["KeyType"]: key["AttributeName"] for key in index["KeySchema"]}
        projection = index["Projection"]
        keeps = None if projection["ProjectionType"] == "ALL" else projection.get("NonKeyAttributes", [])
        found.append(
            Index(
                index["IndexName"], keys["HASH"], keys["RANGE"], None if keeps is None else frozenset(keeps)
            )
        )
    return found


def size(item: Item | None) -> int:
    """Bytes of an item: names and values. Of the types, those that our items use."""
    return sum(len(name.encode()) + _value_size(value) for name, value in (item or {}).items())


def _value_size(value: Mapping[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "B":
        return len(content)
    if kind == "N":
        digits: str = content
        return 1 + ceil(len(digits.strip("-").strip("0")) / 2) + digits.startswith("-")
    raise NotImplementedError(f"the size of an attribute of type {kind}")


def _write(item: Item | None) -> int:
    return max(1, ceil(size(item) / WRITE_BYTES))


def table_write_units(old: Item | None, new: Item | None) -> int:
    """By the larger of the item before and after. A transaction costs twice that, its indexes do not."""
    return max(_write(old), _write(new))


def read_units(sizes: Iterable[int], *, consistent: bool) -> float:
    """One read (a get, or a page of a query, whose sum is rounded up); half where it need not be fresh."""
    return max(1, ceil(sum(sizes) / READ_BYTES)) * (1.0 if consistent else 0.5)
