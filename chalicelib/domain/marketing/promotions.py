"""Promotions: the annual plan, and what each comes to. Between two local dates a promotion multiplies what a
visit earns, or, at its start, gives points to everybody in its audience. Plain values; the counting that many
salons do at once is divided into shares."""

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
"""A promotion's cap, and what it comes to, are counted in so many places, so that salons which complete their
visits at once seldom wait for each other."""

LATE_DAYS = 31
"""So long after its end a promotion still counts for visits of its days that are completed late."""


class PromotionState(StrEnum):
    """planned: its first day has not begun in the network's zone. ended: its last day is over there.
    stopped: by a person, for good."""

    PLANNED = "planned"
    RUNNING = "running"
    ENDED = "ended"
    STOPPED = "stopped"


OPEN = frozenset({PromotionState.PLANNED, PromotionState.RUNNING})


class Promotion(Struct, frozen=True, kw_only=True):
    """starts_on, ends_on: both included; local dates of the visit, and, for a grant, of the network.

    audience            who gets it. For a multiplier, salons and services are those of the visit.
    multiplier_percent  what a visit earns is multiplied by: 200 is twice as much. grant: given to each client
                        of the audience once, at the start. Exactly one of the two.
    cap_points          the most points that it gives in all. client_cap_points: that one client gets.
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
    """One of the SHARES places in which a promotion is counted. points: by the currency of the salons that
    gave them; what was taken back may make a share negative, and leaves the cap that much room."""

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
    """What a client has got by a multiplier, and for how many visits."""

    network_id: str
    client_id: str
    promotion_id: str
    points: int = 0
    visits: int = 0
    version: int = 0


class PromotionResult(Struct, frozen=True, kw_only=True):
    """What a promotion has come to, less what was taken back."""

    points: Mapping[str, int]
    clients: int
    visits: int

    @property
    def total(self) -> int:
        return sum(self.points.values())


# --- its days


def next_step(promotion: Promotion, zone: str) -> Wake | None:
    """When its state changes by itself: at local midnights of the network."""
    if promotion.state is PromotionState.PLANNED:
        return Wake(day_start(promotion.starts_on, zone), "promotion_starts")
    if promotion.state is PromotionState.RUNNING:
        return Wake(day_end(promotion.ends_on, zone), "promotion_ends")
    return None


def offer_of(promotion: Promotion, zone: str) -> Offer | None:
    """None: it multiplies nothing, or was stopped."""
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
    """How many points a share may still give; None: as many as one likes. What the shares may give comes to
    the cap exactly."""
    if cap_points is None:
        return None
    even, over = divmod(cap_points, SHARES)
    return max(even + (int(share.number) < over) - share.total, 0)


def with_points_given(
    share: PromotionShare, currency: str, points: int, *, clients: int, visits: int
) -> PromotionShare:
    """With so much more counted, or, negative, less."""
    of_currency = {**share.points, currency: share.points.get(currency, 0) + points}
    return replace(
        share,
        points=MappingProxyType({name: each for name, each in of_currency.items() if each}),
        clients=share.clients + clients,
        visits=share.visits + visits,
    )


def spread_over_shares(
    shares: Sequence[PromotionShare], cap_points: int, wanted: int
) -> list[tuple[PromotionShare, int]]:
    """Whose shares give how much, the fullest first, until it is enough or nothing is left."""
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
    left = MappingProxyType({name: each for name, each in points.items() if each})
    return PromotionResult(points=left, clients=clients, visits=visits)
