"""Wakes what is due: all items of a shard, or one item that should not wait for the next sweep."""

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job, count_message

bp = Blueprint(__name__)


# One message at a time: the shards of a batch would be drained one after another, each waiting for the last.
@bp.on_sqs_message(queue="wake.fifo", batch_size=1)
@batch_job
def wake(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring

    try:
        _wake(body, job)
    finally:
        wiring.sending(count_message).budgets.close()


def _wake(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.services.shared.unreadable import park_unreadable
    from chalicelib.services.waking.wake_items import drain_shard, wake_one

    world, handlers = wiring.world(), wiring.handlers(count_message)
    if "pk" in body and job.receives == 1:
        trouble = wake_one(world, handlers, body["pk"], body["sk"])
        job.count("ItemsFailed", int(trouble != ""))
        job.count("ItemsParked", int(trouble == "parked") + park_unreadable(world))
        return
    # An item whose worker was lost is left to a drain, which takes it last.
    drained = drain_shard(world, handlers, body["shard"], job.has_time)
    job.count("ItemsFailed", drained.failed)
    job.count("ItemsParked", drained.parked)
    if drained.unfinished:
        wiring.wake_queue().go_on(body["shard"], wiring.now().isoformat())
