"""Apply what a booking site says of a booking: make it, move it, take it through its steps, by what is
newest."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import CANCELLED_BY_CLIENT, UPCOMING, Booking, Status, moved
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import BookingReported, SiteStatus
from chalicelib.domain.networks.network import Connection, Directory, Salon
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.touches import with_touches
from chalicelib.domain.shared.zones import as_instant
from chalicelib.services.bookings.follow_hold import with_hold
from chalicelib.services.intake.locate_booking import LocatedBooking, locate_booking
from chalicelib.services.intake.site_clients import ClientMatch, find_or_draft, known, with_blanks_filled
from chalicelib.services.intake.site_set_up import lines_of
from chalicelib.services.shared.world import World
from chalicelib.services.visits.complete_visit import counted
from chalicelib.services.visits.reverse_visit import taken_back

CONFIRMED_BY_SITE = "site"
"""Reason of a confirmation that the site reported: the site may take it back."""


class Applied(Struct, frozen=True):
    """What an event did. reason: why it changed nothing."""

    changed: bool
    booking_id: str | None = None
    reason: str | None = None


class Unknown(Exception):
    """An event about a booking that we do not know (yet)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def apply_booking(world: World, connection: Connection, event: BookingReported) -> Applied:
    """Applies one event. Raises Unknown, DomainError (the event is quarantined), SaveConflict (look
    again)."""
    directory = world.directory(connection.network_id)
    place = locate_booking(world, connection, event)
    event = _in_currency_of(_salon_of(connection, directory, place, event), event)
    stands = place.stands
    if stands is None:
        if event.partial or event.starts_at is None:
            raise Unknown(
                "BOOKING_UNKNOWN", f"The site speaks of booking {event.external_id}, which is not known here."
            )
        return _make(world, connection, directory, event, place)
    newer = stands.guard is None or event.guard > stands.guard
    if place.joins and (newer or stands.external_id == event.moved_from):  # a move told late is still a move
        return _change(world, connection, directory, place, event)
    if place.joins:
        world.store.save(*place.joins, remove=place.gone)
        return Applied(changed=True, booking_id=stands.id)
    if event.guard == stands.guard:  # this very event, taken in before a crash
        return Applied(changed=True, booking_id=stands.id)
    if not newer:
        return Applied(
            changed=_blanks_filled(world, connection, stands, event), booking_id=stands.id, reason="not_newer"
        )
    if event.external_id != stands.external_id and event.moved_from is None:
        return Applied(changed=False, booking_id=stands.id, reason="superseded")
    return _change(world, connection, directory, place, event)


def _salon_of(
    connection: Connection, directory: Directory, place: LocatedBooking, event: BookingReported
) -> Salon | None:
    if place.stands is not None:
        return directory.salons.get(place.stands.salon_id)
    return None if event.partial or event.starts_at is None else _salon(connection, directory, event)


def _in_currency_of(salon: Salon | None, event: BookingReported) -> BookingReported:
    """The event without the money that it tells in another currency than the salon's: 500 EUR are not 500
    MDL. The booking goes on; what was paid has to be told again."""
    if salon is None or event.currency in (None, salon.currency):
        return event
    lines = tuple(replace(line, price_minor=None) for line in event.lines)
    return replace(event, lines=lines, paid_minor=None, currency=None)


# --- making


def _make(
    world: World, connection: Connection, directory: Directory, event: BookingReported, place: LocatedBooking
) -> Applied:
    salon = _salon(connection, directory, event)
    found = _client(world, connection, event)
    assert event.starts_at is not None
    booking = Booking(
        network_id=connection.network_id,
        id=place.booking_id,
        salon_id=salon.id,
        client_id=found.client.id if found else None,
        starts_at=as_instant(event.starts_at, salon.timezone),
        lines=lines_of(world, connection, salon, event),
        currency=salon.currency,
        made_at=world.now(),
        source=event.source or connection.settings.get("source", connection.site),
        note=event.note,
        connection_id=connection.id,
        external_id=event.external_id,
        guard=event.guard,
        waiting_for=_waiting_for(event, found),
    )
    if event.moved_from:
        booking = replace(booking, moves=1)
    extra = [*(found.to_save if found else ()), *place.joins]
    return _save(world, directory, None, booking, event, found, extra, [])


def _waiting_for(event: BookingReported, found: ClientMatch | None) -> str | None:
    """The site's id of a client of whom it has said nothing but that."""
    return event.client.external_id if event.client and found is None else None


def _salon(connection: Connection, directory: Directory, event: BookingReported) -> Salon:
    """The salon of the connection, else the one that its settings map the site's location to, else the only
    one."""
    mapped = connection.settings.get(f"salon:{event.salon_external_id}")
    id = mapped or connection.salon_id
    if id is None and len(directory.salons) == 1:
        id = next(iter(directory.salons))
    if id is None or id not in directory.salons:
        raise refused(
            "SALON_UNKNOWN",
            f"Map the site's location {event.salon_external_id} to a salon in the connection's settings,"
            " then replay.",
            location=event.salon_external_id,
        )
    return directory.salons[id]


def _client(world: World, connection: Connection, event: BookingReported) -> ClientMatch | None:
    """The client; None for a booking without one, or where only the site's id of somebody unknown was
    told."""
    told = event.client
    if told is None:
        return None
    if told.name is None and told.phone is None and told.email is None:
        client, _ = known(world, connection, told)
        return ClientMatch(client) if client else None
    return find_or_draft(world, connection, told)


# --- changing


def _blanks_filled(world: World, connection: Connection, stands: Booking, event: BookingReported) -> bool:
    """An older event undoes nothing, but it may know a phone or an e-mail that nobody has told yet."""
    client = (
        world.store.get(Client, network_id=stands.network_id, id=stands.client_id)
        if stands.client_id
        else None
    )
    if client is None or event.client is None:
        return False
    values = with_blanks_filled(world, connection, client, event.client)
    if values:
        world.store.save(*values)
    return bool(values)


def _change(
    world: World, connection: Connection, directory: Directory, place: LocatedBooking, event: BookingReported
) -> Applied:
    assert place.stands is not None
    stands = place.stands
    salon = directory.salons[stands.salon_id]
    found = _client(world, connection, event) if _may_have_another_client(stands, event) else None
    extra: list[Any] = [*(found.to_save if found else ()), *place.joins]
    newest = max(stands.guard or "", event.guard)
    booking = replace(stands, guard=newest, external_id=event.external_id, note=event.note or stands.note)
    if event.lines:
        booking = replace(booking, lines=lines_of(world, connection, salon, event))
    for gone in place.gone:  # word of the new id came before word of the move
        if gone.guard and gone.guard > newest:
            event = _as_told_of(gone, event)
            booking = replace(booking, guard=gone.guard, external_id=gone.external_id, lines=gone.lines)
    if event.starts_at is not None:
        booking = _moved(world, directory, booking, event, as_instant(event.starts_at, salon.timezone))
    for gone in place.gone:
        told = (replace(touch, occurrence=booking.moves) for touch in gone.touches.values())
        booking = with_touches(booking, *told)
    if found is not None:
        booking = _given_to(booking, found.client, world.now())
    return _save(world, directory, stands, booking, event, found, extra, list(place.gone))


def _may_have_another_client(stands: Booking, event: BookingReported) -> bool:
    """A booking without a client may get one; one with a client another, if the site names them by its own
    id. A phone alone is no reason: the client may have told us a newer one."""
    if stands.client_id is None:
        return True
    named = event.client is not None and event.client.external_id is not None
    return named and stands.status is not Status.COMPLETED


def _given_to(booking: Booking, client: Client, now: datetime) -> Booking:
    """The booking with this client. Another one than before knows nothing of it yet and is told all anew."""
    if booking.client_id == client.id:
        return booking
    if booking.client_id is not None:
        booking = replace(booking, moves=booking.moves + 1, made_at=now, move_wish=None)
    return replace(booking, client_id=client.id, waiting_for=None)


def _as_told_of(gone: Booking, event: BookingReported) -> BookingReported:
    """The event with what was told later of the same booking under its new id."""
    status = SiteStatus(gone.status.value)
    return replace(event, status=status, guard=gone.guard or event.guard, starts_at=gone.starts_at)


def _moved(
    world: World, directory: Directory, booking: Booking, event: BookingReported, starts_at: datetime
) -> Booking:
    """A visit that took place is not moved: it was counted on its day, and its client was thanked."""
    if booking.status is Status.COMPLETED and event.status in (None, SiteStatus.COMPLETED):
        return booking
    apart = timedelta(minutes=directory.messages_for(booking.salon_id).notice_again_when_moved_by_minutes)
    return moved(booking, starts_at, world.now(), apart)


def _target(stands: Booking | None, booking: Booking, event: BookingReported) -> Status:
    """The status to come to. A site that says no more than "booked" does not undo what the client told us."""
    if event.status is None:
        return booking.status
    if event.status is SiteStatus.MOVING:
        return Status.CANCELLED
    target = Status(event.status.value)
    if stands is None or target is not Status.BOOKED or booking.moves != stands.moves:
        return target
    confirmed = stands.status is Status.CONFIRMED and stands.reason != CONFIRMED_BY_SITE
    return stands.status if confirmed or stands.reason == CANCELLED_BY_CLIENT else target


def _save(
    world: World,
    directory: Directory,
    stands: Booking | None,
    booking: Booking,
    event: BookingReported,
    found: ClientMatch | None,
    extra: list[Any],
    remove: list[Any],
) -> Applied:
    """Writes the booking in its new status, with all that the step to it brings along."""
    now, target = world.now(), _target(stands, booking, event)
    was = stands.status if stands else None
    client = found.client if found else None
    if client is None and booking.client_id is not None:
        client = world.store.get(Client, network_id=booking.network_id, id=booking.client_id)
    had_client = stands is not None and stands.client_id is not None
    freed: list[Any] = []
    if stands is not None and booking.client_id != stands.client_id:
        booking, freed = with_hold(world, stands, booking)
    if target is Status.COMPLETED and (was is not target or (client is not None and not had_client)):
        values = [*counted(world, booking, client, event.paid_minor, _actor(booking)), *freed]
        extra = [value for value in extra if value is not client]
    elif stands is not None and had_client and was is Status.COMPLETED and target is not was:
        values = taken_back(world, booking, target, _actor(booking), counted_at=stands.starts_at)
    else:
        booking = _stepped(booking, was, target, event, now)
        if stands is not None and not freed:
            booking, freed = with_hold(world, stands, booking)
        values = [with_wake(booking, directory, client, now), *freed]
    (saved, *_) = world.store.save(*values, *extra, remove=remove)
    world.wake_if_due(saved)
    return Applied(changed=True, booking_id=booking.id)


def _stepped(
    booking: Booking, was: Status | None, target: Status, event: BookingReported, now: datetime
) -> Booking:
    """A site may take a booking from any status to any other: it tells what is, it does not ask."""
    if target is was:
        return booking
    reason = "moving" if event.status is SiteStatus.MOVING else None
    if target is Status.CONFIRMED:
        reason = CONFIRMED_BY_SITE
    return replace(booking, status=target, closed_at=None if target in UPCOMING else now, reason=reason)


def _actor(booking: Booking) -> str:
    return f"connection:{booking.connection_id}"
