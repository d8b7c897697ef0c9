"""Keep a network's messages within its monthly budget, without a write for every message: a worker reserves
what its first message costs, then slices of the month, and gives back the rest when it is done."""

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
"""A slice is such a part of the budget: small, since what others hold in hand cannot be spent by a worker."""
_TRIES = 20


class Budgets:
    """One worker's purses. A network without a budget costs nothing here."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._in_hand: dict[tuple[str, str], int] = {}

    def take(self, directory: Directory, micros: int, now: datetime, *, essential: bool) -> bool:
        """Whether so much may be spent now; then it is. What a booking cannot do without is always allowed,
        and counted."""
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
        """What was not sent was not spent. What was taken for the essential may lie beyond the budget, where
        nothing else may spend it."""
        if directory.rules.messages.monthly_budget_usd_cents is None or not micros:
            return
        budget_key = (directory.network.network_id, month_name(now))
        if essential:
            self._give_back(*budget_key, micros)
        else:
            self._in_hand[budget_key] = self._in_hand.get(budget_key, 0) + micros

    def close(self) -> None:
        """Gives back what is left in every purse. A worker that dies before leaves its slices counted as
        spent: the budget holds, and loses a little."""
        for network_id, month in list(self._in_hand):
            left = self._in_hand.pop((network_id, month))
            if left:
                self._give_back(network_id, month, left)

    def _give_back(self, network_id: str, month: str, left: int) -> None:
        """What cannot be given back for all the others who write stays counted: no reason to fail a worker
        whose messages are sent."""
        try:
            self.settle(network_id, month, -left)
        except SaveConflict:
            log.warning("a slice of the budget could not be given back", extra={"micros": left})

    def settle(self, network_id: str, month: str, micros: int) -> None:
        """Counts so much more (or less) as spent in a month: what receipts say, or what was not needed."""
        for _ in self._world.tries(_TRIES):
            stands = self._world.store.spending(network_id, month)
            after = replace(stands, reserved_micros=max(stands.reserved_micros + micros, 0))
            try:
                self._world.store.save(after)
                return
            except SaveConflict:
                continue
        raise SaveConflict(stands)

    def _reserve(
        self, budget_key: tuple[str, str], micros: int, budget: int, now: datetime, essential: bool
    ) -> None:
        network_id, month = budget_key
        for _ in self._world.tries(_TRIES):
            stands = self._world.store.spending(network_id, month)
            # a worker that wakes for one message needs no more, and so has nothing to give back
            slice_ = max(micros, budget // _SLICES) if budget_key in self._in_hand else micros
            for wanted in (slice_, micros):
                after = taken(stands, wanted, budget)
                if after is not None:
                    break
            else:
                after = taken(stands, micros, None) if essential else None
                wanted = micros if essential else 0
            after, tasks = _announced(after or stands, budget, now, refused=after is None)
            if after == stands:
                return
            try:
                self._world.store.save(after, *tasks)
            except SaveConflict:
                continue
            self._in_hand[budget_key] = self._in_hand.get(budget_key, 0) + wanted
            return
        raise SaveConflict(stands)


def _announced(
    spending: Spending, budget: int, now: datetime, *, refused: bool
) -> tuple[Spending, list[Task]]:
    """The owner is told once that the month's budget is nearly spent, and once that it is; of one that was
    raised since once more."""
    tasks: list[Task] = []
    if spending.warned_of != budget and is_nearly_spent(spending, budget):
        spending = replace(spending, warned_of=budget)
        tasks.append(_task(spending, TaskKind.BUDGET_NEARLY_SPENT, budget, now))
    if spending.stopped_at != budget and refused:
        spending = replace(spending, stopped_at=budget)
        tasks.append(_task(spending, TaskKind.BUDGET_SPENT, budget, now))
    return spending, tasks


def _task(spending: Spending, kind: TaskKind, budget: int, now: datetime) -> Task:
    id = time_ordered("tsk", now, digest(spending.network_id, kind, spending.month, str(budget), length=10))
    return Task(network_id=spending.network_id, id=id, kind=kind, at=now, words=spending.month)
