"""Reading what strangers send: strict JSON into typed shapes, values into ours. All errors are
WebhookNotUnderstood.

The shapes are msgspec structs. `decode` refuses a wrong type anywhere with the path of its field. `lenient`
refuses only what the shape needs: any other field, or element of a list, with a wrong value is left out and
noted. Fields that a shape does not name are tolerated, since sites add some without notice. Of a key given
twice the last one counts, as in most parsers.
"""

import hashlib
import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
import msgspec.structs
from msgspec import Meta, Raw

from chalicelib.domain.clients.birthdays import YEARLESS, birthday_of
from chalicelib.domain.intake.inbox import MAX_NOTES
from chalicelib.domain.intake.site_events import SiteContext, WebhookNotUnderstood
from chalicelib.domain.shared.plain_text import is_visible, visible_text

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
MAX_MINOR = 10**13
Minor = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
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
        raise WebhookNotUnderstood("INVALID_FIELD", _without_values(str(error))) from error
    except msgspec.DecodeError as error:
        raise WebhookNotUnderstood("NOT_JSON", str(error)) from error
    except RecursionError as error:
        raise WebhookNotUnderstood("NESTED_TOO_DEEP", "the body is nested too deep") from error


def _without_values(message: str) -> str:
    """msgspec quotes a value that is none of those allowed."""
    return re.sub("^Invalid enum value .*?( - at `|$)", r"Unknown value\1", message, flags=re.DOTALL)


class Oddities:
    """The fields of one body that were left out, and why: paths and types, never what a client wrote."""

    def __init__(self) -> None:
        self._found: dict[str, str] = {}

    def note(self, field: str, why: str) -> None:
        """Notes a field once, by its path, such as `$.data.client.birth_date`."""
        self._found.setdefault(field, why)

    def is_incomplete(self, field: str) -> bool:
        """Whether the field, or an element of the list that it is, was left out."""
        element = re.compile(re.escape(field) + r"(\[\d+\])?")
        return any(element.fullmatch(each) for each in self._found)

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(f"{field}: {why}" for field, why in list(self._found.items())[:MAX_NOTES])


def lenient(raw: bytes | Raw, shape: Any, odd: Oddities, *, strict: bool = True, at: str = "$") -> Any:
    """The JSON text as that shape. What is wrong in a part that the shape can do without is left out, noted.

    A field with a default gets the default. An element of a list is left out, and so is what is beyond the
    list's bound. Raises as `decode` does for what the shape needs. A proper body is decoded once.
    """
    try:
        return decode(raw, shape, strict=strict)
    except WebhookNotUnderstood as error:
        if error.code != "INVALID_FIELD":
            raise
        what, inner = _split(error)
        first = bytes(raw).lstrip()[:1]
        for kind, bound in _alternatives(shape):
            if first == b"{" and _is_struct(kind):
                return _struct(raw, kind, odd, strict, at)
            if first == b"[" and get_origin(kind) is list and get_args(kind) != (Any,):
                return _list(raw, get_args(kind)[0], bound, odd, strict, at)
        raise WebhookNotUnderstood("INVALID_FIELD", f"{what} - at `{at}{inner}`") from error


def _struct(raw: bytes | Raw, shape: Any, odd: Oddities, strict: bool, at: str) -> Any:
    given, values = decode(raw, dict[str, Raw]), {}
    for field in msgspec.structs.fields(shape):
        if field.encode_name not in given:
            if field.required:
                what = f"Object missing required field `{field.encode_name}`"
                raise WebhookNotUnderstood("INVALID_FIELD", f"{what} - at `{at}`")
            continue
        place = f"{at}.{field.encode_name}"
        try:
            values[field.name] = lenient(given[field.encode_name], field.type, odd, strict=strict, at=place)
        except WebhookNotUnderstood as error:
            if field.required or error.code != "INVALID_FIELD":
                raise
            _note(odd, error)
    return get_origin(shape)(**values) if get_origin(shape) else shape(**values)


def _list(raw: bytes | Raw, kind: Any, bound: int | None, odd: Oddities, strict: bool, at: str) -> list[Any]:
    given, values = decode(raw, list[Raw]), []
    if bound is not None and len(given) > bound:
        odd.note(at, f"{len(given)} elements; {bound} are read")
    for position, element in enumerate(given[:bound]):
        try:
            values.append(lenient(element, kind, odd, strict=strict, at=f"{at}[{position}]"))
        except WebhookNotUnderstood as error:
            if error.code != "INVALID_FIELD":
                raise
            _note(odd, error)
    return values


def _alternatives(shape: Any) -> list[tuple[Any, int | None]]:
    """The types of which the shape is one, each with its greatest length."""
    if get_origin(shape) in (Union, UnionType):
        return [each for part in get_args(shape) for each in _alternatives(part)]
    if get_origin(shape) is Annotated:
        kind, *limits = get_args(shape)
        bound = next((limit.max_length for limit in limits if isinstance(limit, Meta)), None)
        return [(inner, bound) for inner, _ in _alternatives(kind)]
    return [(shape, None)]


def _is_struct(kind: Any) -> bool:
    plain = get_origin(kind) or kind
    return isinstance(plain, type) and issubclass(plain, msgspec.Struct)


def _split(error: WebhookNotUnderstood) -> tuple[str, str]:
    """What is wrong, and the path from the place that was decoded."""
    what, _, path = error.message.partition(" - at `$")
    return what, path.rstrip("`")


def _note(odd: Oddities, error: WebhookNotUnderstood) -> None:
    what, path = _split(error)
    odd.note(f"${path}", what)


def digest(raw: bytes | Raw) -> str:
    return hashlib.sha256(raw).hexdigest()


def dedupe_key(*parts: object) -> str:
    """The parts as one key, itself hashed where it would be too long to be a part of a table's key."""
    key = ":".join(str(part) for part in parts)
    encoded = key.encode("utf-8", "surrogatepass")
    return key if len(encoded) <= MAX_KEY_BYTES else hashlib.sha256(encoded).hexdigest()


_MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?\s*([Zz]|[+-]\d\d(?::?\d\d)?)?", re.ASCII
)
WIDEST_OFFSET = 14 * 60


def moment(text: str, field: str) -> datetime:
    """A date with a time of day, aware where an offset is told, else naive. Seconds may be missing; `24:00`
    is the next midnight, and a leap second the next minute. Raises INVALID_FIELD for anything else, such as
    a date alone: nobody knows at what time it begins."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise _no_moment("No date with a time of day, such as 2026-12-02T10:00:00", field)
    day, hour, minute, second, fraction, offset = match.groups()
    clock = timedelta(hours=int(hour), minutes=int(minute), seconds=int(second or 0))
    clock += timedelta(microseconds=int((fraction or "")[:6].ljust(6, "0")))
    if int(minute) > 59 or int(second or 0) > 60 or clock > timedelta(days=1):
        raise _no_moment("No time of day", field)
    if second == "60":
        clock = timedelta(hours=int(hour), minutes=int(minute) + 1)
    try:
        found = datetime.fromisoformat(day) + clock
    except (ValueError, OverflowError) as error:
        raise _no_moment("No date", field) from error
    return usable(found, field).replace(tzinfo=_zone_of(offset, field))


def _zone_of(offset: str | None, field: str) -> timezone | None:
    if offset is None:
        return None
    if offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:].lstrip(":") or 0)
    if minutes > WIDEST_OFFSET or minutes % 60 not in (0, 15, 30, 45):
        raise _no_moment("No offset of a time zone", field)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


def _no_moment(what: str, field: str) -> WebhookNotUnderstood:
    return WebhookNotUnderstood("INVALID_FIELD", f"{what} - at `{field}`")


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
    """A name as one line without needless blanks and invisible signs; None where nothing is left."""
    line = " ".join(visible_text(text or "").split())[:MAX_NAME].strip()
    return line if line and is_visible(line) else None


def note_text(*texts: str | None) -> str | None:
    return "\n".join(visible_text(text).strip() for text in texts if text and text.strip())[:MAX_NOTE] or None


def changed_at(moment: datetime | None, context: SiteContext, odd: Oddities, field: str) -> datetime:
    """When an event happened, in UTC. An event that tells no usable time, or one without an offset, is
    ordered by its receipt. Raises INVALID_FIELD where that is not known either."""
    if moment is not None and moment.tzinfo is not None and moment.year in YEARS:
        return moment.astimezone(UTC)
    if context.received_at is None:
        raise WebhookNotUnderstood("INVALID_FIELD", f"The event tells no time - at `{field}`")
    why = "No offset" if moment is not None and moment.tzinfo is None else "No usable time"
    odd.note(field, f"{why}; the event is ordered by its receipt")
    return context.received_at


_OF_CARDS = {
    "phone": ("phone", "phone_number"),
    "email": ("email", "email_address"),
    "birth_date": ("birth_date", "birthday"),
}
"""Our fields of a client -> how sites call them."""
_EMPTY = (None, "", "0000-00-00")


def cleared(raw: bytes | Raw, *path: str, absent: bool = False) -> frozenset[str]:
    """The fields (phone, email, birth_date) of which a client's card says that there is none.

    path: where the card is in the body. absent: whether a field that the card lacks is such a one; so with a
    site whose cards are whole and leave out what is empty.
    """
    card: Any = decode(raw, dict[str, Any])
    for name in path:
        card = card.get(name) if isinstance(card, dict) else None
    if not isinstance(card, dict):
        return frozenset()
    found = {field: [card[name] for name in names if name in card] for field, names in _OF_CARDS.items()}
    return frozenset(
        field for field, values in found.items() if (values or absent) and all(v in _EMPTY for v in values)
    )


def birth_date(text: str | None, context: SiteContext, odd: Oddities, field: str) -> date | None:
    """A birthday, in the year YEARLESS where only its day and month are certain. None, with a note, for what
    is no birthday of a person: no date, a placeholder, the future."""
    if not text or not text.strip():
        return None
    day = _written_day(text.strip())
    if day is None:
        odd.note(field, "No date")
        return None
    today = context.received_at.date() if context.received_at else None
    found = birthday_of(day, today)
    if found.why is not None:
        odd.note(field, found.why)
    return found.day


_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:[T ]00:00(?::00(?:\.0+)?)?(?:Z|[+-]\d\d:?\d\d)?)?")
_YEARLESS_DAY = re.compile(r"(?:--)?(\d\d)-(\d\d)")
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def _written_day(text: str) -> date | None:
    """The day of `YYYY-MM-DD` (alone or at midnight), `MM-DD` or `DD.MM.YYYY`."""
    if match := _ISO_DAY.fullmatch(text):
        year, month, day = match.groups()
    elif match := _YEARLESS_DAY.fullmatch(text):
        year, month, day = "0000", *match.groups()
    elif match := _DAY_FIRST.fullmatch(text):
        day, month, year = match.groups()
    else:
        return None
    try:
        return date(int(year) or YEARLESS, int(month), int(day))
    except ValueError:
        return None


_MOST_WHOLE = 10**11
_AMOUNT: Any = Decimal | None
_GROUPED = re.compile(r"(-?\d{1,3}(?: \d{3})+|-?\d+)(?:([.,])(\d{1,3}))?")


def amount(raw: Raw, odd: Oddities, field: str) -> Decimal | None:
    """A sum of money as a number, or as text: `1500.5`, `1 500`, `1500,50`. None, with a note, for what is no
    sum, is negative, or cannot be told from another sum (`1,500`)."""
    if not bytes(raw):
        return None
    written: Decimal | None
    try:
        written = decode(raw, _AMOUNT, strict=False)
    except WebhookNotUnderstood:
        written = _written_amount(raw)
        if written is None:
            odd.note(field, "No sum of money")
            return None
        odd.note(field, "Blanks or a comma in a sum; read as such")
    if written is not None and not (written.is_finite() and 0 <= written <= _MOST_WHOLE):
        odd.note(field, "The sum is out of range")
        return None
    return written


def _written_amount(raw: Raw) -> Decimal | None:
    try:
        text = decode(raw, str)
    except WebhookNotUnderstood:
        return None
    match = _GROUPED.fullmatch(" ".join(visible_text(text).split()))
    if match is None or (match[2] == "," and len(match[3]) == 3):
        return None
    return Decimal(match[1].replace(" ", "") + (f".{match[3]}" if match[3] else ""))


def minor_units(amount: Decimal, digits: int) -> int:
    """An amount of money in minor units, which are that many decimal places of the amount's; halves are
    rounded up."""
    return int((amount * 10**digits).quantize(Decimal(1), ROUND_HALF_UP))
