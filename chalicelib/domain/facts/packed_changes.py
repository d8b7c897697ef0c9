"""A client's changes of category, and the reason of leaving in force, as one short text. It stands in the
index by category: reports read many of these and none of the clients. Pure.

    p>nv739583dv30at41lt20 price739650

From potential to new by a visit on the day of that ordinal; 30 days later to developing by a visit, 41 days
after that to at risk by time, 20 days later to lost by time; then, if there is one, the reason and the day on
which it was stated. A change that does not begin where the one before it ended says where it begins (`p>`),
as the first always does. A dash stands for no changes.
`analytics/change_tables.py` reads the text, too.
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

_CATEGORIES = {letter: category for category, letter in CATEGORY_LETTERS.items()}
_CAUSES = {letter: cause for cause, letter in CAUSE_LETTERS.items()}
_NONE = "-"
_TO, _BY = f"[{''.join(_CATEGORIES)}]", f"[{''.join(_CAUSES)}]"
_CHANGE = re.compile(rf"(?:({_TO})>)?({_TO})({_BY})(\d+)")
_TEXT = re.compile(rf"(-|{_TO}>(?:(?:{_TO}>)?{_TO}{_BY}\d+)+)(?: ([a-z_]+)(\d+))?")


class ListedCategory(Struct, frozen=True):
    """A client in the list of a category, as the index has them. since: a local date of the salon that speaks
    to the client, in ISO form. text: as `packed_changes` made it; None: the list does not tell it."""

    client_id: str
    category: str
    since: str
    text: str | None


def packed_changes(client: Client) -> str:
    """The text of a client."""
    found, category, on = [], "", date.min
    for change in client.category_changes:
        begin = f"{CATEGORY_LETTERS[change.before]}>" if change.before != category else ""
        days = change.on.toordinal() if on == date.min else (change.on - on).days
        found.append(f"{begin}{CATEGORY_LETTERS[change.to]}{CAUSE_LETTERS[change.cause]}{days}")
        category, on = change.to, change.on
    stated = reason_in_force(client.leaving)
    because = f" {stated.reason}{utc_date(stated.at).toordinal()}" if stated is not None else ""
    return ("".join(found) or _NONE) + because


def is_packed(text: str) -> bool:
    """Whether `packed_changes` may have made a text."""
    return _TEXT.fullmatch(text) is not None


def unpacked_changes(text: str) -> tuple[CategoryChange, ...]:
    """The changes of a text. Raises ValueError for what no `packed_changes` made."""
    if not is_packed(text):
        raise ValueError(f"no changes of a category: {text[:50]}")
    found: list[CategoryChange] = []
    category, on = "", date.min
    for begin, to, cause, days in _CHANGE.findall(text.partition(" ")[0]):
        before = _CATEGORIES[begin] if begin else category
        on = date.fromordinal(int(days)) if on == date.min else on + timedelta(int(days))
        category = _CATEGORIES[to]
        found.append(CategoryChange(before, category, on, _CAUSES[cause]))
    return tuple(found)
