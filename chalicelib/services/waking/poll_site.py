"""Poll a booking site: what its API says has changed, and its webhooks have not told, is handed to intake as
a webhook.

The pages are handed over before the poll's place is saved. A crash in between asks for them once more, and
the inbox knows each body by its bytes.
"""

import logging
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.site_events import (
    BookingReported,
    Ignored,
    SiteEvent,
    WebhookNotUnderstood,
    dated_at,
)
from chalicelib.domain.intake.site_polls import (
    FAILURES_BEFORE_TASK,
    SitePoll,
    interval_of,
    locations_of,
    resting,
    unanswered,
    with_page,
)
from chalicelib.domain.intake.site_words import news_of
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.shared.zones import zone
from chalicelib.services.intake.ask_person import ask_about_poll, ask_about_token
from chalicelib.services.intake.booking_site import AskChanges, AskedOutcome, ChangesWanted, SiteChanges
from chalicelib.services.intake.locate_booking import booking_id_of, first_id, salon_at
from chalicelib.services.intake.receive_webhook import MAX_BODY, Receiving, context_of, hand_over
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

PAGES_OF_WAKE = 2
"""How many pages are asked for in one wake: what else waits in the shard shall not wait for them."""


class Polling(Struct, frozen=True):
    """What polling needs."""

    receiving: Receiving
    ask: AskChanges


def poll_site(polling: Polling, poll: SitePoll) -> None:
    """Asks the site for what has changed, hands it to intake, and saves where the poll stands. A poll whose
    connection or token is gone sleeps until there is a token. Raises SaveConflict: then another worker has
    it."""
    receiving = polling.receiving
    world = receiving.world
    directory = world.directory(poll.network_id, lambda known: _has_token(known, poll.id))
    connection = directory.connections.get(poll.id)
    if connection is None or connection.api_token is None:
        world.store.save(replace(poll, wake=None))
        return
    interval, locations = interval_of(connection), locations_of(connection)
    if not locations:
        world.store.save(resting(replace(poll, began_at=None), world.now(), interval))
        return
    if poll.location not in locations:  # before the first, or the settings have changed
        poll = replace(poll, location=locations[0], page=1)
    for _ in range(PAGES_OF_WAKE):
        answer = _asked(polling, connection, directory, poll)
        if answer.outcome is not AskedOutcome.ANSWERED:
            _save_unanswered(world, connection, poll, answer)
            return
        handed = _hand_over(receiving, connection, directory, answer.bodies)
        counts = {"site": connection.site, "reported": len(answer.bodies), "handed_over": handed}
        log.info("a booking site was asked what has changed", extra=counts)
        poll = with_page(poll, world.now(), locations, is_last=answer.is_last)
        if poll.began_at is None:
            break
    world.store.save(resting(poll, world.now(), interval))


def _has_token(directory: Directory, connection_id: str) -> bool:
    connection = directory.connections.get(connection_id)
    return connection is not None and connection.api_token is not None


def _asked(polling: Polling, connection: Connection, directory: Directory, poll: SitePoll) -> SiteChanges:
    salon = salon_at(connection, directory, poll.location or None)
    return polling.ask(
        ChangesWanted(
            site=connection.site,
            location=poll.location,
            token=str(connection.api_token),
            since=poll.since.astimezone(zone(salon.timezone if salon else directory.zone)),
            page=poll.page,
        )
    )


def _save_unanswered(world: World, connection: Connection, poll: SitePoll, answer: SiteChanges) -> None:
    log.warning(
        "a booking site did not tell what has changed",
        extra={"site": connection.site, "why": answer.reason, "failures": poll.failures + 1},
    )
    if answer.outcome is AskedOutcome.TOKEN_REFUSED:
        ask_about_token(world, connection, answer.reason)
        world.store.save(replace(poll, wake=None))
        return
    after = unanswered(poll, world.now(), interval_of(connection), answer.wait)
    if after.failures == FAILURES_BEFORE_TASK:
        ask_about_poll(world, connection, poll.since, answer.reason)
    world.store.save(after)


# --- what is new


def _hand_over(
    receiving: Receiving, connection: Connection, directory: Directory, bodies: tuple[bytes, ...]
) -> int:
    """Hands to intake what the webhooks have not told. Answers with how many bodies. The bookings of a page
    are read with one call; only one that is not found is looked up under its former id."""
    world = receiving.world
    context = replace(context_of(connection, receiving.base_url()), received_at=world.now())
    adapter, events = receiving.sites[connection.site], dict[bytes, list[SiteEvent]]()
    for raw in bodies:
        if len(raw) > MAX_BODY:
            log.warning("a booking site told more of one booking than is taken in")
            continue
        try:
            events[raw] = adapter.normalise(raw, context)
        except WebhookNotUnderstood:
            events[raw] = []  # intake says why
    reported = [each for found in events.values() for each in found if isinstance(each, BookingReported)]
    known = _known(world, connection, [each.external_id for each in reported])
    handed = 0
    for raw, found in events.items():
        if not found or not all(_is_known(connection, directory, known, each) for each in found):
            hand_over(receiving, connection, raw, {})
            handed += 1
    return handed


def _known(world: World, connection: Connection, external_ids: list[str]) -> Mapping[str, Booking]:
    """The bookings by the site's ids, as far as they are known."""
    found = _read(world, connection, {each: each for each in external_ids})
    firsts = {each: first_id(world, connection, each) for each in external_ids if each not in found}
    moved = {each: first for each, first in firsts.items() if first != each}
    return {**found, **_read(world, connection, moved)} if moved else found


def _read(world: World, connection: Connection, firsts: Mapping[str, str]) -> dict[str, Booking]:
    """firsts: by an id of the site, the id under which the booking is stored. The ids of deleted connections
    with the same company count, too."""
    owners = [connection, *(replace(connection, id=each) for each in connection.twins)]
    names = {booking_id_of(owner, first): named for named, first in firsts.items() for owner in owners}
    if not names:
        return {}
    read = world.store.bookings(connection.network_id, list(names))
    return {names[booking.id]: booking for booking in read}


def _is_known(
    connection: Connection, directory: Directory, known: Mapping[str, Booking], event: SiteEvent
) -> bool:
    """Whether the event says nothing that a webhook has not told: it is older than the site's last word, or
    of the same instant and says the same."""
    if isinstance(event, Ignored):
        return True
    if not isinstance(event, BookingReported):
        return False
    booking = known.get(event.external_id)
    if booking is None or booking.guard is None:
        return False
    known_at, event_at = dated_at(booking.guard), dated_at(event.guard)
    if known_at is None or event_at is None or event_at > known_at:
        return False
    if event_at < known_at:
        return True
    salon = salon_at(connection, directory, event.salon_external_id)
    return not news_of(booking, event, salon.timezone if salon else directory.zone, anyway=True).facts
