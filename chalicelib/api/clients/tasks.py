"""Tasks: what people of the salon have to see to themselves."""

from datetime import datetime
from typing import Literal

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Answered, Id, Listing, PageOf, sifted
from chalicelib.domain.shared.tasks import TASK_WORDS, Task, is_overdue
from chalicelib.services.clients.tasks import finish_task, reaches_task
from chalicelib.services.networks.set_up import get_salon

State = Literal["open", "done"]


class TaskFilter(Listing):
    salon_id: Id | None = None
    state: State | None = None
    overdue: bool | None = None


class TaskAnswer(Answered):
    """words: what is asked for, in plain language; in the salon's own where `site` names the booking site on
    which something is to be done. detail: what the client wrote; of a budget, its month; of a site, the
    booking. salon_id null: for the whole network. due_at: by when somebody should have seen to it."""

    id: str
    kind: str
    words: str
    detail: str | None
    state: State
    at: datetime
    due_at: datetime | None
    site: str | None
    salon_id: str | None
    booking_id: str | None
    client_id: str | None
    done_at: datetime | None
    actor: str | None


def _state(task: Task) -> State:
    return "open" if task.done_at is None else "done"


def _answer(ask: Ask, task: Task) -> TaskAnswer:
    same = ("id", "at", "due_at", "site", "salon_id", "booking_id", "client_id", "done_at", "actor")
    return TaskAnswer(
        **{name: getattr(task, name) for name in same},
        kind=task.kind.value,
        words=_words(ask, task),
        detail=task.words,
        state=_state(task),
    )


def _words(ask: Ask, task: Task) -> str:
    if task.site is None:
        return TASK_WORDS[task.kind]
    from chalicelib.texts.site_tasks import task_words

    directory = ask.world.directory(task.network_id)
    salon = directory.salons.get(task.salon_id or "")
    return task_words(task, (salon.language if salon else None) or directory.network.language)


@get("/v1/tasks")
@endpoint(roles=DESK, query=TaskFilter, answer=PageOf[TaskAnswer])
def find(ask: Ask) -> PageOf[TaskAnswer]:
    """Newest first, of the salons that this key reaches."""
    asked: TaskFilter = ask.query
    now = ask.world.now()
    if asked.salon_id is not None:
        get_salon(ask.world, ask.access, asked.salon_id)

    def is_wanted(task: Task) -> bool:
        of_salon = asked.salon_id in (None, task.salon_id)
        of_state = asked.state in (None, _state(task)) and asked.overdue in (None, is_overdue(task, now))
        return of_salon and of_state and reaches_task(ask.access, task)

    found, cursor = sifted(
        lambda limit, cursor: ask.world.store.get_page(
            Task, network_id=ask.access.network_id, limit=limit, cursor=cursor
        ),
        is_wanted,
        asked,
    )
    return PageOf(items=[_answer(ask, each) for each in found], next_cursor=cursor)


@post("/v1/tasks/{task_id}/done")
@endpoint(roles=DESK, answer=TaskAnswer)
def finish(ask: Ask, task_id: str) -> TaskAnswer:
    return _answer(ask, finish_task(ask.world, ask.access, task_id))
