"""Quiet hours: the local part of the day in which a client is not disturbed. See
docs/product.md, Rules of messages: 21-9 by default."""

from datetime import datetime, time, timedelta

from msgspec import Struct

from chalicelib.domain.shared.zones import local_instant, zone

_MARGIN = timedelta(minutes=10)
"""How long before quiet hours a touch is due that is moved before them: a late sweep or a second attempt must
not fall into them."""

_STEPS_BACK = 12

_NIGHTS = 2
"""How many nights may form one quiet time: two, where the clock skips the only loud hour of a day."""


class QuietHours(Struct, frozen=True):
    """The local time from `start` (quiet) to `end` (no longer quiet), over midnight when start > end.

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
        """The end (UTC) of the quiet time around the instant; the instant itself when it is not quiet."""
        if not self.holds(instant, zone_name):
            return instant
        local = instant.astimezone(zone(zone_name))
        day = local.date() if local.time() < self.end else local.date() + timedelta(days=1)
        ends = (
            local_instant(day + timedelta(days=later), self.end.replace(fold=fold), zone_name)
            for later in range(_NIGHTS)
            for fold in (0, 1)
        )
        return min(
            (end for end in ends if end >= instant and not self.holds(end, zone_name)), default=instant
        )

    def last_loud_before(self, instant: datetime, zone_name: str) -> datetime:
        """An instant (UTC) shortly before the quiet time around the given one; the given instant itself when
        it is not quiet."""
        if not self.holds(instant, zone_name):
            return instant
        local = instant.astimezone(zone(zone_name))
        day = local.date() if local.time() >= self.start else local.date() - timedelta(days=1)
        starts = (
            local_instant(day - timedelta(days=earlier), self.start, zone_name) for earlier in range(_NIGHTS)
        )
        # Step by step: where the clock skips the start of the quiet time, the time before it is quiet, too.
        moments = (
            min(start - _MARGIN, instant) - step * _MARGIN for start in starts for step in range(_STEPS_BACK)
        )
        return next((moment for moment in moments if not self.holds(moment, zone_name)), instant)
