"""Reading what strangers send: strict JSON into typed shapes, values into ours. All errors are
WebhookNotUnderstood.

The shapes are msgspec structs: a wrong type anywhere is refused with the path of its field. Fields that a
shape does not name are tolerated, since sites add some without notice. Of a key given twice the last one
counts, as in most parsers.
"""

import hashlib
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Raw

from chalicelib.domain.intake.site_events import YEARLESS, WebhookNotUnderstood

T = TypeVar("T")

MAX_MINUTES = 7 * 24 * 60
MAX_NAME = 200
MAX_NOTE = 2000
MAX_KEY_BYTES = 200

Id = Annotated[int, Meta(ge=0, le=10**18)] | Annotated[str, Meta(max_length=200)]
"""A site's id of something: ids become parts of keys, so an endless one is refused, not cut."""
NeededId = Annotated[int, Meta(ge=1, le=10**18)] | Annotated[str, Meta(min_length=1, max_length=200)]
Word = Annotated[str, Meta(min_length=1, max_length=200)]
Instant = Annotated[datetime, Meta(tz=True)]
LocalTime = Annotated[datetime, Meta(tz=False)]
Minutes = Annotated[int, Meta(ge=0, le=MAX_MINUTES)]
Minor = Annotated[int, Meta(ge=0, le=10**13)]
Version = Annotated[int, Meta(ge=0, le=10**18)]
Nothing = Annotated[list[Any], Meta(max_length=0)]
"""An empty list where an object belongs: how PHP and others write that there is none."""

YEARS = range(1971, 2200)
"""When an event may happen or a booking start: outside, arithmetic with zones and lengths could overflow."""


def decode(raw: bytes | Raw, shape: type[T], *, strict: bool = True) -> T:
    """The JSON text as that shape. Not `strict`: numbers and flags may come as strings, flags as 0 and 1.

    NOT_UTF8, NESTED_TOO_DEEP.
    NOT_JSON       also for NaN, Infinity, a lone surrogate or a byte order mark.
    INVALID_FIELD  the message gives the path of the field, and never what a client wrote into it.
    """
    try:
        bytes(raw).decode("utf-8")
        return msgspec.json.decode(raw, type=shape, strict=strict)
    except UnicodeDecodeError as error:
        raise WebhookNotUnderstood("NOT_UTF8", f"byte {error.start} is no UTF-8") from error
    except msgspec.ValidationError as error:
        raise WebhookNotUnderstood("INVALID_FIELD", str(error)) from error
    except msgspec.DecodeError as error:
        raise WebhookNotUnderstood("NOT_JSON", str(error)) from error
    except RecursionError as error:
        raise WebhookNotUnderstood("NESTED_TOO_DEEP", "the body is nested too deep") from error


def digest(raw: bytes | Raw) -> str:
    return hashlib.sha256(raw).hexdigest()


def dedupe_key(*parts: object) -> str:
    """The parts as one key, itself hashed where it would be too long to be a part of a table's key."""
    key = ":".join(str(part) for part in parts)
    encoded = key.encode("utf-8", "surrogatepass")
    return key if len(encoded) <= MAX_KEY_BYTES else hashlib.sha256(encoded).hexdigest()


def usable(moment: datetime, field: str) -> datetime:
    if moment.year not in YEARS:
        raise WebhookNotUnderstood("INVALID_FIELD", f"The year is out of range - at `{field}`")
    return moment


def utc(moment: datetime, field: str) -> datetime:
    """An aware moment in UTC."""
    return usable(moment, field).astimezone(UTC)


def id_text(value: int | str | None) -> str | None:
    """An id as text. None for what sites send where there is no id: null, 0 and ""."""
    return str(value).strip() or None if value else None


def one_line(text: str | None) -> str | None:
    """A name as one line without needless blanks; None where nothing is left of it."""
    return " ".join((text or "").split())[:MAX_NAME] or None


def note_text(*texts: str | None) -> str | None:
    return "\n".join(text.strip() for text in texts if text and text.strip())[:MAX_NOTE] or None


def birth_date(text: str | None) -> date | None:
    """A birthday from `YYYY-MM-DD`, with the year 0000 if the year is unknown. None for a text that is no
    date."""
    known = (text or "")[:10]
    if known.startswith("0000-"):
        known = f"{YEARLESS}{known[4:]}"
    try:
        day = date.fromisoformat(known)
    except ValueError:
        return None
    return day if day.year == YEARLESS or 1900 <= day.year <= YEARS.stop else None


def minor_units(amount: Decimal, units: int, field: str) -> int:
    """An amount of money in minor units, `units` of which make one of the amount's; halves are rounded up."""
    if not (amount.is_finite() and 0 <= amount <= 10**11):
        raise WebhookNotUnderstood("INVALID_FIELD", f"The amount is out of range - at `{field}`")
    return int((amount * units).quantize(Decimal(1), ROUND_HALF_UP))
