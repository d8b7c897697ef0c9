"""Complete a visit: close the booking, redeem and earn points, give gifts, count a promotion, plan the
pointers; all in one transaction."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.authors import party_of, with_author
from chalicelib.domain.bookings.booking_plan import bill_due_at, with_wake
from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.bookings.dues import with_dues_after
from chalicelib.domain.bookings.facts import Fact
from chalicelib.domain.bookings.visit_times import ensure_not_too_early
from chalicelib.domain.clients.category_changes import CategoryCause
from chalicelib.domain.clients.client_visits import counts_as_new_visit, with_visit
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, Entry, EntryKind
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.bookings.desk_tasks import with_desk_tasks
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.surviving_client import (
    as_changed,
    merge_chain,
    surviving_account,
    surviving_client,
)
from chalicelib.services.loyalty.visit_points import points_of_visit, posting_ids, with_open_visit
from chalicelib.services.networks.go_live import is_in_trial, not_live
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.bill_visit import values_of
from chalicelib.services.visits.correct_bill import first_bill_by_desk
from chalicelib.services.visits.promote_visit import with_promotion
from chalicelib.services.visits.site_bill import first_bill_by_site
from chalicelib.services.visits.visit_bill import VisitBill, ensure_day_allows
from chalicelib.services.visits.visit_gifts import Referrer, gift_entry_ids, referrer_of, with_gifts
from chalicelib.services.visits.visit_in_progress import VisitInProgress, with_pointers
from chalicelib.services.visits.visit_in_trial import as_in_trial, giving_nothing


class Completed(Struct, frozen=True):
    """A completed booking with what it did to the client's points. account: None for a booking without a
    client."""

    booking: Booking
    account: Account | None
    entries: tuple[Entry, ...]


def complete(
    world: World, access: Access, booking_id: str, bill: VisitBill, sums: DaySums | None = None
) -> Completed:
    """Completes an upcoming booking. A repetition changes nothing and answers like the first request.

    sums: what this process has counted of the day's bills, by key.
    Raises NOT_FOUND, FORBIDDEN, CURRENCY_MISMATCH, WRONG_STATUS, INVALID_AMOUNT, INVALID_POINTS, OVER_CAP,
    UNDER_MINIMUM, WRONG_STEP, INSUFFICIENT_POINTS, OVER_LIMIT, NOT_LIVE, TOO_EARLY.
    """
    bill.ensure_sound()
    return world.retrying(partial(_complete_once, world, access, booking_id, bill, sums))


def _complete_once(
    world: World, access: Access, booking_id: str, bill: VisitBill, sums: DaySums | None
) -> Completed:
    booking = get_booking(world, access, booking_id)
    bill.ensure_in(booking.currency)
    if booking.status is Status.COMPLETED and not booking.is_bill_open:
        return _already_completed(world, booking)
    bill.ensure_usual(access.role)
    ensure_day_allows(world, access, booking, bill, sums)
    completed = replace(booking, status=Status.COMPLETED)
    completed, tasks = with_desk_tasks(world, booking, completed, access.actor)
    booking = replace(booking, desk_tasks=completed.desk_tasks)
    booking = with_author(booking, party_of(access.actor), world.now(), Fact.STATUS, Fact.PAID)
    if booking.status is Status.COMPLETED:
        visit = first_bill_by_desk(world, booking, bill, access.actor)
        return _completed_by(world, visit, tasks)
    if booking.is_upcoming:
        salon = directory_for(world, booking).salons[booking.salon_id]
        ensure_not_too_early(booking, world.now(), salon.timezone)
    client = _surviving_client_of(world, booking)
    if client is None:
        return Completed(_saved(world, _closed_without_client(world, booking, bill), *tasks), None, ())
    account = world.store.account(booking.network_id, client.id)
    visit = _completed(world, booking, client, account, bill, access.actor)
    return _completed_by(world, visit, tasks)


def _completed_by(world: World, visit: VisitInProgress, tasks: Sequence[Task]) -> Completed:
    saved = _saved(world, *values_of(visit), *tasks)
    return Completed(saved, visit.account if visit.client is not None else None, visit.entries)


def _surviving_client_of(world: World, booking: Booking) -> Client | None:
    if booking.client_id is None:
        return None
    client = world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
    return surviving_client(world, client)


def _saved(world: World, booking: Booking, *values: Storable) -> Booking:
    saved = world.store.save(booking, *values)[0]
    world.wake_if_due(saved)
    return saved


def _already_completed(world: World, booking: Booking) -> Completed:
    if booking.client_id is None:
        return Completed(booking, None, ())
    _, account = surviving_account(world, booking.network_id, booking.client_id)
    ids = [
        each_id
        for kind, points in (
            (EntryKind.REDEEM, booking.redeemed_points),
            (EntryKind.CASHBACK, booking.earned_points),
            (EntryKind.PROMOTION, booking.earned_points),
        )
        if points
        for each_id in posting_ids(booking, kind)
    ]
    ids += gift_entry_ids(booking, account)
    found = (
        world.store.get(Entry, network_id=booking.network_id, client_id=booking.client_id, id=each_id)
        for each_id in ids
    )
    return Completed(booking, account, tuple(entry for entry in found if entry is not None))


# --- the steps


def _completed(
    world: World, booking: Booking, client: Client, account: Account, bill: VisitBill | None, actor: str
) -> VisitInProgress:
    """The visit after all steps: first those of the network's own programme, then the promotions of the day.
    In trial it gives no points. bill: None: it is open. Raises NOT_LIVE for a bill that is to be paid with
    points in trial."""
    in_trial = is_in_trial(world, booking.network_id)
    if in_trial and bill is not None and bill.redeem_points:
        raise not_live()
    opened = VisitInProgress(
        directory=directory_for(world, booking),
        booking=booking,
        client=client,
        account=account,
        actor=actor,
        now=world.now(),
    )
    referrer = referrer_of(world, opened, bill.paid_minor) if bill is not None else None
    visit = completed_by_programme(opened, bill, referrer)
    if bill is not None:
        visit = with_promotion(world, visit, before=client)
    if in_trial:
        nothing_given = replace(opened, directory=giving_nothing(opened.directory))
        visit = as_in_trial(world, completed_by_programme(nothing_given, bill), live=visit)
    return with_pointers(visit, CategoryCause.VISIT)


def completed_by_programme(
    visit: VisitInProgress, bill: VisitBill | None, referrer: Referrer | None = None
) -> VisitInProgress:
    """The visit closed, with its points and gifts, worked out without a read; its pointers are not planned
    yet. bill: None: it is open; then the visit counts, and nothing that depends on the sum is given. Raises
    WRONG_STATUS, OVER_CAP, UNDER_MINIMUM, WRONG_STEP, INSUFFICIENT_POINTS."""
    before = visit.visitor
    zone = visit.directory.salons[visit.booking.salon_id].timezone
    booking = replace(_closed(visit.booking, bill, visit.now, zone), client_id=before.id)
    visit = replace(visit, booking=booking)
    visit = _with_open_bill(visit) if bill is None else _with_points(visit, bill.redeem_points)
    visit = _counted(visit)
    return with_gifts(visit, before, referrer)


def _closed(booking: Booking, bill: VisitBill | None, now: datetime, salon_zone: str) -> Booking:
    closed = stepped(booking, Status.COMPLETED, now)
    if bill is None:
        return replace(closed, bill_due_at=bill_due_at(now, salon_zone))
    return replace(
        closed,
        bill_due_at=None,
        paid_minor=bill.paid_minor,
        goods_minor=bill.goods_minor or None,
        tip_minor=bill.tip_minor or None,
    )


def _closed_without_client(world: World, booking: Booking, bill: VisitBill | None) -> Booking:
    """Raises WRONG_STATUS, INSUFFICIENT_POINTS."""
    now, directory = world.now(), directory_for(world, booking)
    closed = _closed(booking, bill, now, directory.salons[booking.salon_id].timezone)
    if bill is not None and bill.redeem_points:
        raise refused("INSUFFICIENT_POINTS", "A visit without a client has no points to redeem.", available=0)
    return with_wake(closed, directory, None, now)


def _with_open_bill(visit: VisitInProgress) -> VisitInProgress:
    is_new_visit = counts_as_new_visit(visit.visitor, visit.day)
    account, percent = with_open_visit(
        visit.directory, visit.booking, visit.account, visit.now, is_new_visit=is_new_visit
    )
    return replace(visit, booking=replace(visit.booking, earned_percent=percent), account=account)


def _with_points(visit: VisitInProgress, redeem_points: int) -> VisitInProgress:
    """The points that pay for a part of the bill, and the points that the bill earns."""
    booking, directory = visit.booking, visit.directory
    points = points_of_visit(
        directory,
        booking,
        visit.account,
        redeem_points,
        visit.actor,
        visit.now,
        is_new_visit=counts_as_new_visit(visit.visitor, visit.day),
    )
    booking = replace(
        booking,
        redeemed_points=redeem_points,
        redeemed_minor=redeem_points * directory.rules.bonuses.point_value(booking.currency),
        earned_points=points.earned,
        earned_percent=points.percent,
        held_points=0,
    )
    return replace(visit, booking=booking, account=points.account, entries=points.entries)


def _counted(visit: VisitInProgress) -> VisitInProgress:
    """The visit counted for its client, for whom its services are due again."""
    booking = visit.booking
    services = [line.service_id for line in booking.lines]
    client = with_visit(visit.visitor, visit.day, booking.currency, booking.paid_minor or 0, services)
    client = with_dues_after(client, booking, visit.directory.services, visit.now)
    return replace(visit, client=client)


# --- completed at a booking site


def reported_completion(
    world: World,
    booking: Booking,
    client: Client | None,
    paid_minor: int | None,
    actor: str,
    *,
    goods_minor: int | None = None,
    bill_open: bool = False,
    beside: Sequence[Storable] = (),
) -> tuple[Booking, *tuple[Storable, ...]]:
    """The values to save, the booking first, when a booking site reports that a visit took place. The visit
    is completed and counts for its client; points held for the booking pay for a part of it.

    paid_minor   what was paid in money, goods included; None where the site did not report it: then the bill
                 is what was sold, or as the booking has it.
    goods_minor  the part of it that is goods; None: as the booking has it.
    bill_open    the site tells the payment apart, and has not told it yet: the visit counts, its points wait.
    beside       as of `reversal`.
    """
    client = next(reversed(as_changed(merge_chain(world, client), beside)), None)
    goods = booking.goods_minor if goods_minor is None else goods_minor or None
    upcoming = replace(booking, status=Status.BOOKED, closed_at=None, goods_minor=goods)
    told_minor = booking.paid_minor if paid_minor is None else paid_minor
    account = world.store.account(booking.network_id, client.id) if client is not None else None
    bill = None
    if told_minor is not None or not (bill_open or booking.is_bill_open):
        bill = first_bill_by_site(directory_for(world, booking), upcoming, account, told_minor, world.now())
    if client is None or account is None:
        return (_closed_without_client(world, upcoming, bill),)
    return _completed(world, upcoming, client, account, bill, actor).to_save()
