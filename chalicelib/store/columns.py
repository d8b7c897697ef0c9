"""Many rows by their columns: numbers and instants as differences from the row above, words by their place in
a list. As plain data again, of which deflate leaves little: fifty lots of an account are 6 kB as rows, and
0.8 kB like this.

{"words": ["cashback", ...], "columns": [[kind, ...], ...]}, where a column of words has the place of each
word in the list, counted from 1, and 0 for none; one of numbers or instants the unit that all its differences
are counted in, and the differences, null for none. Instants are microseconds since 1970.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from math import gcd
from operator import sub
from typing import Any

Row = Sequence[Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NUMBERS, _INSTANTS, _WORDS = "n", "t", "w"
_KINDS = {
    frozenset[type](): _WORDS,
    frozenset({str}): _WORDS,
    frozenset({int}): _NUMBERS,
    frozenset({datetime}): _INSTANTS,
}


def by_columns(rows: Sequence[Row]) -> dict[str, Any] | None:
    """None where a column has anything else than numbers only, or instants, or words, or those of an enum.
    Any of them may be absent in some rows."""
    words: dict[str | None, int] = {None: 0}
    columns: list[list[Any]] = []
    for cells in zip(*rows, strict=True):
        types = frozenset(map(type, cells)) - {type(None)}
        are_enums = bool(types) and all(issubclass(each, StrEnum) for each in types)
        column: Sequence[Any] = [cell and cell.value for cell in cells] if are_enums else cells
        kind = _WORDS if are_enums else _KINDS.get(types)
        if kind is None:
            return None
        if kind == _WORDS:
            columns.append([kind, *(words.setdefault(word, len(words)) for word in column)])
        elif kind == _NUMBERS:
            columns.append([kind, *_differences(column)])
        else:
            columns.append([kind, *_differences([at and (at - _EPOCH) // _MICROSECOND for at in column])])
    return {"words": [*words][1:], "columns": columns}


def columns_of(data: Mapping[str, Any]) -> list[list[Any]]:
    """The columns again; instants in UTC, enums as their words."""
    words = [None, *data["words"]]
    return [_column(kind, rest, words) for kind, *rest in data["columns"]]


def _differences(column: Sequence[int | None]) -> list[int | None]:
    """Their unit first."""
    there = [number for number in column if number is not None]
    found = [*there[:1], *map(sub, there[1:], there)]
    unit = gcd(*found) or 1
    steps = iter(found if unit == 1 else [each // unit for each in found])
    return [unit, *(steps if len(there) == len(column) else _among(column, steps))]


def _among(column: Iterable[Any], there: Iterator[int]) -> list[int | None]:
    """The next of `there` in each place where the column has a value, None in the other places."""
    return [None if each is None else next(there) for each in column]


def _column(kind: str, data: list[Any], words: Sequence[str | None]) -> list[Any]:
    if kind == _WORDS:
        return [words[place] for place in data]
    numbers = _summed(data)
    if kind == _NUMBERS:
        return numbers
    return [None if number is None else _EPOCH + number * _MICROSECOND for number in numbers]


def _summed(data: list[Any]) -> list[int | None]:
    unit, *differences = data
    there = [each for each in differences if each is not None]
    sums = [each * unit for each in accumulate(there)]
    return [*sums] if len(there) == len(differences) else _among(differences, iter(sums))
