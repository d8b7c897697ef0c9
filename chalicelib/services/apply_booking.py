"""Apply what a booking site says of a booking: make it, move it, take it through its steps, by what is
newest."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.aliases import Alias, site_booking
from chalicelib.domain.bookings import UPCOMING, Booking, Status, moved
from chalicelib.domain.clients import Client
from chalicelib.domain.errors import refused
from chalicelib.domain.ids import derived
from chalicelib.domain.network import Connection, Directory, Salon
from chalicelib.domain.site_events import BookingReported, SiteStatus
from chalicelib.domain.zones import as_instant
from chalicelib.services.book import with_wake
from chalicelib.services.complete_visit import Bill, completion
from chalicelib.services.site_clients import Found, find_or_draft, known, with_blanks_filled
from chalicelib.services.site_set_up import lines_of
from chalicelib.services.take_back_visit import taken_back
from chalicelib.services.world import World

BY_CLIENT = "client"
"""Reason of a cancellation that the client made on our page: the site does not know of it and must not undo
it."""


@dataclass(frozen=True, slots=True)
class Applied:
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
    stands = _standing(world, connection, event)
    if stands is None:
        if event.partial or event.starts_at is None:
            raise Unknown(
                "BOOKING_UNKNOWN", f"The site speaks of booking {event.external_id}, which is not known here."
            )
        return _make(world, connection, directory, event)
    continues = event.moved_from is not None and event.moved_from == stands.external_id != event.external_id
    if stands.guard is not None and event.guard <= stands.guard and not continues:
        return Applied(
            changed=_blanks_filled(world, connection, stands, event), booking_id=stands.id, reason="not_newer"
        )
    if event.external_id != stands.external_id and event.moved_from is None:
        return Applied(changed=False, booking_id=stands.id, reason="superseded")
    return _change(world, connection, directory, stands, event)


# --- which booking


def _booking_id(connection: Connection, external_id: str) -> str:
    return derived("bkg", connection.id, external_id)


def _standing(world: World, connection: Connection, event: BookingReported) -> Booking | None:
    """The booking that the event is about: under its own id, or, where the site gives a moved booking a new
    id, under the first of its ids."""
    first = _first_id(world, connection, event.moved_from or event.external_id)
    return world.store.booking(connection.network_id, first)


def _first_id(world: World, connection: Connection, external_id: str) -> str:
    led = world.store.alias(connection.network_id, site_booking(connection.id), external_id)
    return led or _booking_id(connection, external_id)


# --- making


def _make(world: World, connection: Connection, directory: Directory, event: BookingReported) -> Applied:
    salon = _salon(connection, directory, event)
    found = _client(world, connection, event)
    assert event.starts_at is not None
    booking = Booking(
        network_id=connection.network_id,
        id=_booking_id(connection, event.moved_from or event.external_id),
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
    extra = list(found.to_save) if found else []
    if event.moved_from:
        booking = replace(booking, moves=1)
        extra.append(_alias(connection, event.external_id, booking.id))
    return _save(world, directory, None, booking, event, found, extra, [])


def _waiting_for(event: BookingReported, found: Found | None) -> str | None:
    """The site's id of a client of whom it has said nothing but that."""
    return event.client.external_id if event.client and found is None else None


def _alias(connection: Connection, external_id: str, booking_id: str) -> Alias:
    kind = site_booking(connection.id)
    return Alias(network_id=connection.network_id, kind=kind, value=external_id, leads_to=booking_id)


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


def _client(world: World, connection: Connection, event: BookingReported) -> Found | None:
    """The client; None for a booking without one, or where only the site's id of somebody unknown was
    told."""
    told = event.client
    if told is None:
        return None
    if told.name is None and told.phone is None and told.email is None:
        client, _ = known(world, connection, told)
        return Found(client) if client else None
    return find_or_draft(world, connection, told)


# --- changing


def _blanks_filled(world: World, connection: Connection, stands: Booking, event: BookingReported) -> bool:
    """An older event undoes nothing, but it may know a phone or an e-mail that nobody has told yet."""
    client = world.store.client(stands.network_id, stands.client_id) if stands.client_id else None
    if client is None or event.client is None:
        return False
    values = with_blanks_filled(world, connection, client, event.client)
    if values:
        world.store.save(*values)
    return bool(values)


def _change(
    world: World, connection: Connection, directory: Directory, stands: Booking, event: BookingReported
) -> Applied:
    salon = directory.salons[stands.salon_id]
    found = _client(world, connection, event) if stands.client_id is None else None
    extra: list[Any] = list(found.to_save) if found else []
    remove: list[Any] = []
    newest = max(stands.guard or "", event.guard)
    booking = replace(stands, guard=newest, external_id=event.external_id, note=event.note or stands.note)
    if found is not None:
        booking = replace(booking, client_id=found.client.id, waiting_for=None)
    if event.lines:
        booking = replace(booking, lines=lines_of(world, connection, salon, event))
    if event.starts_at is not None:
        booking = _moved(world, directory, booking, as_instant(event.starts_at, salon.timezone))
    if event.moved_from is not None and event.external_id != stands.external_id:
        extra.append(_alias(connection, event.external_id, booking.id))
        later = world.store.booking(connection.network_id, _booking_id(connection, event.external_id))
        if later is not None and later.guard is not None:  # word of the new id came before word of the move
            remove.append(later)
            if later.guard > event.guard:
                event = replace(event, status=SiteStatus(later.status.value), guard=later.guard)
                booking = replace(booking, guard=later.guard)
    return _save(world, directory, stands, booking, event, found, extra, remove)


def _moved(world: World, directory: Directory, booking: Booking, starts_at: datetime) -> Booking:
    apart = timedelta(minutes=directory.rules.messages.notice_again_when_moved_by_minutes)
    return moved(booking, starts_at, world.now(), apart)


def _target(stands: Booking | None, booking: Booking, event: BookingReported) -> Status:
    """The status to come to. A site that says no more than "booked" does not undo what the client told us."""
    if event.status is None:
        return booking.status
    if event.status is SiteStatus.MOVING:
        return Status.CANCELLED
    target = Status(event.status.value)
    if stands is None or target is not Status.BOOKED or booking.starts_at != stands.starts_at:
        return target
    told_by_client = stands.status is Status.CONFIRMED or stands.reason == BY_CLIENT
    return stands.status if told_by_client else target


def _save(
    world: World,
    directory: Directory,
    stands: Booking | None,
    booking: Booking,
    event: BookingReported,
    found: Found | None,
    extra: list[Any],
    remove: list[Any],
) -> Applied:
    """Writes the booking in its new status, with all that the step to it brings along."""
    now, target = world.now(), _target(stands, booking, event)
    was = stands.status if stands else None
    client = found.client if found else None
    if client is None and booking.client_id is not None:
        client = world.store.client(booking.network_id, booking.client_id)
    if target is Status.COMPLETED and was is not Status.COMPLETED:
        values = _completed(world, directory, booking, client, event, now)
        extra = [value for value in extra if value is not client]
    elif was is Status.COMPLETED and target is not Status.COMPLETED:
        values = taken_back(world, booking, target, _actor(booking))
    else:
        values = [with_wake(_stepped(booking, was, target, event, now), directory, client, now)]
    (saved, *_) = world.store.save(*values, *extra, remove=remove)
    world.wake_if_due(saved)
    return Applied(changed=True, booking_id=booking.id)


def _completed(
    world: World,
    directory: Directory,
    booking: Booking,
    client: Client | None,
    event: BookingReported,
    now: datetime,
) -> list[Any]:
    account = world.store.account(booking.network_id, client.id) if client else None
    bill = Bill(paid_minor=booking.total_minor if event.paid_minor is None else event.paid_minor)
    upcoming = replace(booking, status=Status.BOOKED, closed_at=None)
    return completion(directory, upcoming, client, account, bill, _actor(booking), now).to_save()


def _stepped(
    booking: Booking, was: Status | None, target: Status, event: BookingReported, now: datetime
) -> Booking:
    """A site may take a booking from any status to any other: it tells what is, it does not ask."""
    if target is was:
        return booking
    reason = "moving" if event.status is SiteStatus.MOVING else None
    return replace(booking, status=target, closed_at=None if target in UPCOMING else now, reason=reason)


def _actor(booking: Booking) -> str:
    return f"connection:{booking.connection_id}"
