"""How a domain value becomes the body of an item and back: JSON without what is at its default, small values
as rows, many of them as columns.

Items are billed by the kilobyte, so names and defaults are not repeated. A field added later with a default
reads from old items as that default. A nested value whose fields are positional is written as a row, and
gains fields at its end only; one whose fields are named (kw_only) is written with its names. A long tuple of
rows is written by its columns (columns.py), a long body deflated.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import cache
from inspect import signature
from operator import attrgetter
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT, Struct
from msgspec.structs import fields

from chalicelib.store.columns import by_columns, columns_of

T = TypeVar("T")

MANY_ROWS = 8
"""From so many on, rows are written as columns."""
LONG_BYTES = 900
"""A longer body does not fit into a kilobyte together with its key: then it is deflated."""


def encoded(value: Any, left_out: Container[str]) -> str:
    """The body of a domain value, without the fields that stand in its key and in its other attributes."""
    body = {name: item for name, item in _named(value).items() if name not in left_out}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decoded(cls: type[T], body: str, **known: Any) -> T:
    """The domain value of a body. known: what was left out of it, and perhaps more."""
    return cls(**_unnamed(cls, known) | _unnamed(cls, json.loads(body)))


def deflated(body: str) -> bytes | None:
    """A long body, as it is kept; None of one that stays as it is."""
    raw = body.encode()
    if len(raw) <= LONG_BYTES:
        return None
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflating.compress(raw) + deflating.flush()


def inflated(raw: bytes) -> str:
    return zlib.decompress(raw, wbits=-zlib.MAX_WBITS).decode()


# --- what is asked of a class once only: its fields with their defaults, and how each is read


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
def _cells(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Makes a row of a value: all its fields, as they are."""
    names = [name for name, _ in _fields(cls)]
    return attrgetter(*names) if len(names) > 1 else lambda item: (getattr(item, names[0]),)


@cache
def _is_row(cls: Any) -> bool:
    """Whether its fields are positional."""
    first, *_ = signature(cls).parameters.values()
    return first.kind is not first.KEYWORD_ONLY


@cache
def _readers(cls: Any) -> dict[str, Callable[[Any], Any]]:
    """By field, what makes its value of plain data."""
    hints = get_type_hints(cls)
    return {name: _reader(hints[name]) for name, _ in _fields(cls)}


@cache
def _of_words(cls: Any) -> tuple[Callable[[Any], Any] | None, ...]:
    """By field, what makes an enum of its word; None where there is no enum."""
    hints = get_type_hints(cls)
    return tuple(read if _is_enum(hints[name]) else None for name, read in _readers(cls).items())


def _is_enum(hint: Any) -> bool:
    return any(isinstance(each, type) and issubclass(each, Enum) for each in (hint, *get_args(hint)))


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
        return _row(item) if _is_row(cls) else _named(item)
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
    if not _is_value(cls) or not _is_row(cls):
        return None
    return by_columns(list(map(_cells(cls), items)))


def _is_named_by(key: Any, each: Any) -> bool:
    """Whether a mapping's item is a row that begins with the enum it is kept by: then the key tells it."""
    cls: Any = type(each)
    if not _is_value(cls) or not _is_row(cls):
        return False
    first = getattr(each, _fields(cls)[0][0])
    return isinstance(first, Enum) and first == key


# --- and back


def _unnamed(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    read = _readers(cls)
    return {name: read[name](item) for name, item in data.items() if name in read}


@cache
def _reader(hint: Any) -> Callable[[Any], Any]:
    """Makes a value of plain data; None stays None."""
    read = _some_reader(hint)
    return lambda data: None if data is None else read(data)


def _some_reader(hint: Any) -> Callable[[Any], Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _reader(next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        of_each = _reader(args[0])
        of_columns = _columns_reader(args[0])
        return lambda data: of_columns(data) if isinstance(data, dict) else tuple(map(of_each, data))
    if origin is Mapping:
        return _mapping_reader(*args)
    if _is_value(hint):
        return _nested_reader(hint)
    if hint in _READ:
        return _READ[hint]
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else lambda data: data


def _mapping_reader(of_key: Any, of_item: Any) -> Callable[[Any], Any]:
    read_key, read_item = _reader(of_key), _reader(of_item)
    if _begins_with(of_item, of_key):
        return lambda data: {read_key(key): read_item([key, *each]) for key, each in data.items()}
    return lambda data: {read_key(key): read_item(each) for key, each in data.items()}


def _begins_with(cls: Any, kind: Any) -> bool:
    """The same question as `_is_named_by`, of types."""
    if not _is_value(cls) or not _is_row(cls) or not issubclass(kind, Enum):
        return False
    return get_type_hints(cls)[_fields(cls)[0][0]] is kind


def _nested_reader(cls: Any) -> Callable[[Any], Any]:
    """A value within another, from its names or from its row."""
    if not _is_row(cls):
        return lambda data: cls(**_unnamed(cls, data))
    read = tuple(_readers(cls).values())
    return lambda data: cls(*(of_field(each) for of_field, each in zip(read, data, strict=False)))


def _columns_reader(cls: Any) -> Callable[[Any], tuple[Any, ...]]:
    """Many values from their columns, of which all but the enums' are what they were."""

    def read(data: Any) -> tuple[Any, ...]:
        pairs = zip(columns_of(data), _of_words(cls), strict=False)
        return tuple(map(cls, *(map(of_word, column) if of_word else column for column, of_word in pairs)))

    return read


_READ: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    bytes: lambda text: zlib.decompress(b64decode(text)),
}
