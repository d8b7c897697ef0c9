"""Services and staff that a booking site names: found by the site's id or by name, else made. Those that are
made are marked for a person to review. What the site renames is renamed, unless a person named it.

What one body names and the network does not have is made in one go: the set-up is read once and saved once,
however many items there are.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Line
from chalicelib.domain.intake.site_events import BookingReported, SiteLine, dated_at
from chalicelib.domain.intake.trust import (
    MAX_LINES,
    MAX_NEW_OF_BODY,
    MAX_NEW_OF_DAY,
    MAX_RENAMED_OF_DAY,
)
from chalicelib.domain.networks.network import Connection, Directory, Salon, Service, Staff
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.domain.networks.site_names import (
    NO_SERVICE,
    Named,
    is_named,
    no_service_id,
    with_site_word,
)
from chalicelib.domain.shared.errors import DomainError, refused
from chalicelib.domain.shared.quotas import QuotaUse, with_taken
from chalicelib.services.bookings.book import usual_price
from chalicelib.services.intake.site_index import SiteIndex, SiteWord
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

DEFAULT_MINUTES = 60
SAVED_AT_ONCE = 90
"""A transaction takes a hundred items at most."""
TOO_MUCH_AT_ONCE = "TOO_MUCH_AT_ONCE"
_KEPT = timedelta(days=2)

SalonEvent = tuple[Salon, BookingReported]


class SiteCatalogue:
    """The network's services and staff as one body of a site names them.

    received_at: when the body came (UTC); an event without a date of its own is of that instant. released: a
    person let the body through, so that no bound holds it back. waited: the body has waited for what cannot
    be read and tells nothing of itself.
    """

    def __init__(
        self,
        world: World,
        connection: Connection,
        *,
        received_at: datetime,
        released: bool = False,
        waited: bool = False,
    ) -> None:
        self.released, self._waited = released, waited or released
        self._world, self._connection, self._received_at = world, connection, received_at
        self._made = 0
        self._is_fresh = False
        self._may_rename = True
        self._read(world.directory(connection.network_id))

    def _read(self, directory: Directory) -> None:
        named = partial(is_named, connections=directory.connections)
        self._directory = directory
        self._services = SiteIndex("srv", self._connection, directory.services.values(), named)
        self._staff = SiteIndex("stf", self._connection, directory.staff.values(), named)

    def service(self, service_id: str) -> Service | None:
        return self._services.by_id.get(service_id)

    def add_missing(self, events: Sequence[SalonEvent]) -> None:
        """Makes what the events name and the network does not have, and keeps ids and names that they tell
        anew. Raises TOO_MUCH_AT_ONCE, SaveConflict; Unreadable where one that cannot be read may be what the
        events name."""
        self._ensure_lines(events)
        reported: list[Service | Staff] = []
        for _ in self._world.tries():
            reported = self._reported(events)
            if not reported:
                return
            if self._is_fresh:
                missing = [each for each in reported if each.version == 0]
                self._ensure_readable(reported)
                self._ensure_bounded(missing)
                with suppress(SaveConflict):  # another worker was quicker: look again
                    if self._save(reported, len(missing)):
                        return
            self._is_fresh = True
            self._read(self._world.fresh_directory(self._connection.network_id))
        raise SaveConflict(reported[0])

    def lines(self, salon: Salon, event: BookingReported) -> tuple[Line, ...]:
        """The event's lines with the network's own services and staff. A booking that names no service has
        one line too."""
        self.add_missing([(salon, event)])
        return tuple(self._line(salon, line) for line in reported_lines(event))

    def lines_after_split(
        self, salon: Salon, event: BookingReported, lines: tuple[Line, ...]
    ) -> tuple[Line, ...]:
        """The lines of the event, as they are stored, with the services and staff to whom a split gave the
        site's ids since."""
        reported, led_to = reported_lines(event), self.lines(salon, event)
        if len(led_to) != len(lines):
            return lines
        services, staff = self._services.by_id, self._staff.by_id
        return tuple(
            replace(
                line,
                service_id=self._after_split(services, word.service_id, line.service_id, led.service_id),
                staff_id=self._after_split(staff, word.staff_id, line.staff_id, led.staff_id),
            )
            for word, line, led in zip(reported, lines, led_to, strict=True)
        )

    def _after_split(self, known: Mapping[str, Any], word: str | None, before: Any, led_to: Any) -> Any:
        """led_to, if the site's id was taken from the one before and leads there now."""
        external_id, source, now = f"{self._connection.id}:{word}", known.get(before), known.get(led_to)
        is_split = source and now and external_id in now.external_ids
        return led_to if is_split and source and external_id not in source.external_ids else before

    def _line(self, salon: Salon, reported: SiteLine) -> Line:
        service = self._found_or_drafted_service(salon, reported)
        staff = self._found_or_drafted_staff(salon, reported)
        minutes = reported.minutes or service.minutes
        price = usual_price(service, salon) if reported.price_minor is None else reported.price_minor
        return Line(service.id, minutes, staff.id if staff else None, price)

    # --- what the events tell

    def _reported(self, events: Sequence[SalonEvent]) -> list[Service | Staff]:
        """The values that are to be saved, each once: new ones, and those that the events tell more of. A
        draft is known to the lines that come after it."""
        reported: dict[str, Service | Staff] = {}
        for salon, event in events:
            at = dated_at(event.guard) or self._received_at
            for line in reported_lines(event):
                service = self._found_or_drafted_service(salon, line)
                heard = self._heard(self._services, service, _service_word(salon, line), at)
                if heard is not None:
                    reported[heard.id] = heard
                staff = self._found_or_drafted_staff(salon, line)
                if staff is not None:
                    member = self._heard(self._staff, staff, _staff_word(salon, line), at)
                    if member is not None:
                        reported[member.id] = member
        return list(reported.values())

    def _heard(
        self, index: SiteIndex[Named], value: Named, word: SiteWord | None, at: datetime
    ) -> Named | None:
        """The value where it is to be saved: it is new, or the word tells more of it."""
        external, heard = (index.external_id(word) if word else None), value
        if word and external and (self._may_rename or external not in value.external_ids):
            heard = with_site_word(value, external, word.reported_name, at, self._directory.connections)
        if heard.version == 0 and heard.named_at is None:
            heard = replace(heard, named_at=at)
        if heard is not value:
            index.put(heard)
        return heard if heard is not value or value.version == 0 else None

    def _found_or_drafted_service(self, salon: Salon, line: SiteLine) -> Service:
        """A draft learns its usual length and price from its first line. A length or a price of zero teaches
        nothing, and neither does a booking that names no service."""
        index, word, connection = self._services, _service_word(salon, line), self._connection
        without = no_service_id(connection.id)
        found = index.find(word) if word else index.by_id.get(without)
        return found or index.put(
            Service(
                network_id=connection.network_id,
                id=index.free_id(word) if word else without,
                name=line.service_name or line.service_id or NO_SERVICE,
                name_known=line.service_name is not None,
                minutes=(line.minutes if word else None) or DEFAULT_MINUTES,
                price_minor=line.price_minor or None,
                currency=salon.currency,
                external_ids=_external_ids(index, word),
                unreviewed=True,
                made_by=connection.id,
                made_at=self._world.now(),
            )
        )

    def _found_or_drafted_staff(self, salon: Salon, line: SiteLine) -> Staff | None:
        index, word, connection = self._staff, _staff_word(salon, line), self._connection
        if word is None:
            return None
        return index.find(word) or index.put(
            Staff(
                network_id=connection.network_id,
                id=index.free_id(word),
                name=line.staff_name or str(line.staff_id),
                name_known=line.staff_name is not None,
                salon_ids=(salon.id,),
                external_ids=_external_ids(index, word),
                unreviewed=True,
                made_by=connection.id,
                made_at=self._world.now(),
            )
        )

    def _save(self, reported: Sequence[Service | Staff], made: int) -> bool:
        """Whether all was saved. False where a site that signs nothing has renamed enough today: then its
        names are no longer followed, and the set-up is to be looked at again."""
        counted = self._counted_renames(reported)
        if counted is None:
            self._may_rename = False
            return False
        for first in range(0, len(reported), SAVED_AT_ONCE):
            values = reported[first : first + SAVED_AT_ONCE]
            for saved in self._world.store.save(*values, *(counted if first == 0 else ()))[: len(values)]:
                if isinstance(saved, Service):
                    self._services.put(saved)
                else:
                    self._staff.put(saved)
        self._made += made
        self._world.directories.forget(self._connection.network_id)
        return True

    def _ensure_readable(self, reported: Sequence[Service | Staff]) -> None:
        """A second one would be made in the place of an item that cannot be read, one with its id, which the
        table refuses, or one of its name that is another."""
        for each in reported:
            kind = self._directory.staff if isinstance(each, Staff) else self._directory.services
            if isinstance(kind, PartlyReadable) and not self._is_only_renamed(kind, each):
                known_as = [word.casefold() for word in (each.name, *each.external_ids)]
                kind.refuse_new(each.id, known_as, waited=self._waited)

    @staticmethod
    def _is_only_renamed(kind: PartlyReadable[str, Any], each: Service | Staff) -> bool:
        return each.version > 0 and kind[each.id].external_ids == each.external_ids

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

    def _counted_renames(self, reported: Sequence[Service | Staff]) -> Sequence[QuotaUse] | None:
        """What the connection has renamed today, with these; empty where nothing has to be counted. None
        where it would be too many."""
        before: list[Service | Staff] = [*self._directory.services.values(), *self._directory.staff.values()]
        names = {each.id: each.name for each in before}
        renamed = sum(names.get(each.id, each.name) != each.name for each in reported)
        if not renamed or self._connection.is_signed or self.released:
            return ()
        now, caller = self._world.now(), f"renames of {self._connection.id}"
        day, network_id = now.date().isoformat(), self._connection.network_id
        existing = self._world.store.get(QuotaUse, network_id=network_id, caller=caller, day=day)
        use = existing or QuotaUse(network_id=network_id, caller=caller, day=day, expires_at=now + _KEPT)
        if sum(use.by_hour.values()) + renamed > MAX_RENAMED_OF_DAY:
            return None
        return (with_taken(use, f"{now.hour:02d}", renamed),)


def reported_lines(event: BookingReported) -> tuple[SiteLine, ...]:
    """The event's lines. A booking that names no service has one line, which names nothing."""
    return event.lines or (SiteLine(minutes=event.minutes),)


def _service_word(salon: Salon, line: SiteLine) -> SiteWord | None:
    return _word(line.service_id, line.service_name, salon)


def _staff_word(salon: Salon, line: SiteLine) -> SiteWord | None:
    return _word(line.staff_id, line.staff_name, salon)


def _word(site_id: str | None, name: str | None, salon: Salon) -> SiteWord | None:
    return SiteWord(site_id, name, salon.id) if site_id or name else None


def _external_ids(index: SiteIndex[Named], word: SiteWord | None) -> tuple[str, ...]:
    external = index.external_id(word) if word else None
    return (external,) if external else ()


def too_much(message: str) -> DomainError:
    return refused("TOO_MUCH_AT_ONCE", f"{message} Replay it if it is right.")
