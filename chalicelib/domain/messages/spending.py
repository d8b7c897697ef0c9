"""What a network's messages cost in a month, compared with its budget. Money is in millionths of a US dollar,
in which the carriers charge."""

from msgspec import Struct
from msgspec.structs import replace

MICROS_A_CENT = 10_000
WARNED_AT_PERCENT = 80


class Spending(Struct, frozen=True, kw_only=True):
    """The spending of one network in one month.

    month            `2026-11` (UTC).
    reserved_micros  what workers have reserved. Each reserves a little more than it needs and gives back the
                     rest. So the budget holds without a write for each message. What a worker
                     that died had reserved stays counted.
    warned_of, stopped_at  the budget (in millionths) for which the owner was warned that it is nearly spent,
                     and that it is spent. Another budget is warned of again.
    """

    network_id: str
    month: str
    reserved_micros: int = 0
    warned_of: int | None = None
    stopped_at: int | None = None
    version: int = 0


def taken(spending: Spending, micros: int, budget_micros: int | None) -> Spending | None:
    """The spending with so much more reserved; None: the budget does not allow it. budget_micros: None for
    essential messages, which are always allowed."""
    total = spending.reserved_micros + micros
    if budget_micros is not None and total > budget_micros:
        return None
    return replace(spending, reserved_micros=total)


def is_nearly_spent(spending: Spending, budget_micros: int) -> bool:
    return spending.reserved_micros * 100 >= budget_micros * WARNED_AT_PERCENT
