"""The pointer that every booking, client and webhook carries: when it next needs attention, and why."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct

BACK_OFF_FIRST = timedelta(minutes=1)
MAX_BACK_OFF = timedelta(hours=1)
FAILURES_BEFORE_PARKING = 6


class Wake(Struct, frozen=True):
    at: datetime
    why: str


class Trouble(Struct, frozen=True):
    """The last failures of waking an item. The item is not woken before `retry_at`. A parked item is not
    woken until a person retries it."""

    failures: int
    error: str
    at: datetime
    retry_at: datetime
    parked: bool = False


def after_failure(trouble: Trouble | None, error: str, now: datetime, *, parks: bool = True) -> Trouble:
    """The trouble after one more failure: wait 1, 2, 4, ... minutes, at most an hour, and in the end park.

    parks: False where it heals by itself; then the wait grows no longer than before the last failure that
    would park.
    """
    failures = (trouble.failures if trouble else 0) + 1
    if not parks:
        failures = min(failures, FAILURES_BEFORE_PARKING - 1)
    wait = min(BACK_OFF_FIRST * 2 ** (failures - 1), MAX_BACK_OFF)
    return Trouble(failures, error[:200], now, now + wait, parked=failures >= FAILURES_BEFORE_PARKING)


def first_wake(wakes: Iterable[Wake], trouble: Trouble | None) -> Wake | None:
    """The wake that comes first, of two at the same instant the one named first; later while there is
    trouble."""
    first = min(wakes, key=lambda wake: wake.at, default=None)
    if first is None or trouble is None:
        return first
    return None if trouble.parked else Wake(max(first.at, trouble.retry_at), first.why)
