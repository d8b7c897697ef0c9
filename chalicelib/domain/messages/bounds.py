"""The bounds that hold for one message: those of the network's rules, and those of the operator."""

from chalicelib.domain.messages.spending import MICROS_A_CENT, Bounds, Ceilings
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules

SIGNED_TIMES = 10
"""A connection whose site signs may cause so many times as many messages as one that does not."""


def bounds_of(directory: Directory, origin: str | None, ceilings: Ceilings, *, essential: bool) -> Bounds:
    rules = directory.rules.messages
    times = _times(directory, origin)
    daily_cents = _least(rules.network_daily_usd_cents, ceilings.network_usd_cents)
    month, month_bound = _of_month(rules, essential=essential)
    return Bounds(
        month=month,
        month_bound=month_bound,
        day_messages=_least(rules.network_daily_cap, ceilings.network_messages),
        day_micros=None if daily_cents is None else daily_cents * MICROS_A_CENT,
        origin_hour=None if origin is None else rules.origin_hourly_cap * times,
        origin_day=None if origin is None else rules.origin_daily_cap * times,
    )


def is_trusted(directory: Directory, origin: str | None) -> bool:
    """Whether bookings of that origin are the salon's own, or of a site that signs what it reports."""
    if origin is None:
        return True
    connection = directory.connections.get(origin.removeprefix("connection:"))
    return connection is not None and connection.is_signed


def _of_month(rules: MessageRules, *, essential: bool) -> tuple[int | None, str]:
    cents = rules.monthly_budget_usd_cents
    if cents is None:
        return None, "budget"
    if essential and cents:
        return cents * MICROS_A_CENT * rules.essential_budget_percent // 100, "essential_budget_percent"
    return cents * MICROS_A_CENT, "budget"


def _times(directory: Directory, origin: str | None) -> int:
    """How many times the caps of an origin count: for a connection once for each of its salons."""
    if origin is None or not origin.startswith("connection:"):
        return 1
    connection = directory.connections.get(origin.removeprefix("connection:"))
    salons = 1 if connection is not None and connection.salon_id else max(len(directory.salons), 1)
    return salons * (SIGNED_TIMES if is_trusted(directory, origin) else 1)


def _least(*bounds: int | None) -> int | None:
    return min((each for each in bounds if each is not None), default=None)
