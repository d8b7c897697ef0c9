"""Refund a completed visit, wholly or in part: what it earned is taken back in proportion, what paid for it
in points returns to its lots, and the rest is given back in money. The visit remains a visit."""

from collections.abc import Sequence
from functools import partial
from itertools import takewhile

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Refund, Status
from chalicelib.domain.clients.client_visits import without_spending
from chalicelib.domain.clients.clients import Client, ReversedWhileMerged
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.programme import proportional_part, with_turnover
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.merging.merged_client import note_reversal_while_merged
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.currencies import Amount, ensure_currency
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.surviving_client import merge_chain, surviving_account
from chalicelib.services.shared.world import World
from chalicelib.services.visits.promote_visit import without_promotion
from chalicelib.services.visits.undo_gifts import without_gifts
from chalicelib.services.visits.undo_visit import (
    entries_of_visit,
    points_corrected,
    visit_to_undo,
    with_entry_undone,
)
from chalicelib.services.visits.visit_in_progress import VisitInProgress, with_account_pointer
from chalicelib.services.visits.visit_in_trial import without_points_of_trial


class Refunded(Struct, frozen=True):
    """A booking with its latest refund, what of that is given back in money, and the entries that it made."""

    booking: Booking
    refund: Refund
    money_minor: int
    account: Account | None
    entries: tuple[Entry, ...]


def refund(
    world: World,
    access: Access,
    booking_id: str,
    amount: Amount,
    reason: str,
    request_id: str | None = None,
) -> Refunded:
    """Refunds a part of the bill, the part paid with points included. The same request_id refunds once.

    Amounts are rounded so that neither points nor money are made. Parts that add up to the whole bill take
    back all points that were earned, and return all points that were spent. Raises NOT_FOUND, FORBIDDEN,
    CURRENCY_MISMATCH, WRONG_STATUS, BILL_OPEN, INVALID_AMOUNT, REFUND_EXISTS.
    """
    refund_id = derived("rfd", booking_id, request_id or world.randomness(16))
    return world.retrying(partial(_refund_once, world, access, booking_id, refund_id, amount, reason))


def _refund_once(
    world: World, access: Access, booking_id: str, refund_id: str, amount: Amount, reason: str
) -> Refunded:
    booking = get_booking(world, access, booking_id)
    ensure_currency(amount, booking.currency, "amount")
    existing = next((each for each in booking.refunds if each.id == refund_id), None)
    if existing is not None:
        return _already_refunded(world, booking, existing, amount.minor)
    _check(booking, amount.minor)
    new = Refund(refund_id, amount.minor, world.now(), access.actor, reason)
    if booking.client_id is None:
        saved = world.store.save(_with_refund(booking, new))[0]
        return _refunded(saved, new, None, ())
    visit = _worked_out(world, booking, new)
    saved = world.store.save(*visit.to_save())[0]
    return _refunded(saved, saved.refunds[-1], visit.account, visit.entries)


def _check(booking: Booking, amount_minor: int) -> None:
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only a completed visit is refunded.", status=status)
    if booking.paid_minor is None:
        raise conflict(
            "BILL_OPEN",
            "Nobody has told yet what was paid: complete the visit with its bill, then refund it.",
        )
    left = booking.paid_minor - booking.refunded_minor
    if not 0 < amount_minor <= left:
        raise refused("INVALID_AMOUNT", f"Between 1 and {left} can be refunded.", left_minor=left)


# --- the steps


def _worked_out(world: World, booking: Booking, refund: Refund) -> VisitInProgress:
    client = world.store.get(Client, network_id=booking.network_id, id=str(booking.client_id))
    chain = merge_chain(world, client)
    visit = visit_to_undo(world, booking, chain, refund.reason, refund.actor)
    visit = _with_part_undone(visit, refund)
    visit = _without_spending(visit, refund.amount_minor, chain)
    if visit.booking.refunded_minor >= (booking.paid_minor or 0):
        visit = without_gifts(world, visit)
    visit = without_promotion(world, visit, is_reversed=False)
    visit = without_points_of_trial(world, visit, booking)
    return with_account_pointer(visit)


def _with_part_undone(visit: VisitInProgress, refund: Refund) -> VisitInProgress:
    """The visit's own entries undone in proportion to what of the bill is refunded by now, and the refund on
    its booking."""
    booking = visit.booking
    refunded_minor = booking.refunded_minor + refund.amount_minor
    entries = entries_of_visit(visit)
    left = {
        kind: _points_due(visit, entries, kind, refunded_minor) for kind in {each.kind for each in entries}
    }
    for entry in entries:
        due = min(left[entry.kind], abs(entry.worth) - points_undone(entry, visit.ledger))
        if due <= 0:
            continue
        left[entry.kind] -= due
        undoing_id = entry_id(visit.account.client_id, "refund", refund.id, entry.id)
        visit = with_entry_undone(visit, entry, undoing_id=undoing_id, points=due)
        if entry.worth < 0:
            refund = replace(refund, points_back=refund.points_back + due)
        else:
            refund = replace(refund, points_taken=refund.points_taken + due)
    return replace(visit, booking=_with_refund(booking, refund))


def _with_refund(booking: Booking, refund: Refund) -> Booking:
    return replace(booking, refunds=(*booking.refunds, refund))


def _without_spending(visit: VisitInProgress, amount_minor: int, chain: Sequence[Client]) -> VisitInProgress:
    """The turnover and the client's spending without the refund. The clients who were merged since the visit
    remember the refund for the case that they are unmerged."""
    booking, on = visit.booking, visit.day.on
    account = with_turnover(visit.account, on, booking.currency, -amount_minor, 0)
    visit = replace(visit, account=account)
    if visit.client is None:
        return visit
    loss = ReversedWhileMerged(booking.id, on, booking.currency, amount_minor)
    client = without_spending(visit.client, booking.currency, amount_minor)
    visit = replace(visit, client=client)
    return visit.saving(*(note_reversal_while_merged(each, loss) for each in chain[:-1]))


def _points_due(
    visit: VisitInProgress, entries: Sequence[Entry], kind: EntryKind, refunded_minor: int
) -> int:
    """How many points of the visit's entries of a kind are still to be undone once so much is refunded. A
    percentage of the bill is undone as that is refunded; a gift for the visit when all of it is. What
    corrections of the sum took back was never for this bill."""
    of_kind, whole_minor = [each for each in entries if each.kind is kind], visit.booking.paid_minor or 0
    corrected = sum(points_corrected(visit, each) for each in of_kind)
    points = sum(abs(each.worth) for each in of_kind) - corrected
    undone = sum(points_undone(each, visit.ledger) for each in of_kind) - corrected
    if kind in (EntryKind.CASHBACK, EntryKind.PROMOTION, EntryKind.REDEEM):
        up = kind is not EntryKind.REDEEM
        return proportional_part(points, refunded_minor, whole_minor, up=up) - undone
    return points - undone if refunded_minor >= whole_minor else 0


def _already_refunded(world: World, booking: Booking, refund: Refund, amount_minor: int) -> Refunded:
    if refund.amount_minor != amount_minor:
        raise conflict(
            "REFUND_EXISTS",
            "Under this id another amount was refunded.",
            refund_id=refund.id,
            amount_minor=refund.amount_minor,
        )
    account = None
    if booking.client_id is not None:
        _, account = surviving_account(world, booking.network_id, booking.client_id)
    return _refunded(booking, refund, account, ())


def _refunded(
    booking: Booking, refund: Refund, account: Account | None, entries: tuple[Entry, ...]
) -> Refunded:
    """The part of the bill that was paid in money is given back in proportion, like the points: what a point
    is rounded down by is not given in money either."""
    whole = booking.paid_minor or 0
    in_money = max(whole - booking.redeemed_minor, 0)
    earlier = takewhile(lambda each: each.id != refund.id, booking.refunds)
    before = sum(each.amount_minor for each in earlier)
    after = before + refund.amount_minor
    money_before, money_after = (
        proportional_part(in_money, part, whole, up=False) for part in (before, after)
    )
    return Refunded(booking, refund, money_after - money_before, account, entries)
