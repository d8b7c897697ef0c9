"""Take in: apply a received webhook to bookings and clients. Safe to run again from any point.

Each event carries a guard; one that is not newer than what was applied changes nothing, so that order and
repetition of deliveries do not matter.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.intake.inbox import WAITS, InboxItem, InboxState, quarantined
from chalicelib.domain.intake.site_events import BookingReported, Ignored, SiteEvent, WebhookNotUnderstood
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.intake.apply_booking import Applied, Unknown, apply_booking
from chalicelib.services.intake.apply_client import apply_client
from chalicelib.services.intake.booking_site import BookingSite
from chalicelib.services.intake.receive_webhook import context_of
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


class Intake(Struct, frozen=True):
    """What intake needs besides the world."""

    world: World
    sites: Mapping[str, BookingSite]
    base_url: Callable[[], str]


def ingest(intake: Intake, network_id: str, inbox_id: str) -> InboxState | None:
    """Applies one inbox item and marks it. None: there was nothing (left) to do."""
    world = intake.world
    item = world.store.get(InboxItem, network_id=network_id, id=inbox_id)
    if item is None or item.state not in (InboxState.RECEIVED, InboxState.WAITING):
        return None
    after = _judged(intake, item, world.now())
    if after.state is InboxState.QUARANTINED:  # a salon may have been mapped a moment ago
        world.directories.forget(network_id)
        after = _judged(intake, item, world.now())
    world.store.save(after)
    return after.state


def _judged(intake: Intake, item: InboxItem, now: datetime) -> InboxItem:
    """The item as it stands once its events are applied, or with the reason why they cannot be."""
    world = intake.world
    connection = _connection(world, item)
    if connection is None:
        return quarantined(item, "CONNECTION_GONE", "The connection it came through was deleted.")
    try:
        events = intake.sites[item.site].normalise(item.raw, context_of(connection, intake.base_url()))
        applied = [_apply(world, connection, event) for event in events]
    except WebhookNotUnderstood as error:
        return quarantined(item, error.code, error.message)
    except DomainError as error:
        return quarantined(item, error.code, error.message)
    except Unknown as unknown:
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


def _waiting(item: InboxItem, unknown: Unknown, now: datetime) -> InboxItem:
    """Word of a booking that we have not heard of: it may be on its way. After the last wait a person
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


def _apply(world: World, connection: Connection, event: SiteEvent) -> Applied:
    if isinstance(event, Ignored):
        return Applied(changed=False, reason=event.reason)
    for _ in world.tries():
        try:
            if isinstance(event, BookingReported):
                return apply_booking(world, connection, event)
            return apply_client(world, connection, event)
        except SaveConflict:
            continue  # somebody else changed it: look again
    raise SaveConflict(event)
