"""Reverse a completed visit: the booking returns to another status, what the visit posted is undone, the
visit is uncounted."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Status
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.client_visits import without_booking
from chalicelib.domain.clients.clients import Client, ReversedWhileMerged, VisitDay
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.ledger import release_points
from chalicelib.domain.loyalty.programme import with_turnover
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.merging.merged_client import note_reversal_while_merged
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.bookings.follow_hold import release_posting
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.clients.surviving_client import as_changed, merge_chain
from chalicelib.services.loyalty.visit_points import visited_on
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.promote_visit import without_promotion
from chalicelib.services.visits.undo_gifts import without_gifts_of_reversed
from chalicelib.services.visits.undo_visit import entries_of_visit, visit_to_undo, with_entry_undone
from chalicelib.services.visits.visit_in_progress import VisitInProgress, visit_day, with_pointers
from chalicelib.services.visits.visit_in_trial import without_points_of_trial

REVERSED = "visit taken back"
"""The reason of the entries that reverse a visit, as the ledger keeps it."""

_A_DAY, _MAX_BOOKINGS = timedelta(days=1), 50
"""More bookings than one client has from the day before a visit to the day after it."""


def reversal(
    world: World,
    booking: Booking,
    to: Status,
    actor: str,
    *,
    counted_at: datetime | None = None,
    beside: Sequence[Storable] = (),
) -> tuple[Booking, *tuple[Storable, ...]]:
    """The values to save together, the booking first, when a completed booking goes to another status.

    counted_at: the booking's start when it was counted, if the booking has been moved since. beside: what is
    saved in the same transaction; the clients who are among it are answered with their changes.
    """
    client = (
        world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
        if booking.client_id
        else None
    )
    chain = as_changed(merge_chain(world, client), beside)
    if not chain:
        now = world.now()
        return (with_wake(_reopened(booking, to, now), directory_for(world, booking), None, now),)
    visit = visit_to_undo(world, booking, chain, REVERSED, actor)
    visit = _with_entries_undone(visit)
    visit = without_promotion(world, visit, is_reversed=True)
    counted = replace(booking, starts_at=counted_at or booking.starts_at)
    lost = _lost_visits(world, counted, chain, visit.account)
    visit = _uncounted(visit, counted, chain, lost)
    visit = without_gifts_of_reversed(world, visit, lost.of_chain[-1])
    visit = without_points_of_trial(world, visit, booking, visits=1)
    visit = _without_hold(visit, to)
    visit = replace(visit, booking=_reopened(visit.booking, to, visit.now))
    return with_pointers(visit, CategoryCause.VISIT_UNDONE).to_save()


def _without_hold(visit: VisitInProgress, to: Status) -> VisitInProgress:
    """The visit without the points that were held while its bill was open. A booking that is upcoming again
    keeps them."""
    hold = visit.account.hold_of_booking(visit.booking.id)
    if hold is None or to in UPCOMING:
        return visit
    posting = release_posting(hold, visit.account, visit.actor)
    visit = visit.after(release_points(visit.account, hold.id, posting, visit.now))
    return replace(visit, booking=replace(visit.booking, held_points=0))


def _reopened(booking: Booking, to: Status, now: datetime) -> Booking:
    return replace(
        booking,
        status=to,
        closed_at=None if to in UPCOMING else now,
        reopened=booking.reopened + 1,
        earned_points=0,
        would_earn=0,
        would_promote=0,
        redeemed_points=0,
        redeemed_minor=0,
        paid_minor=None,
        goods_minor=None,
        tip_minor=None,
        refunds=(),
        bill_due_at=None,
        earned_percent=None,
        corrections=0,
        earned_at=(),
    )


def _with_entries_undone(visit: VisitInProgress) -> VisitInProgress:
    """All that the completion posted and that is not undone yet, undone on the surviving client's account."""
    for entry in entries_of_visit(visit):
        if points_undone(entry, visit.ledger) < abs(entry.worth):
            visit = with_entry_undone(visit, entry)
    return visit


# --- what no longer counts as a visit


class _LostVisits(Struct, frozen=True):
    """The visit that clients lose by the reversal; None where another completed booking keeps it a visit.

    own       what the booking's client loses of their own visits.
    of_chain  what each client of the chain loses of all visits that count for them, in the chain's order.
    """

    own: VisitDay | None
    of_chain: tuple[VisitDay | None, ...]


def _lost_visits(world: World, booking: Booking, chain: Sequence[Client], account: Account) -> _LostVisits:
    """booking: as it was counted. account: of the surviving client, who is the chain's last."""
    visit = visit_day(booking, world.directory(booking.network_id))
    kept: dict[str, bool] = {}

    def is_kept(client_id: str) -> bool:
        if client_id not in kept:
            kept[client_id] = _others_that_day(world, booking, client_id, visit)
        return kept[client_id]

    lost: list[VisitDay | None] = []
    merged = (world.store.account(booking.network_id, client.id) for client in chain[:-1])
    for each in (*merged, account):
        client_ids = (each.client_id, *each.came_from)
        lost.append(None if any(map(is_kept, client_ids)) else visit)
    return _LostVisits(None if is_kept(chain[0].id) else visit, tuple(lost))


def _uncounted(
    visit: VisitInProgress, counted: Booking, chain: Sequence[Client], lost: _LostVisits
) -> VisitInProgress:
    """The surviving client without the visit, and their account without its turnover. The clients who were
    merged since the visit remember what they lost for the case that they are unmerged.

    counted: the booking with the start at which it was counted.
    """
    booking, on = visit.booking, visited_on(counted, visit.directory)
    spent_minor = (booking.paid_minor or 0) - booking.refunded_minor
    own = lost.own if len(chain) == 1 else None
    services = tuple(dict.fromkeys(line.service_id for line in booking.lines))
    client = without_booking(
        visit.visitor,
        booking.id,
        lost.of_chain[-1],
        booking.currency,
        spent_minor,
        own,
        on=on,
        service_ids=services,
    )
    account = with_turnover(visit.account, on, booking.currency, -spent_minor, -bool(lost.own))
    loss = ReversedWhileMerged(
        booking.id,
        on,
        booking.currency,
        spent_minor,
        visits=int(lost.own is not None),
        service_ids=services,
    )
    merged = [
        note_reversal_while_merged(
            each, replace(loss, visit=lost_visit, own=lost.own if each is chain[0] else None)
        )
        for each, lost_visit in zip(chain[:-1], lost.of_chain, strict=False)
    ]
    return replace(visit, client=client, account=account).saving(*merged)


def _others_that_day(world: World, booking: Booking, client_id: str, visit: VisitDay) -> bool:
    zone = world.directory(booking.network_id).salons[booking.salon_id].timezone
    since = min(booking.starts_at, booking.visited_at) - _A_DAY
    others = world.store.bookings_of_client(
        booking.network_id, client_id, since=since, newest_first=False, limit=_MAX_BOOKINGS
    ).items
    return any(
        other.id != booking.id
        and other.status is Status.COMPLETED
        and VisitDay(local_date(other.visited_at, zone), other.salon_id) == visit
        for other in others
    )
