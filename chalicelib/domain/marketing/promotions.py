"""Promotions and their results. Between two local dates a promotion multiplies the points that a visit earns,
or it grants points to its audience at its start. A promotion is counted in shares, since many salons count at
once."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.bonus_rules import Gift
from chalicelib.domain.networks.offers import Offer
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.waking import Trouble, Wake
from chalicelib.domain.shared.zones import day_start

SHARES = 16
"""The number of places in which a promotion and its cap are counted. With several places, salons that
complete visits at once seldom conflict."""

LATE_DAYS = 31
"""How many days after its end a promotion still counts for visits of its days that are completed late."""


class PromotionState(StrEnum):
    """planned: its first day has not begun in the network's zone. running: from then on. ended: its last day
    is over in that zone. stopped: by a person, for good."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


OPEN = frozenset({PromotionState.PLANNED, PromotionState.RUNNING})


class Promotion(Struct, frozen=True, kw_only=True):
    """A promotion.

    starts_on           the first day; ends_on: the last day. They are local dates of the visit, or, for a
                        grant, of the network.
    audience            the clients who get it. For a multiplier, salons and services are those of the visit.
    multiplier_percent  multiplies the points of a visit; 200 doubles them. grant: points for each client of
                        the audience, once, at the start. A promotion has exactly one of the two.
    cap_points          the most points that it gives in all; client_cap_points: to one client.
    walk_id             the walk that gives the grants.
    """

    network_id: str
    id: str
    name: str
    starts_on: date
    ends_on: date
    audience: Segment = field(default_factory=Segment)
    multiplier_percent: int | None = None
    grant: Gift | None = None
    cap_points: int | None = None
    client_cap_points: int | None = None
    state: PromotionState = PromotionState.PLANNED
    created_at: datetime
    actor: str
    walk_id: str | None = None
    wake: Wake | None = None
    trouble: Trouble | None = None
    version: int = 0


class PromotionShare(Struct, frozen=True, kw_only=True):
    """One of the SHARES places in which a promotion is counted. points: by currency of the salons that gave
    them. Reversed points may make a share negative, and leave the cap that much room."""

    network_id: str
    promotion_id: str
    number: str
    points: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    clients: int = 0
    visits: int = 0
    version: int = 0

    @property
    def total(self) -> int:
        return sum(self.points.values())


class ClientPromotionTotal(Struct, frozen=True, kw_only=True):
    """The points that a client got by a multiplier, and the number of visits."""

    network_id: str
    client_id: str
    promotion_id: str
    points: int = 0
    visits: int = 0
    version: int = 0


class PromotionResult(Struct, frozen=True, kw_only=True):
    """The result of a promotion, without reversed points. points: by currency."""

    points: Mapping[str, int]
    clients: int
    visits: int

    @property
    def total(self) -> int:
        return sum(self.points.values())


# --- its days


def next_step(promotion: Promotion, zone: str) -> Wake | None:
    """When the promotion's state changes by itself, at a local midnight of the network; None: never again."""
    if promotion.state is PromotionState.PLANNED:
        return Wake(day_start(promotion.starts_on, zone), "promotion_starts")
    if promotion.state is PromotionState.RUNNING:
        return Wake(day_end(promotion.ends_on, zone), "promotion_ends")
    return None


def offer_of(promotion: Promotion, zone: str) -> Offer | None:
    """The offer of a promotion; None: it multiplies nothing, or is stopped."""
    if promotion.multiplier_percent is None or promotion.state is PromotionState.STOPPED:
        return None
    return Offer(
        network_id=promotion.network_id,
        id=promotion.id,
        starts_on=promotion.starts_on,
        ends_on=promotion.ends_on,
        audience=promotion.audience,
        multiplier_percent=promotion.multiplier_percent,
        cap_points=promotion.cap_points,
        client_cap_points=promotion.client_cap_points,
        expires_at=day_end(promotion.ends_on + timedelta(days=LATE_DAYS), zone),
    )


# --- its cap


def share_name(number: int) -> str:
    return f"{number % SHARES:02d}"


def remaining_in(share: PromotionShare, cap_points: int | None) -> int | None:
    """The points that a share may still give; None: there is no cap. The parts of all shares add up to the
    cap exactly."""
    if cap_points is None:
        return None
    even_part, remainder = divmod(cap_points, SHARES)
    return max(even_part + (int(share.number) < remainder) - share.total, 0)


def with_points_given(
    share: PromotionShare, currency: str, points: int, *, clients: int, visits: int
) -> PromotionShare:
    """The share with points, clients and visits added; negative numbers are reversed ones."""
    points_by_currency = {**share.points, currency: share.points.get(currency, 0) + points}
    return replace(
        share,
        points=MappingProxyType({name: each for name, each in points_by_currency.items() if each}),
        clients=share.clients + clients,
        visits=share.visits + visits,
    )


def spread_over_shares(
    shares: Sequence[PromotionShare], cap_points: int, wanted: int
) -> list[tuple[PromotionShare, int]]:
    """The points that each share gives, up to `wanted` in all. The shares with the most points left come
    first."""
    found: list[tuple[PromotionShare, int]] = []
    for share in sorted(shares, key=lambda each: (-(remaining_in(each, cap_points) or 0), each.number)):
        part = min(remaining_in(share, cap_points) or 0, wanted)
        if part > 0:
            found.append((share, part))
            wanted -= part
    return found


def result_of(shares: Iterable[PromotionShare]) -> PromotionResult:
    points: dict[str, int] = {}
    clients = visits = 0
    for share in shares:
        for currency, each in share.points.items():
            points[currency] = points.get(currency, 0) + each
        clients, visits = clients + share.clients, visits + share.visits
    without_zeros = MappingProxyType({name: each for name, each in points.items() if each})
    return PromotionResult(points=without_zeros, clients=clients, visits=visits)
