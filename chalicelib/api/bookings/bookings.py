"""Bookings: make, see, list, change, and take them through their steps."""

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from chalicelib.api.bookings.booking_schemas import (
    BonusOfVisit,
    BookingAnswer,
    CompletedAnswer,
    RefundedAnswer,
    booking_answer,
    booking_answers,
    desk_answer,
    refunded_answer,
)
from chalicelib.api.clients.clients import ClientRequest, new_client
from chalicelib.api.http.endpoint import DESK, EVERYBODY, Ask, endpoint, get, patch, post, salons_of
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.parsing import Body, bound, instant
from chalicelib.api.http.schemas import (
    Id,
    Line,
    Listing,
    Money,
    PageOf,
    Text,
    Word,
    amount_of,
    given,
    minor,
    one_after_another,
    sifted,
)
from chalicelib.domain.bookings.booking_access import reaches_booking
from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import malformed
from chalicelib.services.bookings import step_booking
from chalicelib.services.bookings.book import NewBooking, WantedLine, book_with_client
from chalicelib.services.bookings.change_booking import change_booking
from chalicelib.services.bookings.read_booking import get_booking
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.clients.surviving_client import surviving_client
from chalicelib.services.networks.set_up import get_salon
from chalicelib.services.visits import reopen_booking
from chalicelib.services.visits.complete_visit import complete
from chalicelib.services.visits.correct_bill import correct_bill
from chalicelib.services.visits.refund_visit import refund
from chalicelib.services.visits.visit_bill import VisitBill
from chalicelib.services.visits.visit_gifts import coupon_ids_of_visit

Instant = Annotated[datetime, Meta(tz=True)]
Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
PERSONAL = frozenset({Role.SPECIALIST})


class LineRequest(Body):
    """minutes and price: the service's own by default."""

    service_id: Id
    staff_id: Id | None = None
    minutes: Whole | None = None
    price: Money | None = None


Lines = Annotated[list[LineRequest], Meta(max_length=50)]


class BookingRequest(Body):
    """Either client_id, or a client who is found by phone or e-mail, else registered."""

    salon_id: Id
    starts_at: Instant
    lines: Lines
    client_id: Id | None = None
    client: ClientRequest | None = None
    source: Word | None = None
    note: Text | None = None


class BookingChanges(Body):
    """version: the change is made to that version only."""

    starts_at: Instant | UnsetType = UNSET
    lines: Lines | UnsetType = UNSET
    note: Text | UnsetType | None = UNSET
    version: Whole | UnsetType = UNSET


class BookingFilter(Listing, rename={"from_": "from"}):
    """from: included. to: an instant, which is excluded, or a date, whose whole day is included."""

    salon_id: Id | None = None
    from_: Word | None = None
    to: Word | None = None
    staff_id: Id | None = None
    status: Status | None = None


class CancelRequest(Body):
    """silently: the client is not told."""

    reason: Line | None = None
    silently: bool = False


class CompleteRequest(Body):
    """paid: the whole bill, goods and the part paid with points included, tips not."""

    paid: Money
    goods: Money | None = None
    redeem_points: Whole = 0
    tip: Money | None = None


class CorrectBillRequest(Body):
    """paid: as in `CompleteRequest`. goods, tip: as before unless they are given."""

    paid: Money
    goods: Money | None = None
    tip: Money | None = None


class RefundRequest(Body):
    """amount: of the whole bill, the part that was paid with points included."""

    amount: Money
    reason: Annotated[str, Meta(min_length=1, max_length=300)]


@post("/v1/bookings")
@endpoint(roles=DESK | {Role.PARTNER}, body=BookingRequest, answer=BookingAnswer, status=201)
def make(ask: Ask) -> BookingAnswer:
    request: BookingRequest = ask.body
    named = request.client_id if request.client is None else new_client(request.client)
    if named is None or None not in (request.client_id, request.client):
        raise malformed("INVALID_FIELD", "Give either client_id or client.", field="client")
    currency = get_salon(ask.world, ask.access, request.salon_id).currency
    new = NewBooking(
        salon_id=request.salon_id,
        client=named,
        starts_at=instant(request.starts_at, "starts_at"),
        lines=_wanted(request.lines, currency),
        source=request.source,
        note=request.note,
    )
    return booking_answer(ask, *book_with_client(ask.world, ask.access, new, ask.request_id))


def _wanted(lines: list[LineRequest], currency: str) -> list[WantedLine]:
    return [
        WantedLine(
            service_id=line.service_id,
            staff_id=line.staff_id,
            minutes=line.minutes,
            price_minor=minor(line.price, currency, f"lines[{number}].price"),
        )
        for number, line in enumerate(lines)
    ]


@get("/v1/bookings/{booking_id}")
@endpoint(roles=EVERYBODY, answer=BookingAnswer)
def see(ask: Ask, booking_id: str) -> BookingAnswer:
    return _answer(ask, get_booking(ask.world, ask.access, booking_id))


@get("/v1/bookings")
@endpoint(roles=EVERYBODY, query=BookingFilter, answer=PageOf[BookingAnswer])
def find(ask: Ask) -> PageOf[BookingAnswer]:
    """Sorted by time within each salon; without salon_id one salon after another."""
    asked: BookingFilter = ask.query
    if asked.salon_id is not None:
        names = [get_salon(ask.world, ask.access, asked.salon_id).id]
    else:
        names = salons_of(ask)

    def read(salon_id: str, limit: int, cursor: str | None) -> Any:
        zone = ask.world.directory(ask.access.network_id).salons[salon_id].timezone
        return ask.world.store.bookings_of_salon(
            ask.access.network_id,
            salon_id,
            since=bound(asked.from_, "from", zone),
            until=bound(asked.to, "to", zone, end=True),
            status=asked.status,
            limit=limit,
            cursor=cursor,
        )

    found, cursor = sifted(one_after_another(names, read), lambda each: _is_wanted(ask, each, asked), asked)
    return PageOf(items=booking_answers(ask, found), next_cursor=cursor)


def _is_wanted(ask: Ask, booking: Booking, asked: BookingFilter) -> bool:
    if asked.status not in (None, booking.status):
        return False
    if asked.staff_id is not None and all(line.staff_id != asked.staff_id for line in booking.lines):
        return False
    return reaches_booking(ask.access, booking)


@get("/v1/clients/{client_id}/bookings")
@endpoint(roles=EVERYBODY, query=Listing, answer=PageOf[BookingAnswer])
def of_client(ask: Ask, client_id: str) -> PageOf[BookingAnswer]:
    """The client's bookings that this key reaches, newest first."""
    client, network_id = get_client(ask.world, ask.access, client_id), ask.access.network_id
    whose, keep = client.id, partial(reaches_booking, ask.access)
    if ask.access.role is Role.PARTNER:
        whose, keep = _known_as(ask, client), partial(_is_booked_as, ask, client)
    found, cursor = sifted(
        lambda limit, cursor: ask.world.store.bookings_of_client(
            network_id, whose, limit=limit, cursor=cursor
        ),
        keep,
        ask.query,
    )
    return PageOf(items=[booking_answer(ask, booking, client) for booking in found], next_cursor=cursor)


def _known_as(ask: Ask, record: Client) -> str:
    """The client who comes when a partner books for its record of them."""
    client = surviving_client(ask.world, record)
    return client.id if client is not None else record.id


def _is_booked_as(ask: Ask, record: Client, booking: Booking) -> bool:
    known_as = booking.booked_as or booking.client_id
    return known_as == record.id and reaches_booking(ask.access, booking)


@patch("/v1/bookings/{booking_id}")
@endpoint(roles=DESK, body=BookingChanges, answer=BookingAnswer)
def change(ask: Ask, booking_id: str) -> BookingAnswer:
    changes = given(ask.body)
    if "starts_at" in changes:
        changes["starts_at"] = instant(changes["starts_at"], "starts_at")
    if "lines" in changes:
        booking = get_booking(ask.world, ask.access, booking_id)
        changes["lines"] = _wanted(changes["lines"], booking.currency)
    return _answer(ask, change_booking(ask.world, ask.access, booking_id, changes))


# --- steps


@post("/v1/bookings/{booking_id}/confirm")
@endpoint(roles=DESK | PERSONAL, answer=BookingAnswer)
def confirm(ask: Ask, booking_id: str) -> BookingAnswer:
    return _answer(ask, step_booking.confirm(ask.world, ask.access, booking_id))


@post("/v1/bookings/{booking_id}/cancel")
@endpoint(roles=DESK, body=CancelRequest, answer=BookingAnswer)
def cancel(ask: Ask, booking_id: str) -> BookingAnswer:
    reason, silently = ask.body.reason, ask.body.silently
    cancelled = step_booking.cancel(ask.world, ask.access, booking_id, reason, silently=silently)
    return _answer(ask, cancelled)


@post("/v1/bookings/{booking_id}/no-show")
@endpoint(roles=DESK | PERSONAL, answer=BookingAnswer)
def no_show(ask: Ask, booking_id: str) -> BookingAnswer:
    return _answer(ask, step_booking.mark_no_show(ask.world, ask.access, booking_id))


@post("/v1/bookings/{booking_id}/reopen")
@endpoint(roles=DESK, answer=BookingAnswer)
def reopen(ask: Ask, booking_id: str) -> BookingAnswer:
    """Back to booked; a completed visit is reversed with its bonuses."""
    return _answer(ask, reopen_booking.reopen(ask.world, ask.access, booking_id))


@post("/v1/bookings/{booking_id}/refund")
@endpoint(roles=DESK, body=RefundRequest, answer=RefundedAnswer, status=201)
def give_back(ask: Ask, booking_id: str) -> RefundedAnswer:
    """Gives back a completed visit's bill or a part of it, the part paid with points included. What the visit
    earned is taken back in proportion. The visit still counts as a visit. Send an Idempotency-Key."""
    amount, reason = amount_of(ask.body.amount), ask.body.reason
    done = refund(ask.world, ask.access, booking_id, amount, reason, ask.request_id)
    return refunded_answer(ask, done, _client(ask, done.booking))


@post("/v1/bookings/{booking_id}/complete")
@endpoint(roles=DESK, body=CompleteRequest, answer=CompletedAnswer)
def finish(ask: Ask, booking_id: str) -> CompletedAnswer:
    """Closes the visit, redeems and earns bonuses."""
    request: CompleteRequest = ask.body
    bill = VisitBill(
        paid=amount_of(request.paid),
        goods=amount_of(request.goods) if request.goods else None,
        tip=amount_of(request.tip) if request.tip else None,
        redeem_points=request.redeem_points,
    )
    done = complete(ask.world, ask.access, booking_id, bill, kept_of(ask.world).bills)
    bonus = BonusOfVisit(
        earned=done.booking.earned_points,
        would_earn=done.booking.would_earn,
        redeemed=done.booking.redeemed_points,
        balance=done.account.balance if done.account else 0,
        entry_ids=[entry.id for entry in done.entries],
        coupon_ids=coupon_ids_of_visit(done.booking, done.account) if done.account else [],
    )
    answer = desk_answer(ask, done.booking, _client(ask, done.booking))
    return CompletedAnswer(**asdict(answer), bonus=bonus)


@post("/v1/bookings/{booking_id}/bill")
@endpoint(roles=DESK, body=CorrectBillRequest, answer=BookingAnswer)
def correct(ask: Ask, booking_id: str) -> BookingAnswer:
    """Corrects the bill of a completed visit: its bonuses change by the difference."""
    request: CorrectBillRequest = ask.body
    goods = amount_of(request.goods) if request.goods else None
    tip = amount_of(request.tip) if request.tip else None
    paid, sums = amount_of(request.paid), kept_of(ask.world).bills
    return _answer(ask, correct_bill(ask.world, ask.access, booking_id, paid, goods, tip, sums))


def _answer(ask: Ask, booking: Booking) -> BookingAnswer:
    return booking_answer(ask, booking, _client(ask, booking))


def _client(ask: Ask, booking: Booking) -> Client | None:
    """The booking's client, read for the time zone alone."""
    if booking.client_id is None:
        return None
    return ask.world.store.get(Client, network_id=booking.network_id, id=booking.client_id, fresh=False)
