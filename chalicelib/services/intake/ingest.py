"""Ingest: apply a stored webhook to bookings and clients. Safe to run again from any point.

Each event carries a guard. An event that is not newer than what was applied changes nothing, so that the
order and the repetition of deliveries do not matter.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.intake.inbox import MAX_NOTES, RETRY_LOST, WAITS, InboxItem, InboxState, quarantined
from chalicelib.domain.intake.site_accounts import ALREADY_CONNECTED
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    Ignored,
    SeatsReported,
    SeriesReported,
    SiteContext,
    SiteEvent,
    WebhookNotUnderstood,
    dated_at,
    no_later,
)
from chalicelib.domain.intake.trust import AHEAD, MAX_EVENTS
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.bookings.book import START_TOO_FAR
from chalicelib.services.intake.apply_booking import apply_booking
from chalicelib.services.intake.apply_client import apply_client
from chalicelib.services.intake.ask_person import ask_about_held, ask_about_second, ask_about_unclear
from chalicelib.services.intake.booking_report import Applied, UnknownBooking
from chalicelib.services.intake.booking_site import BookingSite
from chalicelib.services.intake.connect_site import learn_company
from chalicelib.services.intake.doubtful_start import ZONE_CONTRADICTS, ensure_zone_fits
from chalicelib.services.intake.group_bookings import (
    SEAT_UNKNOWN,
    SERIES_UNCLEAR,
    bookings_named,
    noted,
    of_its_seats,
)
from chalicelib.services.intake.locate_booking import (
    SharedBooking,
    bringing,
    ensure_first_company,
    in_currency_of,
    salon_at,
    salon_of,
)
from chalicelib.services.intake.receive_webhook import context_of
from chalicelib.services.intake.site_catalogue import (
    TOO_MUCH_AT_ONCE,
    SalonEvent,
    SiteCatalogue,
    too_much,
)
from chalicelib.services.intake.usual_sum import SUM_TOO_LARGE, SharedByEvents
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.unreadable import park_unreadable
from chalicelib.services.shared.world import World


class Intake(Struct, frozen=True):
    """What ingesting needs. base_url: answers with the public address that the sites were given. sums: what
    this process has counted of the visits of sites that prove nothing."""

    world: World
    sites: Mapping[str, BookingSite]
    base_url: Callable[[], str]
    sums: DaySums = field(default_factory=DaySums)


HELD_BACK = frozenset({TOO_MUCH_AT_ONCE, SUM_TOO_LARGE, START_TOO_FAR, ZONE_CONTRADICTS})
"""Reasons for which a webhook waits for a person, who lets it through by a replay."""
OF_ONE_EVENT = frozenset({SUM_TOO_LARGE, START_TOO_FAR, ALREADY_CONNECTED})
"""Reasons for which one event of a body is not applied, and the others are."""
UNCLEAR = frozenset({SEAT_UNKNOWN, SERIES_UNCLEAR})
"""Reasons for which the desk looks at what a webhook means, and changes the bookings by hand."""
MAX_STARTS = 1
"""How many noted starts may come to no end before a webhook is given up. The first start is not noted."""
TRIES_FOR_UNREADABLE = 2
"""How often a webhook waits for a service or specialist that cannot be read and whose name nobody knows: 11
minutes. Then what the webhook names is made anew, unreviewed."""
NEVER_ENDED = "Its intake began again and again and came to no end: it takes too much time or memory."


def ingest(intake: Intake, network_id: str, inbox_id: str, *, again: bool = False) -> InboxState | None:
    """Applies one inbox item and marks it. Answers with its new state; None where nothing was left to do.

    again: the queue delivers it once more. Its start is noted then, and where it was received minutes ago. A
    webhook that ends its worker twice is quarantined, so that those behind it are ingested.
    """
    world = intake.world
    try:
        item = world.store.get(InboxItem, network_id=network_id, id=inbox_id)
    except Unreadable:  # it is listed among the parked items, and those behind it go on
        park_unreadable(world)
        return None
    if item is None or item.state not in (InboxState.RECEIVED, InboxState.WAITING):
        return None
    noted = again or world.now() - item.received_at > RETRY_LOST
    if noted and _ends_its_worker(world, item):
        world.store.save(quarantined(item, "NOT_TAKEN_IN", NEVER_ENDED))
        return InboxState.QUARANTINED
    try:
        return _marked(intake, item)
    except Exception:  # an error is an end: the webhook is tried again; a lost worker runs nothing here
        if noted:
            world.store.forget_starts(item)
        raise


def _marked(intake: Intake, item: InboxItem) -> InboxState:
    """Applies the item and saves what became of it."""
    world = intake.world
    outcome = _applied(intake, item, world.now())
    if outcome.state is InboxState.QUARANTINED and outcome.reason not in HELD_BACK | UNCLEAR:
        world.directories.forget(item.network_id)  # a salon may have been mapped a moment ago
        outcome = _applied(intake, item, world.now())
    world.store.save(outcome)
    return outcome.state


def _ends_its_worker(world: World, item: InboxItem) -> bool:
    """Notes that the item's intake begins. Whether earlier noted starts came to no end."""
    starts = world.store.begin_wake(item)
    return starts is not None and starts > MAX_STARTS


def _applied(intake: Intake, item: InboxItem, now: datetime) -> InboxItem:
    """The item after its events were applied, or with the reason why they cannot be applied. Raises
    SaveConflict."""
    world = intake.world
    try:
        connection = _connection(world, item)
    except Unreadable as error:
        return _waiting(item, "UNREADABLE_ITEM", str(error), now)
    if connection is None:
        return quarantined(item, "CONNECTION_GONE", "The connection it came through was deleted.")
    try:
        events = intake.sites[item.site].normalise(item.raw, _context(intake, connection, item))
        item = replace(item, notes=_notes(events))
        ensure_first_company(connection, world.directory(item.network_id), events)
        applied = _apply_events(intake, connection, item, events)
    except (WebhookNotUnderstood, DomainError) as error:
        if error.code == "TRY_AGAIN":  # of a use case within: no refusal, the webhook is tried again
            raise SaveConflict(item) from error
        held = quarantined(item, error.code, error.message)
        if error.code in HELD_BACK:
            ask_about_held(world, connection, held)
        elif error.code in UNCLEAR:
            ask_about_unclear(world, connection, held)
        elif error.code == ALREADY_CONNECTED:
            ask_about_second(world, connection, held)
        return held
    except Unreadable as error:
        return _waiting(item, "UNREADABLE_ITEM", str(error), now)
    except UnknownBooking as unknown:
        return _waiting(item, unknown.code, unknown.message, now)
    done = replace(item, wake=None, trouble=None, reason=None, detail=None)
    if any(each.changed for each in applied):
        learn_company(world, connection, events)
        ids = tuple(dict.fromkeys(each.booking_id for each in applied if each.booking_id))
        return replace(done, state=InboxState.APPLIED, booking_ids=ids)
    reasons = [each.reason for each in applied if each.reason]
    return replace(done, state=InboxState.IGNORED, reason=reasons[0] if reasons else "nothing_new")


def _context(intake: Intake, connection: Connection, item: InboxItem) -> SiteContext:
    directory = intake.world.directory(item.network_id)

    def currency_of(location: str | None) -> str | None:
        salon = salon_at(connection, directory, location)
        return salon.currency if salon else None

    context = context_of(connection, intake.base_url())
    return replace(context, received_at=item.received_at, currency_of=currency_of)


def _notes(events: Sequence[SiteEvent]) -> tuple[str, ...]:
    """What was left out of the events, each once."""
    odd = (note for event in events if not isinstance(event, Ignored) for note in event.odd)
    return tuple(dict.fromkeys(odd))[:MAX_NOTES]


def _apply_events(
    intake: Intake, connection: Connection, item: InboxItem, events: Sequence[SiteEvent]
) -> list[Applied]:
    """What each event did. The work is in proportion to the events: what they name is found or made before,
    for all of them at once. Raises the error of a held event once the others are applied."""
    world = intake.world
    if len(events) > MAX_EVENTS and not item.released:
        raise too_much(f"{len(events)} events in one body; at most {MAX_EVENTS} are taken in unseen.")
    events = [_dated(event, item.received_at) for event in events]
    catalogue = SiteCatalogue(
        world,
        connection,
        received_at=item.received_at,
        released=item.released,
        waited=item.tries >= TRIES_FOR_UNREADABLE,
    )
    catalogue.add_missing(_placed(world, connection, events))
    body = SharedByEvents(catalogue, intake.sums)
    applied: list[Applied] = []
    held: DomainError | None = None
    for event in events:
        try:
            outcome = _apply_event(world, connection, body, event)
            applied += outcome.applied
            held = outcome.unclear or held
        except DomainError as error:
            if error.code not in OF_ONE_EVENT:
                raise
            held = error
    if held is not None:
        raise held
    return applied


def _dated(event: SiteEvent, received_at: datetime) -> SiteEvent:
    """The event, dated no later than it can be: a date of the year 2099 would silence all true events until
    then. An event of a site that tells no time is as old as its receipt."""
    if isinstance(event, Ignored):
        return event
    if isinstance(event, SeriesReported):
        return replace(event, event=_dated(event.event, received_at))
    if isinstance(event, SeatsReported):
        named = event.named and _dated(event.named, received_at)
        return replace(event, event=_dated(event.event, received_at), named=named)
    latest = received_at + AHEAD
    guard = no_later(event.guard, latest)
    if isinstance(event, BookingReported):
        occurred_at = event.occurred_at or dated_at(guard) or received_at
        return replace(event, guard=guard, occurred_at=min(occurred_at, latest))
    return replace(event, guard=guard)


def _placed(world: World, connection: Connection, events: Sequence[SiteEvent]) -> list[SalonEvent]:
    """The bookings' events that name services, each with its salon. One whose salon is unknown is left to be
    looked at by itself."""
    directory, found = world.directory(connection.network_id), []
    for event in events:
        if isinstance(event, BookingReported) and event.lines and event.not_booking is None:
            with suppress(DomainError):
                salon = salon_of(connection, directory, event)
                found.append((salon, in_currency_of(salon, event)))
    return found


def _connection(world: World, item: InboxItem) -> Connection | None:
    directory = world.directory(item.network_id, lambda known: item.connection_id in known.connections)
    return directory.connections.get(item.connection_id)


def _waiting(item: InboxItem, code: str, words: str, now: datetime) -> InboxItem:
    """The item, which waits for what it needs: an unknown booking that may be on its way, or something that
    cannot be read and may be mended. After the last wait a person decides."""
    if item.tries >= len(WAITS):
        return quarantined(item, code, words)
    return replace(
        item,
        state=InboxState.WAITING,
        reason=code,
        detail=words[:300],
        tries=item.tries + 1,
        trouble=None,
        wake=Wake(now + WAITS[item.tries], "take_in"),
    )


class _Outcome(Struct, frozen=True):
    """What one event did. unclear: what it leaves to a person, once the rest is applied."""

    applied: list[Applied]
    unclear: DomainError | None = None


def _apply_event(world: World, connection: Connection, body: SharedByEvents, event: SiteEvent) -> _Outcome:
    if isinstance(event, Ignored):
        return _Outcome([Applied(changed=False, reason=event.reason)])
    released = body.catalogue.released
    # Not `world.retrying`: its error would quarantine the webhook, which is to be tried again.
    for _ in world.tries():
        with suppress(SaveConflict):  # somebody else changed it: look again
            if isinstance(event, ClientReported):
                return _Outcome([apply_client(world, connection, event, released=released)])
            bringer = bringing(world, connection, event)
            owner = bringer.connection
            try:
                named, unclear = bookings_named(world, owner, event, released=released)
                for one in named if not released else ():
                    ensure_zone_fits(world, owner, one)
                of_each = bringer.marked([noted(world, owner, one) for one in named])
                return _Outcome([apply_booking(world, owner, body, *each) for each in of_each], unclear)
            except SharedBooking:
                assert isinstance(event, BookingReported)
                event = of_its_seats(event)
    raise SaveConflict(event)
