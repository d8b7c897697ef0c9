"""The bookings that make one visit."""

from collections.abc import Collection
from datetime import datetime, time, timedelta

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.zones import local_date, local_instant
from chalicelib.services.shared.ports import Store

_TAKES_PLACE = frozenset({Status.BOOKED, Status.CONFIRMED, Status.COMPLETED})


def other_bookings_of_visit(
    booking: Booking, salon: Salon, store: Store, statuses: Collection[Status] = _TAKES_PLACE
) -> tuple[Booking, ...]:
    """The client's other bookings in the same salon on the same local day, by start. By default those that
    take place: booked, confirmed and completed ones."""
    others = other_bookings_of_day(booking, salon, store, statuses)
    return tuple(each for each in others if each.salon_id == booking.salon_id)


def other_bookings_of_day(
    booking: Booking, salon: Salon, store: Store, statuses: Collection[Status] = _TAKES_PLACE
) -> tuple[Booking, ...]:
    """As `other_bookings_of_visit`, in any salon; the day is that of the booking's salon."""
    day = local_date(booking.starts_at, salon.timezone)
    begins, ends = (local_instant(day + timedelta(days=days), time(0), salon.timezone) for days in (0, 1))
    found = store.starts_of_client(booking.network_id, booking.client_id or "", begins, ends)
    ids = [each_id for each_id, _ in found if each_id != booking.id]
    others = store.bookings(booking.network_id, ids) if ids else []
    return tuple(sorted((each for each in others if each.status in statuses), key=_by_start))


def rules_of(booking: Booking, directory: Directory) -> MessageRules:
    return directory.messages_for(booking.salon_id, [line.service_id for line in booking.lines])


def _by_start(booking: Booking) -> tuple[datetime, str]:
    return booking.starts_at, booking.id
