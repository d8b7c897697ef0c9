"""Our own form of events over Standard Webhooks, for bridges and sites without an adapter.

`booking.upserted` reports a booking, `client.upserted` a client; other types are ignored. A sender who counts
the versions of a booking gives `version` with every event of it; otherwise the later `timestamp` is the newer
event. An event that opens a booking must describe it. For one that closes it `external_id` and `status` are
enough.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from chalicelib.booking_sites import parsing, signing, standard_signature
from chalicelib.booking_sites.parsing import (
    Id,
    Instant,
    NeededId,
    Oddities,
    Word,
    decode,
    id_text,
    one_line,
    utc,
)
from chalicelib.domain.intake.connection_settings import BRIDGE, OF_EVERY_SITE, salons
from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    Ignored,
    SiteClient,
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)
from chalicelib.domain.shared import zones
from chalicelib.services.intake.booking_site import Delivery

SETTINGS = (*OF_EVERY_SITE, salons(), BRIDGE)

RANK = {
    SiteStatus.BOOKED: 0,
    SiteStatus.CONFIRMED: 1,
    SiteStatus.MOVING: 2,
    SiteStatus.NO_SHOW: 3,
    SiteStatus.COMPLETED: 4,
    SiteStatus.CANCELLED: 5,
}
"""Which of two events of one instant or version wins."""
OPEN = frozenset({SiteStatus.BOOKED, SiteStatus.CONFIRMED})
ATTENDED = {"arrived": SiteStatus.COMPLETED, "no_show": SiteStatus.NO_SHOW}


class _StandardHead(Struct):
    type: Word
    timestamp: Instant


class _Money(Struct):
    amount_minor: parsing.Minor
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]


class _StandardClient(Struct):
    name: str | None = None
    external_id: Id | None = None
    phone: Id | None = None
    email: str | None = None
    language: str | None = None
    birth_date: str | None = None


class _StandardLine(Struct):
    service: Word
    service_id: Id | None = None
    staff: Word | None = None
    staff_id: Id | None = None
    minutes: parsing.Minutes | None = None
    price: _Money | None = None


class _StandardBooking(Struct):
    external_id: NeededId
    status: SiteStatus
    starts_at: Annotated[str, Meta(max_length=100)] | None = None
    timezone: Annotated[str, Meta(max_length=200)] | None = None
    version: parsing.Version | None = None
    salon: Id | None = None
    client: _StandardClient | UnsetType | None = UNSET
    lines: Annotated[list[_StandardLine], Meta(max_length=100)] | None = None
    moved_from: Id | None = None
    attendance: Literal["unknown", "arrived", "no_show"] | None = None
    paid: _Money | None = None
    note: str | None = None
    source: str | None = None


class _StandardBookingEvent(Struct):
    timestamp: Instant
    data: _StandardBooking


class _Card(Struct):
    external_id: NeededId
    version: parsing.Version | None = None
    name: str | None = None
    phone: Id | None = None
    email: str | None = None
    language: str | None = None
    birth_date: str | None = None
    deleted: bool = False
    merged_from: Annotated[list[Word], Meta(max_length=100)] = []


class _CardEvent(Struct):
    timestamp: Instant
    data: _Card


def verify(raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
    standard_signature.verify(raw, headers, signing.needed_secret(context), now)


def identify(raw: bytes, headers: Mapping[str, str]) -> Delivery:
    """The delivery is known by `webhook-id`, which stays when a sender tries again; `webhook-timestamp` is
    the attempt's."""
    key = parsing.dedupe_key(signing.lowered(headers).get("webhook-id") or parsing.digest(raw))
    try:
        return Delivery(key, utc(decode(raw, _StandardHead).timestamp, "$.timestamp"))
    except WebhookNotUnderstood:
        return Delivery(key)


def normalise(raw: bytes, context: SiteContext) -> list[SiteEvent]:
    odd = Oddities()
    match decode(raw, _StandardHead).type:
        case "booking.upserted":
            event = parsing.lenient(raw, _StandardBookingEvent, odd)
            booking = _booking(event, parsing.digest(raw), context, odd)
            return [replace(booking, odd=odd.notes)]
        case "client.upserted":
            card = _client_card(parsing.lenient(raw, _CardEvent, odd), parsing.digest(raw), context, odd)
            client = replace(card.client, cleared=parsing.cleared(raw, "data"))
            return [replace(card, client=client, odd=odd.notes)]
        case other:
            return [Ignored("unknown_type", other)]


def _booking(
    event: _StandardBookingEvent, digest: str, context: SiteContext, odd: Oddities
) -> BookingReported:
    booking = event.data
    status = booking.status
    _ensure_readable(odd, "version", "salon", "moved_from")
    if status in OPEN:
        _ensure_readable(odd, "starts_at", "client", "lines")
        status = ATTENDED.get(booking.attendance or "", status)
        if booking.starts_at is None or booking.client is UNSET or booking.lines is None:
            raise WebhookNotUnderstood(
                "INVALID_FIELD",
                "A booking that is open needs `starts_at`, `client` and `lines` - at `$.data`",
            )
    client = None
    if not isinstance(booking.client, UnsetType):
        client = _client(booking.client, context, odd, "$.data.client")
    lines = booking.lines or []
    start = _start(booking, odd, needed=status in OPEN)
    return BookingReported(
        external_id=str(booking.external_id),
        guard=_guard(booking.version, event.timestamp, RANK[status], digest),
        status=status,
        starts_at=start.at,
        salon_external_id=id_text(booking.salon),
        client=client,
        anonymous=booking.client is None,
        lines=tuple(_line(line) for line in lines),
        moved_from=id_text(booking.moved_from) if booking.moved_from != booking.external_id else None,
        paid_minor=booking.paid.amount_minor if booking.paid else None,
        currency=_currency(booking),
        note=parsing.note_text(booking.note),
        source=one_line(booking.source),
        zone=start.zone,
        utc_offset=start.utc_offset,
        partial=start.at is None,
        minutes=sum(line.minutes or 0 for line in lines) or None,
        occurred_at=utc(event.timestamp, "$.timestamp"),
    )


def _ensure_readable(odd: Oddities, *fields: str) -> None:
    """Raises INVALID_FIELD where one of these fields is odd: without it the event would be another one."""
    for note in odd.notes:
        path, _, what = note.partition(": ")
        if path.removeprefix("$.data.") in fields:
            raise WebhookNotUnderstood("INVALID_FIELD", f"{what} - at `{path}`")


def _guard(version: int | None, timestamp: datetime, rank: int, digest: str) -> str:
    return guard(version=version, occurred_at=utc(timestamp, "$.timestamp"), rank=rank, digest=digest)


class _Start(Struct):
    """at, zone, utc_offset: as in `BookingReported`."""

    at: datetime | None = None
    zone: str | None = None
    utc_offset: int | None = None


def _start(booking: _StandardBooking, odd: Oddities, *, needed: bool) -> _Start:
    """The start as an instant where it has an offset. A local time is in `timezone`, or in the salon's zone
    if there is none. needed: without a start that can be read there is no booking."""
    if booking.starts_at is None:
        return _Start()
    try:
        starts_at = parsing.moment(booking.starts_at, "$.data.starts_at")
    except WebhookNotUnderstood as error:
        if needed:
            raise
        odd.note("$.data.starts_at", error.message)
        return _Start()
    zone = (booking.timezone or "").strip() or None
    if zone is None:
        return _Start(starts_at.astimezone(UTC) if starts_at.tzinfo else starts_at)
    if not zones.is_zone(zone):
        what = "No IANA time zone, such as Europe/Chisinau"
        raise WebhookNotUnderstood("UNKNOWN_TIMEZONE", f"{what} - at `$.data.timezone`")
    offset = int((starts_at.utcoffset() or timedelta()).total_seconds()) // 60
    # an instant in UTC says nothing of the place; any other offset is the place's
    return _Start(zones.as_instant(starts_at, zone), zone, offset or None)


def _line(line: _StandardLine) -> SiteLine:
    """Senders name services and staff by ids or by names, as they like: without an id beside it, each word is
    taken as both."""
    return SiteLine(
        service_id=id_text(line.service_id) or line.service,
        service_name=one_line(line.service),
        staff_id=id_text(line.staff_id) or line.staff,
        staff_name=one_line(line.staff),
        minutes=line.minutes,
        price_minor=line.price.amount_minor if line.price else None,
    )


def _currency(booking: _StandardBooking) -> str | None:
    money = [line.price for line in booking.lines or [] if line.price] + (
        [booking.paid] if booking.paid else []
    )
    currencies = {amount.currency for amount in money}
    if len(currencies) > 1:
        raise WebhookNotUnderstood(
            "MIXED_CURRENCIES", "The prices and `paid` are of one currency - at `$.data`"
        )
    return currencies.pop() if currencies else None


def _client(
    card: _StandardClient | _Card | None, context: SiteContext, odd: Oddities, field: str
) -> SiteClient | None:
    if card is None:
        return None
    return SiteClient(
        external_id=id_text(card.external_id),
        name=one_line(card.name),
        phone=id_text(card.phone),
        email=one_line(card.email),
        language=one_line(card.language),
        birth_date=parsing.birth_date(card.birth_date, context, odd, f"{field}.birth_date"),
    )


def _client_card(event: _CardEvent, digest: str, context: SiteContext, odd: Oddities) -> ClientReported:
    card = event.data
    _ensure_readable(odd, "version", "merged_from", "deleted")
    external_id = str(card.external_id)
    return ClientReported(
        external_id=external_id,
        guard=_guard(card.version, event.timestamp, int(card.deleted), digest),
        client=_client(card, context, odd, "$.data") or SiteClient(external_id=external_id),
        deleted=card.deleted,
        merged_from=tuple(one for one in card.merged_from if one != external_id),
    )
