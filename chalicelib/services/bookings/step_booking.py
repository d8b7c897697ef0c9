"""Take a booking through its steps: confirm, cancel, mark as no-show, ask to move. Each may be asked for
twice and counts once."""

from functools import partial

from msgspec.structs import replace

from chalicelib.domain.bookings.authors import party_of, with_author_of_step
from chalicelib.domain.bookings.booking_access import (
    LinkVisitor,
    Requester,
    counted_change,
    ensure_may_change,
)
from chalicelib.domain.bookings.bookings import Booking, Status, stepped
from chalicelib.domain.bookings.facts import Party
from chalicelib.domain.bookings.visit_times import ensure_not_too_early
from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import conflict
from chalicelib.services.bookings.change_booking import save_changed
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.read_booking import read_requested
from chalicelib.services.shared.world import World


def confirm(world: World, requester: Requester, booking_id: str) -> Booking:
    """Raises NOT_FOUND, FORBIDDEN, WRONG_STATUS."""
    return world.retrying(partial(_step_once, world, requester, booking_id, Status.CONFIRMED))


def cancel(
    world: World,
    requester: Requester,
    booking_id: str,
    reason: str | None = None,
    *,
    silently: bool = False,
) -> Booking:
    """Cancels a booking. Its client is told, unless the client cancelled it or `silently` is true. Raises
    NOT_FOUND, FORBIDDEN, WRONG_STATUS."""
    tell = not silently and party_of(requester.actor) is not Party.CLIENT
    return world.retrying(
        partial(_step_once, world, requester, booking_id, Status.CANCELLED, reason, tell=tell)
    )


def mark_no_show(world: World, access: Access, booking_id: str) -> Booking:
    """Raises NOT_FOUND, FORBIDDEN, WRONG_STATUS, TOO_EARLY."""
    return world.retrying(partial(_step_once, world, access, booking_id, Status.NO_SHOW))


def ask_to_move(world: World, visitor: LinkVisitor, booking_id: str, wish: str) -> Booking:
    """Keeps what time the client wishes instead; the salon decides. An empty wish keeps an earlier one.
    Raises NOT_FOUND, WRONG_STATUS, TOO_MANY_CHANGES."""
    return world.retrying(partial(_ask_once, world, visitor, booking_id, wish))


def _step_once(
    world: World,
    requester: Requester,
    booking_id: str,
    to: Status,
    reason: str | None = None,
    *,
    tell: bool = False,
) -> Booking:
    booking, now = read_requested(world, requester, booking_id), world.now()
    ensure_may_change(requester, booking, now)
    if to is Status.NO_SHOW and booking.is_upcoming:
        salon = directory_for(world, booking).salons[booking.salon_id]
        ensure_not_too_early(booking, now, salon.timezone)
    after = stepped(booking, to, now, reason, tell=tell)
    after = with_author_of_step(booking, after, party_of(requester.actor), now)
    return save_changed(world, booking, after, requester.actor)


def _ask_once(world: World, visitor: LinkVisitor, booking_id: str, wish: str) -> Booking:
    booking = read_requested(world, visitor, booking_id)
    ensure_may_change(visitor, booking, world.now())
    if not booking.is_upcoming:
        raise conflict("WRONG_STATUS", "Only an upcoming booking can be moved.", status=booking.status.value)
    asked = replace(booking, move_wish=wish or booking.move_wish or "")
    return save_changed(world, booking, counted_change(visitor, booking, asked), visitor.actor)
