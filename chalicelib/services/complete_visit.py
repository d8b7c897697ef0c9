"""Complete a visit: close the booking, redeem and earn bonuses, count the visit, in one transaction."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings import Booking, Status, stepped
from chalicelib.domain.client_plan import with_dues_after
from chalicelib.domain.clients import Client, VisitDay, with_visit
from chalicelib.domain.errors import conflict, missing, refused
from chalicelib.domain.ids import entry_id
from chalicelib.domain.ledger import Account, Entry, EntryKind, Posting, posted
from chalicelib.domain.network import Directory
from chalicelib.domain.programme import available_from, cap_points, cashback_points
from chalicelib.domain.zones import local_date
from chalicelib.services import plan_account, plan_client
from chalicelib.services.plan_booking import directory_for, with_wake
from chalicelib.services.ports import SaveConflict
from chalicelib.services.world import CONFLICT_TRIES, Allow, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What the visit came to, in minor units of the salon's currency.

    paid_minor   the whole bill, goods and the part paid with points included, tips not.
    goods_minor  the part of it that is goods.
    """

    paid_minor: int
    goods_minor: int = 0
    tip_minor: int = 0
    redeem_points: int = 0


@dataclass(frozen=True, slots=True)
class Completed:
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
    for _ in range(CONFLICT_TRIES):
        booking = world.store.booking(network_id, booking_id)
        if booking is None:
            raise missing("booking", booking_id)
        allow(booking)
        if booking.status is Status.COMPLETED:
            return _as_it_stands(world, booking)
        client = world.store.client(network_id, booking.client_id) if booking.client_id else None
        account = world.store.account(network_id, client.id) if client else None
        directory = directory_for(world, booking)
        done = completion(directory, booking, client, account, bill, actor, world.now())
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
    found = (
        world.store.entry(booking.network_id, booking.client_id, id)
        for id, points in (
            (posting_id(booking, EntryKind.REDEEM), booking.redeemed_points),
            (posting_id(booking, EntryKind.CASHBACK), booking.earned_points),
        )
        if points
    )
    entries = tuple(entry for entry in found if entry is not None)
    return Completed(booking, world.store.account(booking.network_id, booking.client_id), entries)


def posting_id(booking: Booking, kind: EntryKind) -> str:
    """The id of what a completion posts follows from the booking: posted twice, it is one entry."""
    return entry_id(str(booking.client_id), "visit", booking.id, kind, str(booking.reopened))


@dataclass(frozen=True, slots=True)
class Completion:
    """All that a completion writes, together or not at all."""

    booking: Booking
    client: Client | None
    account: Account | None
    entries: tuple[Entry, ...]

    def to_save(self) -> list[Any]:
        posted_to = [self.account] if self.entries else []
        return [self.booking, *([self.client] if self.client else []), *posted_to, *self.entries]


def completion(
    directory: Directory,
    booking: Booking,
    client: Client | None,
    account: Account | None,
    bill: Bill,
    actor: str,
    now: datetime,
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
    account, entries = _posted(directory, closed, account, bill, actor, now)
    earned = sum(entry.points - entry.debt for entry in entries if entry.kind is EntryKind.CASHBACK)
    closed = replace(closed, redeemed_points=bill.redeem_points, earned_points=earned)
    visitor = _visited(directory, closed, client, bill, now)
    account = plan_account.with_wake(account, directory, now, visitor)
    return Completion(with_wake(closed, directory, client, now), visitor, account, entries)


def counted(
    world: World, booking: Booking, client: Client | None, paid_minor: int | None, actor: str
) -> list[Any]:
    """What must be saved so that a visit that took place, as a site says, is completed and counts for its
    client. paid_minor: None where that was not told; then it is what the lines come to."""
    account = world.store.account(booking.network_id, client.id) if client else None
    told = booking.paid_minor if paid_minor is None else paid_minor
    bill = Bill(paid_minor=booking.total_minor if told is None else told)
    upcoming = replace(booking, status=Status.BOOKED, closed_at=None)
    directory = directory_for(world, booking)
    return completion(directory, upcoming, client, account, bill, actor, world.now()).to_save()


def _posted(
    directory: Directory, booking: Booking, account: Account, bill: Bill, actor: str, now: datetime
) -> tuple[Account, tuple[Entry, ...]]:
    rules, salon = directory.rules.bonuses, directory.salons[booking.salon_id]
    entries: list[Entry] = []
    if bill.redeem_points:
        cap = cap_points(bill.paid_minor, rules) if rules.enabled else 0
        if bill.redeem_points > cap:
            raise refused(
                "OVER_CAP",
                f"Points may pay for at most {rules.redeem_cap_percent} % of the bill: {cap} points.",
                cap=cap,
                wanted=bill.redeem_points,
            )
        if bill.redeem_points < rules.redeem_minimum_points:
            raise refused(
                "UNDER_MINIMUM",
                f"At least {rules.redeem_minimum_points} points are redeemed at once.",
                minimum=rules.redeem_minimum_points,
                wanted=bill.redeem_points,
            )
        account, entry = posted(account, _posting(booking, EntryKind.REDEEM, -bill.redeem_points, actor), now)
        entries.append(entry)
    earned = cashback_points(bill.paid_minor, bill.redeem_points, rules)
    if earned:
        posting = _posting(booking, EntryKind.CASHBACK, earned, actor)
        posting = replace(posting, available_at=available_from(now, rules, salon.timezone))
        account, entry = posted(account, posting, now)
        entries.append(entry)
    return account, tuple(entries)


def _posting(booking: Booking, kind: EntryKind, points: int, actor: str) -> Posting:
    return Posting(
        id=posting_id(booking, kind),
        kind=kind,
        points=points,
        reason="visit",
        actor=actor,
        booking_id=booking.id,
        salon_id=booking.salon_id,
    )


def _visited(directory: Directory, booking: Booking, client: Client, bill: Bill, now: datetime) -> Client:
    salon = directory.salons[booking.salon_id]
    day = VisitDay(local_date(booking.visited_at, salon.timezone), salon.id)
    visitor = with_visit(client, day, booking.currency, bill.paid_minor)
    visitor = with_dues_after(visitor, booking, directory.services, now)
    return plan_client.with_wake(visitor, directory, now)
