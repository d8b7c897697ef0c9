"""What a network in trial would have sent and given, added up."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace


class TrialSum(Struct, frozen=True):
    """The messages of one kind and channel. cost_micros: their expected cost, in millionths of a US
    dollar."""

    kind: str
    channel: str
    messages: int = 0
    parts: int = 0
    cost_micros: int = 0


class TrialTally(Struct, frozen=True, kw_only=True):
    """One network's trial, since the network was made. There are few kinds and channels, so that the tally
    stays small.

    visits   visits that were completed; coupons: those that the visits would have brought.
    points   by the kind of the ledger's entry; `reversal` is negative.
    """

    network_id: str
    messages: tuple[TrialSum, ...] = ()
    visits: int = 0
    coupons: int = 0
    points: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 0


def with_messages(tally: TrialTally, more: Iterable[TrialSum]) -> TrialTally:
    sums = {(each.kind, each.channel): each for each in tally.messages}
    for each in more:
        before = sums.get((each.kind, each.channel), TrialSum(each.kind, each.channel))
        sums[each.kind, each.channel] = TrialSum(
            each.kind,
            each.channel,
            before.messages + each.messages,
            before.parts + each.parts,
            before.cost_micros + each.cost_micros,
        )
    return replace(tally, messages=tuple(sums[key] for key in sorted(sums)))


def with_points(
    tally: TrialTally, more: Mapping[str, int], *, visits: int = 0, coupons: int = 0
) -> TrialTally:
    points = dict(tally.points)
    for kind, number in more.items():
        points[kind] = points.get(kind, 0) + number
    return replace(
        tally,
        visits=tally.visits + visits,
        coupons=tally.coupons + coupons,
        points=MappingProxyType(dict(sorted(points.items()))),
    )
