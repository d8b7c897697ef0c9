"""A completed booking's facts as one short text, which stands in the index of its salon beside its status:
reports read many of these and none of the bookings. Pure.

The text has five words and the source, apart by spaces:

    0 0000000000000001 MDL 45000 0000000000000002,0000000000000003,45000;...=instagram

the visit's day (days after the UTC date of the start; then, if it was closed before its start, milliseconds
before that), client, currency, sums (paid, goods, points, refunded), lines (service, specialist, list price,
price) and source. Numbers and ids that are absent are empty; so is what follows from the part before: sums
of zero at the end, a price that is the list price. Ids are without their usual prefix, others begin with `!`.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from chalicelib.domain.bookings.bookings import Booking, Line, Status
from chalicelib.domain.bookings.visit_record import IndexedVisit
from chalicelib.domain.facts.visit_facts import VisitFact, VisitSums, shared_out
from chalicelib.domain.shared.zones import utc_date

_MILLISECOND = timedelta(milliseconds=1)
_CLIENT, _SERVICE, _STAFF = "cli_", "srv_", "stf_"
_SEPARATORS = frozenset(" ,;!=")


def packed(booking: Booking) -> str:
    """The facts of a booking; empty where reports read the booking itself: it is not completed, was completed
    by an earlier release, or has an id with a separator."""
    record = booking.visit
    if booking.status is not Status.COMPLETED or record is None or _has_separator(booking):
        return ""
    early = (booking.starts_at - booking.visited_at) // _MILLISECOND
    days = (record.on - utc_date(booking.starts_at)).days
    words = (
        _cells(days, early or None),
        _short(_CLIENT, booking.client_id),
        booking.currency,
        _sums(booking),
        ";".join(_line(*each) for each in zip(booking.lines, list_prices(booking), strict=True)),
    )
    source = "" if record.source is None else f"={record.source}"
    return " ".join(words) + source


def list_prices(booking: Booking) -> Sequence[int | None]:
    """The list price of each line, as far as it is kept."""
    kept = booking.visit.list_minor if booking.visit is not None else ()
    return (*kept, *[None] * len(booking.lines))[: len(booking.lines)]


def indexed_visit(booking: Booking) -> IndexedVisit | None:
    """A booking's visit as the index of its salon has it once the booking is saved."""
    if booking.status is not Status.COMPLETED:
        return None
    at = booking.starts_at
    return IndexedVisit(
        booking.salon_id, at.replace(microsecond=at.microsecond // 1000 * 1000), packed(booking)
    )


def day_of(indexed: IndexedVisit) -> date | None:
    """The local date of a visit; None where its facts are not packed."""
    days = indexed.facts.partition(" ")[0].partition(",")[0]
    return utc_date(indexed.at) + timedelta(int(days or 0)) if indexed.facts else None


def facts_of(booking: Booking) -> list[VisitFact]:
    """The facts of a completed booking that keeps its visit's day."""
    assert booking.visit is not None
    at = booking.visited_at
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)
    head = booking.salon_id, booking.id, booking.visit.on, at
    sums = VisitSums(
        booking.paid_minor, booking.goods_minor or 0, booking.redeemed_minor, booking.refunded_minor
    )
    lines = [
        (line.service_id, line.staff_id, price, line.price_minor)
        for line, price in zip(booking.lines, list_prices(booking), strict=True)
    ]
    return _facts(head, booking.client_id, booking.currency, sums, lines, booking.visit.source)


def unpacked(indexed: IndexedVisit, booking_id: str) -> list[VisitFact]:
    """The facts of `facts_of` again. Raises ValueError for what no `packed` made."""
    when, client, currency, bill, rest = indexed.facts.split(" ", 4)
    lines, equals, source = rest.partition("=")
    visit_on, visit_at = utc_date(indexed.at), indexed.at
    if when != "0":
        days, early = _numbers(when, 2)
        visit_on += timedelta(days or 0)
        visit_at -= (early or 0) * _MILLISECOND
    head = indexed.salon_id, booking_id, visit_on, visit_at
    paid, *others = _numbers(bill, 4) if "," in bill else (int(bill) if bill else None,)
    sums = VisitSums(paid, *(each or 0 for each in others))
    found = [_unpacked_line(each) for each in lines.split(";")] if lines else []
    return _facts(head, _long(_CLIENT, client), currency, sums, found, source if equals else None)


# --- there


def _has_separator(booking: Booking) -> bool:
    ids = [each for line in booking.lines for each in (line.service_id, line.staff_id)]
    words = [each for each in (*ids, booking.client_id, booking.currency) if each is not None]
    return any(not each or not _SEPARATORS.isdisjoint(each) for each in words)


def _short(prefix: str, each_id: str | None) -> str:
    if each_id is None:
        return ""
    rest = each_id.removeprefix(prefix)
    return rest if rest not in ("", each_id) else f"!{each_id}"


def _cells(*numbers: int | None) -> str:
    """Numbers by commas, without the empty ones at the end."""
    return ",".join("" if each is None else str(each) for each in numbers).rstrip(",")


def _sums(booking: Booking) -> str:
    others = (booking.goods_minor, booking.redeemed_minor, booking.refunded_minor)
    return _cells(booking.paid_minor, *(each or None for each in others))


def _line(line: Line, list_minor: int | None) -> str:
    ids = f"{_short(_SERVICE, line.service_id)},{_short(_STAFF, line.staff_id)}"
    if line.price_minor == list_minor:
        return f"{ids},{_cells(list_minor)}" if list_minor is not None else ids
    # a line without a price, though its service has one, is told by a dash
    price = "-" if line.price_minor is None else str(line.price_minor)
    return f"{ids},{_cells(list_minor)},{price}"


# --- and back

_Head = tuple[str, str, date, datetime]
_FactLine = tuple[str | None, str | None, int | None, int | None]
_NO_LINE: _FactLine = (None, None, None, None)
"""The one line of a booking that names no service: a visit it is all the same."""


def _long(prefix: str, text: str) -> str | None:
    if not text:
        return None
    return text[1:] if text[0] == "!" else prefix + text


def _numbers(text: str, count: int) -> list[int | None]:
    found = [int(each) if each else None for each in text.split(",")]
    return (found + [None] * count)[:count]


def _unpacked_line(text: str) -> _FactLine:
    cells = text.split(",")
    service, staff, list_price, price = (*cells, *[None] * 2)[:4]
    list_minor = int(list_price) if list_price else None
    price_minor = list_minor if price is None else None if price == "-" else int(price)
    return _long(_SERVICE, service or ""), _long(_STAFF, staff or ""), list_minor, price_minor


def _facts(
    head: _Head,
    client: str | None,
    currency: str,
    sums: VisitSums,
    lines: Sequence[_FactLine],
    source: str | None,
) -> list[VisitFact]:
    salon, booking, visit_on, visit_at = head
    lines = lines or [_NO_LINE]
    shares = shared_out(sums, [price or 0 for *_, price in lines])
    return [
        VisitFact(
            salon=salon,
            booking=booking,
            line=number,
            client=client,
            visit_on=visit_on,
            visit_at=visit_at,
            service=service,
            staff=staff,
            currency=currency,
            list_minor=list_minor,
            price_minor=price_minor,
            paid_minor=share.paid_minor,
            goods_minor=share.goods_minor,
            points_minor=share.points_minor,
            refunded_minor=share.refunded_minor,
            source=source,
        )
        for number, ((service, staff, list_minor, price_minor), share) in enumerate(
            zip(lines, shares, strict=True)
        )
    ]
