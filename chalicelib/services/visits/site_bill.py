"""The bill of a visit that a booking site reports. A site knows of no points: those that are held for the
booking pay for a part of it, and those that have paid go on paying as far as the programme allows."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import bill_due_at
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.actors import BY_SYSTEM
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.loyalty.visit_points import points_beside, points_paid_by_hold
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.bill_difference import entries_of_kind
from chalicelib.services.visits.bill_visit import (
    Values,
    bill_of,
    values_of,
    visit_with_bill,
    with_points_kept,
)
from chalicelib.services.visits.visit_bill import VisitBill
from chalicelib.services.visits.visit_in_progress import VisitInProgress


def first_bill_by_site(
    directory: Directory, booking: Booking, account: Account | None, money_minor: int | None, now: datetime
) -> VisitBill:
    """The bill of a visit that has none yet, with the points that are held for it.

    booking: its goods are a part of the bill. account: the client's; None: the client is not known.
    money_minor: what was paid in money; None where the site did not report it: then the bill is what was
    sold."""
    value = directory.rules.bonuses.point_value(booking.currency)
    hold = account.hold_of_booking(booking.id) if account is not None else None
    if hold is None or account is None:
        return bill_of(booking, booking.sold_minor if money_minor is None else money_minor)
    if money_minor is not None:
        points = points_paid_by_hold(directory, booking, account, money_minor, now)
        return bill_of(booking, money_minor + points * value, points)
    rest_minor = max(booking.sold_minor - hold.points * value, 0)
    points = points_paid_by_hold(directory, booking, account, rest_minor, now)
    return bill_of(booking, booking.sold_minor, points)


def reported_bill(
    world: World,
    booking: Booking,
    paid_minor: int | None,
    actor: str,
    *,
    goods_minor: int | None = None,
    bill_open: bool = False,
    other_lines: bool = False,
    beside: Sequence[Storable] = (),
) -> Values:
    """The values to save, the booking first, when a booking site speaks again of a visit that is completed:
    what it tells of the bill changes points and turnover by the difference. Only the booking, as it is given,
    where the site tells what is known; then nothing is read.

    booking      completed, with the lines that the site reports.
    paid_minor   what was paid in money, goods included; None: not told.
    goods_minor  the part of it that is goods; None: as before.
    bill_open    the payment is told apart, and is not told yet. A bill that was told before stands until the
                 site tells the next one, at most until the end of the next local day.
    other_lines  whether the lines make other points of the same bill; see `makes_other_points`.
    beside       as of `reversal`.
    """
    goods = booking.goods_minor if goods_minor is None else goods_minor or None
    if bill_open:
        return (_left_open(world, replace(booking, goods_minor=goods), booking),)
    if paid_minor is None or (not booking.is_bill_open and _is_told(booking, paid_minor, goods)):
        return bill_by_other_lines(world, booking, actor, beside) if other_lines else (booking,)
    sold = replace(booking, goods_minor=goods)
    return values_of(visit_with_bill(world, sold, lambda visit: _paid(visit, paid_minor), actor, beside))


def bill_by_other_lines(
    world: World, booking: Booking, actor: str, beside: Sequence[Storable] = ()
) -> Values:
    """The values to save, the booking first, when a booking site tells other lines of a visit whose bill
    stays: points follow the lines by the difference. booking: with the lines that the site reports, and a
    bill that was told. beside: as of `reversal`."""
    bill = bill_of(booking, booking.paid_minor or 0)
    return values_of(
        visit_with_bill(world, booking, lambda visit: with_points_kept(visit, bill), actor, beside)
    )


def bill_by_prices(world: World, booking: Booking) -> Values:
    """The values to save, the booking first, when nobody has told what was paid for a visit whose bill is
    open: the bill is what was sold, by its prices."""
    return values_of(visit_with_bill(world, booking, _sold, BY_SYSTEM))


def _is_told(booking: Booking, paid_minor: int, goods_minor: int | None) -> bool:
    """Whether the sum is known. A site that tells the sum less what the desk has given back tells of the same
    refund."""
    in_money = (booking.paid_minor or 0) - booking.redeemed_minor
    known = booking.paid_minor is not None and paid_minor in (in_money, in_money - booking.refunded_minor)
    return known and goods_minor == booking.goods_minor


def _left_open(world: World, booking: Booking, before: Booking) -> Booking:
    """The booking with an open bill. before: with the goods of the bill that was told before."""
    if booking.is_bill_open:
        return booking if booking.paid_minor is None else before
    if booking.sold_minor == booking.paid_minor:
        return before
    zone = directory_for(world, booking).salons[booking.salon_id].timezone
    return replace(before, bill_due_at=bill_due_at(world.now(), zone))


def _paid(visit: VisitInProgress, money_minor: int) -> VisitBill:
    """The bill of so much money, and of the points that pay besides it."""
    booking, directory = visit.booking, visit.directory
    if booking.paid_minor is None:
        return first_bill_by_site(directory, booking, visit.account, money_minor, visit.now)
    points = points_beside(directory, booking, _most_points(visit), money_minor)
    value = directory.rules.bonuses.point_value(booking.currency)
    paid_minor = max(money_minor + points * value, booking.refunded_minor)
    return bill_of(booking, paid_minor, points)


def _sold(visit: VisitInProgress) -> VisitBill:
    booking, directory = visit.booking, visit.directory
    if booking.paid_minor is None:
        return first_bill_by_site(directory, booking, visit.account, None, visit.now)
    value = directory.rules.bonuses.point_value(booking.currency)
    rest_minor = max(booking.sold_minor - booking.redeemed_points * value, 0)
    points = points_beside(directory, booking, booking.redeemed_points, rest_minor)
    return bill_of(booking, max(booking.sold_minor, booking.refunded_minor), points)


def _most_points(visit: VisitInProgress) -> int:
    """The points that may pay for a part of the bill: those that were held for it when it was told first,
    else those that paid then; as far as they are still there where a lower sum has returned some."""
    booking, paid_first = visit.booking, entries_of_kind(visit, EntryKind.REDEEM)[:1]
    ended = {entry.cause for entry in paid_first} | {
        entry.cause
        for entry in visit.ledger
        if entry.kind is EntryKind.RELEASE
        and (entry.booking_id, entry.reason) == (booking.id, "visit")
        and booking.closed_at is not None
        and entry.recorded_at >= booking.closed_at
    }
    held = sum(entry.held for entry in visit.ledger if entry.kind is EntryKind.HOLD and entry.id in ended)
    most = held or sum(abs(entry.worth) for entry in paid_first)
    there = booking.redeemed_points + visit.account.available(visit.now)
    return max(min(most, there), booking.redeemed_points)
