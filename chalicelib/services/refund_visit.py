"""Refund a completed visit, wholly or in part: what it earned is taken back in proportion, what paid for it
in points returns to its lots, and the rest is given back in money. The visit remains a visit."""

from dataclasses import dataclass, replace
from typing import Any

from chalicelib.domain.account import Account, Entry, EntryKind
from chalicelib.domain.bookings import Booking, Refund, Status
from chalicelib.domain.clients import without_spending
from chalicelib.domain.errors import conflict, missing, refused
from chalicelib.domain.ids import derived, entry_id
from chalicelib.domain.programme import part_of, with_turnover
from chalicelib.services import plan_account
from chalicelib.services.keep_client import present
from chalicelib.services.plan_booking import directory_for
from chalicelib.services.ports import SaveConflict
from chalicelib.services.take_back_visit import of_visit
from chalicelib.services.undo_entry import entries_of, undone, undone_of
from chalicelib.services.visit_points import visited_on
from chalicelib.services.world import CONFLICT_TRIES, Allow, World


@dataclass(frozen=True, slots=True)
class Refunded:
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

    Rounded so that no point is made: of parts that come to the whole bill, all that was earned is taken back,
    and all that was spent is returned. Raises NOT_FOUND, WRONG_STATUS, INVALID_AMOUNT.
    """
    id = derived("rfd", booking_id, request_id or world.chance(16))
    for _ in range(CONFLICT_TRIES):
        booking = world.store.booking(network_id, booking_id)
        if booking is None:
            raise missing("booking", booking_id)
        allow(booking)
        stands = next((each for each in booking.refunds if each.id == id), None)
        if stands is not None:
            return _as_it_stands(world, booking, stands)
        _check(booking, amount_minor)
        done = _worked_out(world, booking, Refund(id, amount_minor, world.now(), actor, reason))
        try:
            saved, *_ = world.store.save(*done.values)
        except SaveConflict:
            continue
        return _answer(world, saved, done.refund, done.account, done.entries)
    raise conflict("TRY_AGAIN", "Somebody else changed this visit at the same moment; try again.")


def _check(booking: Booking, amount_minor: int) -> None:
    if booking.status is not Status.COMPLETED:
        status = booking.status.value
        raise conflict("WRONG_STATUS", "Only a completed visit is refunded.", status=status)
    left = (booking.paid_minor or 0) - booking.refunded_minor
    if not 0 < amount_minor <= left:
        raise refused("INVALID_AMOUNT", f"Between 1 and {left} can be refunded.", left_minor=left)


@dataclass(frozen=True, slots=True)
class _Done:
    values: list[Any]
    refund: Refund
    account: Account | None
    entries: tuple[Entry, ...]


def _worked_out(world: World, booking: Booking, refund: Refund) -> _Done:
    if booking.client_id is None:
        return _Done([replace(booking, refunds=(*booking.refunds, refund))], refund, None, ())
    network_id, now, directory = booking.network_id, world.now(), directory_for(world, booking)
    client = present(world, world.store.client(network_id, booking.client_id))
    holder_id = client.id if client is not None else booking.client_id
    account = world.store.account(network_id, holder_id)
    entries = entries_of(world, network_id, booking.client_id, holder_id)
    whole, so_far = booking.paid_minor or 0, booking.refunded_minor + refund.amount_minor
    made: list[Entry] = []
    for entry in of_visit(booking, entries):
        due = _due(entry, so_far, whole) - undone_of(entry, entries)
        if due <= 0:
            continue
        id = entry_id(holder_id, "refund", refund.id, entry.id)
        done = undone(
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
    account = with_turnover(
        account, visited_on(booking, directory), booking.currency, -refund.amount_minor, 0
    )
    refunded = replace(booking, refunds=(*booking.refunds, refund))
    account = plan_account.with_wake(account, directory, now, client)
    values: list[Any] = [refunded, account, *made]
    if client is not None:
        values.append(without_spending(client, booking.currency, refund.amount_minor))
    return _Done(values, refund, account, tuple(made))


def _due(entry: Entry, part_minor: int, whole_minor: int) -> int:
    """How much of an entry is undone once so much of the bill is. A percentage of the bill is undone as that
    is refunded; a gift for the visit when all of it is."""
    if entry.kind in (EntryKind.CASHBACK, EntryKind.REDEEM):
        return part_of(abs(entry.worth), part_minor, whole_minor, up=entry.worth > 0)
    return abs(entry.worth) if part_minor >= whole_minor else 0


def _as_it_stands(world: World, booking: Booking, refund: Refund) -> Refunded:
    account = world.store.account(booking.network_id, booking.client_id) if booking.client_id else None
    return _answer(world, booking, refund, account, ())


def _answer(
    world: World, booking: Booking, refund: Refund, account: Account | None, entries: tuple[Entry, ...]
) -> Refunded:
    value = directory_for(world, booking).rules.bonuses.point_value(booking.currency)
    money = max(refund.amount_minor - refund.points_back * value, 0)
    return Refunded(booking, refund, money, account, entries)
