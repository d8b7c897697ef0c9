"""Sweep: find the shards of the wake index with due items, and call a worker for each of them."""

from chalicelib.services.shared.world import World


def sweep(world: World, shards: list[str]) -> list[str]:
    """The shards with work. An idle shard costs half a read unit and nothing else. A due item stays due until
    it is done, so that a sweep missed or done twice does no harm."""
    now = world.now()
    with_work = [shard for shard in shards if world.store.due(shard, now, limit=1)]
    for shard in with_work:
        world.wake_queue.wake_shard(shard, now)
    return with_work
