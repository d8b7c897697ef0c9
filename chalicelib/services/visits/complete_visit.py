"""Complete a visit: close the booking, redeem and earn bonuses, count the visit, in one transaction."""

from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.bookings.dues import with_dues_after
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, VisitDay, counts_as_new_visit, with_visit
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.surviving_client import surviving_account, surviving_client
from chalicelib.services.loyalty.visit_points import paid_by_hold, points_of_visit, posting_id, visited_on
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import Allow, World
from chalicelib.services.visits.promote_visit import promotion_of_visit
from chalicelib.services.visits.visit_gifts import Referrer, gifts_of_visit, given_for, referrer_of


class Bill(Struct, frozen=True, kw_only=True):
    """What the visit came to, in minor units of the salon's currency.

    paid_minor   the whole bill, goods and the part paid with points included, tips not.
    goods_minor  the part of it that is goods.
    """

    paid_minor: int
    goods_minor: int = 0
    tip_minor: int = 0
    redeem_points: int = 0


class Completed(Struct, frozen=True):
    """A completed booking with what it did to the client's bonuses."""

    booking: Booking
    account: Account | None
    entries: tuple[Entry, ...]


def complete(
    world: World, network_id: str, booking_id: str, bill: Bill, allow: Allow, actor: str
) -> Completed:
    """Completes an upcoming booking. The same again changes nothing and answers as the first time.

    Raises NOT_FOUND, WRONG_STATUS, INVALID_AMOUNT, OVER_CAP, UNDER_MINIMUM, INSUFFICIENT_POINTS.
    """
    _check(bill)
    for _ in world.tries():
        booking = world.store.get(Booking, network_id=network_id, id=booking_id)
        if booking is None:
            raise missing("booking", booking_id)
        allow(booking)
        if booking.status is Status.COMPLETED:
            return _as_it_stands(world, booking)
        client = (
            world.store.get(Client, network_id=network_id, id=booking.client_id)
            if booking.client_id
            else None
        )
        client = surviving_client(world, client)
        account = world.store.account(network_id, client.id) if client else None
        directory = directory_for(world, booking)
        done = _worked_out(world, directory, booking, client, account, bill, actor)
        try:
            saved = world.store.save(*done.to_save())
        except SaveConflict:
            continue
        world.wake_if_due(saved[0])
        return Completed(saved[0], done.account, done.entries)
    raise conflict("TRY_AGAIN", "Somebody else changed this visit at the same moment; try again.")


def _check(bill: Bill) -> None:
    if min(bill.paid_minor, bill.goods_minor, bill.tip_minor) < 0 or bill.goods_minor > bill.paid_minor:
        raise refused("INVALID_AMOUNT", "Amounts are not negative, and goods are a part of what was paid.")
    if max(bill.paid_minor, bill.tip_minor) > 10**12:
        raise refused("INVALID_AMOUNT", "No visit costs that much.", amount_minor=bill.paid_minor)
    if bill.redeem_points < 0:
        raise refused("INVALID_POINTS", "Redeemed points are positive.", points=bill.redeem_points)


def _as_it_stands(world: World, booking: Booking) -> Completed:
    if booking.client_id is None:
        return Completed(booking, None, ())
    _, account = surviving_account(world, booking.network_id, booking.client_id)
    ids = [
        posting_id(booking, kind)
        for kind, points in (
            (EntryKind.REDEEM, booking.redeemed_points),
            (EntryKind.CASHBACK, booking.earned_points),
            (EntryKind.PROMOTION, booking.earned_points),
        )
        if points
    ]
    ids += given_for(booking, account)
    found = (
        world.store.get(Entry, network_id=booking.network_id, client_id=booking.client_id, id=id)
        for id in ids
    )
    return Completed(booking, account, tuple(entry for entry in found if entry is not None))


class Completion(Struct, frozen=True):
    """All that a completion writes, together or not at all. beside: coupons, the referrer's side, and where a
    promotion counts it."""

    booking: Booking
    client: Client | None
    account: Account | None
    entries: tuple[Entry, ...]
    beside: tuple[Any, ...] = ()

    def to_save(self) -> list[Any]:
        own = (each for each in (self.client, self.account) if each)
        return [self.booking, *own, *self.entries, *self.beside]


def completion(
    directory: Directory,
    booking: Booking,
    client: Client | None,
    account: Account | None,
    bill: Bill,
    actor: str,
    now: datetime,
    referrer: Referrer | None = None,
) -> Completion:
    """What completing means, worked out without writing."""
    closed = replace(
        stepped(booking, Status.COMPLETED, now),
        paid_minor=bill.paid_minor,
        goods_minor=bill.goods_minor or None,
        tip_minor=bill.tip_minor or None,
    )
    if client is None or account is None:
        if bill.redeem_points:
            raise refused(
                "INSUFFICIENT_POINTS", "A visit without a client has no points to redeem.", available=0
            )
        return Completion(with_wake(closed, directory, None, now), None, None, ())
    closed = replace(closed, client_id=client.id)
    day = visit_day(closed, directory)
    points = points_of_visit(
        directory,
        closed,
        account,
        bill.redeem_points,
        actor,
        now,
        is_new_visit=counts_as_new_visit(client, day),
    )
    closed = replace(
        closed,
        redeemed_points=bill.redeem_points,
        redeemed_minor=bill.redeem_points * directory.rules.bonuses.point_value(closed.currency),
        earned_points=points.earned,
        held_points=0,
    )
    visitor = with_visit(client, day, closed.currency, bill.paid_minor)
    visitor = with_dues_after(visitor, closed, directory.services, now)
    visitor = client_plan.with_wake(visitor, directory, now)
    gifts = gifts_of_visit(directory, closed, client, visitor, points.account, referrer, actor, now)
    account = account_plan.with_wake(gifts.account, directory, now, visitor)
    entries = (*points.entries, *gifts.entries)
    return Completion(with_wake(closed, directory, client, now), visitor, account, entries, gifts.beside)


def _worked_out(
    world: World,
    directory: Directory,
    booking: Booking,
    client: Client | None,
    account: Account | None,
    bill: Bill,
    actor: str,
) -> Completion:
    """`completion`, with what others have to do with it: who brought the client, and promotions."""
    now, referrer = world.now(), None
    if client is not None and account is not None:
        referrer = referrer_of(world, directory, client, account, bill.paid_minor)
    done = completion(directory, booking, client, account, bill, actor, now, referrer)
    return _promoted(world, directory, client, done, actor, now)


def _promoted(
    world: World, directory: Directory, before: Client | None, done: Completion, actor: str, now: datetime
) -> Completion:
    """With what a promotion gives on top of what the bill earned. before: the client, before the visit."""
    if before is None or done.account is None:
        return done
    more = promotion_of_visit(world, directory, done.booking, before, done.account, actor, now)
    if more is None:
        return done
    booking = replace(done.booking, earned_points=done.booking.earned_points + more.points)
    account = account_plan.with_wake(more.account, directory, now, done.client)
    entries = (*done.entries, *more.entries)
    return replace(
        done, booking=booking, account=account, entries=entries, beside=(*done.beside, *more.counted)
    )


def visit_day(booking: Booking, directory: Directory) -> VisitDay:
    return VisitDay(visited_on(booking, directory), booking.salon_id)


def counted(
    world: World, booking: Booking, client: Client | None, paid_minor: int | None, actor: str
) -> list[Any]:
    """What must be saved so that a visit that took place, as a site says, is completed and counts for its
    client. paid_minor: in money; None where that was not told: then the bill is what the lines come to. What
    is held for it pays, too."""
    client = surviving_client(world, client)
    account = world.store.account(booking.network_id, client.id) if client else None
    told = booking.paid_minor if paid_minor is None else paid_minor
    upcoming = replace(booking, status=Status.BOOKED, closed_at=None)
    directory = directory_for(world, booking)
    bill = Bill(paid_minor=booking.total_minor if told is None else told)
    if account is not None and booking.held_points:
        bill = _with_hold(world, directory, upcoming, account, told)
    return _worked_out(world, directory, upcoming, client, account, bill, actor).to_save()


def _with_hold(
    world: World, directory: Directory, booking: Booking, account: Account, told: int | None
) -> Bill:
    value, now = directory.rules.bonuses.point_value(booking.currency), world.now()
    if told is not None:
        points = paid_by_hold(directory, booking, account, told, now)
        return Bill(paid_minor=told + points * value, redeem_points=points)
    whole, points = booking.total_minor, 0
    hold = account.hold_of_booking(booking.id)
    if hold is not None:
        points = paid_by_hold(directory, booking, account, max(whole - hold.points * value, 0), now)
    return Bill(paid_minor=whole, redeem_points=points)
