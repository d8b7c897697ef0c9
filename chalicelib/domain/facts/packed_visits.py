"""The facts of a completed booking, or of a no-show, as one short text, which stands in the index of its
salon beside its status: reports read many of these and none of the bookings. Pure.

The text has five words and the source, apart by spaces:

    0,,7 0000000000000001 MDL 45000 0000000000000002,0000000000000003,45000;...=instagram

the visit's day (days after the UTC date of the start; then, if it was closed before its start, milliseconds
before that; days since the client got the booking), client and referrer, currency, sums (paid, goods, points,
refunded), lines (service, specialist, list price, price) and source. Numbers and ids that are absent are
empty, all money of a no-show too; so is what follows from the part before: sums of zero at the end, a price
that is the list price. Ids are without their usual prefix, others begin with `!`. Texts of earlier releases
have neither days since the booking nor a referrer."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.bookings.bookings import ATTENDANCES, Booking, Line, Status
from chalicelib.domain.bookings.visit_record import IndexedVisit, VisitRecord
from chalicelib.domain.facts.short_ids import long_id, short_id
from chalicelib.domain.facts.visit_facts import VisitFact, VisitSums, shared_out
from chalicelib.domain.shared.zones import utc_date

_MILLISECOND = timedelta(milliseconds=1)
CLIENT, _SERVICE, _STAFF = "cli_", "srv_", "stf_"
_SEPARATORS = frozenset(" ,;!=")


def packed(booking: Booking) -> str:
    """The facts of a booking; empty where reports read the booking itself: it is neither completed nor a
    no-show, was closed by an earlier release, or has an id with a separator."""
    record = booking.visit
    if booking.status not in ATTENDANCES or record is None or _has_separator(booking, record):
        return ""
    early = (booking.starts_at - attended_at(booking)) // _MILLISECOND
    days = (record.on - utc_date(booking.starts_at)).days
    booked = (record.on - record.booked_on).days if record.booked_on is not None else None
    words = (
        _cells(days, early or None, booked),
        ",".join(short_id(CLIENT, each) for each in (booking.client_id, record.referrer)).rstrip(","),
        booking.currency,
        _sums(booking),
        ";".join(_line(*each) for each in _priced_lines(booking)),
    )
    source = "" if record.source is None else f"={record.source}"
    return " ".join(words) + source


def list_prices(booking: Booking) -> Sequence[int | None]:
    """The list price of each line, as far as it is kept."""
    kept = booking.visit.list_minor if booking.visit is not None else ()
    return (*kept, *[None] * len(booking.lines))[: len(booking.lines)]


def attended_at(booking: Booking) -> datetime:
    """The instant of a completed visit, or the start of a missed one."""
    return booking.starts_at if booking.status is Status.NO_SHOW else booking.visited_at


def indexed_visit(booking: Booking) -> IndexedVisit | None:
    """A booking's visit, taken place or missed, as the index of its salon has it once the booking is
    saved."""
    if booking.status not in ATTENDANCES:
        return None
    at = _in_milliseconds(booking.starts_at)
    return IndexedVisit(booking.salon_id, at, packed(booking), booking.status.value)


def day_of(indexed: IndexedVisit) -> date | None:
    """The local date of a visit; None where its facts are not packed."""
    days = indexed.facts.partition(" ")[0].partition(",")[0]
    return utc_date(indexed.at) + timedelta(int(days or 0)) if indexed.facts else None


def facts_of(booking: Booking) -> list[VisitFact]:
    """The facts of a completed booking, or of a no-show, that keeps its visit's day."""
    record = booking.visit
    assert record is not None
    head = _Head(
        booking.salon_id,
        booking.id,
        record.on,
        _in_milliseconds(attended_at(booking)),
        booking.client_id,
        booking.currency,
        record.source,
        record.booked_on,
        record.referrer,
        booking.status.value,
    )
    sums = VisitSums(*_of_bill(booking))
    lines = [
        (line.service_id, line.staff_id, list_minor, price_minor)
        for line, list_minor, price_minor in _priced_lines(booking)
    ]
    return _facts(head, sums, lines)


def unpacked(indexed: IndexedVisit, booking_id: str) -> list[VisitFact]:
    """The facts of `facts_of` again. Raises ValueError for what no `packed` made."""
    when, client, currency, bill, rest = indexed.facts.split(" ", 4)
    lines, equals, source = rest.partition("=")
    visit_on, visit_at, booked_on = utc_date(indexed.at), indexed.at, None
    if when != "0":
        days, early, booked = _numbers(when, 3)
        visit_on += timedelta(days or 0)
        visit_at -= (early or 0) * _MILLISECOND
        booked_on = visit_on - timedelta(booked) if booked is not None else None
    client, _, referrer = client.partition(",")
    head = _Head(
        indexed.salon_id,
        booking_id,
        visit_on,
        visit_at,
        long_id(CLIENT, client),
        currency,
        source if equals else None,
        booked_on,
        long_id(CLIENT, referrer),
        indexed.attendance,
    )
    paid, *others = _numbers(bill, 4) if "," in bill else (int(bill) if bill else None,)
    sums = VisitSums(paid, *(each or 0 for each in others))
    return _facts(head, sums, [_unpacked_line(each) for each in lines.split(";")] if lines else [])


def has_separator(each_id: str | None) -> bool:
    """Whether an id cannot stand in a packed text."""
    return each_id is not None and (not each_id or not _SEPARATORS.isdisjoint(each_id))


# --- there


def _has_separator(booking: Booking, record: VisitRecord) -> bool:
    ids = [each for line in booking.lines for each in (line.service_id, line.staff_id)]
    return any(map(has_separator, (*ids, booking.client_id, record.referrer, booking.currency)))


def _in_milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _priced_lines(booking: Booking) -> list[tuple[Line, int | None, int | None]]:
    """Each line with its list price and its price; of a no-show without both."""
    if booking.status is Status.NO_SHOW:
        return [(line, None, None) for line in booking.lines]
    with_list_prices = zip(booking.lines, list_prices(booking), strict=True)
    return [(line, list_minor, line.price_minor) for line, list_minor in with_list_prices]


def _of_bill(booking: Booking) -> tuple[int | None, int, int, int]:
    """What was paid, for goods, by points, and given back; nothing of a no-show."""
    if booking.status is Status.NO_SHOW:
        return None, 0, 0, 0
    return booking.paid_minor, booking.goods_minor or 0, booking.redeemed_minor, booking.refunded_minor


def _cells(*numbers: int | None) -> str:
    """Numbers by commas, without the empty ones at the end."""
    return ",".join("" if each is None else str(each) for each in numbers).rstrip(",")


def _sums(booking: Booking) -> str:
    paid_minor, *others = _of_bill(booking)
    return _cells(paid_minor, *(each or None for each in others))


def _line(line: Line, list_minor: int | None, price_minor: int | None) -> str:
    ids = f"{short_id(_SERVICE, line.service_id)},{short_id(_STAFF, line.staff_id)}"
    if price_minor == list_minor:
        return f"{ids},{_cells(list_minor)}" if list_minor is not None else ids
    # a line without a price, though its service has one, is told by a dash
    price = "-" if price_minor is None else str(price_minor)
    return f"{ids},{_cells(list_minor)},{price}"


# --- and back


class _Head(NamedTuple):
    """What all lines of a visit share."""

    salon: str
    booking: str
    visit_on: date
    visit_at: datetime
    client: str | None
    currency: str
    source: str | None
    booked_on: date | None
    referrer: str | None
    attendance: str


_FactLine = tuple[str | None, str | None, int | None, int | None]
_NO_LINE: _FactLine = (None, None, None, None)
"""The one line of a booking that names no service: a visit it is all the same."""


def _numbers(text: str, count: int) -> list[int | None]:
    found = [int(each) if each else None for each in text.split(",")]
    return (found + [None] * count)[:count]


def _unpacked_line(text: str) -> _FactLine:
    cells = text.split(",")
    service, staff, list_price, price = (*cells, *[None] * 2)[:4]
    list_minor = int(list_price) if list_price else None
    price_minor = list_minor if price is None else None if price == "-" else int(price)
    return long_id(_SERVICE, service or ""), long_id(_STAFF, staff or ""), list_minor, price_minor


def _facts(head: _Head, sums: VisitSums, lines: Sequence[_FactLine]) -> list[VisitFact]:
    lines = lines or [_NO_LINE]
    shares = shared_out(sums, [price or 0 for *_, price in lines])
    return [
        VisitFact(
            salon=head.salon,
            booking=head.booking,
            line=number,
            client=head.client,
            visit_on=head.visit_on,
            visit_at=head.visit_at,
            service=service,
            staff=staff,
            currency=head.currency,
            list_minor=list_minor,
            price_minor=price_minor,
            paid_minor=share.paid_minor,
            goods_minor=share.goods_minor,
            points_minor=share.points_minor,
            refunded_minor=share.refunded_minor,
            source=head.source,
            booked_on=head.booked_on,
            referrer=head.referrer,
            attendance=head.attendance,
        )
        for number, ((service, staff, list_minor, price_minor), share) in enumerate(
            zip(lines, shares, strict=True)
        )
    ]
