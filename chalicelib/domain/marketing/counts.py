"""What a walk counts of a campaign's clients."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace


class CampaignCount(Struct, frozen=True, kw_only=True):
    """What a walk counts of clients, as of an instant.

    COUNT: outcomes are the channels that would reach them, reasons why none does; last_at: when the last of
    them would be due. TALLY: outcomes are states, reasons those of the skipped and failed. micros: what it
    would cost, or did (millionths of a US dollar).
    """

    at: datetime
    clients: int = 0
    outcomes: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    reasons: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    micros: int = 0
    last_at: datetime | None = None


def with_client(
    count: CampaignCount, outcome: str | None, reason: str | None = None, micros: int = 0
) -> CampaignCount:
    """With one client more."""
    return replace(
        count,
        clients=count.clients + 1,
        outcomes=_one_more(count.outcomes, outcome),
        reasons=_one_more(count.reasons, reason),
        micros=count.micros + micros,
    )


def _one_more(numbers: Mapping[str, int], name: str | None) -> Mapping[str, int]:
    return numbers if name is None else MappingProxyType({**numbers, name: numbers.get(name, 0) + 1})
