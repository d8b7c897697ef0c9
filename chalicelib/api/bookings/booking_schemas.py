"""Bookings as they are answered."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec.structs import asdict, replace

from chalicelib.api.http.endpoint import Ask
from chalicelib.api.http.schemas import Answered, Money, money
from chalicelib.domain.bookings.booking_plan import as_planned, plans
from chalicelib.domain.bookings.bookings import Booking, Line, Refund
from chalicelib.domain.bookings.partner_note import note_of_partner
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.first_source import partner_word
from chalicelib.domain.messages.messages import message_id
from chalicelib.domain.messages.reasons import reason_words
from chalicelib.domain.networks.network import Directory, Role
from chalicelib.domain.networks.site_names import shown_name
from chalicelib.domain.shared.touches import Plan, Touch, TouchState, touch_of
from chalicelib.domain.shared.zones import zone
from chalicelib.services.bookings.desk_tasks import to_do_on_site
from chalicelib.services.bookings.plan_booking import directory_for
from chalicelib.services.bookings.same_visit import rules_of
from chalicelib.services.visits.refund_visit import Refunded

_TRIED = frozenset({TouchState.SENT, TouchState.AWAITING, TouchState.FAILED, TouchState.UNKNOWN})
_STATES = {TouchState.DEFERRED: "planned", TouchState.AWAITING: "sent"}
"""States that are nobody's business but the sender's."""


class LineAnswer(Answered):
    service_id: str
    service: str | None
    staff_id: str | None
    staff: str | None
    minutes: int
    price: Money | None


class TouchAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What was or will be sent about the booking. state: planned, sending, sent, skipped, failed or
    unknown."""

    kind: str
    state: str
    at: datetime
    reason: str | None = None
    reason_words: str | None = None
    message_id: str | None = None


class WakeAnswer(Answered):
    at: datetime
    why: str


class ReviewAnswer(Answered):
    stars: int
    words: str
    at: datetime


class RefundAnswer(Answered):
    """amount: a part of the bill, given back partly in money and partly as points (points_back).
    points_taken: earned points that were taken back."""

    id: str
    amount: Money
    points_back: int
    points_taken: int
    reason: str
    at: datetime


class BookingAnswer(Answered):
    """local_time: the start on the salon's clock. wake: when the booking next needs attention, and why.

    move_wish: what the client wrote when asking to move; null: not asked. booked_for: the person whom a site
    names for the booking, who has another name than the client.
    bill_due_at: the client came, and nobody has told what was paid: then the prices count; null: it is told.
    to_do_on_site: `cancel` or `confirm`: what was done here and is still to be done on the booking's site.
    """

    id: str
    status: str
    salon_id: str
    client_id: str | None
    booked_for: str | None
    starts_at: datetime
    ends_at: datetime
    local_time: str
    lines: list[LineAnswer]
    total: Money | None
    source: str | None
    note: str | None
    reason: str | None
    made_at: datetime
    closed_at: datetime | None
    paid: Money | None
    goods: Money | None
    tip: Money | None
    bill_due_at: datetime | None
    redeemed_points: int
    earned_points: int
    held_points: int
    refunds: list[RefundAnswer]
    review: ReviewAnswer | None
    move_wish: str | None
    to_do_on_site: str | None
    touches: list[TouchAnswer]
    wake: WakeAnswer | None
    version: int


class BonusOfVisit(Answered):
    """coupon_ids: of the coupons that the visit brought. would_earn: what the bill would have earned, had the
    network not been in trial."""

    earned: int
    would_earn: int
    redeemed: int
    balance: int
    entry_ids: list[str]
    coupon_ids: list[str]


class CompletedAnswer(BookingAnswer):
    bonus: BonusOfVisit


class BonusOfRefund(Answered):
    """debt: the part of points_taken that was spent already; the next points pay it."""

    points_back: int
    points_taken: int
    balance: int
    debt: int
    entry_ids: list[str]


class RefundedAnswer(BookingAnswer):
    """refund_id, money: of this refund. The desk gives the money back."""

    refund_id: str
    money: Money
    bonus: BonusOfRefund


def booking_answers(ask: Ask, bookings: Sequence[Booking]) -> list[BookingAnswer]:
    """The clients of all bookings are read in one call."""
    ids = [booking.client_id for booking in bookings if booking.client_id]
    clients = {each.id: each for each in ask.world.store.clients_named(ask.access.network_id, ids)}
    return [booking_answer(ask, booking, clients.get(booking.client_id or "")) for booking in bookings]


def booking_answer(ask: Ask, booking: Booking, client: Client | None) -> BookingAnswer:
    answer = desk_answer(ask, booking, client)
    if ask.access.role is not Role.PARTNER:
        return answer
    return _for_partner(answer, booking, own=client is not None and partner_word(client) == ask.access.source)


def _for_partner(answer: BookingAnswer, booking: Booking, *, own: bool) -> BookingAnswer:
    """The client's id is that of the partner's own record, and the note is as the partner told it. What the
    client or the desk says, and what the network does for the client, is left out: it would tell a client
    whom the network knew before from a new one. own: the client is the partner's own record."""
    return replace(
        answer,
        client_id=booking.booked_as or (booking.client_id if own else None),
        redeemed_points=0,
        earned_points=0,
        held_points=0,
        bill_due_at=None,
        refunds=[],
        review=None,
        move_wish=None,
        to_do_on_site=None,
        booked_for=None,
        reason=None,
        note=note_of_partner(booking),
        touches=[],
        wake=None,
        version=1,
    )


def desk_answer(ask: Ask, booking: Booking, client: Client | None) -> BookingAnswer:
    """The booking as everybody but a partner sees it."""
    directory, review, wake = directory_for(ask.world, booking), booking.review, booking.wake
    currency, shown = booking.currency, ask.access.as_shown
    return BookingAnswer(
        id=booking.id,
        status=booking.status.value,
        salon_id=booking.salon_id,
        client_id=booking.client_id,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        local_time=booking.starts_at.astimezone(
            zone(directory.salons[booking.salon_id].timezone)
        ).isoformat(),
        lines=[_line(line, currency, directory) for line in booking.lines],
        total=money(booking.total_minor, currency),
        source=booking.source,
        note=shown(booking.note) if booking.note else booking.note,
        reason=shown(booking.reason) if booking.reason else booking.reason,
        made_at=booking.made_at,
        closed_at=booking.closed_at,
        bill_due_at=booking.bill_due_at,
        paid=money(booking.paid_minor, currency),
        goods=money(booking.goods_minor, currency),
        tip=money(booking.tip_minor, currency),
        redeemed_points=booking.redeemed_points,
        earned_points=booking.earned_points,
        held_points=booking.held_points,
        refunds=[_refund(each, currency, shown) for each in booking.refunds],
        review=ReviewAnswer(stars=review.stars, words=shown(review.words), at=review.at) if review else None,
        move_wish=shown(booking.move_wish) if booking.move_wish else booking.move_wish,
        booked_for=shown(booking.booked_for) if booking.booked_for else booking.booked_for,
        to_do_on_site=to_do_on_site(booking, directory),
        touches=touches(booking, client, directory, ask.world.now()),
        wake=WakeAnswer(at=wake.at, why=wake.why) if wake else None,
        version=booking.version,
    )


def _refund(refund: Refund, currency: str, shown: Callable[[str], str]) -> RefundAnswer:
    return RefundAnswer(
        id=refund.id,
        amount=Money(amount_minor=refund.amount_minor, currency=currency),
        points_back=refund.points_back,
        points_taken=refund.points_taken,
        reason=shown(refund.reason),
        at=refund.at,
    )


def refunded_answer(ask: Ask, done: Refunded, client: Client | None) -> RefundedAnswer:
    account, currency = done.account, done.booking.currency
    bonus = BonusOfRefund(
        points_back=done.refund.points_back,
        points_taken=done.refund.points_taken,
        balance=account.balance if account else 0,
        debt=account.debt if account else 0,
        entry_ids=[entry.id for entry in done.entries],
    )
    return RefundedAnswer(
        **asdict(desk_answer(ask, done.booking, client)),
        refund_id=done.refund.id,
        money=Money(amount_minor=done.money_minor, currency=currency),
        bonus=bonus,
    )


def _line(line: Line, currency: str, directory: Directory) -> LineAnswer:
    service, staff = directory.services.get(line.service_id), directory.staff.get(line.staff_id or "")
    return LineAnswer(
        service_id=line.service_id,
        service=shown_name(service, directory.connections) if service else None,
        staff_id=line.staff_id,
        staff=shown_name(staff, directory.connections) if staff else None,
        minutes=line.minutes,
        price=money(line.price_minor, currency),
    )


def touches(
    booking: Booking, client: Client | None, directory: Directory, now: datetime
) -> list[TouchAnswer]:
    """The touches that were made for the booking, and those that its present state still calls for, by time.
    A plan for the present start replaces a touch that was made for an earlier start."""
    zone_name = (client.timezone if client else None) or directory.salons[booking.salon_id].timezone
    found = {kind: _done(booking, touch) for kind, touch in booking.touches.items()}
    for plan in plans(as_planned(booking, directory), rules_of(booking, directory), zone_name, now):
        if touch_of(booking.touches, plan) is None:
            found[plan.kind] = _planned(plan)
    return sorted(found.values(), key=lambda touch: touch.at)


def _done(booking: Booking, touch: Touch) -> TouchAnswer:
    """A touch that was put off is still planned. A touch that may follow through another channel counts as
    sent."""
    put_off = touch.state is TouchState.DEFERRED
    return TouchAnswer(
        kind=touch.kind.value,
        state=_STATES.get(touch.state, touch.state.value),
        at=touch.again_at or touch.at if put_off else touch.at,
        reason=touch.reason,
        reason_words=reason_words(touch.reason),
        message_id=_message_id(booking, touch),
    )


def _message_id(booking: Booking, touch: Touch) -> str | None:
    """The id of the touch's message. Only a touch that was tried has one: the log line of a skipped touch has
    an id of its own."""
    if touch.state not in _TRIED:
        return None
    return message_id(booking.id, touch.kind, touch.occurrence, touch.attempt, touch.at)


def _planned(plan: Plan) -> TouchAnswer:
    state = "planned" if plan.reason is None else "skipped"
    words = reason_words(plan.reason)
    return TouchAnswer(kind=plan.kind.value, state=state, at=plan.at, reason=plan.reason, reason_words=words)
