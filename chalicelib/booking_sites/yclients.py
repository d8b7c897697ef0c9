"""YCLIENTS and Altegio: one code base, two brands, one adapter. Nothing is signed: the address is the secret.

The vendor documents neither the unit of money, nor the shape of the `client` resource, nor that a body may be
a list of events, nor that a sale's `cost` is for all pieces of it. These are assumed here only.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec import field as named
from msgspec.structs import replace

from chalicelib.booking_sites import parsing
from chalicelib.booking_sites.parsing import (
    Id,
    Instant,
    NeededId,
    Nothing,
    Oddities,
    decode,
    id_text,
    lenient,
    one_line,
    utc,
)
from chalicelib.domain.intake import connection_settings, site_events
from chalicelib.domain.intake.site_events import (
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
)
from chalicelib.domain.intake.trust import companies
from chalicelib.domain.shared.currencies import minor_digits
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.intake.booking_site import Delivery

SETTINGS = connection_settings.OF_UNSIGNED_SITES
ATTENDANCE = {2: SiteStatus.CONFIRMED, 1: SiteStatus.COMPLETED, 0: SiteStatus.BOOKED, -1: SiteStatus.NO_SHOW}
RICHNESS = {
    None: 0,
    SiteStatus.BOOKED: 0,
    SiteStatus.CONFIRMED: 2,
    SiteStatus.NO_SHOW: 4,
    SiteStatus.COMPLETED: 6,
    SiteStatus.CANCELLED: 8,
}
"""Which of two events of one second wins (no finer time is given): what ends a booking, then a change."""

KINDS = frozenset({"create", "update", "delete"})
ShortWord = Annotated[str, Meta(max_length=100)]
Seconds = Annotated[int, Meta(ge=0, le=7 * 24 * 3600)]
NO_SMS_MAILINGS = (("sms", Purpose.MARKETING),)
"""What `sms_not` says: the client gets no mailings by SMS. Word of their own booking goes out."""


class _YclientsHead(Struct):
    """What every event begins with; those of the marketplace have an `event` instead of a `resource`."""

    company_id: Id | None = None
    resource: ShortWord | None = None
    event: ShortWord | None = None


class _YclientsDated(Struct):
    last_change_date: Instant | None = None


class _YclientsNames(Struct):
    """The fields by which events differ."""

    company_id: Id
    resource: ShortWord
    resource_id: Id
    status: ShortWord
    data: _YclientsDated | Nothing


class _Sold(Struct):
    cost: Raw = Raw()
    cost_to_pay: Raw = Raw()


class _Service(_Sold):
    id: Id | None = None
    title: str | None = None


class _Staff(Struct):
    id: Id | None = None
    name: str | None = None


class _YclientsClient(Struct):
    last_change_date: datetime | None = None
    id: Id | None = None
    name: str | None = None
    surname: str | None = None
    display_name: str | None = None
    phone: Id | None = None
    email: str | None = None
    birthday: str | None = None
    birth_date: str | None = None
    sms_not: int | bool | None = None


class _Record(Struct):
    id: NeededId
    last_change_date: datetime | None = None
    date: datetime | None = None
    datetime_: datetime | None = named(name="datetime", default=None)
    services: Annotated[list[_Service], Meta(max_length=100)] | UnsetType | None = UNSET
    goods_transactions: Annotated[list[_Sold], Meta(max_length=100)] | None = None
    activity_id: Id | None = None
    staff_id: Id | None = None
    staff: _Staff | Nothing | None = None
    client: _YclientsClient | Nothing | UnsetType | None = UNSET
    visit_attendance: int | None = None
    attendance: int | None = None
    seance_length: Seconds | None = None
    length: Seconds | None = None
    deleted: bool | None = None
    paid_full: int | bool | None = None
    comment: str | None = None
    record_from: str | None = None


class _RecordEvent(Struct):
    company_id: Id
    data: _Record
    status: ShortWord = ""


class _ClientEvent(Struct):
    resource_id: NeededId
    data: _YclientsClient | Nothing
    status: ShortWord = ""


def verify(raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
    """Nothing is verified: a sender who knows the address's token is the site. `normalise` compares the
    company."""


def identify(raw: bytes, headers: Mapping[str, str]) -> Delivery:
    """The delivery is known by the event's own names and its bytes: two changes within a second differ in
    nothing else."""
    try:
        (body,) = _bodies(raw)
        event = decode(body, _YclientsNames, strict=False)
        changed_at = getattr(event.data, "last_change_date", None)
        occurred_at = utc(changed_at, "$.data.last_change_date") if changed_at else None
    except (WebhookNotUnderstood, ValueError):
        return Delivery(parsing.digest(raw))
    names = (event.company_id, event.resource, event.resource_id, event.status)
    stamp = f"{occurred_at:%Y%m%dT%H%M%SZ}" if occurred_at else ""
    return Delivery(parsing.dedupe_key(*names, stamp, parsing.digest(raw)), occurred_at)


def normalise(raw: bytes, context: SiteContext) -> list[SiteEvent]:
    """An event of ours for each of the body's; if one of them cannot be understood, none is."""
    return [_event(body, context) for body in _bodies(raw)] or [site_events.Ignored("empty")]


def _bodies(raw: bytes) -> Sequence[bytes | Raw]:
    return decode(raw, list[Raw]) if raw.lstrip()[:1] == b"[" else [raw]


def _event(body: bytes | Raw, context: SiteContext) -> SiteEvent:
    head = decode(body, _YclientsHead, strict=False)
    if head.resource is None and head.event is not None:
        return site_events.Ignored("marketplace", head.event)
    believed = companies(context.settings)
    if believed is not None and str(head.company_id) not in believed:
        raise WebhookNotUnderstood("WRONG_COMPANY", "the event is of another company than the connection")
    odd = Oddities()
    match head.resource:
        case "record":
            event = lenient(body, _RecordEvent, odd, strict=False)
            booking = _booking(_of_known_kind(event, odd), parsing.digest(body), context, odd)
            return replace(booking, odd=odd.notes)
        case "client":
            event = lenient(body, _ClientEvent, odd, strict=False)
            card = _client_card(_of_known_kind(event, odd), parsing.digest(body), context, odd)
            if not isinstance(card, site_events.ClientReported):
                return card
            client = replace(card.client, cleared=parsing.cleared(body, "data"))
            return replace(card, client=client, odd=odd.notes)
        case None:
            raise WebhookNotUnderstood("INVALID_FIELD", "Object missing required field `resource`")
        case resource:
            return site_events.Ignored("not_used", resource)


_Event = TypeVar("_Event", _RecordEvent, _ClientEvent)


def _of_known_kind(event: _Event, odd: Oddities) -> _Event:
    """The event, whose kind counts as a change where the word for it is unknown."""
    if event.status in KINDS:
        return event
    odd.note("$.status", "Unknown word; read as `update`")
    return replace(event, status="update")


def _booking(
    event: _RecordEvent, digest: str, context: SiteContext, odd: Oddities
) -> site_events.BookingReported:
    record, digits = event.data, _digits(event, context)
    occurred_at = parsing.changed_at(record.last_change_date, context, odd, "$.data.last_change_date")
    status = _status(event, odd)
    lines = _lines(record, digits, odd)
    client = None if isinstance(record.client, UnsetType) else _client(record.client, context, odd)
    anonymous = client is None and record.client is not UNSET
    goods_minor = _goods_minor(record, digits, odd)
    is_known = not odd.is_incomplete("$.data.services")
    paid_minor = _paid(record, status, lines, goods_minor) if is_known else None
    waits = _is_waiting_list(record)
    booking = site_events.BookingReported(
        external_id=str(record.id),
        guard=site_events.guard(
            occurred_at=occurred_at,
            rank=RICHNESS[status] + (event.status != "create"),
            digest=digest,
        ),
        status=SiteStatus.MOVING if waits and status is not SiteStatus.CANCELLED else status,
        starts_at=None if waits else _starts_at(event, odd),
        utc_offset=_utc_offset(record),
        salon_external_id=id_text(event.company_id),
        client=client,
        anonymous=anonymous,
        lines=lines,
        no_services=record.services == [],
        paid_minor=paid_minor,
        goods_minor=goods_minor if status is SiteStatus.COMPLETED else None,
        bill_open=status is SiteStatus.COMPLETED and not record.paid_full,
        note=parsing.note_text(record.comment),
        source=one_line(record.record_from),
        minutes=_minutes(record) or None,
    )
    if waits:
        return replace(booking, not_booking="waiting_list")
    return replace(booking, not_booking="calendar_block") if _is_block(record, booking) else booking


def _digits(event: _RecordEvent, context: SiteContext) -> int:
    """How many decimal places of the site's amounts make a minor unit of the salon's currency."""
    if context.settings.get("money_unit") == "minor":
        return 0
    return minor_digits(context.currency_of(id_text(event.company_id)))


def _is_waiting_list(record: _Record) -> bool:
    """Whether the client waits for a free time: nobody is named to serve them, and no time is given."""
    nobody = record.staff_id in (0, "0") and not (
        isinstance(record.staff, _Staff) and id_text(record.staff.id)
    )
    return nobody and record.date is None and record.datetime_ is None


def _is_block(record: _Record, booking: site_events.BookingReported) -> bool:
    """Whether the record only keeps time free: for nobody, without a service, goods or a group."""
    has_none = not isinstance(record.services, UnsetType) and not booking.lines
    return bool(
        has_none and booking.anonymous and not record.goods_transactions and not id_text(record.activity_id)
    )


def _status(event: _RecordEvent, odd: Oddities) -> SiteStatus | None:
    """The attendance of the whole visit, which may hold several records, goes before the record's own. None
    for a word that is not known. No word is 0."""
    record, fields = event.data, ("visit_attendance", "attendance")
    if event.status == "delete" or record.deleted:
        return SiteStatus.CANCELLED
    for field in fields:
        attendance = getattr(record, field)
        if attendance in ATTENDANCE:
            return ATTENDANCE[attendance]
        if attendance is not None:
            odd.note(f"$.data.{field}", "Unknown value")
    is_odd = any(odd.is_incomplete(f"$.data.{field}") for field in fields)
    return None if is_odd else SiteStatus.BOOKED


def _starts_at(event: _RecordEvent, odd: Oddities) -> datetime | None:
    """The salon's wall clock. The offset of `datetime` is known to be wrong across a change of the clocks,
    but `Z`, or a number, is an instant. None for a change that tells no usable start."""
    for moment, field in ((event.data.date, "date"), (event.data.datetime_, "datetime")):
        if moment is None:
            continue
        if moment.year not in parsing.YEARS:
            odd.note(f"$.data.{field}", "The year is out of range")
            continue
        if moment.utcoffset() == timedelta():
            return moment.astimezone(UTC)
        return moment.replace(tzinfo=None)
    if event.status == "create":
        raise WebhookNotUnderstood("INVALID_FIELD", "The record has no usable start - at `$.data.date`")
    return None


def _utc_offset(record: _Record) -> int | None:
    """The minutes that the salon's clock is ahead of UTC by the site; None where it tells none, or UTC."""
    offset = record.datetime_.utcoffset() if record.datetime_ else None
    return int(offset.total_seconds()) // 60 if offset else None


def _minutes(record: _Record) -> int:
    return -(-(record.seance_length or record.length or 0) // 60)


def _lines(record: _Record, digits: int, odd: Oddities) -> tuple[SiteLine, ...]:
    """A line for each service. There is one length for all: each has its share, the first what is over."""
    staff = record.staff if isinstance(record.staff, _Staff) else _Staff()
    services = [one for one in _listed(record.services) if id_text(one.id) or one_line(one.title)]
    share, rest = divmod(_minutes(record), len(services) or 1)
    return tuple(
        SiteLine(
            service_id=id_text(service.id),
            service_name=one_line(service.title),
            staff_id=id_text(staff.id) or id_text(record.staff_id),
            staff_name=one_line(staff.name),
            minutes=(share if position else share + rest) or None,
            price_minor=_price_minor(service, digits, odd, f"$.data.services[{position}]"),
        )
        for position, service in enumerate(services)
    )


def _listed(services: list[_Service] | UnsetType | None) -> list[_Service]:
    return services if isinstance(services, list) else []


def _price_minor(sold: _Sold, digits: int, odd: Oddities, field: str) -> int | None:
    """What is to be paid after discounts, or else the price."""
    to_pay = parsing.amount(sold.cost_to_pay, odd, f"{field}.cost_to_pay")
    price = to_pay if to_pay is not None else parsing.amount(sold.cost, odd, f"{field}.cost")
    return None if price is None else parsing.minor_units(price, digits)


def _goods_minor(record: _Record, digits: int, odd: Oddities) -> int | None:
    """What the goods of the record come to. None where that is not told."""
    field = "$.data.goods_transactions"
    if odd.is_incomplete(field):
        return None
    prices = [
        _price_minor(sold, digits, odd, f"{field}[{position}]")
        for position, sold in enumerate(record.goods_transactions or ())
    ]
    known = [price for price in prices if price is not None]
    return sum(known) if len(known) == len(prices) else None


def _paid(
    record: _Record, status: SiteStatus | None, lines: tuple[SiteLine, ...], goods_minor: int | None
) -> int | None:
    """The sum of a visit that took place and is paid in full, goods included. None for a visit that is paid
    in part, or of which a price is not told."""
    prices = [line.price_minor for line in lines if line.price_minor is not None]
    is_full = status is SiteStatus.COMPLETED and record.paid_full and 0 < len(lines) == len(prices)
    return sum(prices) + goods_minor if is_full and goods_minor is not None else None


def _client(
    card: _YclientsClient | list[object] | None,
    context: SiteContext,
    odd: Oddities,
    field: str = "$.data.client",
) -> site_events.SiteClient | None:
    """The client of a record; None where the record has no detail of them."""
    if not isinstance(card, _YclientsClient):
        return None
    name = "birthday" if card.birthday else "birth_date"
    client = site_events.SiteClient(
        external_id=id_text(card.id),
        name=one_line(card.display_name) or one_line(f"{card.name or ''} {card.surname or ''}"),
        phone=one_line(id_text(card.phone)),
        email=one_line(card.email),
        birth_date=parsing.birth_date(getattr(card, name), context, odd, f"{field}.{name}"),
        opted_out=None if card.sms_not is None else NO_SMS_MAILINGS if card.sms_not else (),
    )
    return None if replace(client, opted_out=None) == site_events.SiteClient() else client


def _client_card(event: _ClientEvent, digest: str, context: SiteContext, odd: Oddities) -> SiteEvent:
    """What the event reports of a client. Where it has no card, it has no place in the order either."""
    if not isinstance(event.data, _YclientsClient):
        return site_events.Ignored("undated_client")
    occurred_at = parsing.changed_at(event.data.last_change_date, context, odd, "$.data.last_change_date")
    deleted = event.status == "delete"
    external_id = str(event.resource_id)
    return site_events.ClientReported(
        external_id=external_id,
        guard=site_events.guard(occurred_at=occurred_at, rank=int(deleted), digest=digest),
        client=_client(event.data, context, odd, "$.data") or site_events.SiteClient(external_id=external_id),
        deleted=deleted,
    )
