"""What a report can tell of clients who left: what they stated, and what is observed beside it. Nothing of it
is said to be the cause. docs/metrics.md, "Leaving", has each with an example."""

from collections.abc import Mapping
from types import MappingProxyType

from chalicelib.domain.clients.leaving import LeavingReason

GAP_GREW_PERCENT = 150
"""The last gap is so many hundredths of the usual one before it, or more."""
PRICE_ROSE_PERCENT = 110
"""A service's price at the last visit is so many hundredths of the price before, or more."""

LOW_RATING_STARS = 3
"""A rating of so many stars or fewer is low."""

STATED, FACT = "stated", "fact"
NOT_STATED = f"{STATED}:none"

FACTS: Mapping[str, str] = MappingProxyType(
    {
        "specialist_left": "The specialist of most visits is archived, or works in another salon now.",
        "price_rose": "A service of the last visit cost at least a tenth more than the time before.",
        "moved_branch": "The last visit was in another salon than the two before it.",
        "gap_grew": "The last gap between visits was at least one and a half times the usual gap before it.",
        "rating_low": "The last rating that the client gave had three stars or fewer.",
        "complaint_open": "A low rating is open: its task is not done.",
    }
)
"""Observed fact -> its words."""

ROWS = (
    *(f"{STATED}:{each}" for each in LeavingReason),
    NOT_STATED,
    *(f"{FACT}:{each}" for each in FACTS),
)
"""The keys of the report's rows, which are also the values of its parameter `reason`."""
