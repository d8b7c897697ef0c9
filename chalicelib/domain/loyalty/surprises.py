"""Surprise gifts: which regulars get one this month. A client's draw number is a digest of network, month and
client, so that a repeated draw has the same result. The lowest draw numbers get a gift, as many as the budget
allows.

The number of regulars is not known beforehand, and they may not fit into memory. So a draw passes them twice.
The first pass counts the draw numbers in BUCKETS and finds the bucket in which the budget ends. The second
pass gives a gift to all clients of the buckets below. In the bucket in which the budget ends, the clients
with the lowest draw numbers wait until all clients were seen.
"""

from collections.abc import Mapping
from datetime import datetime, time
from hashlib import sha256
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.networks.bonus_rules import Gift, Surprise
from chalicelib.domain.shared.holdout import is_held_out
from chalicelib.domain.shared.months import first_day_of_month, month_name, month_number, number_of_month
from chalicelib.domain.shared.zones import local_date, local_instant

SURPRISE = "surprise"
BUCKETS = 1024
COOLDOWN_MONTHS = 3
"""A client gets at most one gift in so many calendar months running."""

DRAWN_AT = time(11)
"""The local time of a draw in the network's zone, on the first day of a month."""

_NUMBER_BITS = 50
_BUCKET_BITS = 10


class Waiting(Struct, frozen=True):
    """A client of the bucket in which the budget ends, who may still get a gift."""

    draw_number: int
    client_id: str


class Draw(Struct, frozen=True, kw_only=True):
    """A month's draw so far, with the terms at its beginning.

    month     `2026-11`, in the network's zone.
    regulars  number of regulars seen; held_out: of them, in the hold-out group; rested: of the others, on
              cooldown.
    lots      number of draw numbers in each bucket.
    cut       the bucket in which the budget ends; room: how many of its clients get a gift; waiting: those of
              them with the lowest draw numbers so far.
    """

    month: str
    at: datetime
    gift: Gift
    budget_points: int
    holdout_percent: int
    regulars: int = 0
    held_out: int = 0
    rested: int = 0
    lots: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    cut: int = BUCKETS
    room: int = 0
    waiting: tuple[Waiting, ...] = ()


class SurpriseMonth(Struct, frozen=True, kw_only=True):
    """The result of a month's draw. The transaction of each gift changes spent_points, so that they never
    exceed the budget. The other numbers are those of Draw; drawn: clients who got a gift."""

    network_id: str
    month: str
    budget_points: int
    regulars: int = 0
    held_out: int = 0
    rested: int = 0
    drawn: int = 0
    spent_points: int = 0
    begun_at: datetime
    done_at: datetime | None = None
    version: int = 0


# --- when


def next_draw_at(now: datetime, zone: str) -> datetime:
    """The instant of the next draw after now."""
    today = local_date(now, zone)
    this = local_instant(today.replace(day=1), DRAWN_AT, zone)
    if this > now:
        return this
    following = first_day_of_month(month_number(today) + 1)
    return local_instant(following, DRAWN_AT, zone)


def begin_draw(surprise: Surprise, at: datetime, zone: str) -> Draw:
    return Draw(
        month=month_name(local_date(at, zone)),
        at=at,
        gift=surprise.gift,
        budget_points=surprise.monthly_budget_points,
        holdout_percent=surprise.holdout_percent,
    )


# --- who


def draw_number_of(network_id: str, month: str, client_id: str) -> int:
    """A whole number of 50 bits."""
    digest = sha256(f"{network_id}|{SURPRISE} lot|{month}|{client_id}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _NUMBER_BITS)


def bucket_of(draw_number: int) -> int:
    return draw_number >> (_NUMBER_BITS - _BUCKET_BITS)


def is_on_cooldown(last_month: int | None, month: str) -> bool:
    """Whether a client whose last gift was in `last_month` is left out of the draw of `month`."""
    return last_month is not None and abs(number_of_month(month) - last_month) < COOLDOWN_MONTHS


def latest_month(one: int | None, other: int | None) -> int | None:
    """The later of two months, by number; None: no month."""
    return max((month for month in (one, other) if month is not None), default=None)


def is_held_out_of_draws(draw: Draw, network_id: str, client_id: str) -> bool:
    """Whether the client is in the hold-out group of surprises, which gets no gifts."""
    return is_held_out(network_id, client_id, SURPRISE, draw.holdout_percent)


def with_regular(draw: Draw, network_id: str, client_id: str, last_month: int | None) -> Draw:
    """The draw with one more regular counted. last_month: the number of the month of the last gift."""
    draw = replace(draw, regulars=draw.regulars + 1)
    if is_held_out_of_draws(draw, network_id, client_id):
        return replace(draw, held_out=draw.held_out + 1)
    if is_on_cooldown(last_month, draw.month):
        return replace(draw, rested=draw.rested + 1)
    bucket = str(bucket_of(draw_number_of(network_id, draw.month, client_id)))
    return replace(draw, lots=MappingProxyType({**draw.lots, bucket: draw.lots.get(bucket, 0) + 1}))


def with_cut(draw: Draw) -> Draw:
    """The draw with `cut` and `room` set from the counted draw numbers."""
    gifts_left = draw.budget_points // draw.gift.points
    for bucket, numbers in sorted((int(name), numbers) for name, numbers in draw.lots.items()):
        if numbers > gifts_left:
            return replace(draw, cut=bucket, room=gifts_left, lots=MappingProxyType({}))
        gifts_left -= numbers
    return replace(draw, lots=MappingProxyType({}))


def wins_at_once(draw: Draw, draw_number: int) -> bool:
    """Whether that number gets a gift whatever the other numbers are."""
    return bucket_of(draw_number) < draw.cut


def with_waiting(draw: Draw, draw_number: int, client_id: str) -> Draw:
    """The draw with one more client seen. In the bucket in which the budget ends, the clients with the lowest
    draw numbers wait, as many as it has room for."""
    if bucket_of(draw_number) != draw.cut or not draw.room:
        return draw
    waiting = {*draw.waiting, Waiting(draw_number, client_id)}
    lowest = sorted(waiting, key=lambda each: (each.draw_number, each.client_id))[: draw.room]
    return replace(draw, waiting=tuple(lowest))
