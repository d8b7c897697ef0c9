"""What a booking keeps for reports once its visit took place or was missed, by the set-up and the client of
that day. Pure."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking, Status, booked_at
from chalicelib.domain.bookings.visit_record import IndexedVisit, VisitRecord
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.facts.packed_visits import attended_at, day_of, facts_of, indexed_visit, unpacked
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.zones import local_date

A_DAY = timedelta(days=1)


def is_as_indexed(booking: Booking) -> bool:
    """Whether the index tells all of the booking's visit as it is now. It does not where reports read the
    booking itself."""
    visit = indexed_visit(booking)
    return booking.indexed == visit and (visit is None or visit.facts != "")


def with_record(booking: Booking, directory: Directory, client: Client | None) -> Booking:
    """The booking with its record, which follows its start, its lines and its client; without one where it is
    neither completed nor a no-show. client: the booking's, where the client is at hand. Raises Unreadable for
    a salon that cannot be read."""
    if booking.status not in ATTENDANCES:
        return booking if booking.visit is None else replace(booking, visit=None)
    before, salon = booking.visit, directory.salons.get(booking.salon_id)
    if salon is None or (before is None and booking.indexed is not None):  # closed by an earlier release
        return booking
    if client is not None:
        source, referrer = client.source, client.referred_by
    elif before is not None and booking.client_id is not None:
        source, referrer = before.source, before.referrer
    else:
        source = referrer = None
    kept = before.booked_on if before is not None else None
    record = VisitRecord(
        on=local_date(attended_at(booking), salon.timezone),
        list_minor=() if booking.status is Status.NO_SHOW else _list_prices(booking, directory),
        source=source,
        booked_on=kept or booked_on(booking, salon.timezone),
        referrer=referrer,
    )
    return replace(booking, visit=record)


def booked_on(booking: Booking, zone_name: str) -> date | None:
    """The local date on which the booking's client got it. None: unknown, which is also so where a site told
    of it first on a day after its start: then it was made before that."""
    at = booked_at(booking)
    if at is None:
        return None
    on = local_date(at, zone_name)
    is_late_word = booking.connection_id is not None and on > local_date(booking.starts_at, zone_name)
    return None if is_late_word else on


def _list_prices(booking: Booking, directory: Directory) -> tuple[int | None, ...]:
    """A service keeps the list price that it had when the visit was completed."""
    kept: dict[str | None, int | None] = {}
    if booking.indexed is not None and booking.indexed.attendance == Status.NO_SHOW:
        pass  # a no-show has no prices
    elif booking.indexed is not None and booking.indexed.facts:
        kept = {fact.service: fact.list_minor for fact in unpacked(booking.indexed, booking.id)}
    elif booking.visit is not None:
        kept = {fact.service: fact.list_minor for fact in facts_of(booking)}
    return tuple(
        kept[line.service_id] if line.service_id in kept else list_price(booking, line.service_id, directory)
        for line in booking.lines
    )


def list_price(booking: Booking, service_id: str, directory: Directory) -> int | None:
    """The service's price in the set-up; None where it has none in the booking's currency."""
    service = None
    with suppress(Unreadable):  # a visit does not wait for that
        service = directory.services.get(service_id)
    if service is None:
        return None
    currency = service.currency or directory.salons[booking.salon_id].currency
    return service.price_minor if currency == booking.currency else None


def days_counted(visits: Iterable[IndexedVisit | None], directory: Directory) -> set[tuple[str, date]]:
    """The salons and days on which reports count these visits. Where the booking alone tells the day, both
    days on which it may be."""
    found = set()
    for visit in visits:
        if visit is None:
            continue
        day = day_of(visit)
        if day is not None:
            found.add((visit.salon_id, day))
        else:
            last = local_date(visit.at, zone_of_salon(directory, visit.salon_id))
            found |= {(visit.salon_id, last), (visit.salon_id, last - A_DAY)}
    return found


def zone_of_salon(directory: Directory, salon_id: str) -> str:
    """The salon's zone; UTC for a salon that is not there or cannot be read."""
    with suppress(Unreadable):
        salon = directory.salons.get(salon_id)
        return salon.timezone if salon is not None else "UTC"
    return "UTC"
