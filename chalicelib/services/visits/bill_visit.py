"""Tell the bill of a visit that is completed already: the values to save, worked out by the difference to
what was told before. In trial nothing is given; what would be given changes by the difference."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import programme
from chalicelib.domain.loyalty.account import Account, EntryKind
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.shared.currencies import Amount
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.surviving_client import as_changed, merge_chain
from chalicelib.services.loyalty.visit_points import bill_of_booking
from chalicelib.services.networks.count_in_trial import tally_with_points
from chalicelib.services.networks.go_live import is_in_trial
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.bill_difference import BILL_CORRECTED, with_points_by_sum, with_sum
from chalicelib.services.visits.undo_gifts import without_referral
from chalicelib.services.visits.undo_visit import visit_to_undo
from chalicelib.services.visits.visit_bill import VisitBill
from chalicelib.services.visits.visit_in_progress import VisitInProgress, with_pointers
from chalicelib.services.visits.visit_in_trial import points_given, taken_back, with_referral_of_trial

BillFor = Callable[[VisitInProgress], VisitBill]
"""Makes the bill of a visit that was read: the points of its account may pay for a part of it."""

Values = tuple[Booking, *tuple[Storable, ...]]


def visit_with_bill(
    world: World, booking: Booking, bill_for: BillFor, actor: str, beside: Sequence[Storable] = ()
) -> VisitInProgress:
    """The completed visit with its bill, to be saved. Where no bill was told before, the ledger is not read.

    booking: completed, with the lines and goods that are billed. beside: as of `reversal`. Raises what
    bill_for raises, and INSUFFICIENT_POINTS.
    """
    opened, chain = _visit(world, booking, actor, beside)
    bill = bill_for(opened)
    visit = with_sum(opened, bill, chain)
    if opened.client is None:
        return replace(visit, booking=with_wake(visit.booking, visit.directory, None, visit.now))
    if is_in_trial(world, booking.network_id):
        visit = _in_trial(world, opened, bill, chain)
    elif not _was_in_trial(visit):
        visit = with_points_by_sum(world, visit, opened, bill.redeem_points)
    return with_pointers(visit)


def values_of(visit: VisitInProgress) -> Values:
    """What is saved together, the booking first. Nobody's account is saved with a visit without a client."""
    return visit.to_save() if visit.client is not None else (visit.booking,)


def bill_of(booking: Booking, paid_minor: int, redeem_points: int = 0) -> VisitBill:
    """A bill of so much, with the goods of the booking as far as they are a part of it, and with its tip."""
    return VisitBill(
        paid=Amount(paid_minor, booking.currency),
        goods=Amount(min(booking.goods_minor or 0, paid_minor), booking.currency),
        tip=Amount(booking.tip_minor or 0, booking.currency),
        redeem_points=redeem_points,
    )


def with_points_kept(visit: VisitInProgress, bill: VisitBill) -> VisitBill:
    """The bill, of which the points that paid before pay as much as the programme allows."""
    booking, terms = visit.booking, visit.programme
    value = visit.directory.rules.bonuses.point_value(booking.currency)
    view = bill_of_booking(booking, visit.directory, bill.paid_minor, bill.goods_minor)
    most = programme.cap_points(view, terms, value) if terms.enabled else 0
    points = min(booking.redeemed_points, most)
    return replace(bill, redeem_points=points if points >= terms.redeem_minimum_points else 0)


def _visit(
    world: World, booking: Booking, actor: str, beside: Sequence[Storable]
) -> tuple[VisitInProgress, Sequence[Client]]:
    """The visit as it is, with the clients of its merge chain. Its ledger is read where it has entries."""
    client_id = booking.client_id
    client = world.store.get(Client, network_id=booking.network_id, id=client_id) if client_id else None
    chain = as_changed(merge_chain(world, client), beside)
    if booking.paid_minor is not None and chain:
        return visit_to_undo(world, booking, chain, BILL_CORRECTED, actor), chain
    now, holder = world.now(), chain[-1] if chain else None
    account = Account(network_id=booking.network_id, client_id=str(client_id))
    if holder is not None:
        account = world.store.account(booking.network_id, holder.id)
    account, expirations = settled(account, now)
    visit = VisitInProgress(
        directory=directory_for(world, booking),
        booking=booking,
        client=holder,
        account=account,
        actor=actor,
        now=now,
        reason=BILL_CORRECTED,
        entries=expirations,
    )
    return visit, chain


# --- in trial


def _was_in_trial(visit: VisitInProgress) -> bool:
    """Whether the visit was completed before its network went live: it gives nothing afterwards either."""
    live_since, closed_at = visit.directory.network.live_since, visit.booking.closed_at
    return live_since is not None and closed_at is not None and closed_at < live_since


def _in_trial(
    world: World, opened: VisitInProgress, bill: VisitBill, chain: Sequence[Client]
) -> VisitInProgress:
    """The visit with its sum and without points, and with the tally of what the sum would give: more by the
    kind of the entries, less as reversals, as a live network would post them."""
    booking, visit = opened.booking, with_sum(opened, bill, chain)
    first = replace(opened, booking=replace(booking, paid_minor=None), entries=(), ledger=())
    live = with_points_by_sum(world, with_sum(first, bill, ()), first, 0)
    given = points_given(live)
    cashback, promotion = EntryKind.CASHBACK.value, EntryKind.PROMOTION.value
    visit = replace(
        visit,
        booking=replace(visit.booking, would_earn=live.booking.earned_points, would_promote=given[promotion]),
        account=with_referral_of_trial(visit.account, live),
    )
    if (booking.paid_minor or 0) > 0 >= bill.paid_minor:
        visit = without_referral(world, visit)
    had = {cashback: booking.would_earn - booking.would_promote, promotion: booking.would_promote}
    more = {kind: points - had.get(kind, 0) for kind, points in given.items()}
    more |= {kind: -points for kind, points in had.items() if kind not in given}
    points = {kind: each for kind, each in more.items() if each > 0}
    less = sum(-each for each in more.values() if each < 0) + visit.points_of_trial
    less += taken_back(visit.booking) - taken_back(booking)
    if less:
        points[EntryKind.REVERSAL.value] = -less
    return visit.saving(tally_with_points(world, booking.network_id, points))
