"""How many requests that write a caller may make in an hour and in a day. A caller is a key of the API, the
address of a webhook, or a client with all links of theirs. The quota is the last bound: a flood by one caller
costs no more than this.
"""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace


class CallerKind(StrEnum):
    UNSIGNED_SITE = "unsigned_site"
    SIGNED_SITE = "signed_site"
    PARTNER = "partner"
    SPECIALIST = "specialist"
    RECEPTION = "reception"
    MANAGER = "manager"
    OWNER = "owner"
    CLIENT_LINK = "client_link"


class Quota(Struct, frozen=True):
    """Requests an hour and a day (UTC)."""

    hour: int
    day: int


QUOTAS: Mapping[CallerKind, Quota] = {
    CallerKind.UNSIGNED_SITE: Quota(6_000, 60_000),
    CallerKind.SIGNED_SITE: Quota(36_000, 360_000),
    CallerKind.PARTNER: Quota(2_000, 20_000),
    CallerKind.SPECIALIST: Quota(1_000, 5_000),
    CallerKind.RECEPTION: Quota(6_000, 30_000),
    CallerKind.MANAGER: Quota(36_000, 200_000),
    CallerKind.OWNER: Quota(36_000, 200_000),
    CallerKind.CLIENT_LINK: Quota(40, 120),
}
"""A client taps some ten times a day. A salon's desk makes some hundred such requests a day; a chain of 1,000
branches with one connection gets some 100,000 webhooks. Owners' and managers' keys move whole networks by
script.
"""


class QuotaUse(Struct, frozen=True, kw_only=True):
    """What processes have taken of a caller's quota.

    caller   the actor of a key, or the id of a connection.
    day      `2026-11-28` (UTC).
    by_hour  hour of the day -> requests taken, `"09": 150`. A process takes some at once and uses them one by
             one, so that a request costs no write.
    """

    network_id: str
    caller: str
    day: str
    expires_at: datetime
    by_hour: Mapping[str, int] = field(default_factory=dict)
    version: int = 0


def available(use: QuotaUse, hour: str, quota: Quota) -> int:
    """How many requests can be taken in this hour."""
    return min(quota.hour - use.by_hour.get(hour, 0), quota.day - sum(use.by_hour.values()))


def with_taken(use: QuotaUse, hour: str, requests: int) -> QuotaUse:
    return replace(use, by_hour={**use.by_hour, hour: use.by_hour.get(hour, 0) + requests})


def is_day_spent(use: QuotaUse, quota: Quota) -> bool:
    return sum(use.by_hour.values()) >= quota.day
