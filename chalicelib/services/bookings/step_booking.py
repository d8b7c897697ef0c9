"""Take a booking through its steps: confirm, cancel, no-show, reopen; each may be asked for twice and counts
once."""

from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.bookings.change_booking import change_one
from chalicelib.services.shared.world import Allow, World


def confirm(world: World, network_id: str, booking_id: str, allow: Allow) -> Booking:
    return _step(world, network_id, booking_id, allow, Status.CONFIRMED)


def cancel(
    world: World, network_id: str, booking_id: str, allow: Allow, reason: str | None = None
) -> Booking:
    return _step(world, network_id, booking_id, allow, Status.CANCELLED, reason)


def mark_no_show(world: World, network_id: str, booking_id: str, allow: Allow) -> Booking:
    return _step(world, network_id, booking_id, allow, Status.NO_SHOW)


def ask_to_move(world: World, network_id: str, booking_id: str, wish: str) -> Booking:
    """Keeps what the client wishes instead; the salon decides."""

    def change(booking: Booking, now: datetime) -> Booking:
        if not booking.is_upcoming:
            raise conflict(
                "WRONG_STATUS", "Only an upcoming booking can be moved.", status=booking.status.value
            )
        return replace(booking, move_wish=wish)

    return change_one(world, network_id, booking_id, lambda booking: None, change)


def _step(
    world: World, network_id: str, booking_id: str, allow: Allow, to: Status, reason: str | None = None
) -> Booking:
    def change(booking: Booking, now: datetime) -> Booking:
        return stepped(booking, to, now, reason)

    return change_one(world, network_id, booking_id, allow, change)
