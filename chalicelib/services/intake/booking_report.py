"""The values that a site's event about a booking is applied with: the event with all that it needs, and the
booking on its way."""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.authors import author_of, with_author
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.bookings.facts import TOO_EARLY, Fact, Party
from chalicelib.domain.bookings.visit_times import is_too_early
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import BookingReported
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.shared.aliases import Alias
from chalicelib.domain.shared.errors import refused
from chalicelib.services.bookings.book import MAX_AHEAD
from chalicelib.services.clients.surviving_client import is_same_person
from chalicelib.services.intake.locate_booking import LocatedBooking
from chalicelib.services.intake.site_clients import (
    ClientMatch,
    find_known,
    find_or_draft,
    known_client,
    normalised,
)
from chalicelib.services.intake.usual_sum import SharedByEvents
from chalicelib.services.shared.contact_details import source_word
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

_OVER = (Status.COMPLETED, Status.NO_SHOW)
LATEST_INTAKE = timedelta(days=30)
"""How old a booking or a move can be when it is taken in, by the date that its site gives."""


class Applied(Struct, frozen=True):
    """What an event did. reason: why it changed nothing."""

    changed: bool
    booking_id: str | None = None
    reason: str | None = None


class UnknownBooking(Exception):
    """An event about a booking that is not known here, or not yet."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class BookingReport(Struct, frozen=True, kw_only=True):
    """One event of a site, with all that is needed to apply it. event: without money in another currency than
    the salon's. mark: what is saved with the booking and says which connection brought it."""

    world: World
    connection: Connection
    directory: Directory
    body: SharedByEvents
    located: LocatedBooking
    event: BookingReported
    mark: tuple[Alias, ...] = ()

    @property
    def actor(self) -> str:
        return f"connection:{self.connection.id}"

    @property
    def occurred_at(self) -> datetime:
        """When the site said it: by its own clock where it tells, else when the webhook was received."""
        return self.event.occurred_at or self.world.now()

    def closes_too_early(self, change: "BookingChange") -> bool:
        """Whether the change leaves a visit completed or missed that could be neither when the site said so.
        A visit that was so before, and begins when it did, is left alone."""
        existing, booking = change.existing, change.booking
        was = (existing.status, existing.starts_at) if existing is not None else None
        if change.target not in _OVER or (change.target, booking.starts_at) == was:
            return False
        is_newest = booking.guard == self.event.guard  # else the status was said later than the start
        said_at = self.occurred_at if is_newest else self.world.now()
        return is_too_early(booking.starts_at, said_at, self.directory.salons[booking.salon_id].timezone)

    def ensure_near(self, starts_at: datetime) -> None:
        """A year that nobody can mean waits for a person. Raises START_TOO_FAR."""
        if starts_at > self.world.now() + MAX_AHEAD and not self.body.catalogue.released:
            raise refused(
                "START_TOO_FAR",
                f"It begins at {starts_at:%Y-%m-%d}, more than two years ahead. Replay it if it is right.",
                starts_at=starts_at.isoformat(),
            )

    @property
    def made_at(self) -> datetime:
        """When the site made or moved the booking. So an intake that is late (an outage, a quarantine) asks
        for no less than one in time. A site's clock leads back no further than `LATEST_INTAKE`."""
        now = self.world.now()
        return min(max(self.occurred_at, now - LATEST_INTAKE), now)

    def client(self, salon_id: str) -> ClientMatch | None:
        """The client whom the event names, for a booking in that salon. None for a booking without a client,
        and where the site reported nothing but its own id of a client who is not known here."""
        world, connection, reported = self.world, self.connection, self.event.client
        if reported is None:
            return None
        usual = normalised(world, connection, reported, salon_id)
        if reported.name is None and reported.phone is None and reported.email is None:
            known = find_known(world, connection, usual)
            if known.client is None or usual.opted_out is not None:
                return self.client_as_known(salon_id)
            return ClientMatch(known.client)
        return find_or_draft(world, connection, replace(usual, source=source_word(self.event.source)))

    def client_as_known(self, salon_id: str, *, is_older: bool = False) -> ClientMatch | None:
        """The client whom the event names, if they are known here, with what it tells of them apart from
        whose the booking is: a first phone or e-mail, and a no. is_older: the site has told of them since."""
        world, connection, reported = self.world, self.connection, self.event.client
        if reported is None:
            return None
        usual = normalised(world, connection, reported, salon_id)
        known = find_known(world, connection, usual)
        if known.client is None:
            return None
        return known_client(world, connection, usual, known, is_older=is_older)

    def is_client_of(self, booking: Booking, match: ClientMatch | None) -> bool:
        """Whether that is the booking's client, or whom its client was merged into."""
        if match is None or booking.client_id is None:
            return False
        return is_same_person(self.world, match.client, booking.client_id)


class Dispute(Struct, frozen=True):
    """Something of which the site and the salon say different things, for a task. by: the fact whose author
    the site contradicts. site_says, held: both words, for people."""

    fact: Fact
    by: Fact
    site_says: str
    held: str


class BookingChange(Struct, frozen=True, kw_only=True):
    """A booking on its way to what a site reports; each step answers with a `BookingChange` that holds more.

    existing    the booking as it is stored; None for a new one.
    booking     the booking as it is to be saved, its status apart.
    target      the status that the booking is to have.
    reason      why it has it, where the site's status is no whole answer.
    bill        the event, as far as it tells what was paid; None: its word of that does not count.
    client      whose booking it is to be; None while nobody knows.
    disputes    what the desk is asked about.
    beside      what is saved together with the booking.
    removed     what is removed in the same save.
    """

    existing: Booking | None
    booking: Booking
    target: Status
    reason: str | None = None
    bill: BookingReported | None = None
    client: Client | None = None
    disputes: tuple[Dispute, ...] = ()
    beside: tuple[Storable, ...] = ()
    removed: tuple[Storable, ...] = ()

    @property
    def status_before(self) -> Status | None:
        return self.existing.status if self.existing else None

    @property
    def client_id_before(self) -> str | None:
        return self.existing.client_id if self.existing else None


def kept_open(report: BookingReport, change: BookingChange) -> BookingChange:
    """The change of a visit to come, which its site calls completed or missed, with a question to the desk.
    The site's word is kept as one that was too early, so that the same word in time is a new one."""
    booking, existing, reported = change.booking, change.existing, change.booking.reported
    says = reported.status if reported is not None else None
    if reported is None or says is None or says not in _OVER:
        return change
    word = f"{says}{TOO_EARLY}"
    booking = replace(booking, reported=replace(reported, status=word))
    if existing is not None and existing.reported is not None and existing.reported.status == word:
        return replace(change, booking=booking)
    if author_of(booking, Fact.STATUS) is Party.SITE:
        booking = with_author(booking, Party.RULE, report.occurred_at, Fact.STATUS)
    held = f"{change.target.value}, since the visit begins on a later day"
    dispute = Dispute(Fact.STATUS, Fact.STATUS, says, held)
    return replace(change, booking=booking, disputes=(*change.disputes, dispute))
