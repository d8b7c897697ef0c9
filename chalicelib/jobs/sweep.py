"""Finds the shards with work, each minute."""

from typing import Any

from chalice import Blueprint, Rate

from chalicelib.jobs.job import Job, job

bp = Blueprint(__name__)


@bp.schedule(Rate(1, unit=Rate.MINUTES))
@job
def sweep(event: Any, job: Job) -> list[str]:
    from chalicelib import wiring
    from chalicelib.services.waking.sweep_shards import sweep as sweep_shards
    from chalicelib.store.keys import shard_names

    found = sweep_shards(wiring.world(), shard_names(wiring.settings().wake_shards))
    job.count("ShardsWithWork", len(found))
    return found
