"""Figures of returns as sentences: rates with their intervals, comparisons, and what is true beside them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from infra.demo.year.true_effects import (
    NEWCOMERS_GO_TO,
    NEWCOMERS_PERCENT,
    OF_SOURCE,
    OF_STAFF,
    USUALLY,
)

Figures = Mapping[str, Any]


def month_in_words(day: date) -> str:
    return f"{day:%B %Y}"


def percent(row: Figures) -> str:
    """`85.5 % (82.7 to 87.9)`."""
    return _with_interval(row["rate"], row["interval"])


def rate(row: Figures) -> str:
    """`85.5 % (82.7 to 87.9), 601 of 703`."""
    return rate_of(row["returned"], row["clients"], row["interval"])


def rate_of(returned: int, clients: int, interval: tuple[float, float] | None) -> str:
    """As `rate`; `nobody` where there are no clients."""
    if not clients or interval is None:
        return "nobody"
    return f"{_with_interval(returned / clients, interval)}, {returned:,} of {clients:,}"


def compared(row: Figures) -> list[str]:
    """A specialist beside the colleagues, in two lines; row: of the report of staff."""
    return [
        f"{row['name']}: {rate(row)} came again",
        f"  on equal terms {100 * row['equal_rate']:.1f} %, {_others(row)} "
        f"{100 * row['others_rate']:.1f} %: {difference_in_words(row)}",
    ]


def why_definitions_differ(next_month: str, days: int) -> list[str]:
    return [
        f"they differ: since_visit gives each client {days} days; period counts {next_month} alone, and "
        "misses many who come each seven weeks;",
        "first_time has new clients alone, and they stay away more often than clients who have come before",
    ]


def true_of_specialist(name: str) -> str:
    if name == NEWCOMERS_GO_TO:
        return f"true: as good as the others; of the salon's new clients {NEWCOMERS_PERCENT} % go to her"
    true = OF_STAFF[name]
    return (
        f"true: of 100 clients {true.first} come again after their first visit, {true.later} after a later "
        f"one; with others {USUALLY.first} and {USUALLY.later}"
    )


def found_of_specialist(row: Figures) -> str:
    if row["verdict"] in (None, "too_few"):
        return "too few to tell"
    words = difference_in_words(row)
    return words if row["verdict"] == "alike" else f"{row['verdict']}, {words}"


def true_of_source(word: str) -> str:
    points = OF_SOURCE[word]
    more = "more" if points > 0 else "fewer"
    return f"true: {abs(points)} of 100 {more} than usual come again after their first visit"


def found_of_source(row: Figures, all_new: Figures) -> str:
    return f"{percent(row)} came again; of all new clients {percent(all_new)}"


def _with_interval(value: float, interval: tuple[float, float]) -> str:
    low, high = interval
    return f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"


def _others(row: Figures) -> str:
    return "colleagues" if row["compared_with"] == "colleagues" else "in the former period"


def difference_in_words(row: Figures) -> str:
    """`11.5 points more (2.8 to 17.0)`; of what is alike all have a sign."""
    points, (low, high) = 100 * row["difference"], (100 * each for each in row["difference_interval"])
    if row["verdict"] == "alike":
        return f"{points:+.1f} points ({low:+.1f} to {high:+.1f}), so alike"
    if points > 0:
        return f"{points:.1f} points more ({low:.1f} to {high:.1f})"
    return f"{-points:.1f} points fewer ({-high:.1f} to {-low:.1f})"
