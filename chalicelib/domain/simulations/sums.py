"""What a simulation counts, and the names under which its sums are kept."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

Sums = Mapping[str, int]
"""What was counted, by names of keys: `cashback 2026-03 MDL`, `outstanding MDL`, `clients`, `tier Gold`."""

TIER = "tier"


class SumKey(Struct, frozen=True):
    """One thing that is counted. month: as `2026-03`, None of what is counted once at the end. tier: the name
    of the tier whose clients are counted."""

    what: str
    month: str | None = None
    currency: str | None = None
    tier: str | None = None

    @property
    def name(self) -> str:
        parts = (self.what, self.month, self.currency, self.tier)
        return " ".join(part for part in parts if part is not None)


def key_of(name: str) -> SumKey:
    """The key with that name."""
    what, _, rest = name.partition(" ")
    if what == TIER:
        return SumKey(what, tier=rest)
    month, _, currency = rest.rpartition(" ")
    return SumKey(what, month or None, currency or None)


def named(counted: Mapping[SumKey, int]) -> Sums:
    return MappingProxyType({key.name: number for key, number in counted.items()})
