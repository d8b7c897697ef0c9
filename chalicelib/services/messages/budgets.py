"""Keep a network's messages within its monthly budget, without a write for each message. A worker reserves
the cost of its first message, then slices of the budget. It gives back the rest when it is done."""

import logging
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.messages.spending import MICROS_A_CENT, Spending, is_nearly_spent, taken
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

_SLICES = 200
"""A slice is the budget divided by this. It is small, since no worker can spend what others have reserved."""
_TRIES = 20


class Budgets:
    """What one worker has reserved and not spent yet, by network and month. A network without a budget causes
    no reads and no writes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._in_hand: dict[tuple[str, str], int] = {}

    def take(self, directory: Directory, micros: int, now: datetime, *, essential: bool) -> bool:
        """Spends so much of the budget and returns True; False: the budget does not allow it. Essential
        messages are always allowed, and counted. micros: millionths of a US dollar."""
        cents = directory.rules.messages.monthly_budget_usd_cents
        if cents is None:
            return True
        budget_key = (directory.network.network_id, month_name(now))
        if self._in_hand.get(budget_key, 0) < micros:
            self._reserve(budget_key, micros, cents * MICROS_A_CENT, now, essential)
        if self._in_hand.get(budget_key, 0) < micros:
            return False
        self._in_hand[budget_key] -= micros
        return True

    def put_back(self, directory: Directory, micros: int, now: datetime, *, essential: bool) -> None:
        """Gives back what was taken for a message that was not sent. What was taken for an essential message
        goes back to the month at once: it may exceed the budget, so that no other message may spend it."""
        if directory.rules.messages.monthly_budget_usd_cents is None or not micros:
            return
        budget_key = (directory.network.network_id, month_name(now))
        if essential:
            self._give_back(*budget_key, micros)
        else:
            self._in_hand[budget_key] = self._in_hand.get(budget_key, 0) + micros

    def close(self) -> None:
        """Gives back all that is reserved and not spent. A worker that dies before leaves its slices counted
        as spent: the budget still holds, and loses a little."""
        for network_id, month in list(self._in_hand):
            unspent = self._in_hand.pop((network_id, month))
            if unspent:
                self._give_back(network_id, month, unspent)

    def _give_back(self, network_id: str, month: str, micros: int) -> None:
        """Gives back a reserved amount. If too many write at once, it stays counted: that must not fail a
        worker whose messages are sent."""
        try:
            self.settle(network_id, month, -micros)
        except SaveConflict:
            log.warning("a slice of the budget could not be given back", extra={"micros": micros})

    def settle(self, network_id: str, month: str, micros: int) -> None:
        """Adds to what is reserved in a month. micros: negative, where less was needed."""
        for _ in self._world.tries(_TRIES):
            current = self._world.store.spending(network_id, month)
            after = replace(current, reserved_micros=max(current.reserved_micros + micros, 0))
            try:
                self._world.store.save(after)
                return
            except SaveConflict:
                continue
        raise SaveConflict(current)

    def _reserve(
        self, budget_key: tuple[str, str], micros: int, budget: int, now: datetime, essential: bool
    ) -> None:
        network_id, month = budget_key
        for _ in self._world.tries(_TRIES):
            current = self._world.store.spending(network_id, month)
            # a worker that wakes for one message reserves its cost alone, and has nothing to give back
            slice_ = max(micros, budget // _SLICES) if budget_key in self._in_hand else micros
            for wanted in (slice_, micros):
                after = taken(current, wanted, budget)
                if after is not None:
                    break
            else:
                after = taken(current, micros, None) if essential else None
                wanted = micros if essential else 0
            after, tasks = _with_warnings(after or current, budget, now, refused=after is None)
            if after == current:
                return
            try:
                self._world.store.save(after, *tasks)
            except SaveConflict:
                continue
            self._in_hand[budget_key] = self._in_hand.get(budget_key, 0) + wanted
            return
        raise SaveConflict(current)


def _with_warnings(
    spending: Spending, budget: int, now: datetime, *, refused: bool
) -> tuple[Spending, list[Task]]:
    """The spending, and the tasks by which the owner learns that the budget is nearly spent or is spent. Each
    is made once for a budget, and again after the budget was raised."""
    tasks: list[Task] = []
    if spending.warned_of != budget and is_nearly_spent(spending, budget):
        spending = replace(spending, warned_of=budget)
        tasks.append(_task(spending, TaskKind.BUDGET_NEARLY_SPENT, budget, now))
    if spending.stopped_at != budget and refused:
        spending = replace(spending, stopped_at=budget)
        tasks.append(_task(spending, TaskKind.BUDGET_SPENT, budget, now))
    return spending, tasks


def _task(spending: Spending, kind: TaskKind, budget: int, now: datetime) -> Task:
    tail = digest(spending.network_id, kind, spending.month, str(budget), length=10)
    task_id = time_ordered("tsk", now, tail)
    return Task(network_id=spending.network_id, id=task_id, kind=kind, at=now, words=spending.month)
