"""Tasks about a booking site: what its webhooks say that only a person may believe."""

from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.bookings.facts import Fact
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.intake.trust import MAX_CARDS_OF_DAY
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.aliases import Alias, site_card
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.quotas import QuotaUse, with_taken
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.site_catalogue import too_much
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

KEPT = timedelta(days=2)
MAX_PHONE_TEXT = 60


def ask_about_card(
    world: World, connection: Connection, client: Client, reported: SiteClient, *, released: bool
) -> bool:
    """Whether the site reports another phone or e-mail than the client has. Then there is a task for the
    desk: one a client and day, with the site's last word; the same word makes no second task.

    released: a person let the webhook through. Raises TOO_MUCH_AT_ONCE where the desk was asked about as many
    clients as it is asked in a day.
    """
    pairs = (("phone", client.phone, reported.phone), ("e-mail", client.email, reported.email))
    others = [f"{what} {current}" for what, known, current in pairs if current and current != known]
    if not others:
        return False
    words = f"{connection.site} says of {client.name}: {', '.join(others)}"
    mark = Alias(
        network_id=client.network_id,
        kind=site_card(connection.id),
        value=digest(client.id, *others, length=20),
        leads_to=client.id,
    )
    if world.store.alias(mark.network_id, mark.kind, mark.value) is None:
        task = _task(world, connection, TaskKind.SITE_CARD, client.id)
        existing = world.store.get(Task, network_id=task.network_id, id=task.id) or task
        asked = replace(existing, client_id=client.id, words=words, done_at=None, actor=None)
        world.store.save(asked, mark, _counted(world, connection, released=released))
    return True


def phone_question(world: World, connection: Connection, client: Client, text: str | None) -> list[Storable]:
    """What is saved with a client whom nothing reaches, though the site has something as their phone: a task
    for the desk with that text, one a client and connection. Beyond the clients about whom the desk is asked
    in a day there is none, so that no booking is held back for it.

    text: as the site has it; None: the site has nothing.
    """
    if not text or client.phone or client.email or client.contact_id:
        return []
    mark = Alias(
        network_id=client.network_id,
        kind=site_card(connection.id),
        value=digest("phone", client.id, length=20),
        leads_to=client.id,
    )
    if world.store.alias(mark.network_id, mark.kind, mark.value) is not None:
        return []
    try:
        use = _counted(world, connection, released=False)
    except DomainError:
        return []
    name = client.name or client.id
    words = f"{connection.site} has as phone of {name}: {text[:MAX_PHONE_TEXT]}"
    task = _task(world, connection, TaskKind.SITE_PHONE, client.id)
    return [replace(task, client_id=client.id, words=words), mark, use]


def _counted(world: World, connection: Connection, *, released: bool) -> QuotaUse:
    """What the connection has asked the desk today, with one more."""
    now, caller = world.now(), f"cards of {connection.id}"
    day = now.date().isoformat()
    existing = world.store.get(QuotaUse, network_id=connection.network_id, caller=caller, day=day)
    use = existing or QuotaUse(
        network_id=connection.network_id, caller=caller, day=day, expires_at=now + KEPT
    )
    if sum(use.by_hour.values()) >= MAX_CARDS_OF_DAY and not released:
        raise too_much(f"The desk was asked about {MAX_CARDS_OF_DAY} clients of this connection today.")
    return with_taken(use, f"{now.hour:02d}", 1)


def ask_about_held(world: World, connection: Connection, item: InboxItem) -> None:
    """A task for the desk about a webhook that is held back: one a connection, reason and day."""
    words = f"{connection.site}, inbox item {item.id}: {item.detail}"
    task = _task(world, connection, TaskKind.SITE_HELD_BACK, str(item.reason))
    with suppress(SaveConflict):  # asked today
        world.store.save(replace(task, words=words))


def ask_about_zone(world: World, connection: Connection, doubt: str) -> None:
    """A task about the time zone of a salon, which a site contradicts: one a connection and day."""
    words = f"{connection.site}: {doubt} Is the salon's time zone right?"
    with suppress(SaveConflict):  # asked today
        task = _task(world, connection, TaskKind.SITE_UNCLEAR, "zone")
        world.store.save(replace(task, words=words))


def ask_about_second(world: World, connection: Connection, item: InboxItem) -> None:
    """A task for the desk about a connection that brings what another one brings: one a connection and
    day."""
    words = f"{connection.site}, connection {connection.id}, inbox item {item.id}: {item.detail}"
    task = _task(world, connection, TaskKind.SITE_CONNECTED_TWICE, str(item.reason))
    with suppress(SaveConflict):  # asked today
        world.store.save(replace(task, words=words))


def ask_about_token(world: World, connection: Connection, reason: str) -> None:
    """A task for the owner about a token that the site's API refuses: one a connection and day."""
    task = _task(world, connection, TaskKind.SITE_TOKEN_REFUSED, "token")
    words = f"{connection.site}, connection {connection.id}: {reason}"
    with suppress(SaveConflict):  # asked today
        world.store.save(replace(task, salon_id=None, words=words))


def ask_about_poll(world: World, connection: Connection, since: datetime, reason: str) -> None:
    """A task about a site that does not tell what has changed: one a connection and day."""
    asked = f"asked for changes since {since:%Y-%m-%d %H:%M} UTC"
    words = f"{connection.site}, connection {connection.id}: {reason}; {asked}"
    with suppress(SaveConflict):  # asked today
        task = _task(world, connection, TaskKind.SITE_NOT_ASKED, "poll")
        world.store.save(replace(task, words=words))


def ask_about_unclear(world: World, connection: Connection, item: InboxItem) -> None:
    """A task for the desk about a webhook that leaves open what it means: one a webhook."""
    words = f"{connection.site}, inbox item {item.id}: {item.detail}"
    task = _task(world, connection, TaskKind.SITE_UNCLEAR, item.id, item.received_at)
    with suppress(SaveConflict):  # asked before
        world.store.save(replace(task, words=words))


def task_of_dispute(world: World, connection: Connection, booking: Booking, fact: Fact, words: str) -> Task:
    """A task for the desk: the site and the salon say different things of a booking. It is saved with the
    booking, which knows of what the desk was asked."""
    now = world.now()
    return Task(
        network_id=booking.network_id,
        id=time_ordered("tsk", now, digest(booking.id, fact, words, length=10)),
        kind=TaskKind.SITE_DISAGREES,
        at=now,
        salon_id=booking.salon_id,
        booking_id=booking.id,
        client_id=booking.client_id,
        words=f"{connection.site}, {fact.value}: {words}",
    )


def _task(
    world: World, connection: Connection, kind: TaskKind, about: str, since: datetime | None = None
) -> Task:
    """since: when it began to be asked; a task of the same day about the same is the same task."""
    now = world.now()
    day = (since or now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Task(
        network_id=connection.network_id,
        id=time_ordered("tsk", day, digest(connection.id, kind, about, length=10)),
        kind=kind,
        at=now,
        salon_id=connection.salon_id,
    )
