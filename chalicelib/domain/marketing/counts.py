"""Counts of a campaign's clients, made by a walk."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace


class CampaignCount(Struct, frozen=True, kw_only=True):
    """A count of clients as of an instant. A dry run and a count of results use it.

    outcomes  clients by outcome. Dry run: the channel that would reach them. Results: the state of the
              message.
    reasons   clients by reason. Dry run: why no channel reaches them. Results: why messages were skipped or
              failed.
    micros    the cost, in millionths of a US dollar.
    last_at   when the last recipient would be due; dry run only.
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
    """The count with one more client."""
    return replace(
        count,
        clients=count.clients + 1,
        outcomes=_one_more(count.outcomes, outcome),
        reasons=_one_more(count.reasons, reason),
        micros=count.micros + micros,
    )


def _one_more(numbers: Mapping[str, int], name: str | None) -> Mapping[str, int]:
    return numbers if name is None else MappingProxyType({**numbers, name: numbers.get(name, 0) + 1})
