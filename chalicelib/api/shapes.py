"""Shapes that many requests and answers share: money, lists, a range of time."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

from chalicelib.api.reading import Body
from chalicelib.domain.errors import malformed, refused
from chalicelib.services.ports import Page

T = TypeVar("T")

Id = Annotated[str, Meta(min_length=1, max_length=100)]
Word = Annotated[str, Meta(min_length=1, max_length=60)]
Line = Annotated[str, Meta(max_length=300)]
Text = Annotated[str, Meta(max_length=2000)]
Url = Annotated[str, Meta(max_length=500)]
Limit = Annotated[int, Meta(ge=1, le=200)]
Cursor = Annotated[str, Meta(max_length=2000)]

READS_MOST = 40
"""How many pages of the table are read for one page of a sifted list: what is rarer takes several
requests."""


class Answered(msgspec.Struct, kw_only=True):
    """Base of what is answered."""


class Money(Body):
    amount_minor: Annotated[int, Meta(ge=-(10**12), le=10**12)]
    currency: Annotated[str, Meta(min_length=3, max_length=3)]


class Listing(Body):
    """What every list can be asked."""

    limit: Limit = 50
    cursor: Cursor | None = None


class PageOf(msgspec.Struct, Generic[T], kw_only=True):
    """Part of a list. A page may hold fewer items than asked for, even none, while next_cursor says
    there is more."""

    items: list[T]
    next_cursor: str | None = None


def money(amount_minor: int | None, currency: str | None) -> Money | None:
    if amount_minor is None or currency is None:
        return None
    return Money(amount_minor=amount_minor, currency=currency)


def minor(said: Money | None, currency: str, field: str) -> int | None:
    """The amount of money that must be in that currency. Raises CURRENCY_MISMATCH."""
    if said is None:
        return None
    if said.currency != currency:
        raise refused(
            "CURRENCY_MISMATCH", f"{field} is in {said.currency}; here it is {currency}.", field=field
        )
    return said.amount_minor


def given(body: msgspec.Struct, *left_out: str) -> dict[str, Any]:
    """The fields of a request that were said at all: a null was said, what is missing was not."""
    names = (name for name in body.__struct_fields__ if name not in left_out)
    pairs = ((name, getattr(body, name)) for name in names)
    return {name: value for name, value in pairs if value is not msgspec.UNSET}


Read = Callable[[int, str | None], Page[T]]
"""limit, cursor -> a page."""


def sifted(read: Read[T], keep: Callable[[T], bool], listing: Listing) -> tuple[list[T], str | None]:
    """What is wanted of a list, page by page, until there is enough of it; and where to go on."""
    found: list[T] = []
    cursor = listing.cursor
    for _ in range(READS_MOST):
        page = read(listing.limit - len(found), cursor)
        found += [item for item in page.items if keep(item)]
        cursor = page.cursor
        if cursor is None or len(found) >= listing.limit:
            break
    return found, cursor


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
