"""Makes the Nth AWS call fail: before it is sent, or after it was applied and only its answer was lost.

Hooked into botocore itself, beneath PynamoDB, so that every call of every client counts: table, SQS, SNS.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError


class WorkerDied(BaseException):
    """The process is gone: nothing of ours catches it, and nothing runs behind it."""


class Failure(StrEnum):
    """before: the call never leaves. after: it is applied, and we never hear so. repeated: as after, and
    botocore calls again, as it does for all but sends. died: as after, and the process is gone with it."""

    BEFORE = "before"
    AFTER = "after"
    REPEATED = "repeated"
    DIED = "died"


SENT_ONCE = "Publish"
"""The one call that botocore is told never to repeat."""


@dataclass
class Calls:
    """What was called. fails_at: the number of the call that fails; None in a dry run."""

    fails_at: int | None = None
    failure: Failure = Failure.BEFORE
    made: list[str] = field(default_factory=list)


@contextmanager
def calls(failing: Calls) -> Iterator[Calls]:
    """Counts the AWS calls inside, and lets one of them fail."""
    original = BaseClient._make_api_call

    def make(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        number = len(failing.made)
        failing.made.append(operation)
        if number != failing.fails_at:
            return original(client, operation, parameters)
        if failing.failure is not Failure.BEFORE:
            original(client, operation, parameters)
        if failing.failure is Failure.REPEATED and operation != SENT_ONCE:
            return original(client, operation, parameters)
        if failing.failure is Failure.DIED:
            raise WorkerDied
        raise ReadTimeoutError(endpoint_url="https://aws.example")

    BaseClient._make_api_call = make
    try:
        yield failing
    finally:
        BaseClient._make_api_call = original
