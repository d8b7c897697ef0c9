"""What is true of the demo's clients: after whose visit, and from which source, they come again. The year is
made by these figures. Reports read the year alone, and are to find them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ComeAgain:
    """How many of a hundred clients come again after their first visit, and how many after a later one. The
    others never do."""

    first: int
    later: int


USUALLY = ComeAgain(first=72, later=92)
"""After a visit to any specialist, unless OF_STAFF says otherwise."""

OF_STAFF: Mapping[str, ComeAgain] = MappingProxyType(
    {
        "Elena Moraru": ComeAgain(first=95, later=99),  # clearly better
        "Ion Cebotari": ComeAgain(first=48, later=70),  # clearly worse
    }
)
"""All specialists offer the same services to the same kinds of clients."""

NEWCOMERS_GO_TO, NEWCOMERS_PERCENT = "Ana Rusu", 80
"""In her salon most clients come to her first. She is as good as the others. New clients return less often,
so that her plain figure is lower than theirs."""

OF_SOURCE: Mapping[str, int] = MappingProxyType(
    {
        "friend": 16,  # clients whom another client brought stay
        "beautymap": -40,  # a platform whose clients come once
    }
)
"""So many more, or fewer, of a hundred clients from this source come again after their first visit."""

COST_A_MONTH: Mapping[str, int] = MappingProxyType(
    {"instagram": 9_000, "google": 7_000, "friend": 3_000, "beautymap": 8_000}
)
"""What the owner says that each source costs, in lei: advertising, gifts to those who bring a friend, fees.
What passers-by cost nobody knows."""


@dataclass(frozen=True, slots=True)
class WonBack:
    """How many of a hundred lost clients come again after all: with the message that asks them to, and
    without it."""

    written_to: int
    left_alone: int


WIN_BACK = WonBack(written_to=40, left_alone=12)
WON_BACK_DAYS = 30, 44
"""So many days after the message they come, from and to. A client is written to two months after the last
visit. So none of them comes within the 90 days in which specialists and sources are compared."""


def percent_who_come_again(staff: str, source: str | None, *, first: bool) -> int:
    """After a visit to that specialist, of clients from that source. first: it was their first visit."""
    usual = OF_STAFF.get(staff, USUALLY)
    if not first:
        return usual.later
    return max(0, min(100, usual.first + OF_SOURCE.get(source or "", 0)))


def percent_won_back(*, written_to: bool) -> int:
    return WIN_BACK.written_to if written_to else WIN_BACK.left_alone
