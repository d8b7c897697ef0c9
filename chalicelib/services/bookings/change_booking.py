"""Change a booking: move it, change its lines or its note. Every changed booking is saved by
`save_changed`."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.domain.bookings.authors import party_of, with_author_of_change
from chalicelib.domain.bookings.bookings import Booking, moved, with_lines
from chalicelib.domain.bookings.partner_note import with_desk_note
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.bookings.book import directory_has, ensure_ahead, priced_lines
from chalicelib.services.bookings.desk_tasks import with_desk_tasks, with_write_back
from chalicelib.services.bookings.follow_hold import with_hold
from chalicelib.services.bookings.plan_booking import directory_for, replanned_with_client
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.booked_ahead import followed
from chalicelib.services.shared.contact_details import note_normal
from chalicelib.services.shared.world import World


def change_booking(world: World, access: Access, booking_id: str, changes: Mapping[str, Any]) -> Booking:
    """Moves a booking, or changes its lines or note.

    changes: starts_at, lines (WantedLine), note, version (then the change is made to that version only:
    STALE_VERSION). Raises NOT_FOUND, FORBIDDEN, WRONG_STATUS, START_IN_PAST, INVALID_LINES, ...
    """
    return world.retrying(partial(_change_once, world, access, booking_id, changes))


def _change_once(world: World, access: Access, booking_id: str, changes: Mapping[str, Any]) -> Booking:
    booking = get_booking(world, access, booking_id)
    wanted_version = changes.get("version")
    if wanted_version is not None and wanted_version != booking.version:
        raise conflict(
            "STALE_VERSION", "The booking was changed meanwhile; read it again.", version=booking.version
        )
    now = world.now()
    after = _changed(world, booking, changes, now)
    after = with_author_of_change(booking, after, party_of(access.actor), now)
    return save_changed(world, booking, after, access.actor)


def _changed(world: World, booking: Booking, changes: Mapping[str, Any], now: datetime) -> Booking:
    lines = changes.get("lines", ())
    directory = world.directory(booking.network_id, lambda it: directory_has(it, booking.salon_id, lines))
    touches_visit = "starts_at" in changes or "lines" in changes
    if touches_visit and not booking.is_upcoming:
        raise conflict(
            "WRONG_STATUS",
            f"A booking that is {booking.status} cannot be moved.",
            status=booking.status.value,
        )
    if "lines" in changes:
        lines = priced_lines(directory, booking.salon_id, changes["lines"], had=booking.lines)
        tells_staff = directory.messages_for(booking.salon_id).notice_again_when_staff_changes
        booking = with_lines(booking, lines, now, tells_staff=tells_staff)
    if "note" in changes:
        booking = with_desk_note(booking, note_normal(changes["note"]))
    if "starts_at" in changes and changes["starts_at"] != booking.starts_at:
        ensure_ahead(changes["starts_at"], now)
        apart = timedelta(minutes=directory.messages_for(booking.salon_id).notice_again_when_moved_by_minutes)
        booking = moved(booking, changes["starts_at"], now, apart)
    return booking


def save_changed(world: World, before: Booking, after: Booking, actor: str) -> Booking:
    """Plans and saves a changed booking. Its hold, the desk's tasks about it, and the category of an
    overdue client follow in the same transaction. Writes nothing where nothing changed. Raises
    SaveConflict."""
    if after == before:
        return before
    changed, hold_values = with_hold(world, before, after)
    changed = with_write_back(world, before, changed, actor)
    changed, tasks = with_desk_tasks(world, before, changed, actor)
    planned, client = replanned_with_client(world, changed)
    overdue = followed(world, client, directory_for(world, planned), before, planned)
    saved = world.store.save(planned, *overdue, *hold_values, *tasks)[0]
    world.wake_if_due(saved)
    return saved
