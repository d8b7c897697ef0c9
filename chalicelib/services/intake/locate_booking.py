"""Locate a booking: which booking a site's event is about, where the site may give a moved booking a new id;
and in which salon it is."""

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.site_accounts import MAX_TWINS, accounts, already_connected, twins_of
from chalicelib.domain.intake.site_events import BookingReported, GroupReported, SiteEvent, shared_part
from chalicelib.domain.intake.site_groups import SiteGroup
from chalicelib.domain.intake.trust import FIRST
from chalicelib.domain.networks.network import UNSIGNED_SITES, Connection, Directory, Salon
from chalicelib.domain.shared.aliases import Alias, brought_by, site_booking
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.clients.surviving_client import is_same_person
from chalicelib.services.intake.site_clients import find_known, normalised
from chalicelib.services.shared.world import World

MAX_MOVES = 50
"""How many ids of one booking are followed."""


class LocatedBooking(Struct, frozen=True):
    """The booking that an event is about. A site that gives a moved booking a new id reports that two ids are
    one booking.

    existing    the booking as it is stored under `booking_id`; None where nothing is stored.
    joins       the alias that makes the two ids lead to one booking; it is to be saved.
    duplicates  the booking that was stored under the other id; it is to be removed.
    """

    booking_id: str
    existing: Booking | None
    joins: tuple[Alias, ...] = ()
    duplicates: tuple[Booking, ...] = ()


def locate_booking(world: World, connection: Connection, event: BookingReported) -> LocatedBooking:
    """Finds the booking under the event's own id, or under the first of the ids that the site gave to it."""
    new_id = first_id(world, connection, event.external_id)
    old_id = first_id(world, connection, event.moved_from) if event.moved_from else new_id
    old = _stored(world, connection, old_id)
    if old is None and event.shared_id is not None:
        found = _seat_without_person(world, connection, event, shared_part(old_id))
        if found is not None:
            return found
    if new_id == old_id:
        if old is None and event.people:
            _ensure_not_shared(world, connection, event.external_id)
        return LocatedBooking(booking_id_of(connection, new_id), old)
    new = _stored(world, connection, new_id)
    if old is None and new is None and event.people:
        _ensure_not_shared(world, connection, event.external_id)
        _ensure_not_shared(world, connection, str(event.moved_from))
    if new is not None and (old is None or new.status is Status.COMPLETED):
        duplicates = (old,) if old else ()  # a booking with entries of the ledger keeps its id
        return LocatedBooking(new.id, new, (_alias(connection, old_id, new_id),), duplicates)
    duplicates = (new,) if new else ()
    joins = (_alias(connection, new_id, old_id),)
    return LocatedBooking(booking_id_of(connection, old_id), old, joins, duplicates)


def ensure_first_company(connection: Connection, directory: Directory, events: Iterable[SiteEvent]) -> None:
    """Where the connection waits for its first company: raises ALREADY_CONNECTED if that company is another
    connection's already, in the same salon. Costs no call."""
    if connection.settings.get("company_id") != FIRST or connection.site not in UNSIGNED_SITES:
        return
    reported = (each.salon_external_id for each in events if isinstance(each, BookingReported))
    company_id = next((each for each in reported if each), None)
    salon = salon_at(connection, directory, company_id)
    for other in directory.connections.values():
        named = f"company {company_id}" in accounts(other) and other.site == connection.site
        if named and other.id != connection.id and salon_at(other, directory, company_id) == salon:
            raise already_connected(directory, other, f"company {company_id}")


class Bringer(Struct, frozen=True):
    """As which connection an event's booking is kept. mark: what says so, to be saved with the booking, where
    several connections may bring the same bookings and nothing says so yet."""

    connection: Connection
    mark: Alias | None = None

    def marked(self, events: Sequence[BookingReported]) -> list[tuple[BookingReported, tuple[Alias, ...]]]:
        """Each event with what is saved with its booking: the mark with the first one of its id."""
        mark = self.mark
        if mark is None:
            return [(each, ()) for each in events]
        first = next((each for each in events if _ids(each)[-1] == mark.value), None)
        return [(each, (mark,) if each is first else ()) for each in events]


def bringing(world: World, connection: Connection, event: BookingReported | GroupReported) -> Bringer:
    """The connection as which the event's booking is kept: itself, unless a deleted one brought the booking
    before. Then it goes on under that one's ids. Raises ALREADY_CONNECTED where one in use brought it.

    Costs a call only where several connections may bring the same bookings. A booking belongs to a connection
    only once it is stored: an event that is held back, waits or is ignored takes it from nobody.
    """
    directory = world.directory(connection.network_id)
    known = directory.connections
    deleted = [replace(connection, id=each) for each in connection.twins if each not in known]
    twins = [*deleted, *twins_of(connection, known.values())][:MAX_TWINS]
    if not twins:
        return Bringer(connection)
    owner = _owner(world, connection, twins, event)
    if owner is None:
        return Bringer(connection, _mark(connection, event, connection.id))
    if owner == connection.id:
        return Bringer(connection)
    if owner in known:
        raise already_connected(directory, known[owner], f"booking {_ids(event)[-1]}")
    return Bringer(replace(connection, id=owner))


def _owner(
    world: World,
    connection: Connection,
    twins: Sequence[Connection],
    event: BookingReported | GroupReported,
) -> str | None:
    """The id of the connection that brought the booking first. None: the booking is not stored yet."""
    kind, ids = brought_by(connection.site), _ids(event)
    for each in ids:
        known = world.store.alias(connection.network_id, kind, each)
        if known is not None:
            return known
    owner = _brought_before(world, connection, twins, event)
    if owner is not None:  # a conflict: another was quicker, and the event is looked at again
        world.store.save(_mark(connection, event, owner))
    return owner


def _mark(connection: Connection, event: BookingReported | GroupReported, owner: str) -> Alias:
    kind = brought_by(connection.site)
    return Alias(network_id=connection.network_id, kind=kind, value=_ids(event)[-1], leads_to=owner)


def _brought_before(
    world: World,
    connection: Connection,
    twins: Sequence[Connection],
    event: BookingReported | GroupReported,
) -> str | None:
    """Who brought the booking before anybody wrote that down: the connection itself, if it did, else the
    oldest."""
    external_ids = [event.external_id] if isinstance(event, BookingReported) else _ids(event)
    for each in (connection, *twins):
        found = [booking_id_of(each, first_id(world, each, external_id)) for external_id in external_ids]
        if world.store.bookings(connection.network_id, found):
            return each.id
    return None


def _ids(event: BookingReported | GroupReported) -> list[str]:
    """The site's ids of the booking, without a seat: the one that it was moved from first."""
    reported = event if isinstance(event, BookingReported) else event.event
    own = reported.shared_id or shared_part(reported.external_id)
    return [shared_part(reported.moved_from), own] if reported.moved_from else [own]


class SharedBooking(Exception):
    """People share the booking that the event names, and the event does not say so: it is about seats."""


def _ensure_not_shared(world: World, connection: Connection, external_id: str) -> None:
    """Raises SharedBooking. Asked only about a booking that is not known, which no new booking is."""
    if site_group(world, connection, external_id) is not None:
        raise SharedBooking(external_id)


def site_group(world: World, connection: Connection, group_id: str) -> SiteGroup | None:
    return world.store.get(
        SiteGroup, network_id=connection.network_id, connection_id=connection.id, id=group_id
    )


def _seat_without_person(
    world: World, connection: Connection, event: BookingReported, shared_id: str
) -> LocatedBooking | None:
    """The seat where it was stored under the id that all share, by an earlier version: the first seat was,
    and its client tells whether it is this one."""
    first = first_id(world, connection, shared_id)
    bare = _stored(world, connection, first)
    if bare is None or bare.client_id is None or event.client is None:
        return None
    known = find_known(world, connection, normalised(world, connection, event.client, bare.salon_id)).client
    if known is None or not is_same_person(world, known, bare.client_id):
        return None
    ids = (event.external_id, event.moved_from)
    return LocatedBooking(bare.id, bare, tuple(_alias(connection, each, first) for each in ids if each))


def _stored(world: World, connection: Connection, external_id: str) -> Booking | None:
    booking_id = booking_id_of(connection, external_id)
    return world.store.get(Booking, network_id=connection.network_id, id=booking_id)


def booking_id_of(connection: Connection, external_id: str) -> str:
    """The id here of the booking that the site first gave that id."""
    return derived("bkg", connection.id, external_id)


def first_id(world: World, connection: Connection, external_id: str) -> str:
    """The id, of all that the site has given to the booking, under which it is stored here."""
    for _ in range(MAX_MOVES):
        earlier = world.store.alias(connection.network_id, site_booking(connection.id), external_id)
        if earlier is None:
            break
        external_id = earlier
    return external_id


def _alias(connection: Connection, external_id: str, leads_to: str) -> Alias:
    kind = site_booking(connection.id)
    return Alias(network_id=connection.network_id, kind=kind, value=external_id, leads_to=leads_to)


def salon_of(connection: Connection, directory: Directory, event: BookingReported) -> Salon:
    """The salon of the booking. Raises SALON_UNKNOWN."""
    salon = salon_at(connection, directory, event.salon_external_id)
    if salon is None:
        raise refused(
            "SALON_UNKNOWN",
            f"Map the site's location {event.salon_external_id} to a salon in the connection's settings,"
            " then replay.",
            location=event.salon_external_id,
        )
    return salon


def salon_at(connection: Connection, directory: Directory, location: str | None) -> Salon | None:
    """The salon that the connection's settings map the site's location to, else the connection's, else the
    only one. None where that is not known."""
    salon_id = connection.settings.get(f"salon:{location}") or connection.salon_id
    open_salons = [each.id for each in directory.salons.values() if not each.archived]
    if salon_id is None and len(open_salons) == 1:
        salon_id = open_salons[0]
    return directory.salons.get(salon_id) if salon_id else None


def in_currency_of(salon: Salon | None, event: BookingReported) -> BookingReported:
    """The event without money in another currency than the salon's: 500 EUR are not 500 MDL. The rest of the
    event is applied; the site has to report again what was paid."""
    if salon is None or event.currency in (None, salon.currency):
        return event
    lines = tuple(replace(line, price_minor=None) for line in event.lines)
    return replace(event, lines=lines, paid_minor=None, currency=None)
