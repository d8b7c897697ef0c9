"""Place an event: which booking a site's event is about, where the site may give a moved booking a new id."""

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.site_events import BookingReported
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import Alias, site_booking
from chalicelib.domain.shared.ids import derived
from chalicelib.services.shared.world import World

MAX_MOVES = 50
"""How many ids of one booking are followed."""


class LocatedBooking(Struct, frozen=True):
    """Where an event belongs. A site that gives a moved booking a new id tells that two ids are one booking:
    `joins` is the alias that says so, `gone` the booking that was kept under the other id meanwhile."""

    booking_id: str
    stands: Booking | None
    joins: tuple[Alias, ...] = ()
    gone: tuple[Booking, ...] = ()


def locate_booking(world: World, connection: Connection, event: BookingReported) -> LocatedBooking:
    """Finds the booking under the event's own id, or under the first of the ids that the site gave to it."""
    own = _first(world, connection, event.external_id)
    before = _first(world, connection, event.moved_from) if event.moved_from else own
    first = world.store.get(Booking, network_id=connection.network_id, id=_booking_id(connection, before))
    if own == before:
        return LocatedBooking(_booking_id(connection, own), first)
    later = world.store.get(Booking, network_id=connection.network_id, id=_booking_id(connection, own))
    if later is not None and (first is None or later.status is Status.COMPLETED):
        gone = (first,) if first else ()  # what has been posted to is kept under its id
        return LocatedBooking(later.id, later, (_alias(connection, before, own),), gone)
    gone = (later,) if later else ()
    return LocatedBooking(_booking_id(connection, before), first, (_alias(connection, own, before),), gone)


def _booking_id(connection: Connection, external_id: str) -> str:
    return derived("bkg", connection.id, external_id)


def _first(world: World, connection: Connection, external_id: str) -> str:
    """The id, of all that the site has given to the booking, under which it is kept here."""
    for _ in range(MAX_MOVES):
        led = world.store.alias(connection.network_id, site_booking(connection.id), external_id)
        if led is None:
            break
        external_id = led
    return external_id


def _alias(connection: Connection, external_id: str, leads_to: str) -> Alias:
    kind = site_booking(connection.id)
    return Alias(network_id=connection.network_id, kind=kind, value=external_id, leads_to=leads_to)
