"""Parses events: strict JSON into typed shapes. Fields that a shape does not name are ignored."""

from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.domain.messages.message_events import NotUnderstood

T = TypeVar("T")

Id = Annotated[str, Meta(min_length=1, max_length=300)]
Phone = Annotated[str, Meta(min_length=3, max_length=40)]
Instant = Annotated[datetime, Meta(tz=True)]
Milliseconds = Annotated[int, Meta(ge=0, le=4_102_444_800_000)]


class Shape(msgspec.Struct, rename="camel", frozen=True):
    """A JSON object with camelCase names."""


def decode(text: str, shape: type[T]) -> T:
    """Raises NotUnderstood: NOT_JSON, INVALID_FIELD (with the field's path)."""
    try:
        return msgspec.json.decode(text.encode(), type=shape)
    except msgspec.ValidationError as error:
        raise NotUnderstood("INVALID_FIELD", str(error)) from error
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise NotUnderstood("NOT_JSON") from error


def instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def whole_milliseconds(at: datetime) -> datetime:
    """The instant in UTC and whole milliseconds, as instants are stored."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
