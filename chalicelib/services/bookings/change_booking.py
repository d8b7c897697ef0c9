"""Change a booking: move it, change its lines or note; and the one loop by which any booking is changed."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, moved
from chalicelib.domain.bookings.reach import ensure_reaches_booking
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.services.bookings.book import ensure_ahead, names_only, priced
from chalicelib.services.bookings.follow_hold import with_hold
from chalicelib.services.bookings.plan_booking import rewoken
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import Allow, World


def change_booking(world: World, access: Access, booking_id: str, changes: Mapping[str, Any]) -> Booking:
    """Moves a booking, or changes its lines or note.

    changes: starts_at, lines (WantedLine), note, version (then the change is made to that version only:
    STALE_VERSION).
    """
    wanted_version = changes.get("version")

    def change(booking: Booking, now: datetime) -> Booking:
        if wanted_version is not None and wanted_version != booking.version:
            raise conflict(
                "STALE_VERSION", "The booking was changed meanwhile; read it again.", version=booking.version
            )
        return _changed(world, booking, changes, now)

    return change_one(world, access.network_id, booking_id, partial(ensure_reaches_booking, access), change)


def _changed(world: World, booking: Booking, changes: Mapping[str, Any], now: datetime) -> Booking:
    lines = changes.get("lines", ())
    directory = world.directory(booking.network_id, lambda known: names_only(known, booking.salon_id, lines))
    touches_visit = "starts_at" in changes or "lines" in changes
    if touches_visit and not booking.is_upcoming:
        raise conflict(
            "WRONG_STATUS",
            f"A booking that is {booking.status} cannot be moved.",
            status=booking.status.value,
        )
    if "lines" in changes:
        booking = replace(booking, lines=priced(directory, booking.salon_id, changes["lines"]))
    if "note" in changes:
        booking = replace(booking, note=changes["note"])
    if "starts_at" in changes and changes["starts_at"] != booking.starts_at:
        ensure_ahead(changes["starts_at"], now)
        apart = timedelta(minutes=directory.messages_for(booking.salon_id).notice_again_when_moved_by_minutes)
        booking = moved(booking, changes["starts_at"], now, apart)
    return booking


def change_one(
    world: World,
    network_id: str,
    booking_id: str,
    allow: Allow,
    change: Callable[[Booking, datetime], Booking],
) -> Booking:
    """Reads, changes, re-plans and saves a booking, starting over when somebody else was quicker."""
    for _ in world.tries():
        booking = read_allowed(world, network_id, booking_id, allow)
        changed = change(booking, world.now())
        if changed == booking:
            return booking
        try:
            changed, with_it = with_hold(world, booking, changed)
            saved: Booking = world.store.save(rewoken(world, changed), *with_it)[0]
        except SaveConflict:
            continue
        world.wake_if_due(saved)
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this booking at the same moment; try again.")


def read_allowed(world: World, network_id: str, booking_id: str, allow: Allow) -> Booking:
    booking = world.store.get(Booking, network_id=network_id, id=booking_id)
    if booking is None:
        raise missing("booking", booking_id)
    allow(booking)
    return booking
