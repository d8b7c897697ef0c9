"""Apply a site's event about a booking: make it, move it, change its status. The newest event wins."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import CANCELLED_BY_CLIENT, UPCOMING, Booking, Status, moved
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import BookingReported, SiteStatus, believable
from chalicelib.domain.intake.trust import AHEAD, may_change
from chalicelib.domain.networks.network import Connection, Directory, Salon
from chalicelib.domain.shared.touches import with_touches
from chalicelib.domain.shared.zones import as_instant
from chalicelib.services.bookings.follow_hold import with_hold
from chalicelib.services.intake.apply_bill import billed_by_site, completed_by_site
from chalicelib.services.intake.locate_booking import (
    LocatedBooking,
    in_currency_of,
    locate_booking,
    salon_of,
)
from chalicelib.services.intake.site_clients import (
    ClientMatch,
    find_known,
    find_or_draft,
    normalised,
    with_blanks_filled,
    with_person,
)
from chalicelib.services.intake.usual_sum import SharedByEvents
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World
from chalicelib.services.visits.reverse_visit import reversal

CONFIRMED_BY_SITE = "site"
"""Reason of a confirmation that the site reported: the site may take it back."""


class Applied(Struct, frozen=True):
    """What an event did. reason: why it changed nothing."""

    changed: bool
    booking_id: str | None = None
    reason: str | None = None


class UnknownBooking(Exception):
    """An event about a booking that is not known here, or not yet."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class _Report(Struct, frozen=True, kw_only=True):
    """One event of a site, with all that is needed to apply it. event: without money in another currency than
    the salon's."""

    world: World
    connection: Connection
    directory: Directory
    body: SharedByEvents
    located: LocatedBooking
    event: BookingReported

    @property
    def actor(self) -> str:
        return f"connection:{self.connection.id}"


class _Change(Struct, frozen=True, kw_only=True):
    """A booking on its way to what a site reports; each step answers with a `_Change` that holds more.

    existing    the booking as it is stored; None for a new one.
    booking     the booking as it is to be saved.
    event       the newest that the site reported of the booking.
    client      whose booking it is to be; None while nobody knows.
    beside      what is saved together with the booking.
    removed     what is removed in the same save.
    """

    existing: Booking | None
    booking: Booking
    event: BookingReported
    client: Client | None = None
    beside: tuple[Storable, ...] = ()
    removed: tuple[Storable, ...] = ()

    @property
    def status_before(self) -> Status | None:
        return self.existing.status if self.existing else None

    @property
    def client_id_before(self) -> str | None:
        return self.existing.client_id if self.existing else None


def apply_booking(
    world: World, connection: Connection, body: SharedByEvents, event: BookingReported
) -> Applied:
    """Applies one event. body: what it shares with the others of its webhook. Raises UnknownBooking,
    DomainError (the webhook is quarantined), SaveConflict (look again)."""
    directory = world.directory(connection.network_id)
    located = _with_believable_guards(locate_booking(world, connection, event), world.now())
    if located.existing is None and event.not_booking is not None:
        return Applied(changed=False, reason=event.not_booking)
    event = in_currency_of(_salon_of(connection, directory, located, event), event)
    report = _Report(
        world=world, connection=connection, directory=directory, body=body, located=located, event=event
    )
    existing = located.existing
    if existing is None:
        if event.partial or event.starts_at is None:
            raise UnknownBooking(
                "BOOKING_UNKNOWN", f"The site speaks of booking {event.external_id}, which is not known here."
            )
        return _save(report, _new_booking(report))
    newer = existing.guard is None or event.guard > existing.guard
    if located.joins and (newer or existing.external_id == event.moved_from):  # a late move is still a move
        return _save(report, _changed_booking(report, existing))
    if located.joins:
        world.store.save(*located.joins, remove=located.duplicates)
        return Applied(changed=True, booking_id=existing.id)
    if event.guard == existing.guard:  # this very event, applied before a crash
        return Applied(changed=True, booking_id=existing.id)
    if not newer:
        return Applied(changed=_fill_blanks(report, existing), booking_id=existing.id, reason="not_newer")
    if event.external_id != existing.external_id and event.moved_from is None:
        return Applied(changed=False, booking_id=existing.id, reason="superseded")
    return _save(report, _changed_booking(report, existing))


def _with_believable_guards(located: LocatedBooking, now: datetime) -> LocatedBooking:
    """A booking whose guard lies in the future was frozen by a false date: the next true event frees it."""

    def believed(booking: Booking) -> Booking:
        guard = believable(booking.guard, now + AHEAD)
        return booking if guard == booking.guard else replace(booking, guard=guard)

    existing = located.existing and believed(located.existing)
    return replace(located, existing=existing, duplicates=tuple(map(believed, located.duplicates)))


def _salon_of(
    connection: Connection, directory: Directory, located: LocatedBooking, event: BookingReported
) -> Salon | None:
    if located.existing is not None:
        return directory.salons.get(located.existing.salon_id)
    return None if event.partial or event.starts_at is None else salon_of(connection, directory, event)


# --- a new booking


def _new_booking(report: _Report) -> _Change:
    world, connection, event = report.world, report.connection, report.event
    salon = salon_of(connection, report.directory, event)
    match = _client(report, salon.id)
    assert event.starts_at is not None
    booking = Booking(
        network_id=connection.network_id,
        id=report.located.booking_id,
        salon_id=salon.id,
        client_id=match.client.id if match else None,
        starts_at=as_instant(event.starts_at, salon.timezone),
        lines=report.body.catalogue.lines(salon, event),
        currency=salon.currency,
        made_at=world.now(),
        source=event.source or connection.settings.get("source", connection.site),
        note=event.note,
        connection_id=connection.id,
        external_id=event.external_id,
        guard=event.guard,
        waiting_for=_waiting_for(event, match),
        of_new_client=match is not None and match.client.version == 0,
    )
    if event.moved_from:
        booking = replace(booking, moves=1)
    return _Change(
        existing=None,
        booking=booking,
        event=event,
        client=match.client if match else None,
        beside=(*(match.to_save if match else ()), *report.located.joins),
    )


def _waiting_for(event: BookingReported, match: ClientMatch | None) -> str | None:
    """The site's id of a client of whom the site has reported nothing but that id."""
    return event.client.external_id if event.client and match is None else None


def _client(report: _Report, salon_id: str) -> ClientMatch | None:
    """The client whom the event names. None for a booking without a client, and where the site reported
    nothing but its own id of a client who is not known here."""
    world, connection, reported = report.world, report.connection, report.event.client
    if reported is None:
        return None
    usual = normalised(world, connection, reported, salon_id)
    if reported.name is None and reported.phone is None and reported.email is None:
        client = find_known(world, connection, usual).client
        return ClientMatch(client) if client else None
    return find_or_draft(world, connection, usual)


# --- a booking that is known


def _fill_blanks(report: _Report, existing: Booking) -> bool:
    """Whether the client got a phone or an e-mail. An older event undoes nothing, but it may report a phone
    or an e-mail where the client has none."""
    world, reported = report.world, report.event.client
    if existing.client_id is None or reported is None:
        return False
    client = world.store.get(Client, network_id=existing.network_id, id=existing.client_id)
    if client is None or not may_change(report.connection, client, reported.external_id):
        return False
    usual = normalised(world, report.connection, reported, existing.salon_id)
    filled = with_blanks_filled(world, client, usual)
    if filled is not None:
        world.store.save(*filled.to_save)
    return filled is not None


def _changed_booking(report: _Report, existing: Booking) -> _Change:
    """The existing booking with its new lines, start and client. Where a later event about the booking's new
    id came before the event about its move, the later one counts."""
    world, event, duplicates = report.world, report.event, report.located.duplicates
    salon = report.directory.salons[existing.salon_id]
    match = _client(report, salon.id) if _may_have_another_client(existing, event) else None
    newest = max(existing.guard or "", event.guard)
    booking = replace(existing, guard=newest, external_id=event.external_id, note=event.note or existing.note)
    if event.lines or event.no_services:
        booking = replace(booking, lines=report.body.catalogue.lines(salon, event))
    for duplicate in duplicates:
        if duplicate.guard and duplicate.guard > newest:
            event = _as_reported_later(event, duplicate)
            guard, external_id = duplicate.guard, duplicate.external_id
            booking = replace(booking, guard=guard, external_id=external_id, lines=duplicate.lines)
    if event.starts_at is not None:
        booking = _moved(report, booking, event, as_instant(event.starts_at, salon.timezone))
    for duplicate in duplicates:
        touches = (replace(touch, occurrence=booking.moves) for touch in duplicate.touches.values())
        booking = with_touches(booking, *touches)
    if match is not None:
        booking = _given_to(booking, match.client, world.now())
    return _Change(
        existing=existing,
        booking=booking,
        event=event,
        client=match.client if match else None,
        beside=(*(match.to_save if match else ()), *report.located.joins),
        removed=duplicates,
    )


def _may_have_another_client(existing: Booking, event: BookingReported) -> bool:
    """A booking without a client may get one. A booking with a client may get another one if the site names
    them by its own id. A phone alone is no reason: the client may have told us a newer one."""
    if existing.client_id is None:
        return True
    named = event.client is not None and event.client.external_id is not None
    return named and existing.status is not Status.COMPLETED


def _given_to(booking: Booking, client: Client, now: datetime) -> Booking:
    """The booking with this client. A client who takes the place of another one has heard nothing of the
    booking: for them it begins again."""
    if booking.client_id == client.id:
        return booking
    if booking.client_id is not None:
        booking = replace(booking, moves=booking.moves + 1, made_at=now, move_wish=None)
    return replace(booking, client_id=client.id, waiting_for=None)


def _as_reported_later(event: BookingReported, duplicate: Booking) -> BookingReported:
    """The event with what the site reported later of the same booking under its new id."""
    status = SiteStatus(duplicate.status.value)
    guard = duplicate.guard or event.guard
    return replace(event, status=status, guard=guard, starts_at=duplicate.starts_at)


def _moved(report: _Report, booking: Booking, event: BookingReported, starts_at: datetime) -> Booking:
    """A visit that took place is not moved: it was counted on its day, and its client was thanked."""
    if booking.status is Status.COMPLETED and event.status in (None, SiteStatus.COMPLETED):
        return booking
    rules = report.directory.messages_for(booking.salon_id)
    noticeable = timedelta(minutes=rules.notice_again_when_moved_by_minutes)
    return moved(booking, starts_at, report.world.now(), noticeable)


# --- its status, its hold, its visit


def _save(report: _Report, change: _Change) -> Applied:
    """Saves the booking in its new status, with all that follows from it."""
    world = report.world
    change = _without_hold_of_former_client(world, _with_stored_client(world, change))
    change = replace(change, booking=with_person(change.booking, change.client, change.event.client))
    target = _target(change)
    if _completes(change, target):
        change = _completed(report, change)
    elif _reverses(change, target):
        change = _reversed(report, change, target)
    elif target is Status.COMPLETED and change.event.status is SiteStatus.COMPLETED:
        change = _billed(report, change)
    else:
        change = _stepped(report, change, target)
    (saved, *_) = world.store.save(change.booking, *change.beside, remove=change.removed)
    world.wake_if_due(saved)
    return Applied(changed=True, booking_id=saved.id)


def _with_stored_client(world: World, change: _Change) -> _Change:
    booking = change.booking
    if change.client is not None or booking.client_id is None:
        return change
    client = world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
    return replace(change, client=client)


def _without_hold_of_former_client(world: World, change: _Change) -> _Change:
    """Where the booking goes to another client, the points that its former client had held are free again."""
    if change.existing is None or change.booking.client_id == change.client_id_before:
        return change
    booking, values = with_hold(world, change.existing, change.booking)
    return replace(change, booking=booking, beside=(*values, *change.beside))


def _target(change: _Change) -> Status:
    """The new status of the booking. A site that reports no more than "booked" does not undo what the client
    told us."""
    existing, booking, event = change.existing, change.booking, change.event
    if event.status is None:
        return booking.status
    if event.status is SiteStatus.MOVING:
        return Status.CANCELLED
    target = Status(event.status.value)
    if existing is None or target is not Status.BOOKED or booking.moves != existing.moves:
        return target
    confirmed_here = existing.status is Status.CONFIRMED and existing.reason != CONFIRMED_BY_SITE
    return existing.status if confirmed_here or existing.reason == CANCELLED_BY_CLIENT else target


def _completes(change: _Change, target: Status) -> bool:
    """Whether the visit is to be counted: it took place only now, or its client is known only now."""
    if target is not Status.COMPLETED:
        return False
    client_is_new = change.client is not None and change.client_id_before is None
    return change.status_before is not Status.COMPLETED or client_is_new


def _completed(report: _Report, change: _Change) -> _Change:
    args = report.world, report.connection, report.body, report.directory.salons[change.booking.salon_id]
    booking, *values = completed_by_site(*args, change.booking, change.client, change.event)
    others = (each for each in change.beside if each is not change.client)  # the client is among the values
    return replace(change, booking=booking, beside=(*values, *others))


def _billed(report: _Report, change: _Change) -> _Change:
    args = report.world, report.connection, report.body, report.directory.salons[change.booking.salon_id]
    existing = change.existing or change.booking
    booking, *values = billed_by_site(*args, existing, change.booking, change.event)
    if not values:
        booking = with_wake(booking, report.directory, change.client, report.world.now())
    return replace(change, booking=booking, beside=(*values, *change.beside))


def _reverses(change: _Change, target: Status) -> bool:
    """Whether a visit that was counted for its client did not take place after all."""
    was_counted = change.status_before is Status.COMPLETED and change.client_id_before is not None
    return was_counted and target is not Status.COMPLETED


def _reversed(report: _Report, change: _Change, target: Status) -> _Change:
    assert change.existing is not None
    counted_at = change.existing.starts_at
    booking, *values = reversal(report.world, change.booking, target, report.actor, counted_at=counted_at)
    return replace(change, booking=booking, beside=(*values, *change.beside))


def _stepped(report: _Report, change: _Change, target: Status) -> _Change:
    """A site may take a booking from any status to any other: it reports what is, it does not ask."""
    world, booking = report.world, change.booking
    now = world.now()
    hold_values: Sequence[Storable] = ()
    if target is not change.status_before:
        reason = "moving" if change.event.status is SiteStatus.MOVING else None
        if target is Status.CONFIRMED:
            reason = CONFIRMED_BY_SITE
        closed_at = None if target in UPCOMING else now
        booking = replace(booking, status=target, closed_at=closed_at, reason=reason)
    if change.existing is not None and booking.client_id == change.client_id_before:
        booking, hold_values = with_hold(world, change.existing, booking)
    booking = with_wake(booking, report.directory, change.client, now)
    return replace(change, booking=booking, beside=(*hold_values, *change.beside))
