"""Keep a network's messages within its bounds of a month, a day and an hour, without a write for each.

A worker reserves its first message, then slices, each twice the last. A slice is counted before it is used,
so that no crash and no race exceeds a bound, and is a small part of the bound. Where there is a monthly
budget, a worker that is done gives back the rest of its slices. Elsewhere a process keeps them for its next
messages of the day, or of the hour where the bound is of an hour, and gives back the rest then.

A network without a budget costs nothing while it sends little: the first UNCOUNTED messages of each process a
day are counted only when more follow. So such a network may exceed its daily bounds by UNCOUNTED for each
process. Messages about bookings of an unsigned site or a partner are always counted first.
"""

import logging
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.messages.bounds import bounds_of, is_trusted
from chalicelib.domain.messages.spending import (
    MICROS_A_CENT,
    Bounds,
    Ceilings,
    Cost,
    Spending,
    Wanted,
    added,
    is_nearly_spent,
    reserved,
)
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import ESSENTIAL, TouchKind
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

UNCOUNTED = 8
MOST_AT_ONCE, MOST_OF_BUDGET = 16, 64
"""The largest slice, in messages: without a monthly budget, and with one, which gets back the rest."""
DEPLOYMENT = "deployment"
"""What stands for a network's id where all networks together are counted."""

_SLICES = 200
"""A slice of a budget is the budget divided by this. It is small, since no worker can spend what others have
reserved."""
_UNCOUNTED_PART = 50
_PARTS = 30
"""A slice of a bound in messages is at most the bound divided by this."""
_TRIES = 20
_MOST_HANDS = 2000


def cost_of(subject: Subject, kind: TouchKind, channel: str, micros: int) -> Cost:
    """The cost of a message of a subject. micros: millionths of a US dollar."""
    item = subject.item
    origin = item.origin if isinstance(item, Booking) else None
    return Cost(channel=channel, micros=micros, essential=kind in ESSENTIAL, origin=origin)


class _Hand(Struct):
    """What a worker has reserved of a day and not spent yet. uncounted: what it has spent without reserving.
    slice: the messages that it reserved last. of_budget: a monthly budget gets back the rest. rules_version:
    of the rules by which it was reserved."""

    month: str
    day: str
    hour: str
    messages: int = 0
    micros: int = 0
    uncounted: int = 0
    uncounted_micros: int = 0
    slice: int = 0
    of_budget: bool = False
    rules_version: int = 0


class _RulesChanged(Exception):
    """The rules that the worker keeps are older than those in force."""


class Budgets:
    """What one worker has in hand, by network and origin. A network without any bound causes no reads and no
    writes."""

    def __init__(self, world: World, ceilings: Ceilings | None = None) -> None:
        self._world, self._ceilings = world, ceilings or Ceilings()
        self._hands: dict[tuple[str, str | None], _Hand] = {}

    def take(self, directory: Directory, cost: Cost, now: datetime) -> str | None:
        """Spends a message. Returns the reason of the bound that does not allow it; None: it may be sent.
        Where the rules are older than those in force, the newer ones decide."""
        for _ in self._world.tries():
            try:
                return self._take(directory, cost, now)
            except _RulesChanged:
                directory = self._world.fresh_directory(directory.network.network_id)
        raise SaveConflict(directory.network)

    def _take(self, directory: Directory, cost: Cost, now: datetime) -> str | None:
        bounds = self._bounds(directory, cost)
        if cost.is_free or bounds == Bounds():
            return None
        hand = self._hand_by_rules(directory, cost.origin, now)
        if hand.messages < 1 or hand.micros < cost.micros:
            if self._goes_uncounted(directory, bounds, hand, cost):
                return None
            refusal = self._reserve(directory, hand, cost, bounds, now)
            if refusal is not None:
                return refusal
        hand.messages -= 1
        hand.micros -= cost.micros
        return None

    def put_back(self, directory: Directory, cost: Cost, now: datetime) -> None:
        """Gives back what was taken for a message that was not sent. What was taken for an essential message
        goes back to the month at once: it may exceed the budget, so that no other message may spend it."""
        if cost.is_free or self._bounds(directory, cost) == Bounds():
            return
        network_id = directory.network.network_id
        hand = self._hand(network_id, cost.origin, now)
        if directory.rules.messages.monthly_budget_usd_cents is not None and cost.essential:
            self._give_back(network_id, Wanted(messages=1, micros=cost.micros, origin=cost.origin), now)
        elif hand.uncounted:
            hand.uncounted -= 1
            hand.uncounted_micros = max(hand.uncounted_micros - cost.micros, 0)
        else:
            hand.messages += 1
            hand.micros += cost.micros

    def close(self) -> None:
        """Gives back what is reserved of monthly budgets and not spent. A worker that dies before leaves its
        slices counted as spent: the budget still holds, and loses a little."""
        for (network_id, origin), hand in list(self._hands.items()):
            if not hand.of_budget:
                continue
            del self._hands[network_id, origin]
            self._give_rest_back(network_id, origin, hand)

    def _bounds(self, directory: Directory, cost: Cost) -> Bounds:
        return bounds_of(directory, cost.origin, self._ceilings, essential=cost.essential)

    def _hand(self, network_id: str, origin: str | None, now: datetime) -> _Hand:
        """What is in hand now. What was reserved for an earlier day is no longer of use. What was reserved of
        an origin for an earlier hour is given back, so that its day does not lose it."""
        month, day, hour = month_name(now), f"{now:%Y-%m-%d}", f"{now:%Y-%m-%dT%H}"
        hand = self._hands.get((network_id, origin))
        if hand is None or hand.day != day:
            while len(self._hands) >= _MOST_HANDS:
                del self._hands[next(iter(self._hands))]
            hand = self._hands[network_id, origin] = _Hand(month, day, hour)
        if origin is not None and hand.hour != hour:
            self._give_rest_back(network_id, origin, hand)
            hand.hour, hand.messages, hand.micros, hand.slice = hour, 0, 0, 0
        return hand

    def _give_rest_back(self, network_id: str, origin: str | None, hand: _Hand) -> None:
        """Gives back what is left of a hand, to the hour in which it was reserved."""
        rest = Wanted(messages=hand.messages, micros=hand.micros, origin=origin)
        if rest.messages or rest.micros:
            self._give_back(network_id, rest, datetime.fromisoformat(f"{hand.hour}:00+00:00"))

    def _hand_by_rules(self, directory: Directory, origin: str | None, now: datetime) -> _Hand:
        """What is in hand by the present rules: a bound that was lowered holds at once."""
        network = directory.network
        hand = self._hand(network.network_id, origin, now)
        if hand.rules_version != network.rules_version:
            self._give_rest_back(network.network_id, origin, hand)
            hand.rules_version, hand.messages, hand.micros = network.rules_version, 0, 0
        return hand

    def _goes_uncounted(self, directory: Directory, bounds: Bounds, hand: _Hand, cost: Cost) -> bool:
        if bounds.month is not None or not is_trusted(directory, cost.origin):
            return False
        if hand.slice or hand.uncounted >= _most_uncounted(bounds, cost):
            return False
        hand.uncounted += 1
        hand.uncounted_micros += cost.micros
        return True

    def _reserve(
        self, directory: Directory, hand: _Hand, cost: Cost, bounds: Bounds, now: datetime
    ) -> str | None:
        """Reserves a slice, or this one message where the bounds allow no more. Returns the reason of the
        bound that does not allow that either."""
        network_id, budget = directory.network.network_id, bounds.month
        if cost.essential and budget is not None:
            budget = (directory.rules.messages.monthly_budget_usd_cents or 0) * MICROS_A_CENT
        messages = _slice(hand, cost.micros, budget, bounds)
        if not self._deployment_allows(hand.uncounted + messages, now):
            messages = 1
            if not self._deployment_allows(hand.uncounted + messages, now):
                return "deployment_daily_cap"
        of_deployment = hand.uncounted + messages
        for _ in self._world.tries(_TRIES):
            current = self._world.store.spending(network_id, month_name(now))
            if current.rules_version > directory.network.rules_version:
                self._deployment_gets_back(of_deployment, now)
                raise _RulesChanged
            wanted = _wanted(hand, cost, messages)
            after = reserved(current, wanted, replace(bounds, month=budget), now)
            if isinstance(after, str):
                wanted = _wanted(hand, cost, 1)
                after = reserved(current, wanted, bounds, now)
            refusal = after if isinstance(after, str) else None
            spending = current if isinstance(after, str) else after
            spending, tasks = _with_warnings(spending, budget, now, refused=refusal == "budget")
            if spending != current:
                try:
                    self._world.store.save(spending, *tasks)
                except SaveConflict:
                    continue
            self._deployment_gets_back(of_deployment - (0 if refusal else wanted.messages), now)
            if refusal is None:
                hand.messages += wanted.messages - hand.uncounted
                hand.micros += wanted.micros - hand.uncounted_micros
                hand.uncounted, hand.uncounted_micros = 0, 0
                hand.slice, hand.of_budget = messages, budget is not None
            return refusal
        raise SaveConflict(current)

    def _deployment_allows(self, messages: int, now: datetime) -> bool:
        """Takes messages of what all networks together may send this day."""
        most = self._ceilings.deployment_messages
        if most is None:
            return True
        hand = self._hand(DEPLOYMENT, None, now)
        if hand.messages < messages and not self._reserve_of_deployment(hand, messages, most, now):
            return False
        hand.messages -= messages
        return True

    def _deployment_gets_back(self, messages: int, now: datetime) -> None:
        if self._ceilings.deployment_messages is not None:
            self._hand(DEPLOYMENT, None, now).messages += messages

    def _reserve_of_deployment(self, hand: _Hand, messages: int, most: int, now: datetime) -> bool:
        slice_ = max(messages, min(2 * hand.slice, most // _SLICES))
        for _ in self._world.tries(_TRIES):
            current = self._world.store.spending(DEPLOYMENT, hand.month)
            for wanted in (slice_, messages):
                after = reserved(current, Wanted(messages=wanted, micros=0), Bounds(day_messages=most), now)
                if not isinstance(after, str):
                    break
            else:
                return False
            try:
                self._world.store.save(after)
            except SaveConflict:
                continue
            hand.messages += wanted
            hand.slice = wanted
            return True
        raise SaveConflict(current)

    def _give_back(self, network_id: str, unspent: Wanted, now: datetime) -> None:
        """Gives back a reserved amount. If too many write at once, it stays counted: that must not fail a
        worker whose messages are sent."""
        less = replace(unspent, messages=-unspent.messages, micros=-unspent.micros)
        for _ in self._world.tries(_TRIES):
            current = self._world.store.spending(network_id, month_name(now))
            try:
                self._world.store.save(added(current, less, now))
                return
            except SaveConflict:
                continue
        log.warning("a slice of the budget could not be given back", extra={"micros": unspent.micros})


def _most_uncounted(bounds: Bounds, cost: Cost) -> int:
    """How many messages a process may send before it counts them: a small part of what the day allows."""
    most = [UNCOUNTED]
    if bounds.day_messages is not None:
        most.append(bounds.day_messages // _UNCOUNTED_PART)
    if bounds.day_micros is not None:
        most.append(bounds.day_micros // _UNCOUNTED_PART // max(cost.micros, 1))
    return min(most)


def _slice(hand: _Hand, micros: int, budget: int | None, bounds: Bounds) -> int:
    """How many messages to reserve at once. A worker that wakes for one reserves that alone, and has nothing
    to give back. A slice is a small part of the tightest bound, since what some processes keep is lost to the
    others for the hour."""
    if not hand.slice and not hand.uncounted:
        return 1
    if budget is not None:
        return min(max(budget // _SLICES // max(micros, 1), 1), MOST_OF_BUDGET)
    counts = (bounds.origin_hour, bounds.origin_day, bounds.day_messages)
    parts = (max(each // _PARTS, 1) for each in counts if each is not None)
    return min(max(2 * hand.slice, hand.uncounted, 1), MOST_AT_ONCE, *parts)


def _wanted(hand: _Hand, cost: Cost, messages: int) -> Wanted:
    return Wanted(
        messages=messages + hand.uncounted,
        micros=messages * cost.micros + hand.uncounted_micros,
        origin=cost.origin,
    )


def _with_warnings(
    spending: Spending, budget: int | None, now: datetime, *, refused: bool
) -> tuple[Spending, list[Task]]:
    """The spending, and the tasks by which the owner learns that the budget is nearly spent or is spent. Each
    is made once for a budget, and again after the budget was raised."""
    tasks: list[Task] = []
    if budget is None:
        return spending, tasks
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
