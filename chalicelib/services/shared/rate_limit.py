"""A limit on how often something may be done in an hour, or in a day."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.operations import Tally
from chalicelib.services.shared.world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def count_use(
    world: World, network_id: str, what: str, use_id: str, most: int, *, within: timedelta = HOUR
) -> bool:
    """Counts one use in this hour of the clock or this day (UTC), before it is made. False: that very use,
    named by its id, was counted before. within: HOUR or DAY. Raises TOO_MANY, TRY_AGAIN."""
    return world.retrying(lambda: _count(world, network_id, what, use_id, most, within))


def _count(world: World, network_id: str, what: str, use_id: str, most: int, within: timedelta) -> bool:
    now = world.now()
    begun = now.replace(minute=0, second=0, microsecond=0)
    if within == DAY:
        begun = begun.replace(hour=0)
    name = f"{what} {begun:%Y-%m-%dT%H}" if within == HOUR else f"{what} {begun:%Y-%m-%d}"
    existing = world.store.get(Tally, network_id=network_id, name=name)
    tally = existing or Tally(network_id=network_id, name=name, expires_at=now + 2 * within)
    if use_id in tally.done:
        return False
    if len(tally.done) >= most:
        raise DomainError(
            ErrorKind.TOO_MANY,
            "TOO_MANY",
            f"At most {most} {'an hour' if within == HOUR else 'a day (UTC)'}; try again in the next.",
            most=most,
            retry_after_seconds=int((begun + within - now).total_seconds()),
        )
    world.store.save(replace(tally, done=(*tally.done, use_id)))
    return True
