"""A client's changes of category, and the reason of leaving in force, as one short text. It stands in the
index by category: reports read many of these and none of the clients. Pure.

    pnv9501,ndv9531,dat9572,alt9592 price9620

From potential to new by a visit on the 9501st day after 2000-01-01, to developing by a visit 30 days later,
then to at risk and to lost by time; then, if there is one, the reason and the day on which it was stated. A
dash stands for no changes. `analytics/change_tables.py` reads the text, too.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType

from msgspec import Struct

from chalicelib.domain.clients.categories import AT_RISK, DEVELOPING, LOST, NEW, POTENTIAL, REGULAR
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.leaving import reason_in_force
from chalicelib.domain.shared.zones import utc_date

CATEGORY_LETTERS: Mapping[str, str] = MappingProxyType(
    {POTENTIAL: "p", NEW: "n", DEVELOPING: "d", REGULAR: "r", AT_RISK: "a", LOST: "l"}
)
CAUSE_LETTERS: Mapping[CategoryCause, str] = MappingProxyType(
    {
        CategoryCause.VISIT: "v",
        CategoryCause.TIME_PASSED: "t",
        CategoryCause.VISIT_UNDONE: "u",
        CategoryCause.BOOKING: "b",
        CategoryCause.BOOKING_OFF: "o",
        CategoryCause.MERGE: "m",
        CategoryCause.UNMERGE: "s",
        CategoryCause.IMPORT: "i",
        CategoryCause.DEFINITION: "d",
    }
)
"""The letters are stored: none may ever change its meaning."""

DAY_0 = date(2000, 1, 1)

_CATEGORIES = {letter: category for category, letter in CATEGORY_LETTERS.items()}
_CAUSES = {letter: cause for cause, letter in CAUSE_LETTERS.items()}
_NONE = "-"
_CATEGORY, _CAUSE = f"[{''.join(_CATEGORIES)}]", f"[{''.join(_CAUSES)}]"
_CHANGE = rf"{_CATEGORY}{{2}}{_CAUSE}-?\d+"
_TEXT = re.compile(rf"(?:-|{_CHANGE}(?:,{_CHANGE})*)(?: [a-z_]+-?\d+)?")


class ListedCategory(Struct, frozen=True):
    """A client in the list of a category, as the index has them. since: a local date of the salon that speaks
    to the client, in ISO form. text: as `packed_changes` made it; None: the list does not tell it."""

    client_id: str
    category: str
    since: str
    text: str | None


def packed_changes(client: Client) -> str:
    """The text of a client."""
    found = (
        f"{CATEGORY_LETTERS[each.before]}{CATEGORY_LETTERS[each.to]}{CAUSE_LETTERS[each.cause]}{_days(each.on)}"
        for each in client.category_changes
    )
    stated = reason_in_force(client.leaving)
    because = f" {stated.reason}{_days(utc_date(stated.at))}" if stated is not None else ""
    return (",".join(found) or _NONE) + because


def _days(day: date) -> int:
    return (day - DAY_0).days


def is_packed(text: str) -> bool:
    """Whether `packed_changes` may have made a text."""
    return _TEXT.fullmatch(text) is not None


def unpacked_changes(text: str) -> tuple[CategoryChange, ...]:
    """The changes of a text. Raises ValueError for what no `packed_changes` made."""
    if not is_packed(text):
        raise ValueError(f"no changes of a category: {text[:50]}")
    steps = text.partition(" ")[0]
    return tuple(map(_change, steps.split(","))) if steps != _NONE else ()


def _change(step: str) -> CategoryChange:
    on = DAY_0 + timedelta(int(step[3:]))
    return CategoryChange(_CATEGORIES[step[0]], _CATEGORIES[step[1]], on, _CAUSES[step[2]])
