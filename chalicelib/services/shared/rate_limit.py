"""A limit on how often something may be done in an hour."""

from datetime import timedelta

from msgspec.structs import replace

from chalicelib.domain.shared.errors import DomainError, ErrorKind
from chalicelib.domain.shared.operations import Tally
from chalicelib.services.shared.world import World

HOUR = timedelta(hours=1)


def count_use(world: World, network_id: str, what: str, use_id: str, most: int) -> bool:
    """Counts one use in this hour of the clock (UTC), before it is made. False: that very use, named by its
    id, was counted before. Raises TOO_MANY, TRY_AGAIN."""
    return world.retrying(lambda: _count(world, network_id, what, use_id, most))


def _count(world: World, network_id: str, what: str, use_id: str, most: int) -> bool:
    now = world.now()
    name = f"{what} {now:%Y-%m-%dT%H}"
    existing = world.store.get(Tally, network_id=network_id, name=name)
    tally = existing or Tally(network_id=network_id, name=name, expires_at=now + 2 * HOUR)
    if use_id in tally.done:
        return False
    if len(tally.done) >= most:
        raise DomainError(
            ErrorKind.TOO_MANY,
            "TOO_MANY",
            f"At most {most} an hour; try again in the next.",
            most=most,
            retry_after_seconds=3600 - now.minute * 60 - now.second,
        )
    world.store.save(replace(tally, done=(*tally.done, use_id)))
    return True
