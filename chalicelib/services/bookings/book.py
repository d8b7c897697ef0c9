"""Make a booking for a known or a new client."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Line
from chalicelib.domain.bookings.visit_times import ensure_may_enter
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Role, Salon, Service, Staff
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.clients.booked_ahead import followed
from chalicelib.services.clients.partner_clients import client_for_partner
from chalicelib.services.clients.phone_at_desk import phone_at_desk
from chalicelib.services.clients.register_client import NewClient, drafted, find_client, get_client
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.shared.contact_details import note_normal
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

MAX_LINES = 20
MAX_MINUTES = 24 * 60
MAX_AHEAD = timedelta(days=730)
START_TOO_FAR = "START_TOO_FAR"
MAX_MINOR = 10**12


class WantedLine(Struct, frozen=True, kw_only=True):
    """One service wanted. minutes and price_minor default to the service's own."""

    service_id: str
    staff_id: str | None = None
    minutes: int | None = None
    price_minor: int | None = None


class NewBooking(Struct, frozen=True, kw_only=True):
    """client: an id, or the details of a client who is found by phone or e-mail, else registered."""

    salon_id: str
    client: str | NewClient
    starts_at: datetime
    lines: Sequence[WantedLine]
    source: str | None = None
    note: str | None = None


def book(world: World, access: Access, new: NewBooking, request_id: str | None = None) -> Booking:
    """The booking of `book_with_client`, without the client."""
    return book_with_client(world, access, new, request_id)[0]


def book_with_client(
    world: World, access: Access, new: NewBooking, request_id: str | None = None
) -> tuple[Booking, Client | None]:
    """Makes a booking; its notice goes out at once. A visit that has begun is entered: nothing is sent before
    it is completed. At most three calls in sequence where the set-up is cached.

    The second value is the client, where the client was read. A client who is found by phone is not read: the
    booking is planned by the salon's clock until its notice goes out, and by the client's clock from then on.

    request_id: a repetition of the same request answers with the same booking. Raises NOT_FOUND, FORBIDDEN,
    START_IN_PAST, INVALID_LINES, INVALID_PHONE, ...
    """
    return world.retrying(partial(_book_once, world, access, new, request_id))


def _book_once(
    world: World, access: Access, new: NewBooking, request_id: str | None
) -> tuple[Booking, Client | None]:
    directory = world.directory(access.network_id, lambda it: directory_has(it, new.salon_id, new.lines))
    salon = reachable_salon(directory, access, new.salon_id)
    _ensure_start(access, new.starts_at, world.now(), salon)
    lines = priced_lines(directory, new.salon_id, new.lines)
    found = _client_of(world, access, new, request_id)
    client = found.client
    booking = _draft_booking(world, access, new, salon, found, lines, request_id)
    booking = with_wake(booking, directory, client, world.now())
    values = found.values or tuple(followed(world, client, directory, None, booking))
    try:
        saved = world.store.save(booking, *values)[0]
    except SaveConflict as clash:
        existing = (
            world.store.get(Booking, network_id=access.network_id, id=booking.id) if request_id else None
        )
        if existing is not None:
            return existing, client
        if clash.value is booking:
            raise conflict("TRY_AGAIN", "This booking's id is taken; try again.") from None
        raise  # the client was registered meanwhile: the next attempt finds them
    world.wake_if_due(saved)
    return saved, client


def directory_has(directory: Directory, salon_id: str, lines: Sequence[WantedLine]) -> bool:
    """Whether the directory has the salon, and the services and staff of all lines."""
    return salon_id in directory.salons and all(
        line.service_id in directory.services and (line.staff_id is None or line.staff_id in directory.staff)
        for line in lines
    )


def reachable_salon(directory: Directory, access: Access, salon_id: str) -> Salon:
    salon = directory.salons.get(salon_id)
    if salon is None:
        raise missing("salon", salon_id)
    access.ensure_salon(salon_id)
    ensure_offered("salon", salon)
    return salon


def _ensure_start(access: Access, starts_at: datetime, now: datetime, salon: Salon) -> None:
    """A visit that has begun is entered afterwards. Raises START_IN_PAST, START_TOO_FAR."""
    if starts_at <= now:
        ensure_may_enter(access.role, starts_at, now, salon.timezone)
    else:
        ensure_ahead(starts_at, now)


def ensure_ahead(starts_at: datetime, now: datetime) -> None:
    if starts_at <= now:
        raise refused("START_IN_PAST", "A booking starts in the future.", starts_at=starts_at.isoformat())
    if starts_at > now + MAX_AHEAD:
        raise refused(START_TOO_FAR, "A booking starts within two years.", starts_at=starts_at.isoformat())


def priced_lines(
    directory: Directory, salon_id: str, wanted: Sequence[WantedLine], had: Sequence[Line] = ()
) -> tuple[Line, ...]:
    """The lines of a booking. Minutes and prices that are not wanted otherwise are the service's own.

    had: the lines of a booking that is changed, which keeps what was archived since."""
    if not 1 <= len(wanted) <= MAX_LINES:
        raise refused("INVALID_LINES", f"A booking has 1 to {MAX_LINES} lines.", lines=len(wanted))
    kept = {line.service_id for line in had} | {line.staff_id for line in had}
    for line in wanted:
        service, staff = directory.services.get(line.service_id), directory.staff.get(line.staff_id or "")
        for what, value in (("service", service), ("staff", staff)):
            if value is not None and value.id not in kept:
                ensure_offered(what, value)
    return tuple(_priced_line(directory, salon_id, line) for line in wanted)


def ensure_offered(what: str, value: Salon | Staff | Service) -> None:
    """Raises ARCHIVED."""
    if value.archived:
        raise refused(
            "ARCHIVED",
            f"{value.name} is archived: restore it with archived false, or name another {what}.",
            what=what,
            id=value.id,
        )


def _priced_line(directory: Directory, salon_id: str, line: WantedLine) -> Line:
    service = directory.services.get(line.service_id)
    if service is None:
        raise missing("service", line.service_id)
    if line.staff_id is not None:
        staff = directory.staff.get(line.staff_id)
        if staff is None:
            raise missing("staff", line.staff_id)
        if staff.salon_ids and salon_id not in staff.salon_ids:
            raise refused(
                "STAFF_ELSEWHERE", "This specialist does not work in that salon.", staff_id=line.staff_id
            )
    minutes = service.minutes if line.minutes is None else line.minutes
    price = usual_price(service, directory.salons[salon_id]) if line.price_minor is None else line.price_minor
    if not 1 <= minutes <= MAX_MINUTES:
        raise refused("INVALID_MINUTES", "A service takes between a minute and a day.", minutes=minutes)
    if price is not None and not 0 <= price <= MAX_MINOR:
        raise refused("INVALID_AMOUNT", "A price is not negative and not absurd.", amount_minor=price)
    return Line(line.service_id, minutes, line.staff_id, price)


def usual_price(service: Service, salon: Salon) -> int | None:
    """The service's price, if it is in the salon's currency."""
    return service.price_minor if service.currency in (None, salon.currency) else None


class _ClientOfBooking(Struct, frozen=True):
    """The client's id, the client if the client was read, what is saved with the booking of a new client, and
    the record under which a partner knows the client."""

    client_id: str
    client: Client | None
    values: tuple[Storable, ...] = ()
    booked_as: str | None = None


def _client_of(world: World, access: Access, new: NewBooking, request_id: str | None) -> _ClientOfBooking:
    named, for_client = new.client, request_id and f"{request_id}/client"
    if isinstance(named, NewClient) and named.phone:
        phone = phone_at_desk(world.directory(access.network_id), access, named.phone, new.salon_id)
        named = replace(named, phone=phone)
    if access.role is Role.PARTNER:
        record, client, values = client_for_partner(world, access, named, for_client)
        return _ClientOfBooking(client.id if client else record.id, client, values, record.id)
    if isinstance(named, str):
        client = get_client(world, access, named)
        ensure_not_merged(client)
        return _ClientOfBooking(client.id, client)
    known = find_client(world, access.network_id, phone=named.phone, email=named.email)
    if known is not None:
        return _ClientOfBooking(known, None)
    if named.source is None:  # a new client came from where the booking did
        named = replace(named, source=new.source)
    client, others = drafted(world, access, named, for_client)
    return _ClientOfBooking(client.id, client, (client, *others))


def _draft_booking(
    world: World,
    access: Access,
    new: NewBooking,
    salon: Salon,
    found: _ClientOfBooking,
    lines: tuple[Line, ...],
    request_id: str | None,
) -> Booking:
    return Booking(
        network_id=access.network_id,
        id=derived("bkg", access.network_id, request_id) if request_id else world.new_id("bkg"),
        salon_id=salon.id,
        client_id=found.client_id,
        booked_as=found.booked_as,
        starts_at=new.starts_at,
        lines=lines,
        currency=salon.currency,
        made_at=world.now(),
        source=access.source if access.role is Role.PARTNER else new.source,
        partner=access.actor if access.role is Role.PARTNER else None,
        of_new_client=found.client is not None and found.client.version == 0,
        note=note_normal(new.note),
    )
