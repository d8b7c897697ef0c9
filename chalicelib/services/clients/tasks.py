"""What the salon has to see to itself: who may see it, and that it is done."""

from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.shared.errors import conflict, forbidden, missing
from chalicelib.domain.shared.tasks import Task
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World


def reaches_task(access: Access, task: Task) -> bool:
    """What concerns no salon in particular is for those who see the whole network."""
    return access.sees_whole_network if task.salon_id is None else access.reaches_salon(task.salon_id)


def finish_task(world: World, access: Access, task_id: str) -> Task:
    """Done, by whom and when; what is done already stays as it is. Raises NOT_FOUND, FORBIDDEN."""
    for _ in world.tries():
        task = world.store.get(Task, network_id=access.network_id, id=task_id)
        if task is None:
            raise missing("task", task_id)
        if not reaches_task(access, task):
            raise forbidden("This key does not reach that task.", task_id=task_id)
        if task.done_at is not None:
            return task
        try:
            (saved,) = world.store.save(replace(task, done_at=world.now(), actor=access.actor))
        except SaveConflict:
            continue
        return saved
    raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")
