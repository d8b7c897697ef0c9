"""What the demo's hour would have cost on AWS: what was done, times what each takes, times the price list.

Units follow from the items that are written: an item below a kilobyte is one unit, and one more for each
index that it enters or leaves; in a transaction items count twice. Milliseconds are guesses, on the high
side. SMS are apart: their price is the country's, and is read from the delivery events.
"""

from collections.abc import Sequence
from dataclasses import dataclass

PRICES_OF = "us-east-1, November 2026"
PER_MILLION = {"api": 3.50, "lambda": 0.20, "sqs": 0.40, "sns": 0.50, "write": 0.625, "read": 0.125}
PER_GB_SECOND = 0.0000133334
PER_GB_OF_LOG = 0.50
LOG_BYTES_EACH = 700


@dataclass(frozen=True)
class Takes:
    """What one of something takes. gb_ms: gigabytes x milliseconds of functions."""

    api: int = 0
    functions: int = 0
    sqs: int = 0
    sns: int = 0
    writes: float = 0
    reads: float = 0
    gb_ms: float = 0


TAKES = {
    # the inbox and its pointer, set and cleared; a booking with three index entries, half an alias
    "webhook": Takes(api=1, functions=2, sqs=3, writes=9, reads=8, gb_ms=180),
    # key and rules are remembered for a minute; every second request writes a booking or a visit
    "request": Takes(api=1, functions=1, writes=4, reads=4, gb_ms=60),
    # claim 1, link 1, record 1 + 1, resolve 1 + 2; the item, its client, its index entry
    "message": Takes(functions=1, sqs=2, sns=1, writes=7, reads=3, gb_ms=120),
    # record 1 + 1, resolve 1 + 2
    "skip": Takes(functions=1, sqs=2, writes=5, reads=3, gb_ms=60),
    # the message with its index entry; its touch only where it failed
    "receipt": Takes(functions=1, sqs=2, sns=1, writes=2, reads=2, gb_ms=20),
    # eight shards at half a unit
    "sweep": Takes(functions=1, reads=4, gb_ms=40),
}
SWEEPS_AN_HOUR = 60


@dataclass(frozen=True)
class Bill:
    """dollars: (what, how much of it, what it costs), dearest first."""

    dollars: Sequence[tuple[str, str, float]]

    @property
    def total(self) -> float:
        return sum(cost for _, _, cost in self.dollars)


def bill(*, webhooks: int, requests: int, messages: int, skips: int, receipts: int) -> Bill:
    """The bill of an hour in which that happened, and the sweep ran each minute."""
    done = {"webhook": webhooks, "request": requests, "message": messages, "skip": skips,
            "receipt": receipts, "sweep": SWEEPS_AN_HOUR}  # fmt: skip

    def total(name: str) -> float:
        return float(sum(getattr(TAKES[what], name) * count for what, count in done.items()))

    api, functions, sqs, sns = (total(name) for name in ("api", "functions", "sqs", "sns"))
    writes, reads, gb_seconds = total("writes"), total("reads"), total("gb_ms") / 1000
    rows = [
        ("API Gateway", f"{api:.0f} requests", api * PER_MILLION["api"] / 1e6),
        ("Lambda", f"{functions:.0f} calls, {gb_seconds:.0f} GB-s",
         functions * PER_MILLION["lambda"] / 1e6 + gb_seconds * PER_GB_SECOND),
        ("DynamoDB", f"{writes:.0f} write and {reads:.0f} read units",
         (writes * PER_MILLION["write"] + reads * PER_MILLION["read"]) / 1e6),
        ("SQS, SNS", f"{sqs + sns:.0f} requests",
         (sqs * PER_MILLION["sqs"] + sns * PER_MILLION["sns"]) / 1e6),
        ("logs", f"{functions * LOG_BYTES_EACH / 1e6:.1f} MB",
         functions * LOG_BYTES_EACH / 1e9 * PER_GB_OF_LOG),
    ]  # fmt: skip
    return Bill(sorted(rows, key=lambda row: -row[2]))
