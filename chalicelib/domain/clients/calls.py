"""What came of calling a client. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

SAME_CALL = timedelta(minutes=10)
"""What the same caller records within this time is of one call: a second tap, or a slip put right."""


class CallResult(StrEnum):
    BOOKED = "booked"
    WILL_THINK = "will_think"
    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"


class PhoneCall(Struct, frozen=True):
    """The last call. number: how many there were with it."""

    result: CallResult
    at: datetime
    actor: str
    number: int = 1


def after_call(last: PhoneCall | None, result: CallResult, at: datetime, actor: str) -> PhoneCall:
    if last is not None and last.actor == actor and at < last.at + SAME_CALL:
        return replace(last, result=result)
    return PhoneCall(result, at, actor, (last.number if last else 0) + 1)


def calls_of_both(target: PhoneCall | None, source: PhoneCall | None) -> PhoneCall | None:
    """The last call of a target after a merge."""
    if target is None or source is None:
        return target or source
    return replace(max(target, source, key=lambda each: each.at), number=target.number + source.number)


def calls_without(
    target: PhoneCall | None, source: PhoneCall | None, before: PhoneCall | None
) -> PhoneCall | None:
    """The last call of a target after unmerging. before: the target's before the merge."""
    if target is None or source is None:
        return target
    number = target.number - source.number
    if number <= (before.number if before else 0):
        return before
    return replace(target, number=number)
