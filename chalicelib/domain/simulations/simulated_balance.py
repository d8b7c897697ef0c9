"""One client's points without their ledger: what the simulation counts with, a hundred thousand visits in
seconds.

By the same rules as ledger.py: points are spent from the lot that expires soonest, of equals from the oldest,
and are gone from their last instant on. There are no holds, no debt and no reversals here, and no entries.
tests/unit/domain/simulations/test_simulated_balance.py holds the two against each other.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from chalicelib.domain.loyalty.account import NEVER
from chalicelib.domain.loyalty.programme import LotTerms
from chalicelib.domain.shared.zones import day_start, local_date


class OpenLot(Struct):
    """currency: of the salon that granted it."""

    available_at: datetime
    expires_at: datetime
    idle_days: int | None
    remaining: int
    currency: str


class SimulatedBalance(Struct):
    """Changed in place, at instants that never go back. lots: the oldest first."""

    lots: list[OpenLot] = field(default_factory=list)

    def expired(self, now: datetime) -> list[OpenLot]:
        """Takes out what has expired by then, to be brought up before anything else is done."""
        over = [lot for lot in self.lots if lot.expires_at <= now]
        if over:
            self.lots = [lot for lot in self.lots if lot.expires_at > now]
        return over

    def available(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.available_at <= now)

    def grant(self, points: int, terms: LotTerms, currency: str) -> None:
        expires_at = terms.expires_at or NEVER
        self.lots.append(OpenLot(terms.available_at, expires_at, terms.idle_days, points, currency))

    def spend(self, points: int, now: datetime) -> None:
        """So many of what is available; there are as many."""
        for lot in self._soonest(now):
            take = min(lot.remaining, points)
            lot.remaining -= take
            points -= take
            if not points:
                break
        self.lots = [lot for lot in self.lots if lot.remaining]

    def _soonest(self, now: datetime) -> Iterator[OpenLot]:
        available = (lot for lot in self.lots if lot.available_at <= now)
        return iter(sorted(available, key=lambda lot: lot.expires_at))  # stable: of equals the oldest

    def visited(self, now: datetime, zone: str) -> None:
        """The client was active: what expires by inactivity lives on; nothing is ever shortened."""
        for lot in self.lots:
            if lot.idle_days is not None:
                end = day_start(local_date(now, zone) + timedelta(days=lot.idle_days + 1), zone)
                lot.expires_at = max(lot.expires_at, end)
