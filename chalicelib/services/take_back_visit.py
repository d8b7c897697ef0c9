"""Take a completed visit back: the booking returns to another status, its bonuses are reversed, the visit is
uncounted."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from chalicelib.domain.bookings import UPCOMING, Booking, Status
from chalicelib.domain.clients import Client, VisitDay, without_booking
from chalicelib.domain.errors import conflict, missing
from chalicelib.domain.ledger import Account, Entry, EntryKind, reversed_entry
from chalicelib.domain.zones import local_date
from chalicelib.services import plan_account, plan_client
from chalicelib.services.complete_visit import posting_id
from chalicelib.services.plan_booking import directory_for, with_wake
from chalicelib.services.ports import SaveConflict
from chalicelib.services.post_bonus import reversal_id
from chalicelib.services.world import CONFLICT_TRIES, World


def take_back(world: World, booking: Booking, to: Status, actor: str) -> Booking:
    """The booking in its new status, saved together with the reversing entries. A booking that is no longer
    completed is returned as it is."""
    for _ in range(CONFLICT_TRIES):
        values = taken_back(world, booking, to, actor)
        try:
            saved: Booking = world.store.save(*values)[0]
        except SaveConflict:
            stands = world.store.booking(booking.network_id, booking.id)
            if stands is None:
                raise missing("booking", booking.id) from None
            if stands.status is not Status.COMPLETED:
                return stands
            booking = stands
            continue
        world.wake_if_due(saved)
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this visit at the same moment; try again.")


def taken_back(
    world: World, booking: Booking, to: Status, actor: str, *, counted_at: datetime | None = None
) -> list[Any]:
    """All that must be saved together, the booking first. counted_at: its start when it was counted, should
    it have been moved since."""
    now, directory = world.now(), directory_for(world, booking)
    reopened = replace(
        booking,
        status=to,
        closed_at=None if to in UPCOMING else now,
        reopened=booking.reopened + 1,
        earned_points=0,
        redeemed_points=0,
        paid_minor=None,
        goods_minor=None,
        tip_minor=None,
    )
    if booking.client_id is None:
        return [with_wake(reopened, directory, None, now)]
    client = world.store.client(booking.network_id, booking.client_id)
    if client is None:
        return [with_wake(reopened, directory, None, now)]
    account, entries = _reversed(world, booking, actor, now)
    visitor = _unvisited(world, replace(booking, starts_at=counted_at or booking.starts_at), client)
    visitor = plan_client.with_wake(visitor, directory, now)
    account = plan_account.with_wake(account, directory, now, visitor)
    return [with_wake(reopened, directory, client, now), visitor, *([account] if entries else []), *entries]


def _reversed(world: World, booking: Booking, actor: str, now: datetime) -> tuple[Account, list[Entry]]:
    """What was earned first, so that what was spent returns to its lots untouched."""
    client_id = str(booking.client_id)
    account = world.store.account(booking.network_id, client_id)
    undone: list[Entry] = []
    posted = ((EntryKind.CASHBACK, booking.earned_points), (EntryKind.REDEEM, booking.redeemed_points))
    for kind, points in posted:
        entry = (
            world.store.entry(booking.network_id, client_id, posting_id(booking, kind)) if points else None
        )
        if entry is None or world.store.entry(booking.network_id, client_id, reversal_id(entry)) is not None:
            continue
        account, back = reversed_entry(
            account, entry, id=reversal_id(entry), reason="visit taken back", actor=actor, now=now
        )
        undone.append(back)
    return account, undone


def _unvisited(world: World, booking: Booking, client: Client) -> Client:
    salon = world.directory(booking.network_id).salons[booking.salon_id]
    day = VisitDay(local_date(booking.visited_at, salon.timezone), salon.id)
    others = world.store.bookings_of_client(booking.network_id, client.id, limit=50).items
    same_day = any(
        other.id != booking.id
        and other.status is Status.COMPLETED
        and VisitDay(local_date(other.visited_at, salon.timezone), other.salon_id) == day
        for other in others
    )
    return without_booking(
        client, booking.id, None if same_day else day, booking.currency, booking.paid_minor or 0
    )
