"""The lots of an account: which points are free, which lots pay first, and what a change makes of a lot."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.account import NEVER, Account, Lot, LotChange
from chalicelib.domain.shared.zones import day_start, local_date


def free_points(account: Account) -> list[tuple[Lot, int]]:
    """Each lot that has points which are not held, with the number of these points."""
    held = account.held_by_lot()
    pairs = ((lot, lot.remaining - held.get(lot.number, 0)) for lot in account.lots)
    return [(lot, points_free) for lot, points_free in pairs if points_free]


def take_points(free: Iterable[tuple[Lot, int]], points: int) -> list[LotChange]:
    """Changes that take points from free lots: the lot that expires soonest first, of equals the oldest.
    Where the lots have fewer points, the changes take all of them."""
    changes, points_missing = [], points
    for lot, points_free in sorted(free, key=lambda pair: expiry_order(pair[0])):
        points_taken = min(points_free, points_missing)
        if points_taken:
            changes.append(lot_change(lot, -points_taken))
            points_missing -= points_taken
    return changes


def expiry_order(lot: Lot) -> tuple[datetime, int]:
    """The key by which lots are sorted before points are taken from them."""
    return (lot.expires_at or NEVER, lot.number)


def lot_change(lot: Lot, points: int, *, held: int = 0) -> LotChange:
    """A change of a lot on its present terms. points, held: signed changes."""
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
    """The sum of the changes of each lot. A sum that changes nothing is left out."""
    by_number: dict[int, LotChange] = {}
    for change in changes:
        sum_before = by_number.get(change.number)
        if sum_before is not None:
            points, held = sum_before.points + change.points, sum_before.held + change.held
            change = replace(sum_before, points=points, held=held)
        by_number[change.number] = change
    return [change for change in by_number.values() if change.points or change.held]


def lots_with_changes(lots: tuple[Lot, ...], changes: Sequence[LotChange]) -> tuple[Lot, ...]:
    """The lots after the changes, by number. A change may open a new lot; an empty lot is left out."""
    by_number = {lot.number: lot for lot in lots}
    for change in changes:
        lot = by_number.get(change.number) or _empty_lot(change)
        by_number[change.number] = replace(lot, remaining=lot.remaining + change.points)
    return tuple(by_number[number] for number in sorted(by_number) if by_number[number].remaining)


def _empty_lot(change: LotChange) -> Lot:
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
    """The account after the client was active. Each lot that expires by inactivity is put off by its own
    `idle_days`, to a midnight of the zone. No lot is shortened, and an expired lot stays expired."""

    def put_off(lot: Lot) -> Lot:
        if lot.idle_days is None or lot.expires_at is None or lot.is_expired(at):
            return lot
        expires_at = day_start(local_date(at, zone) + timedelta(days=lot.idle_days + 1), zone)
        return replace(lot, expires_at=max(lot.expires_at, expires_at))

    return replace(account, lots=tuple(map(put_off, account.lots)))
