"""The pointer that every booking, client and webhook carries: when it next needs attention, and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BACK_OFF_FIRST = timedelta(minutes=1)
BACK_OFF_MOST = timedelta(hours=1)
FAILURES_BEFORE_PARKING = 6


@dataclass(frozen=True, slots=True)
class Wake:
    at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong the last times an item was woken. A parked item is woken no more until somebody retries it."""

    failures: int
    error: str
    at: datetime
    parked: bool = False


def earliest(*wakes: Wake | None) -> Wake | None:
    """The wake that comes first; of two at the same instant the one named first."""
    some = [wake for wake in wakes if wake is not None]
    return min(some, key=lambda wake: wake.at) if some else None


def back_off(trouble: Trouble | None, error: str, now: datetime) -> tuple[Trouble, Wake | None]:
    """The trouble after one more failure, and when to try again: 1, 2, 4, ... minutes, at most an hour, then never."""
    failures = (trouble.failures if trouble else 0) + 1
    parked = failures >= FAILURES_BEFORE_PARKING
    wait = min(BACK_OFF_FIRST * 2 ** (failures - 1), BACK_OFF_MOST)
    after = Trouble(failures=failures, error=error[:200], at=now, parked=parked)
    return after, None if parked else Wake(now + wait, "retry")
