"""What a network's messages cost in a month and in a day, and how many they are, compared with its bounds.
Money is in millionths of a US dollar, in which the carriers charge. Days and months are UTC."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace

MICROS_A_CENT = 10_000
WARNED_AT_PERCENT = 80


class OriginUse(Struct, frozen=True):
    """The messages about bookings of one origin. in_hour: how many of them were reserved in `hour`, such as
    `2026-11-28T09`; in_day: those of that day."""

    hour: str
    in_hour: int = 0
    in_day: int = 0


class Spending(Struct, frozen=True, kw_only=True):
    """The spending of one network in one month.

    month            `2026-11` (UTC).
    reserved_micros  what workers have reserved. Each reserves a little more than it needs and gives back the
                     rest. So the budget holds without a write for each message. What a worker
                     that died had reserved stays counted.
    warned_of, stopped_at  the budget (in millionths) for which the owner was warned that it is nearly spent,
                     and that it is spent. Another budget is warned of again.
    day              the latest day of which something was reserved, `2026-11-28`; day_messages, day_micros:
                     how much of it.
    origins          by connection or partner, what was reserved of that day for messages about its bookings.
    rules_version    of the network's rules that were set last this month: a worker that reserves by older
                     rules reads them anew.
    """

    network_id: str
    month: str
    reserved_micros: int = 0
    warned_of: int | None = None
    stopped_at: int | None = None
    day: str = ""
    day_messages: int = 0
    day_micros: int = 0
    origins: Mapping[str, OriginUse] = field(default_factory=lambda: MappingProxyType({}))
    rules_version: int = 0
    version: int = 0


class Bounds(Struct, frozen=True, kw_only=True):
    """The bounds of a message; None: there is none.

    month, month_bound  millionths that the month may cost, and the rule that says so.
    day_messages, day_micros  of the network; origin_hour, origin_day: messages of the origin.
    """

    month: int | None = None
    month_bound: str = "budget"
    day_messages: int | None = None
    day_micros: int | None = None
    origin_hour: int | None = None
    origin_day: int | None = None


class Ceilings(Struct, frozen=True, kw_only=True):
    """What the operator allows a day (UTC); None: there is no limit.

    network_messages, network_usd_cents  to each network; deployment_messages: to all of them together.
    """

    network_messages: int | None = None
    network_usd_cents: int | None = None
    deployment_messages: int | None = None


class Cost(Struct, frozen=True, kw_only=True):
    """What one message is expected to cost, in millionths of a US dollar. essential: a booking needs it.
    origin: the connection or partner whose booking it is about."""

    channel: str
    micros: int
    essential: bool
    origin: str | None = None

    @property
    def is_free(self) -> bool:
        return self.channel == "push"


class Wanted(Struct, frozen=True, kw_only=True):
    """What is to be reserved: messages, and what they cost together. origin: whose bookings they are about;
    None: nobody's from outside."""

    messages: int
    micros: int
    origin: str | None = None


def reserved(spending: Spending, wanted: Wanted, bounds: Bounds, now: datetime) -> Spending | str:
    """The spending with so much more reserved, or the reason of the first bound that does not allow it."""
    after = added(spending, wanted, now)
    use = after.origins[wanted.origin] if wanted.origin is not None else OriginUse("")
    checks = (
        (bounds.month_bound, after.reserved_micros, bounds.month),
        ("network_daily_cap", after.day_messages, bounds.day_messages),
        ("network_daily_usd_cents", after.day_micros, bounds.day_micros),
        ("origin_hourly_cap", use.in_hour, bounds.origin_hour),
        ("origin_daily_cap", use.in_day, bounds.origin_day),
    )
    over = (reason for reason, used, most in checks if most is not None and used > most)
    return next(over, after)


def added(spending: Spending, wanted: Wanted, now: datetime) -> Spending:
    """The spending with so much more reserved, whatever the bounds. Negative: with less. now: may be before
    what was reserved last, as when something is given back: a day and an hour that have begun stay."""
    today, hour = f"{now:%Y-%m-%d}", f"{now:%Y-%m-%dT%H}"
    if spending.day > today:
        return replace(spending, reserved_micros=max(spending.reserved_micros + wanted.micros, 0))
    if spending.day != today:
        spending = replace(spending, day=today, day_messages=0, day_micros=0, origins=MappingProxyType({}))
    origins = dict(spending.origins)
    if wanted.origin is not None:
        use = origins.get(wanted.origin, OriginUse(hour))
        in_day = max(use.in_day + wanted.messages, 0)
        if use.hour > hour:
            origins[wanted.origin] = replace(use, in_day=in_day)
        else:
            in_hour = use.in_hour if use.hour == hour else 0
            origins[wanted.origin] = OriginUse(hour, max(in_hour + wanted.messages, 0), in_day)
    return replace(
        spending,
        reserved_micros=max(spending.reserved_micros + wanted.micros, 0),
        day_messages=max(spending.day_messages + wanted.messages, 0),
        day_micros=max(spending.day_micros + wanted.micros, 0),
        origins=MappingProxyType(origins),
    )


def is_nearly_spent(spending: Spending, budget_micros: int) -> bool:
    return spending.reserved_micros * 100 >= budget_micros * WARNED_AT_PERCENT
