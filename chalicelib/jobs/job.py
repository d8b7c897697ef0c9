"""The decorators of all event handlers: log context, remaining time, metrics, partial batch failures."""

import json
from collections.abc import Callable
from contextlib import suppress
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools.metrics import Metrics, MetricUnit
from msgspec import Struct
from msgspec.structs import replace

from chalicelib.logs import logger

RESERVED_MS = 15_000
"""The time that a worker reserves to finish its current item and to hand on the rest."""


class Job(Struct, frozen=True):
    """The invocation of a handler. receives: how often the queue has delivered the present message."""

    name: str
    remaining_ms: Callable[[], int]
    receives: int = 1

    def has_time(self) -> bool:
        return self.remaining_ms() > RESERVED_MS

    def count(self, name: str, number: int = 1) -> None:
        """Adds to a metric, which is written to CloudWatch, by the log, when the invocation ends."""
        if number:
            metrics().add_metric(name=name, unit=MetricUnit.Count, value=number)


def count_message(metric: str) -> None:
    metrics().add_metric(name=metric, unit=MetricUnit.Count, value=1)


@cache
def metrics() -> Metrics:
    """Namespace and service come from the environment (POWERTOOLS_METRICS_NAMESPACE,
    POWERTOOLS_SERVICE_NAME)."""
    return Metrics()


def job(handle: Callable[[Any, Job], Any]) -> Callable[[Any], Any]:
    """Decorates `handle(event, job)`, the handler of a schedule."""

    @wraps(handle)
    def handler(event: Any) -> Any:
        try:
            return handle(event, _started(handle.__name__, event))
        finally:
            _flush()

    return handler


def call_job(handle: Callable[[Any, Job], Any]) -> Callable[[Any, Any], Any]:
    """Decorates `handle(asked, job)`, the handler of a call by another function, which waits for what it
    returns."""

    @wraps(handle)
    def handler(event: Any, context: Any) -> Any:
        try:
            return handle(event, _begun(handle.__name__, context))
        finally:
            _flush()

    return handler


def batch_job(handle: Callable[[dict[str, str], Job], None]) -> Callable[[Any], Any]:
    """Decorates `handle(body, job)`, which handles each message of a queue. After the first failure of a
    group, all its later messages are reported as failed, so that their order is kept. Other groups go on.

    A message of a group that is no JSON object is counted, logged and dropped: it would stop its group in
    vain. Nothing is lost by it, since what waits in the table is found by the sweep.
    """

    @wraps(handle)
    def handler(event: Any) -> dict[str, Any]:
        started, failed, stopped = _started(handle.__name__, event), [], set()
        for record in event.to_dict()["Records"]:
            group = record.get("attributes", {}).get("MessageGroupId")
            try:
                if group is not None and group in stopped:
                    raise _Behind
                if group is not None and not _is_object(record):
                    continue
                receives = int(record.get("attributes", {}).get("ApproximateReceiveCount", 1))
                handle(json.loads(record["body"]), replace(started, receives=receives))
            except Exception as error:
                if not isinstance(error, _Behind):
                    logger().exception("a message failed", extra={"message_id": record["messageId"]})
                stopped.add(group)
                failed.append({"itemIdentifier": record["messageId"]})
        _flush()
        return {"batchItemFailures": failed}

    return handler


def _is_object(record: dict[str, Any]) -> bool:
    with suppress(ValueError, RecursionError):
        if isinstance(json.loads(record["body"]), dict):
            return True
    logger().error("a message was dropped: it is no JSON object", extra={"message_id": record["messageId"]})
    count_message("QueueMessagesDropped")
    return False


class _Behind(Exception):
    """The message follows a failed one of its group."""


def _flush() -> None:
    if metrics().metric_set:
        metrics().flush_metrics()


def _started(name: str, event: Any) -> Job:
    return _begun(name, getattr(event, "context", None))


def _begun(name: str, context: Any) -> Job:
    logger().append_keys(function=name, correlation_id=getattr(context, "aws_request_id", None))
    remaining = getattr(context, "get_remaining_time_in_millis", None)
    return Job(name, remaining or (lambda: 30_000))
