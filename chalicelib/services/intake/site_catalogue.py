"""Services and staff that a booking site names: found by the site's id or by name, else made. Those that are
made are marked for a person to review.

What one body names and the network does not have is made in one go: the set-up is read once and saved once,
however many items there are.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from chalicelib.domain.bookings.bookings import Line
from chalicelib.domain.intake.site_events import BookingReported, SiteLine
from chalicelib.domain.intake.trust import MAX_LINES, MAX_NEW_OF_BODY, MAX_NEW_OF_DAY
from chalicelib.domain.networks.network import Connection, Directory, Salon, Service, Staff
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.bookings.book import usual_price
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

Named = TypeVar("Named", Service, Staff)

UNNAMED = "Visit"
DEFAULT_MINUTES = 60
SAVED_AT_ONCE = 90
"""A transaction takes a hundred items at most."""
TOO_MUCH_AT_ONCE = "TOO_MUCH_AT_ONCE"

SalonEvent = tuple[Salon, BookingReported]


class SiteCatalogue:
    """The network's services and staff as one body of a site names them. released: a person let the body
    through, so that no bound holds it back."""

    def __init__(self, world: World, connection: Connection, *, released: bool = False) -> None:
        self.released = released
        self._world, self._connection = world, connection
        self._made = 0
        self._is_fresh = False
        self._read(world.directory(connection.network_id))

    def _read(self, directory: Directory) -> None:
        self._directory = directory
        self._services = _Index("srv", self._connection, directory.services.values())
        self._staff = _Index("stf", self._connection, directory.staff.values())

    def service(self, service_id: str) -> Service | None:
        return self._services.by_id.get(service_id)

    def add_missing(self, events: Sequence[SalonEvent]) -> None:
        """Makes what the events name and the network does not have. Raises TOO_MUCH_AT_ONCE, SaveConflict;
        Unreadable where one that cannot be read may be what the events name."""
        self._ensure_lines(events)
        missing: list[Service | Staff] = []
        for _ in self._world.tries():
            missing = self._missing(events)
            if not missing:
                return
            if self._is_fresh:
                self._ensure_readable(missing)
                self._ensure_bounded(missing)
                with suppress(SaveConflict):  # another worker was quicker: look again
                    self._save(missing)
                    return
            self._is_fresh = True
            self._read(self._world.fresh_directory(self._connection.network_id))
        raise SaveConflict(missing[0])

    def lines(self, salon: Salon, event: BookingReported) -> tuple[Line, ...]:
        """The event's lines with the network's own services and staff. A booking that names no service has
        one line too."""
        self.add_missing([(salon, event)])
        return tuple(self._line(salon, line) for line in reported_lines(event))

    def _line(self, salon: Salon, reported: SiteLine) -> Line:
        service = self._found_or_drafted_service(salon, reported)
        staff = self._found_or_drafted_staff(salon, reported)
        minutes = reported.minutes or service.minutes
        price = usual_price(service, salon) if reported.price_minor is None else reported.price_minor
        return Line(service.id, minutes, staff.id if staff else None, price)

    # --- what is missing

    def _missing(self, events: Sequence[SalonEvent]) -> list[Service | Staff]:
        """Each value once: a draft is known to the lines that come after it."""
        found: dict[str, Service | Staff] = {}
        for salon, event in events:
            for line in reported_lines(event):
                named = self._found_or_drafted_service(salon, line), self._found_or_drafted_staff(salon, line)
                found.update((each.id, each) for each in named if each is not None and each.version == 0)
        return list(found.values())

    def _found_or_drafted_service(self, salon: Salon, line: SiteLine) -> Service:
        connection = self._connection
        return self._services.find(line.service_id, line.service_name) or self._services.add(
            Service(
                network_id=connection.network_id,
                id=_id("srv", connection, line.service_id, line.service_name),
                name=line.service_name or str(line.service_id),
                minutes=line.minutes or DEFAULT_MINUTES,
                price_minor=line.price_minor,
                currency=salon.currency,
                external_ids=_external(connection, line.service_id),
                unreviewed=True,
                made_by=connection.id,
                made_at=self._world.now(),
            )
        )

    def _found_or_drafted_staff(self, salon: Salon, line: SiteLine) -> Staff | None:
        if not (line.staff_id or line.staff_name):
            return None
        connection = self._connection
        return self._staff.find(line.staff_id, line.staff_name) or self._staff.add(
            Staff(
                network_id=connection.network_id,
                id=_id("stf", connection, line.staff_id, line.staff_name),
                name=line.staff_name or str(line.staff_id),
                salon_ids=(salon.id,),
                external_ids=_external(connection, line.staff_id),
                unreviewed=True,
                made_by=connection.id,
                made_at=self._world.now(),
            )
        )

    def _save(self, missing: Sequence[Service | Staff]) -> None:
        for first in range(0, len(missing), SAVED_AT_ONCE):
            one, *others = missing[first : first + SAVED_AT_ONCE]
            for saved in self._world.store.save(one, *others):
                if isinstance(saved, Service):
                    self._services.by_id[saved.id] = saved
                else:
                    self._staff.by_id[saved.id] = saved
        self._made += len(missing)
        self._world.directories.forget(self._connection.network_id)

    def _ensure_readable(self, missing: Sequence[Service | Staff]) -> None:
        """The site's ids and the name of an item that cannot be read are not known: in its place a second one
        would be made, or one with its id, which the table refuses."""
        for each in missing:
            kind = self._directory.staff if isinstance(each, Staff) else self._directory.services
            if isinstance(kind, PartlyReadable):
                kind.refuse_new(each.id)

    # --- bounds

    def _ensure_lines(self, events: Sequence[SalonEvent]) -> None:
        most = max((len(event.lines) for _, event in events), default=0)
        if most > MAX_LINES and not self.released:
            raise too_much(f"A booking of {most} lines; at most {MAX_LINES} are taken in unseen.")

    def _ensure_bounded(self, missing: Sequence[Service | Staff]) -> None:
        if self.released:
            return
        new = self._made + len(missing)
        if new > MAX_NEW_OF_BODY:
            raise too_much(
                f"It names {new} services and staff that are not known; at most {MAX_NEW_OF_BODY} are added "
                "for one webhook unseen."
            )
        today, kinds = self._world.now().date(), (self._directory.services, self._directory.staff)
        made = sum(
            each.made_by == self._connection.id and each.made_at is not None and each.made_at.date() == today
            for kind in kinds
            for each in kind.values()
        )
        most = int(self._connection.settings.get("new_a_day") or MAX_NEW_OF_DAY)
        if made + new > most:
            raise too_much(
                f"{made} services and staff were added for this connection today, and it names {new} more; "
                f"at most {most} a day are added unseen."
            )


class _Index(Generic[Named]):
    """Services, or staff, by all that a site may name them by."""

    def __init__(self, prefix: str, connection: Connection, named: Iterable[Named]) -> None:
        self._prefix, self._connection = prefix, connection
        self.by_id: dict[str, Named] = {}
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}
        for each in sorted(named, key=lambda each: each.archived):  # of one name, the one that is offered
            self.add(each)

    def add(self, value: Named) -> Named:
        self.by_id[value.id] = value
        for external in value.external_ids:
            self._ids.setdefault(external, value.id)
        self._names.setdefault(value.name.casefold(), value.id)
        return value

    def find(self, site_id: str | None, name: str | None) -> Named | None:
        """The one with the site's id, else with the name. Sites rename things, but the same id is the same
        thing. What was made of that id or name before, and renamed by a person since, is still the same."""
        for external in _external(self._connection, site_id):
            if external in self._ids:
                return self.by_id[self._ids[external]]
        if name and name.casefold() in self._names:
            return self.by_id[self._names[name.casefold()]]
        return self.by_id.get(_id(self._prefix, self._connection, site_id, name))


def reported_lines(event: BookingReported) -> tuple[SiteLine, ...]:
    return event.lines or (SiteLine(service_name=UNNAMED, minutes=event.minutes),)


def _id(prefix: str, connection: Connection, site_id: str | None, name: str | None) -> str:
    """Follows from what the site says, so that two workers make one item."""
    return derived(prefix, connection.id, site_id or str(name).casefold())


def _external(connection: Connection, site_id: str | None) -> tuple[str, ...]:
    return (f"{connection.id}:{site_id}",) if site_id else ()


def too_much(message: str) -> DomainError:
    return refused("TOO_MUCH_AT_ONCE", f"{message} Replay it if it is right.")
