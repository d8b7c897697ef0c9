"""Lots of an account: which are free, what is taken from them first, and what a change makes of them."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import NEVER, Account, Lot, LotChange
from chalicelib.domain.shared.zones import day_start, local_date


def free_points(account: Account) -> list[tuple[Lot, int]]:
    """The lots with what is not held of them."""
    held = account.held_by_lot()
    found = ((lot, lot.remaining - held.get(lot.number, 0)) for lot in account.lots)
    return [(lot, free) for lot, free in found if free]


def take_points(free: Iterable[tuple[Lot, int]], points: int) -> list[LotChange]:
    """Takes points from lots, the soonest-expiring first, of equals the oldest; as many as there are."""
    changes, left = [], points
    for lot, most in sorted(free, key=lambda pair: expiry_order(pair[0])):
        take = min(most, left)
        if take:
            changes.append(lot_change(lot, -take))
            left -= take
    return changes


def expiry_order(lot: Lot) -> tuple[datetime, int]:
    return (lot.expires_at or NEVER, lot.number)


def lot_change(lot: Lot, points: int, *, held: int = 0) -> LotChange:
    return LotChange(
        lot.number,
        points,
        lot.granted_at,
        lot.available_at,
        lot.expires_at,
        lot.reason,
        lot.salon_id,
        lot.idle_days,
        held,
    )


def one_change_per_lot(changes: Sequence[LotChange]) -> list[LotChange]:
    """One change a lot, and none that changes nothing."""
    found: dict[int, LotChange] = {}
    for change in changes:
        stands = found.get(change.number)
        if stands is not None:
            change = replace(stands, points=stands.points + change.points, held=stands.held + change.held)
        found[change.number] = change
    return [change for change in found.values() if change.points or change.held]


def lots_with_changes(lots: tuple[Lot, ...], changes: Sequence[LotChange]) -> tuple[Lot, ...]:
    by_number = {lot.number: lot for lot in lots}
    for change in changes:
        lot = by_number.get(change.number) or _opened(change)
        by_number[change.number] = replace(lot, remaining=lot.remaining + change.points)
    return tuple(by_number[number] for number in sorted(by_number) if by_number[number].remaining)


def _opened(change: LotChange) -> Lot:
    return Lot(
        change.number,
        change.granted_at,
        change.available_at,
        change.expires_at,
        0,
        change.reason,
        change.salon_id,
        change.idle_days,
    )


def with_activity(account: Account, at: datetime, zone: str) -> Account:
    """After the client was active: lots that expire by inactivity live on, each its own number of days. None
    is ever shortened, and one that is over stays over."""

    def lived_on(lot: Lot) -> Lot:
        if lot.idle_days is None or lot.expires_at is None or lot.is_over(at):
            return lot
        end = day_start(local_date(at, zone) + timedelta(days=lot.idle_days + 1), zone)
        return replace(lot, expires_at=max(lot.expires_at, end))

    return replace(account, lots=tuple(map(lived_on, account.lots)))
