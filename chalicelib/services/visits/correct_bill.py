"""The desk tells or corrects the bill of a visit that is completed already."""

from functools import partial

from chalicelib.domain.bookings.authors import party_of, with_author
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.facts import Fact
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.currencies import Amount
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.loyalty.visit_points import bill_of_booking, ensure_redeemable
from chalicelib.services.networks.go_live import is_in_trial, not_live
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.world import World
from chalicelib.services.visits.bill_visit import values_of, visit_with_bill, with_points_kept
from chalicelib.services.visits.visit_bill import VisitBill, ensure_day_allows
from chalicelib.services.visits.visit_in_progress import VisitInProgress


def correct_bill(
    world: World,
    access: Access,
    booking_id: str,
    paid: Amount,
    goods: Amount | None = None,
    tip: Amount | None = None,
    sums: DaySums | None = None,
) -> Booking:
    """Corrects the bill of a completed visit; points and turnover change by the difference. Points that paid
    for a part of the bill pay as far as the programme allows for the new bill; the others return. A
    repetition changes nothing.

    paid: the whole bill, as in `VisitBill`. goods, tip: None: as before. sums: as for `complete`. Raises
    NOT_FOUND, FORBIDDEN, CURRENCY_MISMATCH, WRONG_STATUS, INVALID_AMOUNT, OVER_LIMIT."""
    given = paid, goods, tip
    return world.retrying(partial(_correct_once, world, access, booking_id, given, sums))


def _correct_once(
    world: World,
    access: Access,
    booking_id: str,
    given: tuple[Amount, Amount | None, Amount | None],
    sums: DaySums | None,
) -> Booking:
    booking = get_booking(world, access, booking_id)
    paid, goods, tip = given
    bill = VisitBill(
        paid=paid,
        goods=goods or Amount(booking.goods_minor or 0, booking.currency),
        tip=tip or Amount(booking.tip_minor or 0, booking.currency),
    )
    bill.ensure_in(booking.currency)
    bill.ensure_sound()
    bill.ensure_usual(access.role)
    _ensure_correctable(booking, bill)
    before = (booking.paid_minor, booking.goods_minor or 0, booking.tip_minor or 0)
    if not booking.is_bill_open and before == (bill.paid_minor, bill.goods_minor, bill.tip_minor):
        return booking
    if bill.paid_minor > (booking.paid_minor or 0):
        ensure_day_allows(world, access, booking, bill, sums)
    booking = with_author(booking, party_of(access.actor), world.now(), Fact.PAID)
    visit = visit_with_bill(world, booking, lambda visit: with_points_kept(visit, bill), access.actor)
    saved: Booking = world.store.save(*values_of(visit))[0]
    world.wake_if_due(saved)
    return saved


def _ensure_correctable(booking: Booking, bill: VisitBill) -> None:
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only the bill of a completed visit is corrected.", status=status)
    if bill.paid_minor < booking.refunded_minor:
        raise refused(
            "INVALID_AMOUNT",
            f"{booking.refunded_minor} of this bill were given back: it comes to as much at least.",
            refunded_minor=booking.refunded_minor,
        )


def first_bill_by_desk(world: World, booking: Booking, bill: VisitBill, actor: str) -> VisitInProgress:
    """The visit, to be saved, whose site told that the client came, and whose bill the desk tells. Raises
    OVER_CAP, UNDER_MINIMUM, WRONG_STEP, INSUFFICIENT_POINTS, NOT_LIVE."""

    def checked(visit: VisitInProgress) -> VisitBill:
        if not bill.redeem_points:
            return bill
        if is_in_trial(world, booking.network_id):
            raise not_live()
        if visit.client is None:
            message = "A visit without a client has no points to redeem."
            raise refused("INSUFFICIENT_POINTS", message, available=0)
        rules = visit.directory.rules.bonuses
        view = bill_of_booking(booking, visit.directory, bill.paid_minor, bill.goods_minor)
        ensure_redeemable(bill.redeem_points, view, visit.programme, rules, booking.currency)
        return bill

    return visit_with_bill(world, booking, checked, actor)
