"""Square: signed with HMAC over the address and the body. Every booking and customer counts its versions.

`merchant_id` of the settings is the only seller whose events are understood. A subscription belongs to an
application, and gets the events of all sellers who use it.

A booking names its customer by id only. Who the customer is comes with the `customer.*` events, before or
after.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from chalicelib.booking_sites import parsing, signing
from chalicelib.booking_sites.parsing import Instant, Oddities, Word, decode, id_text, lenient, one_line, utc
from chalicelib.domain.intake.connection_settings import MERCHANT, OF_EVERY_SITE, salons
from chalicelib.domain.intake.site_events import (
    BadSignature,
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
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.intake.booking_site import Delivery

SETTINGS = (*OF_EVERY_SITE, salons(), MERCHANT)

SIGNATURE = "x-square-hmacsha256-signature"

BOOKING = "$.data.object.booking"

STATUS = {
    "PENDING": SiteStatus.MOVING,
    "ACCEPTED": SiteStatus.BOOKED,
    "DECLINED": SiteStatus.CANCELLED,
    "CANCELLED_BY_CUSTOMER": SiteStatus.CANCELLED,
    "CANCELLED_BY_SELLER": SiteStatus.CANCELLED,
    "NO_SHOW": SiteStatus.NO_SHOW,
}
"""There is no "completed" on Square. PENDING: see `_booking`."""

NO_MARKETING_MAILS = (("email", Purpose.MARKETING),)
"""What `email_unsubscribed` says. Word of the client's own booking goes out."""

Kind = TypeVar("Kind")


class _SquareHead(Struct):
    type: Word
    event_id: Word | None = None
    created_at: Instant | None = None
    merchant_id: str | None = None


class _Data(Struct, Generic[Kind]):
    object: Kind


class _SquareEvent(Struct, Generic[Kind]):
    """The data of an event, whose `object` has one field named after its kind."""

    data: _Data[Kind]


class _Segment(Struct):
    duration_minutes: parsing.Minutes | None = None
    service_variation_id: parsing.Id | None = None
    team_member_id: parsing.Id | None = None


class _SquareBooking(Struct):
    id: Word
    version: parsing.Version | None = None
    status: str | None = None
    start_at: Instant | None = None
    location_id: parsing.Id | None = None
    customer_id: parsing.Id | None = None
    customer_note: str | None = None
    seller_note: str | None = None
    appointment_segments: Annotated[list[_Segment], Meta(max_length=100)] | None = None


class _BookingObject(Struct):
    booking: _SquareBooking


class _Preferences(Struct):
    email_unsubscribed: bool | None = None


class _Customer(Struct):
    id: Word
    version: parsing.Version | None = None
    given_name: str | None = None
    family_name: str | None = None
    nickname: str | None = None
    company_name: str | None = None
    phone_number: str | None = None
    email_address: str | None = None
    birthday: str | None = None
    preferences: _Preferences | None = None


class _Merge(Struct):
    to_customer_id: parsing.Id | None = None
    from_customer_ids: Annotated[list[Word], Meta(max_length=100)] | None = None


class _EventContext(Struct):
    merge: _Merge | None = None


class _CustomerObject(Struct):
    customer: _Customer
    event_context: _EventContext | None = None


class _Mapping(Struct):
    phone_number: str | None = None


class _LoyaltyAccount(Struct):
    customer_id: parsing.Id | None = None
    mapping: _Mapping | None = None


class _LoyaltyObject(Struct):
    loyalty_account: _LoyaltyAccount


def verify(raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
    """The address is signed as it was typed into Square's console: it is never rebuilt from the request."""
    secret = signing.needed_secret(context)
    (given,) = signing.needed_headers(headers, SIGNATURE)
    if not raw or not context.url:
        raise BadSignature("there is nothing signed")
    mac = signing.hmac_sha256(secret.encode(), context.url.encode(), raw)
    if not signing.same(base64.b64encode(mac), given):
        raise BadSignature("the signature is another one")


def identify(raw: bytes, headers: Mapping[str, str]) -> Delivery:
    """The delivery is known by `event_id`: nothing else guards against a replay, since no time is signed."""
    try:
        head = decode(raw, _SquareHead)
        occurred_at = utc(head.created_at, "$.created_at") if head.created_at else None
    except WebhookNotUnderstood:
        return Delivery(parsing.digest(raw))
    return Delivery(parsing.dedupe_key(head.event_id or parsing.digest(raw)), occurred_at)


def normalise(raw: bytes, context: SiteContext) -> list[SiteEvent]:
    head: _SquareHead = lenient(raw, _SquareHead, Oddities())
    merchant_id = context.settings.get("merchant_id")
    if merchant_id and str(merchant_id) != head.merchant_id:
        raise WebhookNotUnderstood("WRONG_COMPANY", "the event is of another merchant than the connection")
    reader = READERS.get(head.type)
    if reader is None:
        return [Ignored("not_used", head.type)]
    odd = Oddities()
    event = reader(raw, head, context, odd)
    return [event if isinstance(event, Ignored) else replace(event, odd=odd.notes)]


def _booking(raw: bytes, head: _SquareHead, context: SiteContext, odd: Oddities) -> SiteEvent:
    """PENDING waits for the seller: a new one is no booking yet, a later version asks to change a booking."""
    booking: _SquareBooking = lenient(raw, _SquareEvent[_BookingObject], odd).data.object.booking
    if booking.status == "PENDING" and not booking.version:
        return Ignored("awaiting_acceptance")
    segments = booking.appointment_segments or []
    customer_id = id_text(booking.customer_id)
    is_unknown = odd.is_incomplete(f"{BOOKING}.customer_id")
    anonymous = customer_id is None and not is_unknown
    is_block = anonymous and booking.appointment_segments == []
    return BookingReported(
        external_id=booking.id,
        guard=_booking_guard(booking, head, context, odd),
        status=_status(booking, odd),
        starts_at=_starts_at(booking, head, odd),
        salon_external_id=id_text(booking.location_id),
        client=SiteClient(external_id=customer_id) if customer_id else None,
        anonymous=anonymous,
        not_booking="calendar_block" if is_block else None,
        lines=tuple(_line(segment) for segment in segments if id_text(segment.service_variation_id)),
        note=parsing.note_text(booking.customer_note, booking.seller_note),
        minutes=sum(segment.duration_minutes or 0 for segment in segments) or None,
        occurred_at=utc(head.created_at, "$.created_at") if head.created_at else None,
    )


def _booking_guard(booking: _SquareBooking, head: _SquareHead, context: SiteContext, odd: Oddities) -> str:
    """A booking without its version is ordered by the event's time, which is below any version."""
    if booking.version is not None:
        return guard(version=booking.version)
    odd.note(f"{BOOKING}.version", "No version; ordered by time, below any version")
    return guard(occurred_at=parsing.changed_at(head.created_at, context, odd, "$.created_at"))


def _status(booking: _SquareBooking, odd: Oddities) -> SiteStatus | None:
    """None for a word that is not known: a known booking stays as it is, a new one is booked."""
    if booking.status not in STATUS:
        odd.note(f"{BOOKING}.status", "Unknown value")
    return STATUS.get(booking.status or "")


def _starts_at(booking: _SquareBooking, head: _SquareHead, odd: Oddities) -> datetime | None:
    """The start. A change may lack it, a new booking may not."""
    field = f"{BOOKING}.start_at"
    if booking.start_at is not None and booking.start_at.year in parsing.YEARS:
        return utc(booking.start_at, field)
    if head.type == "booking.created":
        raise WebhookNotUnderstood("INVALID_FIELD", f"The booking has no usable start - at `{field}`")
    odd.note(field, "No usable start")
    return None


def _line(segment: _Segment) -> SiteLine:
    return SiteLine(
        service_id=id_text(segment.service_variation_id),
        staff_id=id_text(segment.team_member_id),
        minutes=segment.duration_minutes,
    )


def _customer(raw: bytes, head: _SquareHead, context: SiteContext, odd: Oddities) -> SiteEvent:
    """What the event reports of a customer. A merge deletes customers in favour of one whose own event names
    them; the event of a deleted one is ignored."""
    changed: _CustomerObject = lenient(raw, _SquareEvent[_CustomerObject], odd).data.object
    customer = changed.customer
    merge = (changed.event_context and changed.event_context.merge) or _Merge()
    deleted = head.type == "customer.deleted"
    if deleted and id_text(merge.to_customer_id):
        return Ignored("merged", id_text(merge.to_customer_id) or "")
    return ClientReported(
        external_id=customer.id,
        guard=_customer_guard(customer, head, context, odd),
        client=SiteClient(
            external_id=customer.id,
            name=one_line(f"{customer.given_name or ''} {customer.family_name or ''}")
            or one_line(customer.nickname)
            or one_line(customer.company_name),
            phone=one_line(customer.phone_number),
            email=one_line(customer.email_address),
            birth_date=parsing.birth_date(customer.birthday, context, odd, "$.data.object.customer.birthday"),
            opted_out=_opted_out(customer),
            cleared=parsing.cleared(raw, "data", "object", "customer", absent=True),
        ),
        deleted=deleted,
        merged_from=tuple(one for one in merge.from_customer_ids or () if one != customer.id),
    )


def _opted_out(customer: _Customer) -> tuple[tuple[str, Purpose], ...] | None:
    is_out = customer.preferences.email_unsubscribed if customer.preferences else None
    return None if is_out is None else NO_MARKETING_MAILS if is_out else ()


def _customer_guard(customer: _Customer, head: _SquareHead, context: SiteContext, odd: Oddities) -> str:
    """A deletion keeps the version of the last change, so it ranks above it."""
    rank = int(head.type == "customer.deleted")
    if customer.version is not None:
        return guard(version=customer.version, rank=rank)
    return guard(occurred_at=parsing.changed_at(head.created_at, context, odd, "$.created_at"), rank=rank)


def _loyalty_account(raw: bytes, head: _SquareHead, context: SiteContext, odd: Oddities) -> SiteEvent:
    """The phone of a customer whom no event has reported yet. Its guard is a time, which is below any
    version."""
    account: _LoyaltyAccount = lenient(raw, _SquareEvent[_LoyaltyObject], odd).data.object.loyalty_account
    customer_id = id_text(account.customer_id)
    phone = one_line(account.mapping.phone_number) if account.mapping else None
    if customer_id is None or phone is None:
        return Ignored("not_used", head.type)
    client = SiteClient(external_id=customer_id, phone=phone)
    occurred_at = parsing.changed_at(head.created_at, context, odd, "$.created_at")
    return ClientReported(customer_id, guard(occurred_at=occurred_at), client)


def _test(raw: bytes, head: _SquareHead, context: SiteContext, odd: Oddities) -> SiteEvent:
    return Ignored("test_notification")


READERS: dict[str, Callable[[bytes, _SquareHead, SiteContext, Oddities], SiteEvent]] = {
    "booking.created": _booking,
    "booking.updated": _booking,
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _customer,
    "loyalty.account.created": _loyalty_account,
    "webhooks.test_notification": _test,
}
"""The events that concern us, of more than a hundred that Square has."""
