"""Bookings that a site names by one id: which of them an event is about, and what is known of the group.

A group is noted before its bookings are saved. A member whose booking never came does no harm.
"""

from datetime import date, datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import UPCOMING, Booking
from chalicelib.domain.intake.site_events import (
    BookingReported,
    GroupReported,
    SeatsReported,
    SeriesReported,
    SiteStatus,
    person_part,
    seat_id,
)
from chalicelib.domain.intake.site_groups import SiteGroup, with_member
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import Alias, site_series
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.zones import as_instant, local_date
from chalicelib.services.intake.locate_booking import booking_id_of, first_id, site_group
from chalicelib.services.shared.world import World

SEAT_UNKNOWN, SERIES_UNCLEAR = "SEAT_UNKNOWN", "SERIES_UNCLEAR"


def noted(world: World, connection: Connection, event: BookingReported) -> BookingReported:
    """The event, after the group to which its booking belongs was noted. Where the site cancelled the whole
    group later, the event says so. Costs nothing for a booking of no group. Raises SaveConflict."""
    group_id = event.shared_id or event.series
    if group_id is None or (event.partial and event.moved_from is None):
        return event
    known = site_group(world, connection, group_id)
    group = known or SiteGroup(network_id=connection.network_id, connection_id=connection.id, id=group_id)
    wanted = with_member(group, event.external_id, event.seat)
    if wanted is not group:
        world.store.save(wanted, *_series_of_date(world, connection, event))
    if group.closed is not None and group.closed > event.guard and event.shared_id is not None:
        return replace(event, status=SiteStatus.CANCELLED, guard=group.closed)
    return event


def _series_of_date(world: World, connection: Connection, event: BookingReported) -> list[Alias]:
    """The alias by which a date leads to its series: a cancellation does not name the series."""
    if event.series is None:
        return []
    kind = site_series(connection.id)
    if world.store.alias(connection.network_id, kind, event.external_id) is not None:
        return []
    return [
        Alias(network_id=connection.network_id, kind=kind, value=event.external_id, leads_to=event.series)
    ]


def bookings_named(
    world: World, connection: Connection, event: BookingReported | GroupReported, *, released: bool
) -> tuple[list[BookingReported], DomainError | None]:
    """What the event says of each booking that it is about. The error tells a person what it leaves open.

    released: a person let the webhook through, and so has seen to the rest. Raises SaveConflict, and
    SEAT_UNKNOWN where nothing of it can be applied.
    """
    if isinstance(event, BookingReported):
        return [event], None
    if isinstance(event, SeriesReported):
        reported, unclear = dates_named(world, connection, event)
        return reported, None if released else unclear
    try:
        return seats_named(world, connection, event), None
    except DomainError:
        if released:
            return [], None
        raise


# --- seats


def seats_named(world: World, connection: Connection, event: SeatsReported) -> list[BookingReported]:
    """What the event says of each seat that it is about. Raises SEAT_UNKNOWN, SaveConflict."""
    reported = event.event
    group = site_group(world, connection, reported.external_id)
    former = site_group(world, connection, reported.moved_from) if reported.moved_from else None
    if event.marks:
        return _marked(group, event)
    if event.seat is not None:
        return [_of_seat(reported, _seat_id_of(group, former, event.seat))]
    if event.people:
        return _of_people(group, former, event)
    if reported.status is SiteStatus.CANCELLED and group is not None:
        group = _closed(world, group, reported.guard)
    return [
        *([event.named] if event.named else []),
        *_of_all(world, connection, former or group, event),
    ]


def _marked(group: SiteGroup | None, event: SeatsReported) -> list[BookingReported]:
    reported = event.event
    members = group.members if group else {}
    seats = [(seat_id(reported.external_id, person), status) for person, status in event.marks]
    found = [replace(_of_seat(reported, seat), status=status) for seat, status in seats if seat in members]
    return found or [reported]


def _of_people(
    group: SiteGroup | None, former: SiteGroup | None, event: SeatsReported
) -> list[BookingReported]:
    """The seats of those people. Of people who move, only those are meant who are known to have a seat: the
    body lists who had one before, too."""
    reported = event.event
    seats = [seat_id(reported.external_id, person) for person in event.people]
    if reported.moved_from is not None:
        known = {person_part(each) for one in (group, former) if one for each in one.members}
        seats = [seat for seat in seats if person_part(seat) in known]
    return [_of_seat(reported, seat) for seat in seats]


def _of_seat(reported: BookingReported, seat: str) -> BookingReported:
    person = person_part(seat)
    moved_from = seat_id(reported.moved_from, person) if reported.moved_from else None
    return replace(reported, external_id=seat_id(reported.external_id, person), moved_from=moved_from,
                   shared_id=reported.external_id, people=())  # fmt: skip


def _seat_id_of(group: SiteGroup | None, former: SiteGroup | None, seat: str) -> str:
    for known in (group, former):
        for member, each in known.members.items() if known else ():
            if each and each == seat:
                return member
    raise refused(
        "SEAT_UNKNOWN",
        "The site does not say whose seat it means. Look at the booking there, and change the seat by hand.",
    )


def _closed(world: World, group: SiteGroup, guard: str) -> SiteGroup:
    if group.closed is not None and group.closed >= guard:
        return group
    (saved,) = world.store.save(replace(group, closed=guard))
    return saved


def _of_all(
    world: World, connection: Connection, group: SiteGroup | None, event: SeatsReported
) -> list[BookingReported]:
    """All seats that are taken. Somebody who left, or moved to another time, is not meant any more."""
    reported = event.event
    shared_id = group.id if group else reported.moved_from or reported.external_id
    found = [(member, _stored(world, connection, member)) for member in (group.members if group else ())]
    named = event.named.external_id if event.named else None
    taken = [
        _of_seat(reported, member)
        for member, booking in found
        if booking is not None and member != named and _is_meant(booking, member, reported)
    ]
    bare = _stored(world, connection, shared_id)
    if bare is not None and _is_meant(bare, shared_id, reported):
        taken.append(reported)  # the first seat, as an earlier version stored it
    if not taken and event.named is None:
        return [] if found else [reported]
    return taken


def _is_meant(booking: Booking, external_id: str, reported: BookingReported) -> bool:
    if booking.guard == reported.guard:  # this very event, applied before a crash
        return True
    return booking.external_id == external_id and booking.status in UPCOMING


def _stored(world: World, connection: Connection, external_id: str) -> Booking | None:
    booking_id = booking_id_of(connection, first_id(world, connection, external_id))
    return world.store.get(Booking, network_id=connection.network_id, id=booking_id)


def of_its_seats(reported: BookingReported) -> SeatsReported:
    """An event about a booking whose site did not say that people share it, as one about their seats."""
    event = BookingReported(
        external_id=reported.external_id,
        guard=reported.guard,
        status=reported.status,
        starts_at=reported.starts_at if reported.moved_from else None,
        lines=reported.lines if reported.moved_from else (),
        moved_from=reported.moved_from,
        paid_minor=reported.paid_minor if len(reported.people) == 1 else None,
        currency=reported.currency,
        partial=True,
        odd=reported.odd,
    )
    return SeatsReported(event, people=reported.people)


# --- series


def dates_named(
    world: World, connection: Connection, event: SeriesReported
) -> tuple[list[BookingReported], DomainError | None]:
    """What the event says of each date that it is about. The error tells a person what it leaves open."""
    reported = event.event
    group = _series_of(world, connection, reported)
    members = dict.fromkeys([reported.external_id, *(group.members if group else ())])
    stored = [_stored(world, connection, member) for member in members]
    own, bookings = stored[0], [each for each in stored if each is not None]
    if not event.dates and group is None:
        return [reported], _unclear("which bookings are the other dates of its series")
    meant = {each.id: each for each in bookings if _is_of(world, event, each)}
    if own is not None and not event.dates:
        meant[own.id] = own
    if event.most is not None and len(meant) > event.most:
        return [reported], _unclear("which bookings are of its series: there are more than it has dates")
    own_id = own.id if own is not None else None
    cancelled = [reported if each.id == own_id else _of_date(reported, each) for each in meant.values()]
    open_dates = [each for each in event.dates if not any(_starts(world, one, each) for one in bookings)]
    error = _unclear(f"which bookings {len(open_dates)} of its dates are") if open_dates else None
    return cancelled, error


def _series_of(world: World, connection: Connection, reported: BookingReported) -> SiteGroup | None:
    """The series of which the booking was a date when it was made, else the one that the event names."""
    kind = site_series(connection.id)
    series_id = world.store.alias(connection.network_id, kind, reported.external_id) or reported.series
    return site_group(world, connection, series_id) if series_id else None


def _of_date(reported: BookingReported, booking: Booking) -> BookingReported:
    external_id = booking.external_id or reported.external_id
    return BookingReported(external_id, reported.guard, reported.status, partial=True)


def _is_of(world: World, event: SeriesReported, booking: Booking) -> bool:
    if event.since is not None:
        return booking.starts_at >= event.since
    return any(_starts(world, booking, each) for each in event.dates)


def _starts(world: World, booking: Booking, at: datetime | date) -> bool:
    """Whether the booking starts at that instant, at that local time, or on that local date."""
    zone_name = world.directory(booking.network_id).salons[booking.salon_id].timezone
    if not isinstance(at, datetime):
        return local_date(booking.starts_at, zone_name) == at
    return abs(as_instant(at, zone_name) - booking.starts_at) < timedelta(minutes=1)


def _unclear(what: str) -> DomainError:
    return refused(
        "SERIES_UNCLEAR",
        f"The site cancels several dates and does not say {what}. Cancel by hand those that it means.",
    )
