"""A completed booking makes its services due again."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client, Due
from chalicelib.domain.clients.rhythm import own_gap_days
from chalicelib.domain.networks.network import Service


def with_dues_after(
    client: Client, booking: Booking, services: Mapping[str, Service], completed_at: datetime
) -> Client:
    """The client with each service of a completed booking due again. The new due date replaces the service's
    earlier one.

    What is archived is due to nobody. A service is due after the days set for it. Where the client has a
    rhythm of their own for services of its category, that counts instead. The hour of the visit is kept: it
    is an hour at which the client has time.
    """
    had = dict.fromkeys(line.service_id for line in booking.lines)
    again = []
    for service_id in had:
        service = services.get(service_id)
        if service is not None and not service.archived and service.repeat_after_days is not None:
            days = own_gap_days(client, service, services) or service.repeat_after_days
            at = booking.visited_at + timedelta(days=days)
            again.append(Due(service_id, max(at, completed_at), booking.id))
    kept = tuple(due for due in client.due if due.service_id not in had)
    return replace(client, due=(*kept, *again))
