"""Square: signed with HMAC over the address and the body. Every booking and customer counts its versions.

Settings: `merchant_id`, if set, is the only seller whose events are understood. A subscription belongs to an
application, and gets the events of all sellers who use it.

A booking names its customer by id only. Who the customer is comes with the `customer.*` events, before or
after.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar

from msgspec import Meta, Struct

from chalicelib.booking_sites import parsing, signing
from chalicelib.booking_sites.parsing import Instant, Word, decode, id_text, one_line, utc
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
from chalicelib.services.intake.booking_site import Delivery

SIGNATURE = "x-square-hmacsha256-signature"

STATUS = {
    "PENDING": SiteStatus.MOVING,
    "ACCEPTED": SiteStatus.BOOKED,
    "DECLINED": SiteStatus.CANCELLED,
    "CANCELLED_BY_CUSTOMER": SiteStatus.CANCELLED,
    "CANCELLED_BY_SELLER": SiteStatus.CANCELLED,
    "NO_SHOW": SiteStatus.NO_SHOW,
}
"""There is no "completed" on Square. PENDING: see `_booking`."""

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
    version: parsing.Version
    status: Literal[
        "PENDING", "ACCEPTED", "DECLINED", "CANCELLED_BY_CUSTOMER", "CANCELLED_BY_SELLER", "NO_SHOW"
    ]
    start_at: Instant
    location_id: parsing.Id | None = None
    customer_id: parsing.Id | None = None
    customer_note: str | None = None
    seller_note: str | None = None
    appointment_segments: Annotated[list[_Segment], Meta(max_length=100)] | None = None


class _BookingObject(Struct):
    booking: _SquareBooking


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
    head = decode(raw, _SquareHead)
    merchant_id = context.settings.get("merchant_id")
    if merchant_id and str(merchant_id) != head.merchant_id:
        raise WebhookNotUnderstood("WRONG_COMPANY", "the event is of another merchant than the connection")
    reader = READERS.get(head.type)
    if reader is None:
        return [Ignored("not_used", head.type)]
    return [reader(raw, head)]


def _booking(raw: bytes, head: _SquareHead) -> SiteEvent:
    """PENDING waits for the seller: a new one is no booking yet, a later version asks to change a booking."""
    booking = decode(raw, _SquareEvent[_BookingObject]).data.object.booking
    if booking.status == "PENDING" and booking.version == 0:
        return Ignored("awaiting_acceptance")
    segments = booking.appointment_segments or []
    customer_id = id_text(booking.customer_id)
    return BookingReported(
        external_id=booking.id,
        guard=guard(version=booking.version),
        status=STATUS[booking.status],
        starts_at=utc(booking.start_at, "$.data.object.booking.start_at"),
        salon_external_id=id_text(booking.location_id),
        client=SiteClient(external_id=customer_id) if customer_id else None,
        anonymous=customer_id is None,
        lines=tuple(_line(segment) for segment in segments if id_text(segment.service_variation_id)),
        note=parsing.note_text(booking.customer_note, booking.seller_note),
        minutes=sum(segment.duration_minutes or 0 for segment in segments) or None,
    )


def _line(segment: _Segment) -> SiteLine:
    return SiteLine(
        service_id=id_text(segment.service_variation_id),
        staff_id=id_text(segment.team_member_id),
        minutes=segment.duration_minutes,
    )


def _customer(raw: bytes, head: _SquareHead) -> SiteEvent:
    """What the event reports of a customer. A merge deletes customers in favour of one whose own event names
    them; the event of a deleted one is ignored."""
    changed = decode(raw, _SquareEvent[_CustomerObject]).data.object
    customer = changed.customer
    merge = (changed.event_context and changed.event_context.merge) or _Merge()
    deleted = head.type == "customer.deleted"
    if deleted and id_text(merge.to_customer_id):
        return Ignored("merged", id_text(merge.to_customer_id) or "")
    return ClientReported(
        external_id=customer.id,
        guard=_customer_guard(customer, head, deleted),
        client=SiteClient(
            external_id=customer.id,
            name=one_line(f"{customer.given_name or ''} {customer.family_name or ''}")
            or one_line(customer.nickname)
            or one_line(customer.company_name),
            phone=one_line(customer.phone_number),
            email=one_line(customer.email_address),
            birth_date=parsing.birth_date(customer.birthday),
        ),
        deleted=deleted,
        merged_from=tuple(one for one in merge.from_customer_ids or () if one != customer.id),
    )


def _customer_guard(customer: _Customer, head: _SquareHead, deleted: bool) -> str:
    """A deletion keeps the version of the last change, so it ranks above it."""
    if customer.version is not None:
        return guard(version=customer.version, rank=int(deleted))
    return guard(occurred_at=_created_at(head), rank=int(deleted))


def _loyalty_account(raw: bytes, head: _SquareHead) -> SiteEvent:
    """The phone of a customer whom no event has reported yet. Its guard is a time, which is below any
    version."""
    account = decode(raw, _SquareEvent[_LoyaltyObject]).data.object.loyalty_account
    customer_id = id_text(account.customer_id)
    phone = one_line(account.mapping.phone_number) if account.mapping else None
    if customer_id is None or phone is None:
        return Ignored("not_used", head.type)
    client = SiteClient(external_id=customer_id, phone=phone)
    return ClientReported(customer_id, guard(occurred_at=_created_at(head)), client)


def _created_at(head: _SquareHead) -> datetime:
    if head.created_at is None:
        raise WebhookNotUnderstood("INVALID_FIELD", "Object missing required field `created_at`")
    return utc(head.created_at, "$.created_at")


def _test(raw: bytes, head: _SquareHead) -> SiteEvent:
    return Ignored("test_notification")


READERS: dict[str, Callable[[bytes, _SquareHead], SiteEvent]] = {
    "booking.created": _booking,
    "booking.updated": _booking,
    "customer.created": _customer,
    "customer.updated": _customer,
    "customer.deleted": _customer,
    "loyalty.account.created": _loyalty_account,
    "webhooks.test_notification": _test,
}
"""The events that concern us, of more than a hundred that Square has."""
