"""Low ratings that nobody has answered: their tasks are open."""

from datetime import UTC, date, datetime, time, timedelta

from msgspec import Struct

from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.shared.world import World

COMPLAINTS_BEFORE = timedelta(days=92)
"""So long before a period complaints of the clients are looked for who left in it."""

TASKS_AT_ONCE = 500
MOST_TASKS = 10_000
"""So many tasks, the latest, are looked through at most: some 400 read units."""


class Complaints(Struct, frozen=True):
    """client_ids: of open low ratings; a client may be merged since. since: from when on all are known."""

    client_ids: frozenset[str]
    since: datetime


def open_complaints(
    world: World, network_id: str, first: date, *, most: int = MOST_TASKS, at_once: int = TASKS_AT_ONCE
) -> Complaints:
    """The clients with a low rating whose task is open. first: the first local date of a period. most: tasks
    that are looked through."""
    since = datetime.combine(first - COMPLAINTS_BEFORE, time(), UTC)
    found: set[str] = set()
    seen, cursor = 0, None
    while seen < most:
        page = world.store.get_page(Task, network_id=network_id, limit=at_once, cursor=cursor)
        seen, cursor = seen + len(page.items), page.cursor
        for task in page.items:
            if task.at < since:
                return Complaints(frozenset(found), since)
            if task.kind is TaskKind.LOW_RATING and task.done_at is None and task.client_id is not None:
                found.add(task.client_id)
        if cursor is None:
            return Complaints(frozenset(found), since)
        reached = page.items[-1].at if page.items else since
    return Complaints(frozenset(found), reached)
