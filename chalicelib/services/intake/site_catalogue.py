"""Services and staff that a booking site names: found by the site's id or by name, else made. Those that are
made are marked for a person to review."""

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
DEFAULT_MINUTES = 60


def booking_lines(
    world: World, connection: Connection, salon: Salon, event: BookingReported
) -> tuple[Line, ...]:
    """The event's lines with the network's own services and staff. A booking that names no service has one
    line too."""
    reported = event.lines or (SiteLine(service_name=UNNAMED, minutes=event.minutes),)
    return tuple(_line(world, connection, salon, line) for line in reported)


def _line(world: World, connection: Connection, salon: Salon, reported: SiteLine) -> Line:
    directory = world.directory(connection.network_id)
    service = _service(world, connection, salon, directory, reported)
    staff_id = None
    if reported.staff_id or reported.staff_name:
        staff_id = _staff(world, connection, salon, directory, reported).id
    minutes = reported.minutes or service.minutes
    price = usual_price(service, salon) if reported.price_minor is None else reported.price_minor
    return Line(service.id, minutes, staff_id, price)


def _service(
    world: World, connection: Connection, salon: Salon, directory: Directory, reported: SiteLine
) -> Service:
    found = _find(directory.services.values(), connection, reported.service_id, reported.service_name)
    if found is not None:
        return found
    return _made(
        world,
        Service(
            network_id=connection.network_id,
            id=derived("srv", connection.id, reported.service_id or str(reported.service_name).casefold()),
            name=reported.service_name or str(reported.service_id),
            minutes=reported.minutes or DEFAULT_MINUTES,
            price_minor=reported.price_minor,
            currency=salon.currency,
            external_ids=_external(connection, reported.service_id),
            unreviewed=True,
        ),
    )


def _staff(
    world: World, connection: Connection, salon: Salon, directory: Directory, reported: SiteLine
) -> Staff:
    found = _find(directory.staff.values(), connection, reported.staff_id, reported.staff_name)
    if found is not None:
        return found
    return _made(
        world,
        Staff(
            network_id=connection.network_id,
            id=derived("stf", connection.id, reported.staff_id or str(reported.staff_name).casefold()),
            name=reported.staff_name or str(reported.staff_id),
            salon_ids=(salon.id,),
            external_ids=_external(connection, reported.staff_id),
            unreviewed=True,
        ),
    )


def _external(connection: Connection, site_id: str | None) -> tuple[str, ...]:
    return (f"{connection.id}:{site_id}",) if site_id else ()


def _find(
    named: Iterable[Named], connection: Connection, site_id: str | None, name: str | None
) -> Named | None:
    """The service or person with the site's id, else with the name. Sites rename things, but the same id is
    the same thing."""
    everything = list(named)
    for external in _external(connection, site_id):
        for each in everything:
            if external in each.external_ids:
                return each
    if not name:
        return None
    return next((each for each in everything if each.name.casefold() == name.casefold()), None)


def _made(world: World, value: Named) -> Named:
    """Saves a new service or person. Another worker who was quicker has made an equal one, since its id
    follows from the site's."""
    with contextlib.suppress(SaveConflict):
        (value,) = world.store.save(value)
    world.directories.forget(value.network_id)
    return value
