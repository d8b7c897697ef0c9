"""The bookings that were made, moved or cancelled in one act, and of which one message tells."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from chalicelib.domain.bookings import booking_plan
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.messages.one_act import GATHERED, MOST_GATHERED, Named
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.touches import (
    SAME_ACT,
    Plan,
    Touch,
    TouchKind,
    TouchState,
    touch_of,
    with_touches,
)
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.services.bookings.same_visit import rules_of
from chalicelib.services.shared.ports import Store
from chalicelib.services.shared.world import World

_AHEAD = timedelta(days=740)
MOST_READ = 2 * MOST_GATHERED
"""How many bookings of a client are read, at most, to find those of one act."""


def other_bookings_of_act(
    booking: Booking, directory: Directory, zone: str, store: Store, now: datetime
) -> tuple[Booking, ...]:
    """The client's other upcoming bookings in the same salon whose notice is due and waits, by start. Those
    of a cancelled booking are cancelled, too; those for another person are left out. It looks at the client's
    next `MOST_READ` bookings."""
    client_id, until = booking.client_id or "", now + _AHEAD
    found = store.starts_of_client(booking.network_id, client_id, now, until, limit=MOST_READ)
    ids = [each_id for each_id, _ in found if each_id != booking.id]
    others = store.bookings(booking.network_id, ids) if ids else []
    of_act = (each for each in others if _is_alike(booking, each) and _waits(each, directory, zone, now))
    return tuple(sorted(of_act, key=lambda each: (each.starts_at, each.id))[: MOST_GATHERED - 1])


def still_to_tell(
    booking: Booking, names: Sequence[Named], directory: Directory, zone: str, store: Store, now: datetime
) -> tuple[Booking, ...]:
    """The named bookings whose notice is still of use, and was in no message of its own, by start. A
    booking that has moved on, or was cancelled, is left out."""
    occurrences = {name.booking_id: name.occurrence for name in names}
    found = store.bookings(booking.network_id, list(occurrences))
    left = (
        each
        for each in found
        if _is_alike(booking, each)
        and each.moves == occurrences[each.id]
        and (_has_told_elsewhere(each) or _waits(each, directory, zone, now))
        and _planned_notice(each, directory, zone, now) is not None
    )
    return tuple(sorted(left, key=lambda each: (each.starts_at, each.id)))


def free_notices(world: World, network_id: str, names: Iterable[Named]) -> None:
    """Makes the notices due again that the message of another booking told of, and that failed. A repetition,
    or a notice of a booking that has moved on, changes nothing."""
    for name in names:
        saved = world.retrying(partial(_free_once, world, network_id, name))
        if saved is not None:
            world.wake_if_due(saved)


def _free_once(world: World, network_id: str, name: Named) -> Booking | None:
    booking, now = world.store.get(Booking, network_id=network_id, id=name.booking_id), world.now()
    if booking is None or booking.moves != name.occurrence or not _has_told_elsewhere(booking):
        return None
    again = Touch(
        TouchKind.NOTICE, TouchState.DEFERRED, now, booking.moves, attempt=0, reason=GATHERED, again_at=now
    )
    pointers = [Wake(now, TouchKind.NOTICE.value), *([booking.wake] if booking.wake else [])]
    booking = replace(with_touches(booking, again), wake=first_wake(pointers, booking.trouble))
    return world.store.save(booking)[0]


def _has_told_elsewhere(booking: Booking) -> bool:
    """Whether the message of another booking told of its present occurrence."""
    notice = booking.touches.get(TouchKind.NOTICE)
    return notice is not None and notice.occurrence == booking.moves and notice.reason == SAME_ACT


def _is_alike(one: Booking, other: Booking) -> bool:
    cancelled = one.status is Status.CANCELLED, other.status is Status.CANCELLED
    whose = (one.client_id, one.salon_id, one.booked_for)
    return cancelled[0] == cancelled[1] and whose == (other.client_id, other.salon_id, other.booked_for)


def _waits(booking: Booking, directory: Directory, zone: str, now: datetime) -> bool:
    """Whether a notice of the booking is due that nothing has told of."""
    notice = _planned_notice(booking, directory, zone, now)
    if notice is None or notice.at > now:
        return False
    last, touch = booking.touches.get(TouchKind.NOTICE), touch_of(booking.touches, notice)
    in_flight = touch is None and last is not None and last.state is TouchState.SENDING
    return not in_flight and (touch is None or touch.state is TouchState.DEFERRED)


def _planned_notice(booking: Booking, directory: Directory, zone: str, now: datetime) -> Plan | None:
    """The plan of a notice that is still of use."""
    planned = booking_plan.plans(booking, rules_of(booking, directory), zone, now)
    found = (plan for plan in planned if plan.kind is TouchKind.NOTICE and plan.reason is None)
    return next((plan for plan in found if now < plan.until), None)
