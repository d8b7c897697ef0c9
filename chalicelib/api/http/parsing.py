"""Requests read strictly: a request that differs from its contract is refused, with the place of the
difference.

The standard library reads JSON first, since only there duplicate keys and endless figures can be found; then
msgspec makes a struct of it. Every error is a DomainError.
"""

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NoReturn, TypeVar

import msgspec

from chalicelib.domain.shared.errors import DomainError, ErrorKind, malformed
from chalicelib.domain.shared.zones import local_instant

T = TypeVar("T")

MAX_BODY = 256 * 1024
_MAX_DIGITS = 18
REPLACED = "\ufffd".encode()
"""What API Gateway puts in place of bytes that are no UTF-8: the text that was meant is lost."""
_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
_UNKNOWN = re.compile(r"unknown field `(?P<field>.*?)`(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<field>.*?)`(?: - at `(?P<path>.*)`)?$")
_AT = re.compile(r" - at `(?P<path>.*)`$")


class Body(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The base of the bodies of requests."""


class Nothing(Body):
    """A request without fields."""


def json_of(raw: bytes) -> Any:
    """The JSON value of a body; an empty one is an empty object. Raises MALFORMED_JSON, TOO_LARGE."""
    if len(raw) > MAX_BODY:
        raise DomainError(ErrorKind.TOO_LARGE, "TOO_LARGE", "A request has at most 256 kB.", bytes=len(raw))
    if not raw.strip():
        return {}
    if REPLACED in raw:
        raise malformed("MALFORMED_JSON", "The body is not valid JSON in UTF-8.")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_broken,
        )
        if b"\\u" in raw:
            json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise malformed("MALFORMED_JSON", "The body is not valid JSON in UTF-8.") from error
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is given twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _whole(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise ValueError("a number beyond measure")
    return int(digits)


def _broken(text: str) -> float:
    if len(text) > 30 or abs(number := float(text)) > 1e18:
        raise ValueError("a number beyond measure")
    return number


def body_of(raw: bytes, shape: type[T]) -> T:
    """The body as a struct. Raises UNKNOWN_FIELD, MISSING_FIELD, INVALID_FIELD, each naming the field's
    path."""
    value = json_of(raw)
    try:
        return msgspec.convert(value, shape)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error
    except RecursionError as error:
        raise malformed("MALFORMED_JSON", "The body is nested too deeply.") from error


def query_of(params: Mapping[str, str], shape: type[T]) -> T:
    """The parameters in the address as a struct. An empty filter would select everything, so that it is
    refused: INVALID_FIELD. An empty cursor is the beginning of the list."""
    given = {name: value for name, value in params.items() if (name, value) != ("cursor", "")}
    for name, value in given.items():
        if not value.strip():
            raise malformed("INVALID_FIELD", f"{name} is empty: give a value, or leave it out.", field=name)
    try:
        return msgspec.convert(given, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _explained(str(error)) from error


def _explained(message: str) -> DomainError:
    """msgspec's words as an error with a stable code."""
    if found := _UNKNOWN.search(message):
        field = _path(found["path"], found["field"])
        return malformed("UNKNOWN_FIELD", f"There is no field {field}.", field=field)
    if found := _MISSING.search(message):
        field = _path(found["path"], found["field"])
        return malformed("MISSING_FIELD", f"The field {field} is needed.", field=field)
    place = _AT.search(message)
    what = message[: place.start()] if place else message
    field = _path(place["path"] if place else None, "")
    return malformed("INVALID_FIELD", f"{field or 'The body'}: {what.lower()}.", field=field)


def _path(path: str | None, field: str) -> str:
    """`$.lines[0]` and `minutes` -> `lines[0].minutes`."""
    parent = (path or "$").removeprefix("$").removeprefix(".")
    return ".".join(filter(None, (parent, field)))[:200]


def instant(value: datetime, field: str) -> datetime:
    """An instant in UTC, whole milliseconds. Raises INVALID_FIELD for one that no salon will see."""
    if not _EARLIEST < value < _LATEST:
        raise malformed("INVALID_FIELD", f"{field}: a year between 1970 and 2199.", field=field)
    value = value.astimezone(UTC)
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def bound(text: str | None, field: str, zone: str, *, end: bool = False) -> datetime | None:
    """One end of a range: an instant with its offset, or a local date, of which the whole day is meant."""
    if text is None:
        return None
    try:
        if len(text) == len("2026-11-23"):
            day = date.fromisoformat(text) + timedelta(days=int(end))
            return instant(local_instant(day, time.min, zone), field)
        # A plus in an address is read as a blank.
        value = datetime.fromisoformat(re.sub(r" (\d\d:\d\d)$", r"+\1", text))
    except (ValueError, OverflowError):
        value = None
    if value is None or value.tzinfo is None:
        raise malformed("INVALID_FIELD", f"{field}: an instant with its offset, or a date.", field=field)
    return instant(value, field)
