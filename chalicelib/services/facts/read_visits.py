"""Read the facts of a salon's visits from its index, as they are now."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking, Status
from chalicelib.domain.bookings.visit_record import VisitRecord
from chalicelib.domain.facts.packed_visits import attended_at, day_of, facts_of, unpacked
from chalicelib.domain.facts.recorded_visits import booked_on, zone_of_salon
from chalicelib.domain.facts.visit_facts import VisitFact
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.services.shared.ports import ListedVisit
from chalicelib.services.shared.world import World

EARLIER, LATER = timedelta(hours=14), timedelta(hours=26)
"""How far the start of a visit may lie before its day in the salon's present zone, and after it: the zone may
have been another one when the visit was completed, and a visit may be closed half a day before its start."""

READ_AT_ONCE = 100
A_DAY = timedelta(days=1)


def visits_between(
    world: World, network_id: str, salon_id: str, since: date | None, until: date | None
) -> Iterator[ListedVisit]:
    """The index's entries of all visits of the salon from one local day to another one, and some of the days
    around. None: without a beginning, or an end."""
    zone_name = zone_of_salon(world.directory(network_id), salon_id)
    first = day_start(since, zone_name) - EARLIER if since is not None else None
    last = day_start(until + A_DAY, zone_name) + LATER if until is not None else None
    return world.store.visits_of_salon(network_id, salon_id, first, last)


def day_of_visit(listed: ListedVisit, zone_name: str) -> date:
    """The day on whose page a visit is; where the booking alone tells it, a day that is near."""
    return day_of(listed.visit) or local_date(listed.visit.at, zone_name)


def is_packed(listed: ListedVisit) -> bool:
    """Whether the index tells the visit's facts, so that no booking is read for them."""
    return listed.visit.facts != ""


def facts_of_visits(
    world: World, network_id: str, salon_id: str, listed: Iterable[ListedVisit]
) -> Iterator[VisitFact]:
    """The facts of visits in a list. Where the list does not tell them, the bookings are read: an earlier
    release closed them. Raises Unreadable for one that cannot be read."""
    zone_name = zone_of_salon(world.directory(network_id), salon_id)
    unpacked_ids: list[str] = []
    for each in listed:
        if each.visit.facts:
            yield from unpacked(each.visit, each.booking_id)
        else:
            unpacked_ids.append(each.booking_id)
    for place in range(0, len(unpacked_ids), READ_AT_ONCE):
        bookings = world.store.bookings(network_id, unpacked_ids[place : place + READ_AT_ONCE], whole=True)
        yield from _facts_of_bookings(world, network_id, bookings, zone_name)


def rated(world: World, network_id: str, facts: list[VisitFact]) -> list[VisitFact]:
    """The facts with the stars that clients gave the visits. The bookings alone tell these: in the index they
    would cost each review a write unit. A booking that cannot be read has none."""
    ids = sorted({fact.booking for fact in facts if fact.attendance == Status.COMPLETED})
    stars: dict[str, int] = {}
    for place in range(0, len(ids), READ_AT_ONCE):
        for booking in world.store.bookings(network_id, ids[place : place + READ_AT_ONCE]):
            if booking.review is not None:
                stars[booking.id] = booking.review.stars
    return [replace(fact, rating=stars[fact.booking]) if fact.booking in stars else fact for fact in facts]


def _facts_of_bookings(
    world: World, network_id: str, bookings: Sequence[Booking], zone_name: str
) -> Iterator[VisitFact]:
    without = {each.client_id for each in bookings if each.visit is None and each.client_id is not None}
    clients = world.store.clients_named(network_id, sorted(without), whole=True) if without else []
    known = {client.id: client for client in clients}
    for booking in bookings:
        if booking.status not in ATTENDANCES:  # reopened since the list was read
            continue
        client = known.get(str(booking.client_id))
        record = booking.visit or VisitRecord(
            local_date(attended_at(booking), zone_name),
            source=client.source if client else None,
            booked_on=booked_on(booking, zone_name),
            referrer=client.referred_by if client else None,
        )
        yield from facts_of(replace(booking, visit=record))
