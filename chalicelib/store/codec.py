"""How a domain value becomes the body of an item and back: JSON without what is at its default, small values
as rows, many of them as columns.

Items are billed by the kilobyte, so names and defaults are not repeated. A field added later with a default
reads from old items as that default. A nested value is written with the names of its fields, unless its class
is declared a row (rows.py): a row has no names, and gains fields at its end only. A long tuple of rows is
written by its columns (columns.py), a long body deflated.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache, partial
from itertools import repeat
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Struct, convert
from msgspec.structs import fields

from chalicelib.store.columns import by_columns, columns_of
from chalicelib.store.rows import ADDED_LATER, ROWS

T = TypeVar("T")

MANY_ROWS = 8
"""A tuple of this many rows or more is written as columns."""
LONG_BYTES = 900
"""A body longer than this is deflated."""
WRITE_UNIT_BYTES = 1024
"""What one write unit takes: a body with which its item would be larger is deflated."""
MAX_INFLATED = 16 * 1024 * 1024
"""What inflates to more is damaged: items have 400 kB. Decoded, so much takes 400 MB at most, and no
item takes all of a worker's memory (1024 MB)."""


def encoded(value: Any, left_out: Container[str]) -> str:
    """The body of a domain value, without the fields that stand in its key and in its other attributes."""
    body = {name: item for name, item in _named(value).items() if name not in left_out}
    return _json(body)


def field_text(name: str, text: str) -> str:
    """How a body that is not deflated says this of a field."""
    return _json({name: text})[1:-1]


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decoded(cls: type[T], body: str, **known: Any) -> T:
    """The domain value of a body. known: what was left out of it, and perhaps more."""
    return convert(known | _unpacked(cls, msgspec.json.decode(body)), cls)


def deflated(body: str, beside: int = 0) -> bytes | None:
    """A long body, as it is kept; None of one that stays as it is. beside: the bytes of the rest of its
    item."""
    raw = body.encode()
    if len(raw) <= min(LONG_BYTES, WRITE_UNIT_BYTES - beside):
        return None
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflating.compress(raw) + deflating.flush()


def inflated(raw: bytes) -> str:
    """Raises ValueError or zlib.error for bytes that are no deflated text of a sensible length."""
    return _inflated(raw, -zlib.MAX_WBITS).decode()


def _inflated(raw: bytes, wbits: int) -> bytes:
    inflating = zlib.decompressobj(wbits)
    found = inflating.decompress(raw, MAX_INFLATED)
    if not inflating.eof:
        raise ValueError("the deflated bytes are cut short, or are too many")
    return found


# --- what is asked of a class once only


@cache
def _fields(cls: Any) -> tuple[tuple[str, Any], ...]:
    """Names and defaults, NODEFAULT where there is none. Defaults are never changed: they may be shared."""
    return tuple(
        (each.name, each.default if each.default_factory is NODEFAULT else each.default_factory())
        for each in fields(cls)
    )


def _is_value(cls: Any) -> bool:
    return isinstance(cls, type) and issubclass(cls, Struct)


@cache
def _names(cls: Any) -> tuple[str, ...]:
    return tuple(name for name, _ in _fields(cls))


@cache
def _cells(cls: Any, number: int) -> Callable[[Any], tuple[Any, ...]]:
    """Makes a row of a value: its first fields, as they are."""
    names = _names(cls)[:number]
    return attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)


# --- there


def _named(value: Any) -> dict[str, Any]:
    """The fields that differ from their defaults, by name."""
    cls: Any = type(value)
    pairs = ((name, getattr(value, name), default) for name, default in _fields(cls))
    return {name: _packed(item) for name, item, default in pairs if item != default}


def _row(item: Any) -> list[Any]:
    """The fields in their order, without those at the end that are at their default."""
    cls: Any = type(item)
    of_class = _fields(cls)
    row = [_packed(getattr(item, name)) for name, _ in of_class]
    for name, default in reversed(of_class):
        if getattr(item, name) != default:
            break
        row.pop()
    return row


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def _packed(item: Any) -> Any:
    cls: Any = type(item)
    if cls in _AS_THEY_ARE:
        return item
    if _is_value(cls):
        return _row(item) if cls in ROWS else _named(item)
    if isinstance(item, Enum):
        return item.value
    if isinstance(item, datetime):
        return item.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(item, date | time):
        return item.isoformat()
    if isinstance(item, bytes):
        return b64encode(zlib.compress(item, 9)).decode()
    if isinstance(item, Mapping):
        return {
            str(key): _row(each)[1:] if _is_named_by(key, each) else _packed(each)
            for key, each in item.items()
        }
    if isinstance(item, tuple | list):
        return _columns(item) or [_packed(each) for each in item]
    return item


def _columns(items: Sequence[Any]) -> dict[str, Any] | None:
    """None of what is written one by one."""
    cls: Any = type(items[0]) if len(items) >= MANY_ROWS else None
    if cls not in ROWS:
        return None
    return by_columns(list(map(_cells(cls, _columns_needed(cls, items)), items)))


def _columns_needed(cls: Any, items: Sequence[Any]) -> int:
    """How many fields of the rows are written: all but those that came later and are at their defaults."""
    number = len(_fields(cls))
    for name, default in reversed(_fields(cls)[number - ADDED_LATER.get(cls, 0) :]):
        if any(getattr(item, name) != default for item in items):
            break
        number -= 1
    return number


def _is_named_by(key: Any, each: Any) -> bool:
    """Whether a mapping's item is a row that begins with the enum it is kept by: then the key tells it."""
    cls: Any = type(each)
    if cls not in ROWS:
        return False
    first = getattr(each, _fields(cls)[0][0])
    return isinstance(first, Enum) and first == key


# --- and back: rows get the names of their fields again, and msgspec makes the values

Unpack = Callable[[Any], Any]


@cache
def _unpacking(cls: Any) -> tuple[tuple[str, Unpack], ...]:
    """The fields of a class that are not stored as msgspec reads them, each with what makes it so."""
    hints = get_type_hints(cls)
    found = ((name, _unpack(hints[name])) for name, _ in _fields(cls))
    return tuple((name, unpack) for name, unpack in found if unpack is not None)


def _unpacked(cls: Any, data: dict[str, Any]) -> dict[str, Any]:
    """The same data, changed in place."""
    for name, unpack in _unpacking(cls):
        if data.get(name) is not None:
            data[name] = unpack(data[name])
    return data


def _unpack(hint: Any) -> Unpack | None:
    """None of what msgspec reads as it is stored."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _unpack(next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return _unpack_many(args[0])
    if origin is Mapping:
        return _unpack_mapping(*args)
    if hint in ROWS:
        return partial(_unpacked_row, hint)
    if _is_value(hint):
        return partial(_unpacked, hint) if _unpacking(hint) else None
    return _inflated_bytes if hint is bytes else None


def _inflated_bytes(text: str) -> bytes:
    return _inflated(b64decode(text), zlib.MAX_WBITS)


def _unpacked_row(cls: Any, row: Sequence[Any]) -> dict[str, Any]:
    return _unpacked(cls, dict(zip(_names(cls), row, strict=False)))


def _unpack_many(of_each: Any) -> Unpack | None:
    unpack = _unpack(of_each)
    if unpack is None:
        return None

    def unpack_many(data: Any) -> list[Any]:
        if isinstance(data, dict):  # only rows are ever written by columns, and only plain ones
            rows = zip(*columns_of(data), strict=True)
            return list(map(dict, map(zip, repeat(_names(of_each)), rows)))
        return [unpack(each) for each in data]

    return unpack_many


def _unpack_mapping(of_key: Any, of_each: Any) -> Unpack | None:
    unpack = _unpack(of_each)
    if unpack is None:
        return None
    if _begins_with(of_each, of_key):
        return lambda data: {key: unpack([key, *each]) for key, each in data.items()}
    return lambda data: {key: unpack(each) for key, each in data.items()}


def _begins_with(cls: Any, kind: Any) -> bool:
    """The same question as `_is_named_by`, of types."""
    if cls not in ROWS or not issubclass(kind, Enum):
        return False
    return get_type_hints(cls)[_fields(cls)[0][0]] is kind
