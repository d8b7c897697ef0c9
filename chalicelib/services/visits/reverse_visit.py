"""Take a completed visit back: the booking returns to another status, its bonuses are reversed, the visit is
uncounted."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Status
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, ReversedWhileMerged, VisitDay, without_booking
from chalicelib.domain.loyalty import account_plan
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.loyalty.ledger import settled
from chalicelib.domain.loyalty.programme import with_turnover
from chalicelib.domain.loyalty.reversal import NOT_REVERSIBLE
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.merging.visits_of_merged import note_reversal_while_merged
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.surviving_client import merge_chain
from chalicelib.services.loyalty.reverse_entry import entries_across_merges, prepare_reversal
from chalicelib.services.loyalty.visit_points import posting_id, visited_on
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World
from chalicelib.services.visits.complete_visit import visit_day
from chalicelib.services.visits.promote_visit import given_back
from chalicelib.services.visits.undo_gifts import Undoing, taken_back_gifts

TAKEN_BACK = "visit taken back"
_A_DAY, _OF_A_DAY = timedelta(days=1), 50
"""More bookings than one client has from the day before a visit to the day after it."""


def take_back(world: World, booking: Booking, to: Status, actor: str) -> Booking:
    """The booking in its new status, saved together with the reversing entries. A booking that is no longer
    completed is returned as it is."""
    for _ in world.tries():
        values = taken_back(world, booking, to, actor)
        try:
            saved: Booking = world.store.save(*values)[0]
        except SaveConflict:
            stands = world.store.get(Booking, network_id=booking.network_id, id=booking.id)
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
        redeemed_minor=0,
        paid_minor=None,
        goods_minor=None,
        tip_minor=None,
        refunds=(),
    )
    if booking.client_id is None:
        return [with_wake(reopened, directory, None, now)]
    way = merge_chain(world, world.store.get(Client, network_id=booking.network_id, id=booking.client_id))
    if not way:
        return [with_wake(reopened, directory, None, now)]
    client = way[-1]
    account, expirations = settled(world.store.account(booking.network_id, client.id), now)
    entries = [*entries_across_merges(world, booking.network_id, booking.client_id, client.id), *expirations]
    account, made = _reversed(directory, booking, account, entries, actor, now)
    promoted = given_back(world, booking, account, entries, made, visit=True)
    counted = replace(booking, starts_at=counted_at or booking.starts_at)
    own, lost = _lost_visits(world, counted, way, account)
    visit = lost[-1]
    left = (booking.paid_minor or 0) - booking.refunded_minor
    of_own = own if len(way) == 1 else None
    visitor = without_booking(client, booking.id, visit, booking.currency, left, of_own)
    visitor = client_plan.with_wake(visitor, directory, now)
    day = visited_on(counted, directory)
    account = with_turnover(account, day, booking.currency, -left, -bool(own))
    less = ReversedWhileMerged(booking.id, day, booking.currency, left, visits=int(own is not None))
    former = [
        note_reversal_while_merged(each, replace(less, visit=visit_of, own=own if each is way[0] else None))
        for each, visit_of in zip(way[:-1], lost, strict=False)
    ]
    undoing = Undoing(world, directory, booking, TAKEN_BACK, actor, now)
    account, beside = taken_back_gifts(undoing, account, entries, visit)
    account = account_plan.with_wake(account, directory, now, visitor)
    back = with_wake(reopened, directory, client, now)
    return [back, visitor, account, *former, *expirations, *made, *beside, *promoted]


def _reversed(
    directory: Directory,
    booking: Booking,
    account: Account,
    entries: Sequence[Entry],
    actor: str,
    now: datetime,
) -> tuple[Account, list[Entry]]:
    """All that the completion posted and that is not undone yet, taken back from whoever the client is now.
    What was earned first, so that what was spent returns to its lots untouched."""
    made: list[Entry] = []
    for entry in of_visit(booking, entries):
        if points_undone(entry, entries) < abs(entry.worth):
            done = prepare_reversal(
                directory, account, entry, entries, reason=TAKEN_BACK, actor=actor, now=now
            )
            account, made = done.account, [*made, *done.entries]
    return account, made


def of_visit(booking: Booking, entries: Sequence[Entry]) -> list[Entry]:
    """What the booking's completion posted to its client's account, what it gave first."""
    ids = {posting_id(booking, kind) for kind in EntryKind}
    found = [entry for entry in entries if entry.id in ids and entry.kind not in NOT_REVERSIBLE]
    return sorted(found, key=lambda entry: entry.worth, reverse=True)


def _lost_visits(
    world: World, booking: Booking, way: Sequence[Client], account: Account
) -> tuple[VisitDay | None, list[VisitDay | None]]:
    """What the booking's client loses of their own visits, and what each of whom they were and are loses in
    all: None where another completed booking keeps the visit a visit. account: of whom they are."""
    visit = visit_day(booking, world.directory(booking.network_id))
    kept: dict[str, bool] = {}

    def is_kept(client_id: str) -> bool:
        if client_id not in kept:
            kept[client_id] = _others_that_day(world, booking, client_id, visit)
        return kept[client_id]

    lost: list[VisitDay | None] = []
    former = (world.store.account(booking.network_id, client.id) for client in way[:-1])
    for each in (*former, account):
        names = (each.client_id, *each.came_from)
        lost.append(None if any(map(is_kept, names)) else visit)
    return None if is_kept(way[0].id) else visit, lost


def _others_that_day(world: World, booking: Booking, client_id: str, visit: VisitDay) -> bool:
    zone = world.directory(booking.network_id).salons[booking.salon_id].timezone
    since = min(booking.starts_at, booking.visited_at) - _A_DAY
    others = world.store.bookings_of_client(
        booking.network_id, client_id, since=since, newest_first=False, limit=_OF_A_DAY
    ).items
    return any(
        other.id != booking.id
        and other.status is Status.COMPLETED
        and VisitDay(local_date(other.visited_at, zone), other.salon_id) == visit
        for other in others
    )
