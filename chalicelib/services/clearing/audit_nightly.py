"""Audit a sample of accounts each night, and have the month before counted once its books are closed. One
walk of each network wakes for it, and sleeps until the next night."""

from contextlib import suppress
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clearing.audit import drawn_instants
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.clearing.audit_accounts import (
    CountMetric,
    check_accounts,
    count_nowhere,
    report_differences,
)
from chalicelib.services.clearing.clear_month import closing_walk
from chalicelib.services.clearing.read_accounts import accounts_of, slice_due_at
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.walks import NIGHTLY_ID, next_night, nightly_walk
from chalicelib.services.shared.world import World

DRAWS, OF_EACH_DRAW = 5, 10
ROUND = 100
"""How many accounts a night checks: at instants drawn by lot, those of the clients who had registered before;
and so many where the last night stopped, so that each has its turn."""


def ensure_nightly(world: World, network_id: str) -> None:
    """For networks that began before there was such a walk."""
    if world.store.get(Walk, network_id=network_id, id=NIGHTLY_ID) is None:
        zone = world.directory(network_id).zone
        with suppress(SaveConflict):
            world.store.save(nightly_walk(network_id, world.now(), zone))


def audit_night(world: World, walk: Walk, count: CountMetric = count_nowhere) -> Walk:
    """The walk after this night: asleep until the next. A night that was missed is not made up for."""
    directory, now = world.directory(walk.network_id), world.now()
    due = slice_due_at(walk, now)
    ids, cursor = _sample(world, walk, directory, due)
    sums, found = check_accounts(world, accounts_of(world, walk.network_id, ids))
    report_differences(world, walk, found, due, count)
    closing = closing_walk(world, directory, now)
    if closing is not None:
        with suppress(SaveConflict):  # it was begun in another night
            world.store.save(closing)
    return replace(
        walk,
        stage="asleep",
        cursor=cursor,
        seen=walk.seen + len(ids),
        changed=walk.changed + len(found),
        audit=sums,
        sleeps_until=next_night(now, directory.zone),
    )


def _sample(world: World, walk: Walk, directory: Directory, due: datetime) -> tuple[list[str], str | None]:
    """Whose accounts are checked, each once, and where the next night goes on with the round."""
    network_id, night = walk.network_id, local_date(due, directory.zone)
    found = world.store.client_ids(network_id, limit=ROUND, cursor=walk.cursor)
    ids = list(found.items)
    for instant in drawn_instants(network_id, night, directory.network.created_at, due, DRAWS):
        ids += world.store.client_ids(network_id, until=instant, limit=OF_EACH_DRAW).items
    return list(dict.fromkeys(ids)), found.cursor
