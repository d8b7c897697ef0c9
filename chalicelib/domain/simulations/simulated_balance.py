"""One client's points in a simulation, without a ledger, so that a hundred thousand visits take seconds.

The rules are those of ledger.py: points are spent from the lot that expires soonest, and among equals from
the oldest. Points cannot be used from their expiry on. A simulation has no holds, debts, reversals and
entries. tests/unit/domain/simulations/test_simulated_balance.py compares the two.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct, field

from chalicelib.domain.loyalty.account import NEVER
from chalicelib.domain.loyalty.programme import LotTerms
from chalicelib.domain.shared.zones import day_start, local_date


class OpenLot(Struct):
    """Points granted together. remaining: points that are not spent. currency: of the granting salon."""

    available_at: datetime
    expires_at: datetime
    idle_days: int | None
    remaining: int
    currency: str


class SimulatedBalance(Struct):
    """A client's open lots, the oldest first. It is changed in place, at instants in the order of time."""

    lots: list[OpenLot] = field(default_factory=list)

    def expired(self, now: datetime) -> list[OpenLot]:
        """Removes and returns the lots that have expired by then. Call it before every other change."""
        expired = [lot for lot in self.lots if lot.expires_at <= now]
        if expired:
            self.lots = [lot for lot in self.lots if lot.expires_at > now]
        return expired

    def available(self, now: datetime) -> int:
        return sum(lot.remaining for lot in self.lots if lot.available_at <= now)

    def grant(self, points: int, terms: LotTerms, currency: str) -> None:
        expires_at = terms.expires_at or NEVER
        self.lots.append(OpenLot(terms.available_at, expires_at, terms.idle_days, points, currency))

    def spend(self, points: int, now: datetime) -> None:
        """Spends available points. There must be enough of them."""
        for lot in self._soonest(now):
            spent = min(lot.remaining, points)
            lot.remaining -= spent
            points -= spent
            if not points:
                break
        self.lots = [lot for lot in self.lots if lot.remaining]

    def _soonest(self, now: datetime) -> Iterator[OpenLot]:
        available = (lot for lot in self.lots if lot.available_at <= now)
        return iter(sorted(available, key=lambda lot: lot.expires_at))  # stable: of equals the oldest

    def visited(self, now: datetime, zone: str) -> None:
        """Extends the life of lots that expire by inactivity. No lot's life is shortened."""
        for lot in self.lots:
            if lot.idle_days is not None:
                end = day_start(local_date(now, zone) + timedelta(days=lot.idle_days + 1), zone)
                lot.expires_at = max(lot.expires_at, end)
