"""Ingest: apply a stored webhook to bookings and clients. Safe to run again from any point.

Each event carries a guard. An event that is not newer than what was applied changes nothing, so that the
order and the repetition of deliveries do not matter.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.intake.inbox import WAITS, InboxItem, InboxState, quarantined
from chalicelib.domain.intake.site_events import BookingReported, Ignored, SiteEvent, WebhookNotUnderstood
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.intake.apply_booking import Applied, UnknownBooking, apply_booking
from chalicelib.services.intake.apply_client import apply_client
from chalicelib.services.intake.booking_site import BookingSite
from chalicelib.services.intake.receive_webhook import context_of
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


class Intake(Struct, frozen=True):
    """What ingesting needs. base_url: answers with the public address that the sites were given."""

    world: World
    sites: Mapping[str, BookingSite]
    base_url: Callable[[], str]


def ingest(intake: Intake, network_id: str, inbox_id: str) -> InboxState | None:
    """Applies one inbox item and marks it. Answers with its new state; None where nothing was left to do."""
    world = intake.world
    item = world.store.get(InboxItem, network_id=network_id, id=inbox_id)
    if item is None or item.state not in (InboxState.RECEIVED, InboxState.WAITING):
        return None
    outcome = _applied(intake, item, world.now())
    if outcome.state is InboxState.QUARANTINED:  # a salon may have been mapped a moment ago
        world.directories.forget(network_id)
        outcome = _applied(intake, item, world.now())
    world.store.save(outcome)
    return outcome.state


def _applied(intake: Intake, item: InboxItem, now: datetime) -> InboxItem:
    """The item after its events were applied, or with the reason why they cannot be applied."""
    world = intake.world
    connection = _connection(world, item)
    if connection is None:
        return quarantined(item, "CONNECTION_GONE", "The connection it came through was deleted.")
    try:
        events = intake.sites[item.site].normalise(item.raw, context_of(connection, intake.base_url()))
        applied = [_apply_event(world, connection, event) for event in events]
    except WebhookNotUnderstood as error:
        return quarantined(item, error.code, error.message)
    except DomainError as error:
        return quarantined(item, error.code, error.message)
    except UnknownBooking as unknown:
        return _waiting(item, unknown, now)
    done = replace(item, wake=None, trouble=None, reason=None, detail=None)
    if any(each.changed for each in applied):
        ids = tuple(dict.fromkeys(each.booking_id for each in applied if each.booking_id))
        return replace(done, state=InboxState.APPLIED, booking_ids=ids)
    reasons = [each.reason for each in applied if each.reason]
    return replace(done, state=InboxState.IGNORED, reason=reasons[0] if reasons else "nothing_new")


def _connection(world: World, item: InboxItem) -> Connection | None:
    directory = world.directory(item.network_id, lambda known: item.connection_id in known.connections)
    return directory.connections.get(item.connection_id)


def _waiting(item: InboxItem, unknown: UnknownBooking, now: datetime) -> InboxItem:
    """The item of an unknown booking, which may be on its way: it waits. After the last wait a person
    decides."""
    if item.tries >= len(WAITS):
        return quarantined(item, unknown.code, unknown.message)
    return replace(
        item,
        state=InboxState.WAITING,
        reason=unknown.code,
        detail=unknown.message[:300],
        tries=item.tries + 1,
        trouble=None,
        wake=Wake(now + WAITS[item.tries], "take_in"),
    )


def _apply_event(world: World, connection: Connection, event: SiteEvent) -> Applied:
    if isinstance(event, Ignored):
        return Applied(changed=False, reason=event.reason)
    # Not `world.retrying`: its error would quarantine the webhook, which is to be tried again.
    for _ in world.tries():
        with suppress(SaveConflict):  # somebody else changed it: look again
            if isinstance(event, BookingReported):
                return apply_booking(world, connection, event)
            return apply_client(world, connection, event)
    raise SaveConflict(event)
