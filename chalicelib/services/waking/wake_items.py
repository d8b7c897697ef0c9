"""Wake: read an item, do what is due now, set its next pointer. An item that fails backs off on its own
pointer."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Wake, after_failure
from chalicelib.services.messages.send_touches import Throttled
from chalicelib.services.shared.ports import DueItem, SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

PAGE = 50


Handlers = Mapping[type, Callable[[Any], None]]
"""What waking means, by kind of item."""


class Drained(Struct, frozen=True):
    """What a worker did: items woken, those among them that failed, and whether the shard was left with
    work."""

    woken: int
    failed: int
    parked: int
    unfinished: bool


def drain_shard(world: World, handlers: Handlers, shard: str, has_time: Callable[[], bool]) -> Drained:
    """Wakes all that is due in a shard while there is time. `unfinished`: another worker must go on. The
    index is read page by page and never again from its start, so that an item costs one read of the index."""
    now = world.now()
    woken = failed = parked = 0
    after: DueItem | None = None
    while True:
        page = world.store.due(shard, now, limit=PAGE, after=after)
        for item in page:
            if not has_time():
                return Drained(woken, failed, parked, True)
            trouble = wake_one(world, handlers, item.pk, item.sk)
            woken, failed, parked = woken + 1, failed + (trouble != ""), parked + (trouble == "parked")
        if len(page) < PAGE:
            return Drained(woken, failed, parked, False)
        after = page[-1]


def wake_one(world: World, handlers: Handlers, pk: str, sk: str) -> str:
    """Wakes one item if it is due. Answers "" when all went well, else "failed" or "parked".

    After a conflict another worker has the item: nothing is lost, since its pointer stays. A channel that is
    too busy, or out of reach, is no fault of the item. The item then waits for as long as it is of use, and
    is not parked.
    """
    value = world.store.read(pk, sk)
    if value is None or value.wake is None or value.wake.at > world.now():
        return ""
    try:
        handlers[type(value)](value)
    except SaveConflict:
        return ""
    except Throttled as error:
        log.warning("a channel takes nothing at present: %s", error, extra={"item": pk})
        return _back_off(world, pk, sk, error, world.now(), parks=False)
    except Exception as error:
        log.exception("an item could not be woken", extra={"item": pk})
        return _back_off(world, pk, sk, error, world.now())
    return ""


def _back_off(world: World, pk: str, sk: str, error: Exception, now: datetime, *, parks: bool = True) -> str:
    """Records the failure on the item, so that no other item waits for it. An item that failed too often is
    parked where people see it."""
    value = world.store.read(pk, sk)
    if value is None or value.wake is None:
        return "failed"
    trouble = after_failure(value.trouble, f"{type(error).__name__}: {error}", now, parks=parks)
    wake = None if trouble.parked else Wake(trouble.retry_at, value.wake.why)
    values: list[Storable] = [replace(value, trouble=trouble, wake=wake)]
    if trouble.parked:
        values.append(
            Parked(network_id=value.network_id, item=f"{sk} {value.id}", error=trouble.error, at=now)
        )
    with contextlib.suppress(SaveConflict):
        world.store.save(*values)
    return "parked" if trouble.parked else "failed"
