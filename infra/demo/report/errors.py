"""What the deployed functions complained of, from their logs."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

LEVELS = ("ERROR", "CRITICAL")


def errors_since(logs: Any, functions: Mapping[str, str], since: datetime) -> list[str]:
    """One line an error: instant, function, message, and the last line of the exception."""
    return [line for name in functions.values() for line in _of(logs, name, since)]


def _of(logs: Any, function: str, since: datetime) -> Iterator[str]:
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=f"/aws/lambda/{function}", startTime=int(since.timestamp() * 1000)
    )
    for event in (event for page in pages for event in page["events"]):
        line = _read(event["message"])
        if line.get("level") in LEVELS:
            last = str(line.get("exception", "")).strip().rpartition("\n")[2]
            yield f"{line.get('timestamp', '')}  {function}  {line.get('message', '')}  {last}".rstrip()
        elif "Task timed out" in event["message"] or "Traceback" in event["message"]:
            yield f"{function}  {event['message'].strip()[-500:]}"


def _read(message: str) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
