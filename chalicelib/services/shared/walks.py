"""Walks that a change of a network's set-up begins: each is saved with that change."""

from datetime import UTC, datetime, time, timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.surprises import SURPRISE, next_draw_at
from chalicelib.domain.networks.rules import Rules
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.shared.zones import local_date, local_instant
from chalicelib.domain.waking.walks import (
    AnyWalk,
    AuditingSample,
    DrawingSurprises,
    Replanning,
    Splitting,
    Walk,
    WalkKind,
)
from chalicelib.services.shared.world import World

BEGINS_AFTER = timedelta(seconds=90)
"""How long after a change its walk begins. Other processes plan by the former rules for up to a minute, and
finish what they have begun within half a minute more."""


def replan_walk(world: World, network_id: str) -> Walk[Replanning]:
    """A walk that begins once every process knows the present rules; it is saved with the change that calls
    for it."""
    now = world.now()
    return Walk(
        network_id=network_id,
        id=world.new_id("wlk"),
        state=Replanning(keeps_categories=True),
        begun_at=now,
        wake=Wake(now + BEGINS_AFTER, WalkKind.REPLAN.value),
    )


def categories_walk(network_id: str, night: datetime, now: datetime) -> Walk[Replanning]:
    """The walk that records the category of each client in a network of before there were such records. Each
    night has one."""
    return Walk(
        network_id=network_id,
        id=time_ordered("wlk", night, digest(network_id, "categories", length=7)),
        state=Replanning(keeps_categories=True),
        begun_at=now,
        wake=Wake(now, WalkKind.REPLAN.value),
    )


def split_walk(world: World, network_id: str, split: Splitting) -> Walk[Splitting]:
    """A walk that begins once every process leads the site's ids to the new one; it is saved with the
    split."""
    now = world.now()
    wake = Wake(now + BEGINS_AFTER, WalkKind.SPLIT.value)
    return Walk(network_id=network_id, id=world.new_id("wlk"), state=split, begun_at=now, wake=wake)


# --- the walk that draws surprises, as long as a network has them

ASLEEP = ""
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)


def surprise_walk_id(network_id: str) -> str:
    """The id of a network's walk for surprises. It is the last in the list of walks, which shows the newest
    first."""
    return time_ordered("wlk", _FIRST, digest(network_id, SURPRISE, length=7))


def surprise_walks(world: World, network_id: str, rules: Rules) -> list[Walk[DrawingSurprises]]:
    """The walk that draws surprises, to be saved with rules that have surprises; empty where it is there
    already. With rules that have none the walk ends by itself when it next wakes."""
    if rules.bonuses.surprise is None:
        return []
    walk_id = surprise_walk_id(network_id)
    existing = world.store.get(Walk, network_id=network_id, id=walk_id)
    if existing is not None and existing.finished_at is None:
        return []
    now = world.now()
    walk = existing or Walk(network_id=network_id, id=walk_id, state=DrawingSurprises(), begun_at=now)
    asleep = asleep_until_next_draw(walk, now, world.directory(network_id).zone)
    return [replace(asleep, finished_at=None, wake=Wake(sleeps_until(asleep), SURPRISE))]


def asleep_until_next_draw(walk: Walk[DrawingSurprises], now: datetime, zone: str) -> Walk[DrawingSurprises]:
    return replace(
        walk, stage=ASLEEP, cursor=None, state=DrawingSurprises(), sleeps_until=next_draw_at(now, zone)
    )


def sleeps_until(walk: AnyWalk) -> datetime:
    return walk.sleeps_until or walk.begun_at


# --- the walk that audits at night, one in each network

NIGHTLY_ID = "wlk_000000000nightly"
"""The id of each network's nightly walk. It sorts before all others, so that it is last where the newest come
first."""

NIGHT_HOUR = time(3)


def nightly_walk(network_id: str, now: datetime, zone: str) -> Walk[AuditingSample]:
    """The walk that audits some accounts each night; it is saved with a new network."""
    at = next_night(now, zone)
    wake = Wake(at, WalkKind.AUDIT_SAMPLE.value)
    return Walk(
        network_id=network_id,
        id=NIGHTLY_ID,
        state=AuditingSample(),
        begun_at=now,
        sleeps_until=at,
        wake=wake,
    )


def next_night(after: datetime, zone: str) -> datetime:
    day = local_date(after, zone)
    at = local_instant(day, NIGHT_HOUR, zone)
    return at if at > after else local_instant(day + timedelta(days=1), NIGHT_HOUR, zone)
