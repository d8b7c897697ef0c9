"""Why a client says that they come no more. Reasons outside of the salon's reach count apart. Pure."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

REASONS_KEPT = 3


class LeavingReason(StrEnum):
    """result: of the work. service: how the client was treated. specialist_left: the client's own."""

    PRICE = "price"
    MOVED = "moved"
    SPECIALIST_LEFT = "specialist_left"
    RESULT = "result"
    SERVICE = "service"
    WAITING = "waiting"
    OTHER_SALON = "other_salon"
    HEALTH = "health"
    NO_NEED = "no_need"
    OTHER = "other"


OUTSIDE = frozenset({LeavingReason.MOVED, LeavingReason.HEALTH, LeavingReason.NO_NEED})
"""The reasons that lie with nobody of the salon."""


class StatedReason(Struct, frozen=True):
    """What a client stated, and who recorded it. reason None: it is taken back."""

    reason: LeavingReason | None
    at: datetime
    actor: str
    words: str | None = None


Stated = tuple[StatedReason, ...]
"""What a client stated, the latest first."""


def with_reason(stated: Stated, new: StatedReason) -> Stated:
    """The same reason in the same words again changes nothing, and neither does taking back nothing."""
    latest = stated[0] if stated else StatedReason(None, new.at, new.actor)
    if (latest.reason, latest.words) == (new.reason, new.words):
        return stated
    return (new, *stated)[:REASONS_KEPT]


def reason_in_force(stated: Stated) -> StatedReason | None:
    return stated[0] if stated and stated[0].reason is not None else None


def reasons_of_both(target: Stated, source: Stated) -> Stated:
    """The reasons of a target after a merge."""
    return tuple(sorted({*target, *source}, key=lambda each: each.at, reverse=True)) if source else target


def reasons_without(target: Stated, source: Stated, before: Stated) -> Stated:
    """The reasons of a target after unmerging. before: the target's before the merge."""
    return tuple(each for each in target if each not in source or each in before)
