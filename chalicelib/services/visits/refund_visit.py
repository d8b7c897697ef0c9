"""Refund a completed visit, wholly or in part: what it earned is taken back in proportion, what paid for it
in points returns to its lots, and the rest is given back in money. The visit remains a visit."""

from itertools import takewhile
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Refund, Status
from chalicelib.domain.clients.clients import Client, ReversedWhileMerged, without_spending
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.programme import part_of, with_turnover
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.merging.visits_of_merged import note_reversal_while_merged
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.surviving_client import merge_chain, surviving_account
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, prepare_reversal
from chalicelib.services.loyalty.visit_points import visited_on
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import Allow, World
from chalicelib.services.visits.promote_visit import given_back
from chalicelib.services.visits.reverse_visit import of_visit
from chalicelib.services.visits.undo_gifts import Undoing, refunded_gifts


class Refunded(Struct, frozen=True):
    """A booking with its latest refund, what of that is given back in money, and the entries that it made."""

    booking: Booking
    refund: Refund
    money_minor: int
    account: Account | None
    entries: tuple[Entry, ...]


def refund(
    world: World,
    network_id: str,
    booking_id: str,
    amount_minor: int,
    reason: str,
    allow: Allow,
    actor: str,
    request_id: str | None = None,
) -> Refunded:
    """Refunds so much of the bill, the part paid with points included. The same request_id refunds once.

    Rounded so that nothing is made, neither points nor money: of parts that come to the whole bill, all that
    was earned is taken back, and all that was spent is returned. Raises NOT_FOUND, WRONG_STATUS,
    INVALID_AMOUNT, REFUND_EXISTS.
    """
    id = derived("rfd", booking_id, request_id or world.chance(16))
    for _ in world.tries():
        booking = world.store.get(Booking, network_id=network_id, id=booking_id)
        if booking is None:
            raise missing("booking", booking_id)
        allow(booking)
        stands = next((each for each in booking.refunds if each.id == id), None)
        if stands is not None:
            return _as_it_stands(world, booking, stands, amount_minor)
        _check(booking, amount_minor)
        done = _worked_out(world, booking, Refund(id, amount_minor, world.now(), actor, reason))
        try:
            saved, *_ = world.store.save(*done.values)
        except SaveConflict:
            continue
        return _answer(saved, done.refund, done.account, done.entries)
    raise conflict("TRY_AGAIN", "Somebody else changed this visit at the same moment; try again.")


def _check(booking: Booking, amount_minor: int) -> None:
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only a completed visit is refunded.", status=status)
    left = (booking.paid_minor or 0) - booking.refunded_minor
    if not 0 < amount_minor <= left:
        raise refused("INVALID_AMOUNT", f"Between 1 and {left} can be refunded.", left_minor=left)


class _Done(Struct, frozen=True):
    values: list[Any]
    refund: Refund
    account: Account | None
    entries: tuple[Entry, ...]


def _worked_out(world: World, booking: Booking, refund: Refund) -> _Done:
    if booking.client_id is None:
        return _Done([replace(booking, refunds=(*booking.refunds, refund))], refund, None, ())
    network_id, now, directory = booking.network_id, world.now(), directory_for(world, booking)
    way = merge_chain(world, world.store.get(Client, network_id=network_id, id=booking.client_id))
    client = way[-1] if way else None
    holder_id = client.id if client is not None else booking.client_id
    account, expirations = settled(world.store.account(network_id, holder_id), now)
    entries = [*entries_across_merges(world, network_id, booking.client_id, holder_id), *expirations]
    whole, so_far = booking.paid_minor or 0, booking.refunded_minor + refund.amount_minor
    made = [*expirations]
    for entry in of_visit(booking, entries):
        due = _due(entry, so_far, whole) - points_undone(entry, entries)
        if due <= 0:
            continue
        id = entry_id(holder_id, "refund", refund.id, entry.id)
        done = prepare_reversal(
            directory,
            account,
            entry,
            entries,
            reason=refund.reason,
            actor=refund.actor,
            now=now,
            id=id,
            points=due,
        )
        account, made = done.account, [*made, *done.entries]
        if entry.worth < 0:
            refund = replace(refund, points_back=refund.points_back + due)
        else:
            refund = replace(refund, points_taken=refund.points_taken + due)
    day = visited_on(booking, directory)
    account = with_turnover(account, day, booking.currency, -refund.amount_minor, 0)
    refunded = replace(booking, refunds=(*booking.refunds, refund))
    beside: list[Any] = []
    if so_far >= whole:
        undoing = Undoing(world, directory, booking, refund.reason, refund.actor, now)
        account, beside = refunded_gifts(undoing, account, entries)
    account = account_plan.with_wake(account, directory, now, client)
    promoted = given_back(world, booking, account, entries, made, visit=False)
    values: list[Any] = [refunded, account, *made, *beside, *promoted]
    less = ReversedWhileMerged(booking.id, day, booking.currency, refund.amount_minor)
    values += [note_reversal_while_merged(each, less) for each in way[:-1]]
    if client is not None:
        values.append(without_spending(client, booking.currency, refund.amount_minor))
    return _Done(values, refund, account, tuple(made))


def _due(entry: Entry, part_minor: int, whole_minor: int) -> int:
    """How much of an entry is undone once so much of the bill is. A percentage of the bill is undone as that
    is refunded; a gift for the visit when all of it is."""
    if entry.kind in (EntryKind.CASHBACK, EntryKind.PROMOTION, EntryKind.REDEEM):
        return part_of(abs(entry.worth), part_minor, whole_minor, up=entry.worth > 0)
    return abs(entry.worth) if part_minor >= whole_minor else 0


def _as_it_stands(world: World, booking: Booking, refund: Refund, amount_minor: int) -> Refunded:
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
    return _answer(booking, refund, account, ())


def _answer(
    booking: Booking, refund: Refund, account: Account | None, entries: tuple[Entry, ...]
) -> Refunded:
    """The part of the bill that was paid in money is given back in proportion, like the points: what a point
    is rounded down by is not given in money either."""
    whole = booking.paid_minor or 0
    in_money = max(whole - booking.redeemed_minor, 0)
    earlier = takewhile(lambda each: each.id != refund.id, booking.refunds)
    before = sum(each.amount_minor for each in earlier)
    after = before + refund.amount_minor
    money = part_of(in_money, after, whole, up=False) - part_of(in_money, before, whole, up=False)
    return Refunded(booking, refund, money, account, entries)
