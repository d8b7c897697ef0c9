"""Shapes that many requests and answers share: money, lists, a range of time."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Generic, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.api.http.parsing import Body
from chalicelib.domain.shared.currencies import Amount, ensure_currency
from chalicelib.domain.shared.errors import malformed
from chalicelib.services.shared.ports import Page

T = TypeVar("T")


class HasId(Protocol):
    @property
    def id(self) -> str: ...


Named = TypeVar("Named", bound=HasId)

Id = Annotated[str, Meta(min_length=1, max_length=100)]
Word = Annotated[str, Meta(min_length=1, max_length=60)]
Line = Annotated[str, Meta(max_length=300)]
Text = Annotated[str, Meta(max_length=2000)]
Url = Annotated[str, Meta(max_length=500)]
Limit = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[str, Meta(max_length=2000)]

_AFTER = "after:"
MAX_READS = 25
MAX_READ = 200
"""How often, and how much at once, the table is read for one page of a sifted list. A list in which fewer
than one item in some thousands is wanted takes several requests."""


class Answered(msgspec.Struct, kw_only=True):
    """Base of what is answered."""


class Money(Body):
    amount_minor: Annotated[int, Meta(ge=-(10**12), le=10**12)]
    currency: Annotated[str, Meta(min_length=3, max_length=3)]


class CostOfMessage(Answered):
    """Millionths of a US dollar, in which carriers charge. charged: reported by a receipt; otherwise the
    amount is an estimate."""

    amount_micros: int
    currency: Literal["USD"] = "USD"
    charged: bool = False


class Listing(Body):
    """What every list can be asked."""

    limit: Limit = 50
    cursor: Cursor | None = None


class PageOf(msgspec.Struct, Generic[T], kw_only=True):
    """A page of a list. It may hold fewer items than the limit, even none, while next_cursor leads to
    more."""

    items: list[T]
    next_cursor: str | None = None


def money(amount_minor: int | None, currency: str | None) -> Money | None:
    if amount_minor is None or currency is None:
        return None
    return Money(amount_minor=amount_minor, currency=currency)


def amount_of(money: Money) -> Amount:
    """The money as use cases take it."""
    return Amount(money.amount_minor, money.currency)


def minor(amount: Money | None, currency: str, field: str) -> int | None:
    """The amount of money that must be in that currency. Raises CURRENCY_MISMATCH."""
    if amount is None:
        return None
    ensure_currency(amount_of(amount), currency, field)
    return amount.amount_minor


def given(body: msgspec.Struct, *left_out: str) -> dict[str, Any]:
    """The fields that a request gives. A field that is null is given; a field that is missing is not."""
    names = (name for name in body.__struct_fields__ if name not in left_out)
    pairs = ((name, getattr(body, name)) for name in names)
    return {name: value for name, value in pairs if value is not msgspec.UNSET}


Read = Callable[[int, str | None], Page[T]]
"""limit, cursor -> a page."""


def sifted(
    read: Read[Named], keep: Callable[[Named], bool], listing: Listing
) -> tuple[list[Named], str | None]:
    """A page of the wanted items of a list, and where to go on.

    The fewer items are found, the more are read at once. Items that were read past the last one on the page
    are read again for the next page. `read` must return all items of its range: if it left some out, the end
    of the page would be lost.
    """
    found: list[Named] = []
    cursor, size = listing.cursor, listing.limit
    for _ in range(MAX_READS):
        page, missing = read(size, cursor), listing.limit - len(found)
        wanted = [item.id for item in page.items if keep(item)][:missing]
        if wanted and len(wanted) == missing and page.items[-1].id != wanted[-1]:
            last = next(place for place, item in enumerate(page.items) if item.id == wanted[-1])
            page = read(last + 1, cursor)
        found += [item for item in page.items if item.id in wanted]
        cursor, size = page.cursor, min(size * 4, MAX_READ)
        if cursor is None or len(found) >= listing.limit:
            break
    return found, cursor


def _id_of(item: Any) -> str:
    return str(item.id)


def in_pages(
    found: Iterable[T], listing: Listing, *, position: Callable[[T], str] = _id_of, newest_first: bool = False
) -> PageOf[T]:
    """A page of a list that is at hand as a whole, in the order of positions. An item that is added or
    removed between two pages moves no other item.

    position: the unique text by which an item is sorted, by default its id.
    """
    rest = sorted(found, key=position, reverse=newest_first)
    if listing.cursor is not None:
        last = _id_in(listing.cursor)
        rest = [each for each in rest if (position(each) < last if newest_first else position(each) > last)]
    items, more = rest[: listing.limit], rest[listing.limit :]
    return PageOf(items=items, next_cursor=_cursor_after(position(items[-1])) if more else None)


def _cursor_after(item_id: str) -> str:
    return urlsafe_b64encode(f"{_AFTER}{item_id}".encode()).decode().rstrip("=")


def _id_in(cursor: str) -> str:
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    if not text.startswith(_AFTER):
        raise malformed("INVALID_CURSOR", "This cursor was not given out here.")
    return text.removeprefix(_AFTER)


def one_after_another(names: Sequence[str], read: Callable[[str, int, str | None], Page[T]]) -> Read[T]:
    """Lists (of salons) read as one: first all of the first, then all of the second, ..."""

    def read_one(limit: int, cursor: str | None) -> Page[T]:
        if not names:
            return Page([])
        name, _, inner = (cursor or f"{names[0]}.").partition(".")
        if name not in names:
            raise malformed("INVALID_CURSOR", "This cursor was not given out here.")
        page = read(name, limit, inner or None)
        if page.cursor is not None:
            return Page(page.items, f"{name}.{page.cursor}")
        after = names.index(name) + 1
        return Page(page.items, f"{names[after]}." if after < len(names) else None)

    return read_one
