"""Visit facts: the lines of bookings that were completed or missed, as reports read them, without names and
phones. Pure."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct


class VisitFact(Struct, frozen=True, kw_only=True):
    """One line of a completed booking, or of a no-show. The same names stand in the Parquet files (schema
    `visits/v1`) and in the views `visits` (completed lines) and `attendances` (all) of the reports. Amounts
    are minor units of `currency`; a no-show has none.

    line            0 for the booking's first service.
    service         None: the booking names none; then it has this one line.
    client          whom the booking belonged to; that client may have been merged since. None: nobody known.
    visit_on        the local date of the visit, by the salon's zone when the visit was completed; of a
                    no-show the local date of its start.
    visit_at        UTC instant.
    list_minor      the service's price in the set-up when the visit was completed; None: unknown.
    price_minor     the line's own price; None: unknown.
    paid_minor      the line's share of the whole bill, the part paid with points and the goods included;
                    None: nobody has told yet what was paid.
    goods_minor, points_minor, refunded_minor
                    the line's shares of the goods sold, of what points paid for, and of what was given back.
    source          the client's source when the visit was completed.
    booked_on       the salon's local date on which the client got the booking; moves do not change it. None:
                    unknown.
    referrer        the client who had recommended the salon to this one; may have been merged since.
    attendance      `completed` or `no_show`.
    rating          the stars that the client gave the visit, 1 to 5; None: none, or the page is not renewed
                    since: the index does not tell them.
    """

    salon: str
    booking: str
    line: int
    client: str | None
    visit_on: date
    visit_at: datetime
    service: str | None
    staff: str | None
    currency: str
    list_minor: int | None
    price_minor: int | None
    paid_minor: int | None
    goods_minor: int = 0
    points_minor: int = 0
    refunded_minor: int = 0
    source: str | None = None
    booked_on: date | None = None
    referrer: str | None = None
    attendance: str = "completed"
    rating: int | None = None


class BookingToCome(Struct, frozen=True, kw_only=True):
    """A booking that is neither closed nor cancelled. Dates are local dates of its salon. client: None:
    nobody known. booked_on: as in VisitFact."""

    salon: str
    booking: str
    client: str | None
    starts_on: date
    booked_on: date | None


class VisitSums(Struct, frozen=True):
    """The sums of a whole bill, or one line's shares of them."""

    paid_minor: int | None
    goods_minor: int = 0
    points_minor: int = 0
    refunded_minor: int = 0


def shared_out(sums: VisitSums, prices: Sequence[int]) -> list[VisitSums]:
    """Each line's shares of the sums, which add up to them. prices: of the lines, 0 where unknown."""
    if len(prices) == 1:
        return [sums]
    paid = _shares(sums.paid_minor, prices) if sums.paid_minor is not None else [None] * len(prices)
    others = (_shares(each, prices) for each in (sums.goods_minor, sums.points_minor, sums.refunded_minor))
    return [VisitSums(*each) for each in zip(paid, *others, strict=True)]


def _shares(whole: int, prices: Sequence[int]) -> list[int]:
    """A whole in proportion to prices, equally where all are 0, by the largest remainder; of equal remainders
    the first line's comes first."""
    if not whole:
        return [0] * len(prices)
    weights = prices if any(prices) else [1] * len(prices)
    total = sum(weights)
    found = [whole * weight // total for weight in weights]
    left = whole - sum(found)
    by_remainder = sorted(range(len(weights)), key=lambda place: -(whole * weights[place] % total))
    for place in by_remainder[:left]:
        found[place] += 1
    return found
