"""Apply a site's event about a booking: make the booking, or change it by what the site says anew."""

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.bookings.authors import author_of
from chalicelib.domain.bookings.bookings import UPCOMING, Booking, Status
from chalicelib.domain.bookings.facts import Fact, Party
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import BookingReported, SiteStatus, believable
from chalicelib.domain.intake.site_words import SiteNews, news_of, word_of
from chalicelib.domain.intake.trust import AHEAD, may_change
from chalicelib.domain.networks.network import Connection, Directory, Salon
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.zones import as_instant
from chalicelib.services.intake.booking_report import (
    Applied,
    BookingChange,
    BookingReport,
    UnknownBooking,
    kept_open,
)
from chalicelib.services.intake.decide_facts import decided_change
from chalicelib.services.intake.locate_booking import (
    LocatedBooking,
    in_currency_of,
    locate_booking,
    salon_of,
)
from chalicelib.services.intake.save_report import save_report
from chalicelib.services.intake.site_clients import ClientMatch, normalised, with_blanks_filled
from chalicelib.services.intake.usual_sum import SharedByEvents
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World


def apply_booking(
    world: World,
    connection: Connection,
    body: SharedByEvents,
    event: BookingReported,
    mark: Sequence[Alias] = (),
) -> Applied:
    """Applies one event. body: what it shares with the others of its webhook. mark: what says whose booking
    it is, saved with the booking. Raises UnknownBooking, DomainError (the webhook is quarantined),
    SaveConflict (look again)."""
    directory = world.directory(connection.network_id)
    located = _with_believable_guards(locate_booking(world, connection, event), world.now())
    if located.existing is None and event.not_booking is not None:
        return Applied(changed=False, reason=event.not_booking)
    event = in_currency_of(_salon_of(connection, directory, located, event), event)
    report = BookingReport(
        world=world,
        connection=connection,
        directory=directory,
        body=body,
        located=located,
        event=event,
        mark=tuple(mark),
    )
    if located.existing is not None:
        return _applied_to(report, located.existing)
    if event.partial or event.starts_at is None:
        raise UnknownBooking(
            "BOOKING_UNKNOWN", f"The site speaks of booking {event.external_id}, which is not known here."
        )
    return save_report(report, _new_booking(report))


def _applied_to(report: BookingReport, existing: Booking) -> Applied:
    """What the event did to a booking that is known."""
    event, located = report.event, report.located
    newer = existing.guard is None or event.guard > existing.guard
    is_late_move = bool(located.joins) and existing.external_id == event.moved_from
    if located.joins and not newer and not is_late_move:
        values = _reported_of_client(report, existing)
        report.world.store.save(*located.joins, *values, remove=located.duplicates)
        return Applied(changed=True, booking_id=existing.id)
    if event.guard == existing.guard and not located.joins:  # this very event, applied before a crash
        return Applied(changed=True, booking_id=existing.id)
    is_of_former_id = event.external_id != existing.external_id
    if newer and not located.joins and is_of_former_id and event.moved_from is None:
        return _applied_to_client(report, existing, "superseded")
    zone = report.directory.salons[existing.salon_id].timezone
    news = news_of(existing, event, zone, anyway=is_late_move)
    if newer or is_late_move or (news.facts and not is_of_former_id):
        change = decided_change(report, existing, news)
        return save_report(report, _with_lines_after_split(report, change, existing, news))
    return _applied_to_client(report, existing, "not_newer")


def _with_lines_after_split(
    report: BookingReport, change: BookingChange, existing: Booking, news: SiteNews
) -> BookingChange:
    """An upcoming booking goes to whom a split gave the site's ids, though the site repeats its lines."""
    booking, event = change.booking, report.event
    is_repeated = booking.lines == existing.lines and word_of(event).lines == news.reported.lines
    of_site = author_of(existing, Fact.LINES) is Party.SITE
    if not (event.lines and is_repeated and of_site and change.target in UPCOMING):
        return change
    salon = report.directory.salons[booking.salon_id]
    lines = report.body.catalogue.lines_after_split(salon, event, booking.lines)
    return change if lines == booking.lines else replace(change, booking=replace(booking, lines=lines))


def _with_believable_guards(located: LocatedBooking, now: datetime) -> LocatedBooking:
    """A booking whose guard lies in the future was frozen by a false date: the next true event frees it."""

    def believed(booking: Booking) -> Booking:
        guard = believable(booking.guard, now + AHEAD)
        return booking if guard == booking.guard else replace(booking, guard=guard)

    existing = located.existing and believed(located.existing)
    return replace(located, existing=existing, duplicates=tuple(map(believed, located.duplicates)))


def _salon_of(
    connection: Connection, directory: Directory, located: LocatedBooking, event: BookingReported
) -> Salon | None:
    if located.existing is not None:
        return directory.salons.get(located.existing.salon_id)
    return None if event.partial or event.starts_at is None else salon_of(connection, directory, event)


# --- a new booking


def _new_booking(report: BookingReport) -> BookingChange:
    world, connection, event = report.world, report.connection, report.event
    salon = salon_of(connection, report.directory, event)
    assert event.starts_at is not None
    starts_at = as_instant(event.starts_at, salon.timezone)
    report.ensure_near(starts_at)
    match = report.client(salon.id)
    waiting_for = _waiting_for(event, match)
    booking = Booking(
        network_id=connection.network_id,
        id=report.located.booking_id,
        salon_id=salon.id,
        client_id=match.client.id if match else None,
        starts_at=starts_at,
        lines=report.body.catalogue.lines(salon, event),
        currency=salon.currency,
        made_at=world.now() if waiting_for is not None else report.made_at,
        source=event.source or connection.source,
        note=event.note,
        connection_id=connection.id,
        external_id=event.external_id,
        guard=event.guard,
        reported=word_of(event),
        waiting_for=waiting_for,
        of_new_client=match is not None and match.client.version == 0,
    )
    if event.moved_from:
        booking = replace(booking, moves=1)
    status = event.status or SiteStatus.BOOKED
    change = BookingChange(
        existing=None,
        booking=booking,
        target=Status.CANCELLED if status is SiteStatus.MOVING else Status(status.value),
        bill=event,
        client=match.client if match else None,
        beside=(*(match.to_save if match else ()), *report.located.joins),
    )
    if report.closes_too_early(change):
        return kept_open(report, replace(change, target=Status.BOOKED))
    return change


def _waiting_for(event: BookingReported, match: ClientMatch | None) -> str | None:
    """The site's id of a client of whom the site has reported nothing but that id."""
    return event.client.external_id if event.client and match is None else None


# --- an older event


def _applied_to_client(report: BookingReport, existing: Booking, reason: str) -> Applied:
    """Applies what an older event tells of its client. reason: why it changes nothing of the booking."""
    values = _reported_of_client(report, existing)
    if values:
        report.world.store.save(*values)
    return Applied(changed=bool(values), booking_id=existing.id, reason=reason)


def _reported_of_client(report: BookingReport, existing: Booking) -> tuple[Storable, ...]:
    """What is saved of an older event. It undoes nothing, but it may report a phone or an e-mail where the
    client has none, and a no. Where nobody has the site's id, the booking's client is meant."""
    world, connection, reported = report.world, report.connection, report.event.client
    if existing.client_id is None or reported is None:
        return ()
    if existing.reported is not None and existing.reported.details == word_of(report.event).details:
        return ()
    match = report.client_as_known(existing.salon_id, is_older=True)
    if match is not None:
        return match.to_save
    client = world.store.get(Client, network_id=existing.network_id, id=existing.client_id)
    if client is None or not may_change(connection, client, reported.external_id):
        return ()
    filled = with_blanks_filled(world, client, normalised(world, connection, reported, existing.salon_id))
    return filled.to_save if filled is not None else ()
