"""YCLIENTS and Altegio: one code base, two brands, one adapter. Nothing is signed: the address is the secret.

Settings: `company_id` names the company, or several with commas between, whose events are understood, of
whatever kind; `domain/intake/trust.py` has the words that may stand there. `money_unit` is the unit of
prices: `major` (the default: whole units of the currency) or `minor`.

The vendor documents neither the unit of money, nor the shape of the `client` resource, nor that a body may be
a list of events. These are assumed here only.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType
from msgspec import field as named

from chalicelib.booking_sites import parsing
from chalicelib.booking_sites.parsing import Id, Instant, NeededId, Nothing, decode, id_text, one_line, utc
from chalicelib.domain.intake import site_events
from chalicelib.domain.intake.site_events import (
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
)
from chalicelib.domain.intake.trust import companies
from chalicelib.services.intake.booking_site import Delivery

ATTENDANCE = {2: SiteStatus.CONFIRMED, 1: SiteStatus.COMPLETED, 0: SiteStatus.BOOKED, -1: SiteStatus.NO_SHOW}
RICHNESS = {
    SiteStatus.BOOKED: 0,
    SiteStatus.CONFIRMED: 2,
    SiteStatus.NO_SHOW: 4,
    SiteStatus.COMPLETED: 6,
    SiteStatus.CANCELLED: 8,
}
"""Which of two events of one second wins (no finer time is given): what ends a booking, then a change."""

Attendance = Literal[-1, 0, 1, 2]
Kind = Literal["create", "update", "delete"]
ShortWord = Annotated[str, Meta(max_length=100)]
Seconds = Annotated[int, Meta(ge=0, le=7 * 24 * 3600)]


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


class _Service(Struct):
    id: Id | None = None
    title: str | None = None
    cost: Decimal | None = None
    cost_to_pay: Decimal | None = None


class _Staff(Struct):
    id: Id | None = None
    name: str | None = None


class _YclientsClient(_YclientsDated):
    id: Id | None = None
    name: str | None = None
    surname: str | None = None
    display_name: str | None = None
    phone: Id | None = None
    email: str | None = None
    birthday: str | None = None
    birth_date: str | None = None


class _Record(Struct):
    id: NeededId
    last_change_date: Instant
    date: parsing.LocalTime | None = None
    datetime_: Instant | None = named(name="datetime", default=None)
    services: Annotated[list[_Service], Meta(max_length=100)] | None = None
    staff_id: Id | None = None
    staff: _Staff | Nothing | None = None
    client: _YclientsClient | Nothing | UnsetType | None = UNSET
    visit_attendance: Attendance | None = None
    attendance: Attendance | None = None
    seance_length: Seconds | None = None
    length: Seconds | None = None
    deleted: bool | None = None
    paid_full: int | bool | None = None
    comment: str | None = None
    record_from: str | None = None


class _RecordEvent(Struct):
    company_id: Id
    status: Kind
    data: _Record


class _ClientEvent(Struct):
    resource_id: NeededId
    status: Kind
    data: _YclientsClient | Nothing


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
    match head.resource:
        case "record":
            return _booking(decode(body, _RecordEvent, strict=False), parsing.digest(body), context)
        case "client":
            return _client_card(decode(body, _ClientEvent, strict=False), parsing.digest(body))
        case None:
            raise WebhookNotUnderstood("INVALID_FIELD", "Object missing required field `resource`")
        case resource:
            return site_events.Ignored("not_used", resource)


def _booking(event: _RecordEvent, digest: str, context: SiteContext) -> site_events.BookingReported:
    record = event.data
    status = _status(event)
    lines = _lines(record, context)
    client = None if isinstance(record.client, UnsetType) else _client(record.client)
    return site_events.BookingReported(
        external_id=str(record.id),
        guard=site_events.guard(
            occurred_at=utc(record.last_change_date, "$.data.last_change_date"),
            rank=RICHNESS[status] + (event.status != "create"),
            digest=digest,
        ),
        status=status,
        starts_at=_starts_at(record),
        salon_external_id=id_text(event.company_id),
        client=client,
        anonymous=client is None and record.client is not UNSET,
        lines=lines,
        paid_minor=_paid(record, status, lines),
        note=parsing.note_text(record.comment),
        source=one_line(record.record_from),
        minutes=_minutes(record) or None,
    )


def _status(event: _RecordEvent) -> SiteStatus:
    """The attendance of the whole visit, which may hold several records, goes before the record's own."""
    record = event.data
    if event.status == "delete" or record.deleted:
        return SiteStatus.CANCELLED
    attendance = record.attendance if record.visit_attendance is None else record.visit_attendance
    return ATTENDANCE[attendance or 0]


def _starts_at(record: _Record) -> datetime:
    """The salon's wall clock: the offset of `datetime` is known to be wrong across a change of the clocks."""
    if record.date is not None:
        return parsing.usable(record.date, "$.data.date")
    if record.datetime_ is not None:
        return parsing.usable(record.datetime_, "$.data.datetime").replace(tzinfo=None)
    raise WebhookNotUnderstood("INVALID_FIELD", "Object missing required field `date` - at `$.data`")


def _minutes(record: _Record) -> int:
    return -(-(record.seance_length or record.length or 0) // 60)


def _lines(record: _Record, context: SiteContext) -> tuple[SiteLine, ...]:
    """A line for each service. There is one length for all: each has its share, the first what is over."""
    staff = record.staff if isinstance(record.staff, _Staff) else _Staff()
    services = [one for one in record.services or () if id_text(one.id) or one_line(one.title)]
    share, rest = divmod(_minutes(record), len(services) or 1)
    return tuple(
        SiteLine(
            service_id=id_text(service.id),
            service_name=one_line(service.title),
            staff_id=id_text(staff.id) or id_text(record.staff_id),
            staff_name=one_line(staff.name),
            minutes=(share if position else share + rest) or None,
            price_minor=_price_minor(service, context),
        )
        for position, service in enumerate(services)
    )


def _price_minor(service: _Service, context: SiteContext) -> int | None:
    """What is to be paid after discounts."""
    amount = service.cost if service.cost_to_pay is None else service.cost_to_pay
    units = 1 if context.settings.get("money_unit") == "minor" else 100
    return None if amount is None else parsing.minor_units(amount, units, "$.data.services[...].cost_to_pay")


def _paid(record: _Record, status: SiteStatus, lines: tuple[SiteLine, ...]) -> int | None:
    """The sum of a visit that took place and is paid in full. None for a visit that is paid in part."""
    prices = [line.price_minor for line in lines if line.price_minor is not None]
    is_full = status is SiteStatus.COMPLETED and record.paid_full and 0 < len(lines) == len(prices)
    return sum(prices) if is_full else None


def _client(card: _YclientsClient | list[object] | None) -> site_events.SiteClient | None:
    """The client of a record; None where the record has no detail of them."""
    if not isinstance(card, _YclientsClient):
        return None
    client = site_events.SiteClient(
        external_id=id_text(card.id),
        name=one_line(card.display_name) or one_line(f"{card.name or ''} {card.surname or ''}"),
        phone=id_text(card.phone),
        email=one_line(card.email),
        birth_date=parsing.birth_date(card.birthday or card.birth_date),
    )
    return None if client == site_events.SiteClient() else client


def _client_card(event: _ClientEvent, digest: str) -> SiteEvent:
    """What the event reports of a client. A card without its time has no place in the order; the client's
    next record reports the same."""
    if not isinstance(event.data, _YclientsClient) or event.data.last_change_date is None:
        return site_events.Ignored("undated_client")
    changed_at = utc(event.data.last_change_date, "$.data.last_change_date")
    deleted = event.status == "delete"
    external_id = str(event.resource_id)
    return site_events.ClientReported(
        external_id=external_id,
        guard=site_events.guard(occurred_at=changed_at, rank=int(deleted), digest=digest),
        client=_client(event.data) or site_events.SiteClient(external_id=external_id),
        deleted=deleted,
    )
