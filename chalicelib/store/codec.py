"""How a domain value becomes the body of an item and back: JSON without what is at its default, small values
as rows.

Items are billed by the kilobyte, so names and defaults are not repeated. A field added later with a default
reads from old items as that default. A nested value whose fields are positional is written as a row, and
gains fields at its end only; one whose fields are named (kw_only) is written with its names.
"""

import json
import zlib
from base64 import b64decode, b64encode
from collections.abc import Container, Hashable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import UTC, date, datetime, time
from enum import Enum
from functools import lru_cache
from types import UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")


def encoded(value: Any, left_out: Container[str]) -> str:
    """The body of a domain value, without the fields that stand in its key and in its other attributes."""
    body = {name: item for name, item in _named(value).items() if name not in left_out}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def decoded(cls: type[T], body: str, **known: Any) -> T:
    """The domain value of a body. known: what was left out of it, and perhaps more."""
    hints = _hints(cast(Any, cls))
    named = {name: _unpacked(hints[name], item) for name, item in known.items() if name in hints}
    return cls(**named | _unnamed(cls, json.loads(body)))


def _named(value: Any) -> dict[str, Any]:
    """The fields that differ from their defaults, by name."""
    pairs = ((field, getattr(value, field.name)) for field in fields(value))
    return {field.name: _packed(item) for field, item in pairs if not _is_default(field, item)}


def _unnamed(cls: type, data: dict[str, Any]) -> dict[str, Any]:
    hints = _hints(cls)
    return {name: _unpacked(hints[name], item) for name, item in data.items() if name in hints}


def _is_row(cls: Any) -> bool:
    return not fields(cls)[0].kw_only


def _is_default(field: "Field[Any]", item: Any) -> bool:
    if field.default is not MISSING:
        return bool(item == field.default)
    return field.default_factory is not MISSING and bool(item == field.default_factory())


def _packed(item: Any) -> Any:
    if type(item) in _AS_THEY_ARE:
        return item
    if is_dataclass(item) and not _is_row(item):
        return _named(item)
    if is_dataclass(item):
        return _row(item)
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
        return [_packed(each) for each in item]
    return item


_AS_THEY_ARE = frozenset({str, int, bool, type(None)})


def _row(item: Any) -> list[Any]:
    """The fields in their order, without those at the end that are at their default."""
    row = [_packed(getattr(item, field.name)) for field in fields(item)]
    for field in reversed(fields(item)):
        if not _is_default(field, getattr(item, field.name)):
            break
        row.pop()
    return row


def _is_named_by(key: Any, each: Any) -> bool:
    """Whether a mapping's item is a row that begins with the enum it is kept by: then the key tells it."""
    if not is_dataclass(each) or not _is_row(each):
        return False
    first = getattr(each, fields(each)[0].name)
    return isinstance(first, Enum) and first == key


def _unpacked(hint: Any, data: Any) -> Any:
    if data is None:
        return None
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _unpacked(next(arg for arg in get_args(hint) if arg is not type(None)), data)
    if origin is tuple:
        return tuple(_unpacked(get_args(hint)[0], each) for each in data)
    if origin is Mapping:
        of_key, of_item = get_args(hint)
        named = _begins_with(of_item, of_key)
        return {
            _unpacked(of_key, key): _unpacked(of_item, [key, *each] if named else each)
            for key, each in data.items()
        }
    if is_dataclass(hint):
        return _nested(hint, data)
    read = _READ.get(hint)
    if read is not None:
        return read(data)
    return hint(data) if isinstance(hint, type) and issubclass(hint, Enum) else data


def _begins_with(cls: Any, kind: Any) -> bool:
    """The same question as `_is_named_by`, of types."""
    if not is_dataclass(cls) or not _is_row(cls) or not issubclass(kind, Enum):
        return False
    return next(iter(_hints(cast(Any, cls)).values())) is kind


def _nested(cls: Any, data: Any) -> Any:
    """A dataclass within another, from its names or from its row."""
    if not _is_row(cls):
        return cls(**_unnamed(cls, data))
    return cls(*(_unpacked(hint, each) for hint, each in zip(_hints(cls).values(), data, strict=False)))


_READ: dict[Any, Any] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    bytes: lambda text: zlib.decompress(b64decode(text)),
}


@lru_cache(maxsize=64)
def _hints(cls: Hashable) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cast(Any, cls))}
