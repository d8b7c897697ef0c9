"""Wake: read an item, do what is due now, set its next pointer. An item that fails backs off on its own
pointer.

One that cannot be read is set aside without being read. So is one that ends its worker, by time or by memory:
then nothing runs behind it. The next worker finds that item first in the shard, and due for longer than the
time between two sweeps. So a worker notes the start of such an item before it does anything with it, and
takes the item last. An item whose noted starts came to no end is set aside. A save of the item ends what was
noted: that of the wake, or of its failure. An ordinary item is woken by the first sweep and costs no such
write.
"""

import contextlib
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.operations import Parked
from chalicelib.domain.shared.waking import Wake, after_failure
from chalicelib.services.messages.sending import Throttled
from chalicelib.services.shared.ports import DueItem, SaveConflict
from chalicelib.services.shared.storable import Storable
from chalicelib.services.shared.unreadable import park_unreadable, parked_of
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

PAGE = 50
OVERDUE = timedelta(minutes=1)
"""The time between two sweeps. What is due for longer when a drain begins was due at the sweep before."""
LONG_OVERDUE = timedelta(minutes=10)
"""The start of an item that is overdue for so long is noted wherever the item stands in the shard."""
MAX_STARTS = 2
"""How many noted starts may come to no end before an item is set aside. The very first start is not noted."""
MAX_FAULTS = 3
"""After so many items in a row whose failure could not be recorded, the table is at fault: the drain ends."""
NEVER_ENDED = (
    "its wake began %d times and came to no end: it takes too much time or memory, or its failure can not "
    "be recorded"
)


_BEGINNING = datetime.min.replace(tzinfo=UTC)

Handlers = Mapping[type, Callable[[Any], None]]
"""What waking means, by kind of item."""


class Drained(Struct, frozen=True):
    """What a worker did: items woken, those among them that failed, and whether the shard was left with
    work."""

    woken: int
    failed: int
    parked: int
    unfinished: bool


class Drain(Struct):
    """One worker's drain.

    now      when it began: by then items are due, or overdue.
    handled  whether an item was woken to its end; before that, an overdue item is suspect.
    last     suspect items, which are woken after all others.
    faults   what was raised past an item, since its failure could not be recorded; in_a_row: how many of
             these came one after another.
    """

    world: World
    handlers: Handlers
    now: datetime
    woken: int = 0
    failed: int = 0
    parked: int = 0
    handled: bool = False
    last: list[DueItem] = field(default_factory=list)
    faults: list[Exception] = field(default_factory=list)
    in_a_row: int = 0

    def count(self, trouble: str) -> None:
        """trouble: as `wake_one` answers."""
        self.handled = self.handled or trouble != "parked"
        self.in_a_row = 0
        self.woken += 1
        self.failed += trouble != ""
        self.parked += trouble == "parked"

    def drained(self, *, unfinished: bool) -> Drained:
        """The end of the drain. Raises what was raised past an item, so that the queue delivers the shard
        again."""
        self.parked += park_unreadable(self.world)
        if self.faults:
            raise self.faults[0]
        return Drained(self.woken, self.failed, self.parked, unfinished)


def drain_shard(world: World, handlers: Handlers, shard: str, has_time: Callable[[], bool]) -> Drained:
    """Wakes all that is due in a shard while there is time. `unfinished`: another worker must go on. The
    index is read page by page and never again from its start, so that an item costs one read of the index."""
    drain = Drain(world, handlers, world.now())
    after: DueItem | None = None
    while True:
        page = world.store.due(shard, drain.now, limit=PAGE, after=after)
        for item in page:
            if not has_time():
                return drain.drained(unfinished=True)
            _take(drain, item)
        if len(page) < PAGE:
            break
        after = page[-1]
    for item in drain.last:
        if not has_time():
            return drain.drained(unfinished=True)
        _wake(drain, item, noted=True)
    return drain.drained(unfinished=False)


def _take(drain: Drain, item: DueItem) -> None:
    """Wakes an item, or leaves it for the end: the first of the shard if it is overdue, and each whose noted
    start came to no end."""
    overdue = drain.now - _instant(item.wake_at)
    if drain.handled or overdue <= OVERDUE:
        _wake(drain, item, noted=overdue >= LONG_OVERDUE)
        return
    starts = drain.world.store.starts(item)
    if starts is None:
        return
    if starts >= MAX_STARTS:
        _give_up(drain, item, starts)
    elif starts or (not drain.last and overdue < LONG_OVERDUE):
        drain.last.append(item)
    else:
        _wake(drain, item, noted=True)


def _wake(drain: Drain, item: DueItem, *, noted: bool) -> None:
    """Wakes an item. What is raised past it does not stop the others."""
    store = drain.world.store
    try:
        starts = store.begin_wake(item) if noted else 0
        if starts is None:
            return
        if starts > MAX_STARTS:
            _give_up(drain, item, starts - 1)
        else:
            drain.count(wake_one(drain.world, drain.handlers, item.pk, item.sk, noted=noted))
    except Exception as error:
        log.exception("an item's failure could not be recorded", extra={"item": item.pk})
        drain.faults.append(error)
        drain.in_a_row += 1
        if drain.in_a_row >= MAX_FAULTS:
            raise


def _give_up(drain: Drain, item: DueItem, starts: int) -> None:
    drain.count(set_aside(drain.world, drain.world.store.refusal(item, NEVER_ENDED % starts)))


def wake_one(world: World, handlers: Handlers, pk: str, sk: str, *, noted: bool = False) -> str:
    """Wakes one item if it is due. Answers "" when all went well, else "failed" or "parked".

    After a conflict another worker has the item: nothing is lost, since its pointer stays. noted: the item is
    overdue, and the start of its wake is noted. Then a conflict is a failure like others: the item backs off,
    which ends what was noted, and people see an item that meets conflicts again and again. A channel that is
    too busy, or out of reach, is no fault of the item; nor is it that something else which the item needs
    cannot be read. The item then waits for as long as it is of use, and is not parked.
    """
    try:
        value = world.store.read(pk, sk)
    except Unreadable as error:
        return set_aside(world, error)
    wake = getattr(value, "wake", None)
    if wake is None or wake.at > world.now():
        return ""
    try:
        handlers[type(value)](value)
    except SaveConflict as error:
        return _back_off_if_due(world, pk, sk, error) if noted else ""
    except (Throttled, Unreadable) as error:
        log.warning("an item waits: %s", error, extra={"item": pk})
        return _back_off(world, pk, sk, error, world.now(), parks=False)
    except Exception as error:
        log.exception("an item could not be woken", extra={"item": pk})
        return _back_off(world, pk, sk, error, world.now())
    return ""


def set_aside(world: World, error: Unreadable) -> str:
    """Takes an item off the wake index by its key alone, and lists it with what is wrong, so that no other
    item waits for it. An item that is not due, or has changed, stays as it is."""
    now = world.now()
    if error.wake_at is None or _instant(error.wake_at) > now:
        return ""
    log.error("an item is set aside", extra={"item": error.item, "reason": error.reason})
    due = DueItem(error.pk, error.sk, error.wake_at)
    try:
        world.store.set_aside(due, parked_of(error, now), version=error.version)
    except SaveConflict:
        return ""
    return "parked"


def _instant(pointer: str) -> datetime:
    """The instant of a pointer of the wake index; the beginning of time for one that is none."""
    with contextlib.suppress(ValueError):
        found = datetime.fromisoformat(pointer)
        return found if found.tzinfo is not None else _BEGINNING
    return _BEGINNING


def _back_off_if_due(world: World, pk: str, sk: str, error: SaveConflict) -> str:
    """Backs off after a conflict, unless another worker did what was due."""
    value = world.store.read(pk, sk)
    if value is None or value.wake is None or value.wake.at > world.now():
        return ""
    return _back_off(world, pk, sk, error, world.now())


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
