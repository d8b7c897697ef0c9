"""Save what a site reported of a booking: its new status, with all that follows from it."""

from collections.abc import Sequence

from msgspec.structs import replace

from chalicelib.domain.bookings.authors import with_dispute
from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Status, with_status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.precedence import MAX_DISPUTES
from chalicelib.domain.intake.site_events import BookingReported, SiteStatus
from chalicelib.domain.intake.site_words import word_of
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings.desk_tasks import with_desk_tasks
from chalicelib.services.bookings.follow_hold import with_hold
from chalicelib.services.clients.booked_ahead import followed
from chalicelib.services.intake.apply_bill import billed_by_site, completed_by_site
from chalicelib.services.intake.ask_person import task_of_dispute
from chalicelib.services.intake.booking_report import Applied, BookingChange, BookingReport, Dispute
from chalicelib.services.intake.site_clients import with_person
from chalicelib.services.loyalty.visit_points import makes_other_points
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.reverse_visit import reversal
from chalicelib.services.visits.site_bill import bill_by_other_lines

_BILL = ("closed_at", "paid_minor", "goods_minor", "tip_minor", "refunds", "bill_due_at")
"""What a visit keeps that becomes nobody's."""


def save_report(report: BookingReport, change: BookingChange) -> Applied:
    """Saves the booking in its new status, with all that follows from it, in one transaction. Raises
    SUM_TOO_LARGE, SaveConflict."""
    world = report.world
    change = _with_person(report, _with_stored_client(world, change))
    if not _was_counted(change):
        change = _without_hold_of_former_client(world, change)
    for dispute in change.disputes:
        change = _with_task(report, change, dispute)
    if _completes(change):
        change = _completed(report, change)
    elif _reverses(change):
        change = _reversed(report, change)
    elif _is_uncounted(change):
        change = _without_visitor(report, change)
    elif change.target is Status.COMPLETED and report.event.status is SiteStatus.COMPLETED and change.bill:
        change = _billed(report, change, change.bill)
    elif _has_other_points(report, change):
        change = _with_points_by_lines(report, change)
    else:
        change = _stepped(report, change)
    booking, tasks = change.booking, list[Task]()
    if change.existing is not None:
        actor = f"connection:{report.connection.id}"
        booking, tasks = with_desk_tasks(world, change.existing, booking, actor)
    beside = (*change.beside, *tasks, *report.mark)
    (saved, *_) = world.store.save(booking, *beside, remove=change.removed)
    world.wake_if_due(saved)
    return Applied(changed=True, booking_id=saved.id)


def _with_stored_client(world: World, change: BookingChange) -> BookingChange:
    booking = change.booking
    if change.client is not None or booking.client_id is None:
        return change
    client = world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
    return replace(change, client=client)


def _with_person(report: BookingReport, change: BookingChange) -> BookingChange:
    """The change with the name of whoever comes, by the site's last word of that."""
    last = change.booking.reported
    if last is None or word_of(report.event).details != last.details:
        return change
    return replace(change, booking=with_person(change.booking, change.client, report.event.client))


def _without_hold_of_former_client(world: World, change: BookingChange) -> BookingChange:
    """Where the booking goes to another client, the points that its former client had held are free again. A
    visit that took place may give the former client points as well, as the referrer. One transaction writes
    an account once, so that the points are free before the visit is completed."""
    existing = change.existing
    if existing is None or change.booking.client_id == existing.client_id:
        return change
    booking, values = with_hold(world, existing, change.booking)
    if not values or change.target is not Status.COMPLETED:
        return replace(change, booking=booking, beside=(*values, *change.beside))
    (saved, *_) = world.store.save(replace(existing, held_points=booking.held_points), *values)
    return replace(change, existing=saved, booking=replace(booking, version=saved.version))


def _with_task(report: BookingReport, change: BookingChange, dispute: Dispute) -> BookingChange:
    """The change with a task for the desk: one for each word of the site against one word of the salon."""
    key = f"{dispute.fact.value} {digest(dispute.site_says, length=6)}"
    authorship = change.booking.authors.get(dispute.by)
    known = authorship.disputed if authorship else ()
    if key in known or len(known) >= MAX_DISPUTES:
        return change
    words = f"the site says {dispute.site_says}, here it is {dispute.held}"
    task = task_of_dispute(report.world, report.connection, change.booking, dispute.fact, words)
    booking = with_dispute(change.booking, dispute.by, key)
    return replace(change, booking=booking, beside=(task, *change.beside))


# --- a visit that is counted


def _completes(change: BookingChange) -> bool:
    """Whether the visit is to be counted: it took place only now, or its client is known only now."""
    if change.target is not Status.COMPLETED:
        return False
    client_is_new = change.client is not None and change.client_id_before is None
    return change.status_before is not Status.COMPLETED or client_is_new


def _completed(report: BookingReport, change: BookingChange) -> BookingChange:
    args = report.world, report.connection, report.body, report.directory.salons[change.booking.salon_id]
    bill = change.bill or _without_bill(report.event)
    booking, *values = completed_by_site(*args, change.booking, change.client, bill, change.beside)
    return _saving(change, booking, values)


def _saving(change: BookingChange, booking: Booking, values: Sequence[Storable]) -> BookingChange:
    """The change with more values. A client who was to be saved anyway is among them with both changes: one
    item is written once in a transaction."""
    ids = {each.id for each in values if isinstance(each, Client)}
    others = (each for each in change.beside if not (isinstance(each, Client) and each.id in ids))
    return replace(change, booking=booking, beside=(*values, *others))


def _without_bill(event: BookingReported) -> BookingReported:
    return replace(event, paid_minor=None, goods_minor=None, bill_open=False)


def _billed(report: BookingReport, change: BookingChange, bill: BookingReported) -> BookingChange:
    """The visit that took place, with what the site says of its bill now."""
    args = report.world, report.connection, report.body, report.directory
    existing = change.existing or change.booking
    booking, *values = billed_by_site(*args, existing, change.booking, bill, change.beside)
    if not values:
        booking = with_wake(booking, report.directory, change.client, report.world.now())
    return _saving(change, booking, values)


def _has_other_points(report: BookingReport, change: BookingChange) -> bool:
    """Whether the site tells lines by which a visit that took place has other points, though it tells
    nothing of the bill that counts."""
    existing, target = change.existing, change.target
    if existing is None or existing.status is not Status.COMPLETED or target is not Status.COMPLETED:
        return False
    return makes_other_points(report.directory, existing, change.booking)


def _with_points_by_lines(report: BookingReport, change: BookingChange) -> BookingChange:
    actor = f"connection:{report.connection.id}"
    booking, *values = bill_by_other_lines(report.world, change.booking, actor, change.beside)
    return _saving(change, booking, values)


def _was_counted(change: BookingChange) -> bool:
    return change.status_before is Status.COMPLETED and change.client_id_before is not None


def _reverses(change: BookingChange) -> bool:
    """Whether a visit that was counted for its client did not take place after all."""
    return _was_counted(change) and change.target is not Status.COMPLETED


def _reversed(report: BookingReport, change: BookingChange) -> BookingChange:
    assert change.existing is not None
    existing, world = change.existing, report.world
    counted = replace(change.booking, client_id=existing.client_id)
    booking, *values = reversal(
        world,
        counted,
        change.target,
        report.actor,
        counted_at=existing.starts_at,
        beside=change.beside,
    )
    if change.booking.client_id != existing.client_id:
        booking = replace(booking, client_id=change.booking.client_id, held_points=0)
        booking = with_wake(booking, report.directory, change.client, world.now())
    return _saving(change, booking, values)


def _is_uncounted(change: BookingChange) -> bool:
    """Whether the site took the client off a visit that was counted for them."""
    return _was_counted(change) and change.booking.client_id is None


def _without_visitor(report: BookingReport, change: BookingChange) -> BookingChange:
    """The visit took place and is nobody's: the client loses its points, the salon keeps its bill."""
    existing = change.existing
    assert existing is not None
    counted = replace(change.booking, client_id=existing.client_id)
    booking, *values = reversal(report.world, counted, Status.COMPLETED, report.actor, beside=change.beside)
    bill = {name: getattr(existing, name) for name in _BILL}
    booking = replace(booking, client_id=None, held_points=0, **bill)
    booking = with_wake(booking, report.directory, None, report.world.now())
    return _saving(change, booking, values)


# --- any other step


def _stepped(report: BookingReport, change: BookingChange) -> BookingChange:
    """A site may take a booking from any status to any other: it reports what is, it does not ask."""
    world, booking, target = report.world, change.booking, change.target
    now = world.now()
    hold_values: Sequence[Storable] = ()
    if target is not change.status_before or target is not booking.status:  # a move takes a confirmation away
        is_moving = report.event.status is SiteStatus.MOVING
        reason = "moving" if is_moving else None
        tell = change.existing is not None and not is_moving
        booking = with_status(booking, target, now, reason, tell=tell)
    if change.existing is not None and booking.client_id == change.client_id_before:
        booking, hold_values = with_hold(world, change.existing, booking)
    booking = with_wake(booking, report.directory, change.client, now)
    overdue = _overdue_clients(report, change, booking)
    return _saving(change, booking, (*overdue, *hold_values))


def _overdue_clients(report: BookingReport, change: BookingChange, booking: Booking) -> list[Client]:
    """The clients whose category follows the booking: its own, and the one whose it was."""
    world, existing = report.world, change.existing
    is_own = existing is not None and existing.client_id == booking.client_id
    before = existing if is_own else None
    found = followed(world, change.client, report.directory, before, booking, change.beside)
    if existing is not None and existing.client_id is not None and not is_own:
        former = world.store.get(Client, network_id=booking.network_id, id=existing.client_id)
        found += followed(world, former, report.directory, existing, booking, change.beside)
    return found
