"""Tell the desk what a client did: asked for another time, cancelled, gave a low rating; and what the desk
is to do on the booking's site, since no API does it. Each is one task of a booking, with a deadline. The task
is done by itself once its matter is settled.

A booking knows its open tasks, so that a booking without any costs no read.
"""

from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status, pending_write_back, site_lacks
from chalicelib.domain.bookings.write_back import SiteStep, WriteBack
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Connection, Directory
from chalicelib.domain.networks.site_names import service_name
from chalicelib.domain.shared.actors import BY_CLIENT
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.zones import zone
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.shared.world import World

LOW_STARS = 3
"""A review of so many stars or fewer is a low rating."""
ANSWER_WITHIN = timedelta(hours=2)
"""When the desk has answered who asks for another time, or who cancels; the start, if that is sooner."""
MAKE_UP_WITHIN = timedelta(days=1)
"""When the desk has spoken with who gave a low rating."""
ON_SITE = {SiteStep.CANCEL: TaskKind.CANCEL_ON_SITE, SiteStep.CONFIRM: TaskKind.CONFIRM_ON_SITE}
TELL_CONFIRMED = "tell_confirmed"
"""The setting of a connection without an API token: `yes` if the desk gets a task for each confirmation."""


def with_desk_tasks(world: World, before: Booking, after: Booking, actor: str) -> tuple[Booking, list[Task]]:
    """The changed booking, and the tasks to be saved with it. before: the booking as it was read. actor: who
    changed it."""
    booking, tasks = after, list[Task]()
    for kind in before.desk_tasks:
        if _is_settled(kind, before, after):
            kept = {each: task_id for each, task_id in booking.desk_tasks.items() if each is not kind}
            booking = replace(booking, desk_tasks=MappingProxyType(kept))
            tasks += _done(world, before, kind, actor)
    for kind, words in _acts(before, after, actor):
        booking, task = _with_task(world, booking, kind, words)
        tasks.append(task)
    step = _step_for_desk(world, before, after, actor)
    if step is not None:
        booking, task = with_task_on_site(world, booking, step)
        tasks.append(task)
    return booking, tasks


def with_task_on_site(world: World, booking: Booking, step: SiteStep) -> tuple[Booking, Task]:
    """The booking, and the task to be saved with it: the desk takes the step on the booking's site."""
    directory = directory_for(world, booking)
    connection = connection_of(booking, directory)
    words = _described(world, booking, directory)
    booking, task = _with_task(world, booking, ON_SITE[step], words)
    return booking, replace(task, site=connection.site if connection else None)


def connection_of(booking: Booking, directory: Directory) -> Connection | None:
    """The connection that brought the booking, unless it was deleted since."""
    return directory.connections.get(booking.connection_id or "")


def _acts(before: Booking, after: Booking, actor: str) -> list[tuple[TaskKind, str | None]]:
    """What the client has just done, with the client's words."""
    found: list[tuple[TaskKind, str | None]] = []
    if after.move_wish is not None and after.move_wish != before.move_wish:
        found.append((TaskKind.MOVE_WISH, after.move_wish or None))
    if actor == BY_CLIENT and before.is_upcoming and after.status is Status.CANCELLED:
        found.append((TaskKind.CANCELLED_BY_CLIENT, after.reason))
    if after.review is not None and after.review != before.review and after.review.stars <= LOW_STARS:
        stars = "\N{BLACK STAR}" * after.review.stars
        found.append((TaskKind.LOW_RATING, f"{stars} {after.review.words}".strip()))
    return found


def to_do_on_site(booking: Booking, directory: Directory) -> SiteStep | None:
    """What was done here, and is still to be done on the booking's site, by its API or by the desk. None,
    too, where nobody knows what the site last said, or whether the API has done it."""
    connection = connection_of(booking, directory)
    if connection is None or booking.reported is None:
        return None
    lacks = site_lacks(booking, connection.site)
    if connection.api_token is None or lacks is None or ON_SITE[lacks] in booking.desk_tasks:
        return lacks
    return lacks if pending_write_back(booking) is not None else None


def step_of_client(before: Booking, after: Booking, actor: str) -> SiteStep | None:
    """The step that the client has just taken here and that the booking's site does not know of."""
    is_new = actor == BY_CLIENT and before.is_upcoming and after.status is not before.status
    return site_lacks(after) if is_new else None


def with_write_back(world: World, before: Booking, after: Booking, actor: str) -> Booking:
    """The booking, of which its site is asked at once to take the client's step, where the site's API can:
    the network has given its token, and the site does not know the booking as one of several seats."""
    step = step_of_client(before, after, actor)
    directory = directory_for(world, after) if step is not None else None
    connection = connection_of(after, directory) if directory is not None else None
    if step is None or directory is None or connection is None or connection.api_token is None:
        return after
    is_seat = "#" in (after.external_id or "#")
    if directory.network.trial or is_seat or site_lacks(after, connection.site) is None:
        return after
    now = world.now()
    return replace(after, write_back=WriteBack(step, now, now))


def _step_for_desk(world: World, before: Booking, after: Booking, actor: str) -> SiteStep | None:
    """The step that the desk is to take on the booking's site: no API takes it. A confirmation keeps the time
    as it is, so that the desk hears of it only where the network wants that: each would be a write."""
    step = step_of_client(before, after, actor)
    connection = connection_of(after, directory_for(world, after)) if step is not None else None
    if connection is None or pending_write_back(after) or site_lacks(after, connection.site) is None:
        return None
    wants = connection.api_token is not None or connection.settings.get(TELL_CONFIRMED) == "yes"
    return step if step is SiteStep.CANCEL or wants else None


def _described(world: World, booking: Booking, directory: Directory) -> str:
    """The booking as the desk looks for it on the site: its local start, who comes, and for what."""
    client = None
    if booking.client_id is not None:
        client = world.store.get(Client, network_id=booking.network_id, id=booking.client_id, fresh=False)
    local = booking.starts_at.astimezone(zone(directory.salons[booking.salon_id].timezone))
    name = booking.booked_for or (client.name if client else None)
    services = (service_name(directory, line.service_id) for line in booking.lines)
    return ", ".join(filter(None, (f"{local:%Y-%m-%d %H:%M}", name, *services)))


def _is_settled(kind: TaskKind, before: Booking, after: Booking) -> bool:
    if kind in ON_SITE.values():
        lacks = site_lacks(after)
        return lacks is None or ON_SITE[lacks] is not kind
    if kind is TaskKind.MOVE_WISH:
        return not after.is_upcoming or after.starts_at != before.starts_at or after.move_wish is None
    if kind is TaskKind.CANCELLED_BY_CLIENT:
        return after.status is not Status.CANCELLED
    return after.review is None or after.review.stars > LOW_STARS


def _with_task(world: World, booking: Booking, kind: TaskKind, words: str | None) -> tuple[Booking, Task]:
    task = _task_of_act(world, booking, kind, words)
    return replace(booking, desk_tasks=MappingProxyType({**booking.desk_tasks, kind: task.id})), task


def _task_of_act(world: World, booking: Booking, kind: TaskKind, words: str | None) -> Task:
    """The task of the act; the same one, open again with the new words, where the booking has it already."""
    now, existing = world.now(), None
    if (task_id := booking.desk_tasks.get(kind)) is not None:
        existing = world.store.get(Task, network_id=booking.network_id, id=task_id)
    if existing is None:
        existing = Task(
            network_id=booking.network_id,
            id=time_ordered("tsk", now, digest(booking.id, kind, str(booking.version), length=10)),
            kind=kind,
            at=now,
            salon_id=booking.salon_id,
            booking_id=booking.id,
            client_id=booking.client_id,
        )
    due_at = deadline(kind, booking, now)
    return replace(existing, words=words, due_at=due_at, done_at=None, actor=None)


def deadline(kind: TaskKind, booking: Booking, now: datetime) -> datetime:
    """When the desk has seen to what the client did now."""
    if kind is TaskKind.LOW_RATING:
        return now + MAKE_UP_WITHIN
    return min(now + ANSWER_WITHIN, max(booking.starts_at, now))


def _done(world: World, booking: Booking, kind: TaskKind, actor: str) -> list[Task]:
    task = world.store.get(Task, network_id=booking.network_id, id=booking.desk_tasks[kind])
    if task is None or task.done_at is not None:
        return []
    return [replace(task, done_at=world.now(), actor=actor)]
