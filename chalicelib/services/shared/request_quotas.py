"""Count requests against their caller's quota. Each process serves a caller's first requests of an hour
without counting them, and then takes some of the quota at once. So ordinary callers cost no read and no
write.

All processes together serve at most the quota and FREE requests a process.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.quotas import (
    QUOTAS,
    CallerKind,
    Quota,
    QuotaUse,
    available,
    is_day_spent,
    with_taken,
)
from chalicelib.services.shared.world import World

FREE = 20
"""Requests of a caller that a process serves in an hour without counting them."""
TAKEN_AT_ONCE = 100
"""Requests that a process takes of the quota at once. What it does not use of them is lost to the others."""

_KEPT = timedelta(days=2)


class _Held(Struct):
    """requests: how many this process may still serve before `until`. refused_until: the quota is spent."""

    until: datetime
    requests: int = FREE
    refused_until: datetime | None = None


class RequestQuotas:
    """The quotas as one process knows them. max_callers: how many it remembers."""

    def __init__(
        self,
        world: World,
        quotas: Mapping[CallerKind, Quota] = QUOTAS,
        max_callers: int = 5000,
    ) -> None:
        self._world, self._quotas, self._max_callers = world, quotas, max_callers
        self._held: dict[tuple[str, str], _Held] = {}

    def count(self, network_id: str, caller: str, kind: CallerKind, times: int = 1) -> None:
        """Counts one request. Raises QUOTA_SPENT, with `retry_after_seconds`, once the quota is spent. A
        refused request costs no call. times: how many times as much as its kind this caller has."""
        of_kind, now = self._quotas[kind], self._world.now()
        quota = Quota(of_kind.hour * times, of_kind.day * times)
        held = self._of_hour(network_id, caller, now)
        if held.refused_until is not None:
            raise _too_many(held.refused_until - now, quota)
        if held.requests == 0:
            self._take(held, network_id, caller, quota, now)
        held.requests -= 1

    def _of_hour(self, network_id: str, caller: str, now: datetime) -> _Held:
        held = self._held.get((network_id, caller))
        if held is None or now >= held.until:
            while len(self._held) >= self._max_callers:
                del self._held[next(iter(self._held))]
            held = self._held[network_id, caller] = _Held(_next_hour(now))
        return held

    def _take(self, held: _Held, network_id: str, caller: str, quota: Quota, now: datetime) -> None:
        use, taken = self._world.retrying(lambda: self._taken(network_id, caller, quota, now))
        if taken == 0:
            held.refused_until = _next_day(now) if is_day_spent(use, quota) else _next_hour(now)
            held.until = held.refused_until
            raise _too_many(held.refused_until - now, quota)
        held.requests = taken

    def _taken(self, network_id: str, caller: str, quota: Quota, now: datetime) -> tuple[QuotaUse, int]:
        day, hour = now.date().isoformat(), f"{now.hour:02d}"
        existing = self._world.store.get(QuotaUse, network_id=network_id, caller=caller, day=day)
        use = existing or QuotaUse(network_id=network_id, caller=caller, day=day, expires_at=now + _KEPT)
        requests = min(available(use, hour, quota), TAKEN_AT_ONCE)
        if requests <= 0:
            return use, 0
        (saved,) = self._world.store.save(with_taken(use, hour, requests))
        return saved, requests


def _next_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _next_day(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def _too_many(wait: timedelta, quota: Quota) -> DomainError:
    return DomainError(
        ErrorKind.TOO_MANY,
        "QUOTA_SPENT",
        f"At most {quota.hour} changes an hour and {quota.day} a day; wait for `retry_after_seconds`.",
        retry_after_seconds=math.ceil(wait.total_seconds()),
        per_hour=quota.hour,
        per_day=quota.day,
    )
