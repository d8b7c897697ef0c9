"""Services and staff that a booking site names: found by the site's id or by name, made where missing, to be
reviewed."""

import contextlib
from collections.abc import Iterable
from typing import TypeVar

from chalicelib.domain.bookings.bookings import Line
from chalicelib.domain.intake.site_events import BookingReported, SiteLine
from chalicelib.domain.networks.network import Connection, Directory, Salon, Service, Staff
from chalicelib.domain.shared.ids import derived
from chalicelib.services.bookings.book import usual_price
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Named = TypeVar("Named", Service, Staff)

UNNAMED = "Visit"
MINUTES_DEFAULT = 60


def lines_of(world: World, connection: Connection, salon: Salon, event: BookingReported) -> tuple[Line, ...]:
    """The event's lines in our own services and staff. A booking that names no service has one line all the
    same."""
    told = event.lines or (SiteLine(service_name=UNNAMED, minutes=event.minutes),)
    return tuple(_line(world, connection, salon, line) for line in told)


def _line(world: World, connection: Connection, salon: Salon, told: SiteLine) -> Line:
    directory = world.directory(connection.network_id)
    service = _service(world, connection, salon, directory, told)
    staff_id = None
    if told.staff_id or told.staff_name:
        staff_id = _staff(world, connection, salon, directory, told).id
    minutes = told.minutes or service.minutes
    price = usual_price(service, salon) if told.price_minor is None else told.price_minor
    return Line(service.id, minutes, staff_id, price)


def _service(
    world: World, connection: Connection, salon: Salon, directory: Directory, told: SiteLine
) -> Service:
    found = _find(directory.services.values(), connection, told.service_id, told.service_name)
    if found is not None:
        return found
    return _made(
        world,
        Service(
            network_id=connection.network_id,
            id=derived("srv", connection.id, told.service_id or str(told.service_name).casefold()),
            name=told.service_name or str(told.service_id),
            minutes=told.minutes or MINUTES_DEFAULT,
            price_minor=told.price_minor,
            currency=salon.currency,
            external_ids=_external(connection, told.service_id),
            unreviewed=True,
        ),
    )


def _staff(world: World, connection: Connection, salon: Salon, directory: Directory, told: SiteLine) -> Staff:
    found = _find(directory.staff.values(), connection, told.staff_id, told.staff_name)
    if found is not None:
        return found
    return _made(
        world,
        Staff(
            network_id=connection.network_id,
            id=derived("stf", connection.id, told.staff_id or str(told.staff_name).casefold()),
            name=told.staff_name or str(told.staff_id),
            salon_ids=(salon.id,),
            external_ids=_external(connection, told.staff_id),
            unreviewed=True,
        ),
    )


def _external(connection: Connection, id: str | None) -> tuple[str, ...]:
    return (f"{connection.id}:{id}",) if id else ()


def _find(named: Iterable[Named], connection: Connection, id: str | None, name: str | None) -> Named | None:
    """By the site's id, else by name: sites rename things, but an id that we know is the same thing."""
    everything = list(named)
    for external in _external(connection, id):
        for each in everything:
            if external in each.external_ids:
                return each
    if not name:
        return None
    return next((each for each in everything if each.name.casefold() == name.casefold()), None)


def _made(world: World, value: Named) -> Named:
    """Saves what is new; somebody who was quicker has made the same, since ids follow from the site's."""
    with contextlib.suppress(SaveConflict):
        (value,) = world.store.save(value)
    world.directories.forget(value.network_id)
    return value
