"""Quiet hours: the local part of the day in which a client is not disturbed (PRODUCT: 21-9 by default)."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from chalicelib.domain.zones import local_instant, zone

_MARGIN = timedelta(minutes=10)
"""How long before the quiet time comes what is moved before it: a sweep that is late, or a second attempt,
must not fall into it."""

_STEPS_BACK = 12


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` (quiet) to `end` (no longer quiet), local clock times; over midnight when start > end.

    Equal times mean that no hour is quiet.
    """

    start: time = time(21)
    end: time = time(9)

    def holds(self, instant: datetime, zone_name: str) -> bool:
        """Whether the instant is quiet on the client's clock."""
        clock = instant.astimezone(zone(zone_name)).time()
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def ends_after(self, instant: datetime, zone_name: str) -> datetime:
        """The end of the quiet time that holds at the instant (UTC); the instant itself when it is not
        quiet."""
        if not self.holds(instant, zone_name):
            return instant
        local = instant.astimezone(zone(zone_name))
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        ends = sorted(local_instant(day, self.end.replace(fold=fold), zone_name) for fold in (0, 1))
        return next((end for end in ends if end >= instant and not self.holds(end, zone_name)), instant)

    def last_loud_before(self, instant: datetime, zone_name: str) -> datetime:
        """Shortly before the quiet time that holds at the instant (UTC); the instant itself when it is
        loud."""
        if not self.holds(instant, zone_name):
            return instant
        local = instant.astimezone(zone(zone_name))
        day = local.date() if local.time() >= self.start else local.date() - timedelta(days=1)
        last = min(local_instant(day, self.start, zone_name) - _MARGIN, instant)
        for _ in range(_STEPS_BACK):  # the clock has skipped the beginning, and it is quiet before it already
            if self.holds(last, zone_name):
                last -= _MARGIN
        return last
