"""What AWS asks, and what a step of a visit costs by it. Dollars, us-east-1, on demand, November 2026."""

from collections.abc import Mapping
from typing import Any

WRITE_UNIT = 0.625 / 1e6
READ_UNIT = 0.125 / 1e6
HTTP_REQUEST = 3.50 / 1e6
"""API Gateway, REST."""
QUEUE_REQUEST = 0.40 / 1e6
PUBLISH = 0.50 / 1e6
"""SNS, the call; the SMS itself is priced by country and operator."""
INVOCATION = 0.20 / 1e6
GB_SECOND = 0.0000133334
"""Lambda on arm64."""
LOG_GB = 0.50

QUEUE_REQUESTS_EACH = 3
"""Send, receive, delete, where no two messages share a batch."""
SECONDS = {"api": 0.06, "intake": 0.12, "wake": 0.10, "sweep": 0.05}
"""Assumed: how long a warm invocation takes. The local cloud is no measure of that."""
MEMORY_GB = {"api": 1.0, "intake": 1.0, "wake": 1.0, "sweep": 0.5}
LOG_BYTES = 1_000
"""Assumed: Lambda's own lines and one of ours, for an invocation."""


def invocation(function: str) -> float:
    return INVOCATION + SECONDS[function] * MEMORY_GB[function] * GB_SECOND + LOG_BYTES / 1e9 * LOG_GB


def step_dollars(row: Mapping[str, Any]) -> dict[str, float]:
    """What a step costs, by service. The step's message, if it sends one, is counted as one call of SNS."""
    function, runs = str(row["function"]), int(row["http"]) or 1
    queued = row["sqs_calls"] + (function == "wake" and row["step"] != "notice")  # the sweep's own message
    return {
        "dynamodb": row["write"] * WRITE_UNIT + row["read"] * READ_UNIT,
        "api_gateway": row["http"] * HTTP_REQUEST,
        "lambda_and_logs": runs * invocation(function),
        "sqs_and_sns": queued * QUEUE_REQUESTS_EACH * QUEUE_REQUEST + (function == "wake") * PUBLISH,
    }


def idle_month_dollars(shards: int, minutes: int = 43_200) -> float:
    """A month of sweeps that find nothing."""
    return minutes * (shards * 0.5 * READ_UNIT + invocation("sweep"))
