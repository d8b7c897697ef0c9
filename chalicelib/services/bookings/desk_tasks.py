"""Tell the desk what a client did by a link: asked for another time, cancelled, gave a low rating. Each is
one task of a booking, with a deadline. The task is done by itself once its matter is settled.

A booking knows its open tasks, so that a booking without any costs no read.
"""

from datetime import datetime, timedelta
from types import MappingProxyType

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.shared.actors import BY_CLIENT
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.shared.world import World

LOW_STARS = 3
"""A review of so many stars or fewer is a low rating."""
ANSWER_WITHIN = timedelta(hours=2)
"""When the desk has answered who asks for another time, or who cancels; the start, if that is sooner."""
MAKE_UP_WITHIN = timedelta(days=1)
"""When the desk has spoken with who gave a low rating."""


def with_desk_tasks(
    world: World, before: Booking, after: Booking, actor: str
) -> tuple[Booking, list[Task]]:
    """The changed booking, and the tasks to be saved with it. before: the booking as it was read. actor: who
    changed it."""
    booking, tasks = after, list[Task]()
    for kind in before.desk_tasks:
        if _is_settled(kind, before, after):
            kept = {each: task_id for each, task_id in booking.desk_tasks.items() if each is not kind}
            booking = replace(booking, desk_tasks=MappingProxyType(kept))
            tasks += _done(world, before, kind, actor)
    for kind, words in _acts(before, after, actor):
        task = _task_of_act(world, booking, kind, words)
        booking = replace(booking, desk_tasks=MappingProxyType({**booking.desk_tasks, kind: task.id}))
        tasks.append(task)
    return booking, tasks


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


def _is_settled(kind: TaskKind, before: Booking, after: Booking) -> bool:
    if kind is TaskKind.MOVE_WISH:
        return not after.is_upcoming or after.starts_at != before.starts_at or after.move_wish is None
    if kind is TaskKind.CANCELLED_BY_CLIENT:
        return after.status is not Status.CANCELLED
    return after.review is None or after.review.stars > LOW_STARS


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
