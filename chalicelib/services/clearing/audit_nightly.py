"""Audit a sample of accounts each night, begin the clearing of the last month once its books are closed, and
record the categories of a network's clients where an earlier release did not.
Each network has one walk for it, which sleeps until the next night."""

from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clearing.audit import drawn_instants
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.waking.walks import AuditingSample, Walk
from chalicelib.services.clearing.audit_accounts import (
    CountMetric,
    check_accounts,
    count_nowhere,
    report_differences,
)
from chalicelib.services.clearing.clear_month import closing_walk
from chalicelib.services.clearing.read_accounts import accounts_of, slice_due_at
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import NIGHTLY_ID, categories_walk, next_night, nightly_walk
from chalicelib.services.shared.world import World

DRAWS, OF_EACH_DRAW = 5, 10
ROUND = 100
"""Sizes of a night's sample. For each of DRAWS random instants, OF_EACH_DRAW clients who registered just
before are checked. ROUND further clients follow those of the last night, so that each account has its
turn."""


def ensure_nightly(world: World, network_id: str) -> None:
    """Makes the nightly walk of a network that was set up before there were such walks."""
    if world.store.get(Walk, network_id=network_id, id=NIGHTLY_ID) is None:
        zone = world.directory(network_id).zone
        with suppress(SaveConflict):
            world.store.save(nightly_walk(network_id, world.now(), zone))


def audit_night(
    world: World, walk: Walk[AuditingSample], count: CountMetric = count_nowhere
) -> Walk[AuditingSample]:
    """The walk after this night, asleep until the next one. A missed night is left out."""
    directory, now = world.directory(walk.network_id), world.now()
    due = slice_due_at(walk, now)
    ids, cursor = _sample(world, walk, directory, due)
    sums, found = check_accounts(world, accounts_of(world, walk.network_id, ids))
    report_differences(world, walk, found, due, count)
    if not directory.network.lists_categories:
        with suppress(SaveConflict):  # the same night, done again
            world.store.save(categories_walk(walk.network_id, due, now))
    closing = closing_walk(world, directory, now)
    if closing is not None:
        with suppress(SaveConflict):  # the walk was begun in an earlier night
            world.store.save(closing)
    return replace(
        walk,
        stage="asleep",
        cursor=cursor,
        seen=walk.seen + len(ids),
        changed=walk.changed + len(found),
        state=AuditingSample(sums),
        sleeps_until=next_night(now, directory.zone),
    )


def _sample(
    world: World, walk: Walk[AuditingSample], directory: Directory, due: datetime
) -> tuple[list[str], str | None]:
    """The ids of the clients to check, each once, and the cursor with which the next night continues."""
    network_id, night = walk.network_id, local_date(due, directory.zone)
    found = world.store.client_ids(network_id, limit=ROUND, cursor=walk.cursor)
    ids = list(found.items)
    for instant in drawn_instants(network_id, night, directory.network.created_at, due, DRAWS):
        ids += world.store.client_ids(network_id, until=instant, limit=OF_EACH_DRAW).items
    return list(dict.fromkeys(ids)), found.cursor
