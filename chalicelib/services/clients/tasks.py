"""Tasks of a salon: who may see them, and that they are done."""

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import forbidden, missing
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.shared.world import World


def reaches_task(access: Access, task: Task) -> bool:
    """Whether the key may see the task. A task of no salon is for keys that see the whole network."""
    return access.sees_whole_network if task.salon_id is None else access.reaches_salon(task.salon_id)


def finish_task(world: World, access: Access, task_id: str) -> Task:
    """Marks the task as done, with who did it and when. A task that is done stays as it is. Raises NOT_FOUND,
    FORBIDDEN, TRY_AGAIN."""
    return world.retrying(lambda: _finish_task(world, access, task_id))


def _finish_task(world: World, access: Access, task_id: str) -> Task:
    task = world.store.get(Task, network_id=access.network_id, id=task_id)
    if task is None:
        raise missing("task", task_id)
    if not reaches_task(access, task):
        raise forbidden("This key does not reach that task.", task_id=task_id)
    if task.done_at is not None:
        return task
    return world.store.save(replace(task, done_at=world.now(), actor=access.actor))[0]
