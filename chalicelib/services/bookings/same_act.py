"""The bookings that were made, moved or cancelled in one act, and of which one message tells."""

from datetime import datetime, timedelta

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.messages.one_act import MOST_GATHERED
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.touches import TouchKind, TouchState, touch_of
from chalicelib.services.bookings.same_visit import rules_of
from chalicelib.services.shared.ports import Store

_AHEAD = timedelta(days=740)


def other_bookings_of_act(
    booking: Booking, directory: Directory, zone: str, store: Store, now: datetime
) -> tuple[Booking, ...]:
    """The client's other upcoming bookings in the same salon whose notice is due and waits, by start. Those
    of a cancelled booking are cancelled, too; those for another person are left out."""
    found = store.starts_of_client(booking.network_id, booking.client_id or "", now, now + _AHEAD)
    ids = [each_id for each_id, _ in found if each_id != booking.id]
    others = store.bookings(booking.network_id, ids) if ids else []
    of_act = (each for each in others if _is_alike(booking, each) and _waits(each, directory, zone, now))
    return tuple(sorted(of_act, key=lambda each: (each.starts_at, each.id))[: MOST_GATHERED - 1])


def _is_alike(one: Booking, other: Booking) -> bool:
    cancelled = one.status is Status.CANCELLED, other.status is Status.CANCELLED
    whose = (one.client_id, one.salon_id, one.booked_for)
    return cancelled[0] == cancelled[1] and whose == (other.client_id, other.salon_id, other.booked_for)


def _waits(booking: Booking, directory: Directory, zone: str, now: datetime) -> bool:
    """Whether a notice of the booking is due that nothing has told of."""
    planned = booking_plan.plans(booking, rules_of(booking, directory), zone, now)
    notice = next((plan for plan in planned if plan.kind is TouchKind.NOTICE and plan.reason is None), None)
    if notice is None or not notice.at <= now < notice.until:
        return False
    last, touch = booking.touches.get(TouchKind.NOTICE), touch_of(booking.touches, notice)
    in_flight = touch is None and last is not None and last.state is TouchState.SENDING
    return not in_flight and (touch is None or touch.state is TouchState.DEFERRED)
