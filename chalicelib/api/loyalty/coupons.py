"""Coupons: a client's coupons; issue by hand, redeem at the desk, make void."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.api.http.endpoint import DESK, OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Line, Money, PageOf, money
from chalicelib.api.loyalty.bonuses import CARERS, Reason, bill_of_request, booking_of
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.loyalty.coupons import Coupon, CouponState, client_of_coupon
from chalicelib.domain.networks.bonus_rules import CouponTerms
from chalicelib.domain.shared.errors import malformed, missing, refused
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.loyalty.coupons import (
    CouponBill,
    issue_coupon,
    open_coupons,
    redeem_coupon,
    void_coupon,
)
from chalicelib.services.networks.set_up import get_salon

Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]


class CouponFilter(Body):
    """state: `open` (by default): coupons that can be used now; `all`: all coupons ever issued."""

    state: Literal["open", "all"] = "open"


class CouponRequest(Body):
    """percent, or amount in a currency of the network's salons. service_id: the coupon is on that service;
    without it, on goods. valid_days: local days after today."""

    name: Line
    reason: Reason
    percent: Whole = 0
    amount: Money | None = None
    service_id: Id | None = None
    valid_days: Whole = 60


class RedeemCouponRequest(Body):
    """bill: before the coupon, goods included. booking_id: the booking that the bill is for, if there is
    one."""

    salon_id: Id
    bill: Money
    goods: Money | None = None
    booking_id: Id | None = None


class VoidCouponRequest(Body):
    reason: Reason


class CouponUseAnswer(Answered):
    """discount: the amount that the coupon takes off the bill."""

    salon_id: str
    booking_id: str | None
    bill: Money
    goods: Money
    discount: Money
    at: datetime
    actor: str


class CouponAnswer(Answered):
    """amount: null for a coupon of a percentage; a coupon of an amount is valid in salons of that currency
    only. service_id null: on goods. valid_until: the last local day. cause: the reward that gave it, or
    `hand`. booking_id: of the visit that earned it. state: open, expired, redeemed or void."""

    id: str
    client_id: str
    name: str
    percent: int
    amount: Money | None
    service_id: str | None
    state: str
    issued_at: datetime
    valid_until: date
    cause: str
    reason: str | None
    booking_id: str | None
    use: CouponUseAnswer | None
    void_reason: str | None


class RedeemedAnswer(Answered):
    """discount: the amount that the coupon takes off the bill."""

    discount: Money
    coupon: CouponAnswer


def coupon_answer(ask: Ask, coupon: Coupon) -> CouponAnswer:
    terms, now = coupon.terms, ask.world.now()
    lapsed = coupon.state is CouponState.OPEN and not coupon.is_usable(now)
    same = ("id", "client_id", "issued_at", "cause", "reason", "booking_id", "void_reason")
    return CouponAnswer(
        **{name: getattr(coupon, name) for name in same},
        name=terms.name,
        percent=terms.percent,
        amount=money(terms.amount_minor, coupon.currency),
        service_id=terms.service_id,
        state="expired" if lapsed else coupon.state.value,
        valid_until=last_day(coupon.expires_at, ask.world.directory(coupon.network_id).zone),
        use=_use(coupon),
    )


def _use(coupon: Coupon) -> CouponUseAnswer | None:
    use = coupon.use
    if use is None:
        return None

    def in_bill_currency(amount_minor: int) -> Money:
        return Money(amount_minor=amount_minor, currency=use.currency)

    return CouponUseAnswer(
        salon_id=use.salon_id,
        booking_id=use.booking_id,
        bill=in_bill_currency(use.bill_minor),
        goods=in_bill_currency(use.goods_minor),
        discount=in_bill_currency(use.discount_minor),
        at=use.at,
        actor=use.actor,
    )


@get("/v1/clients/{client_id}/coupons")
@endpoint(roles=CARERS, query=CouponFilter, answer=PageOf[CouponAnswer])
def find(ask: Ask, client_id: str) -> PageOf[CouponAnswer]:
    """Open coupons in the order of their expiry; all coupons, the newest first."""
    get_client(ask.world, ask.access, client_id)
    if ask.query.state == "open":
        found = open_coupons(ask.world, ask.access.network_id, client_id)
    else:
        found = ask.world.store.coupons(ask.access.network_id, client_id)[::-1]
    return PageOf(items=[coupon_answer(ask, each) for each in found])


@post("/v1/clients/{client_id}/coupons")
@endpoint(roles=OFFICE, body=CouponRequest, answer=CouponAnswer, status=201)
def issue(ask: Ask, client_id: str) -> CouponAnswer:
    """Issues a coupon by hand. Send an Idempotency-Key."""
    request: CouponRequest = ask.body
    client = get_client(ask.world, ask.access, client_id)
    if not request.name.strip():
        raise malformed("INVALID_FIELD", "A coupon has a name that the client is shown.", field="name")
    currencies = {each.currency for each in ask.world.directory(ask.access.network_id).salons.values()}
    if request.amount is not None and request.amount.currency not in currencies:
        message = f"Salons here count in {', '.join(sorted(currencies))}."
        raise refused("CURRENCY_MISMATCH", message, field="amount")
    terms = CouponTerms(
        name=request.name.strip(),
        percent=request.percent,
        amount_minor=request.amount.amount_minor if request.amount else 0,
        service_id=request.service_id,
        valid_days=request.valid_days,
    )
    coupon = issue_coupon(
        ask.world,
        ask.access,
        client,
        terms,
        request.reason,
        currency=request.amount.currency if request.amount else None,
        request_id=ask.request_id,
    )
    return coupon_answer(ask, coupon)


@post("/v1/coupons/{coupon_id}/redeem")
@endpoint(roles=DESK, body=RedeemCouponRequest, answer=RedeemedAnswer)
def redeem(ask: Ask, coupon_id: str) -> RedeemedAnswer:
    """Redeems a coupon on a bill, once. A repeated request for the same bill returns the same answer."""
    request: RedeemCouponRequest = ask.body
    salon = get_salon(ask.world, ask.access, request.salon_id)
    client_id = client_of_coupon(coupon_id)
    if (
        ask.world.store.get(Coupon, network_id=ask.access.network_id, client_id=client_id, id=coupon_id)
        is None
    ):
        raise missing("coupon", coupon_id)
    bill = bill_of_request(request.bill, request.goods, [salon.currency])
    coupon = redeem_coupon(
        ask.world,
        ask.access,
        coupon_id,
        CouponBill(
            salon=salon,
            bill_minor=bill.paid_minor,
            goods_minor=bill.goods_minor,
            booking=booking_of(ask, request.booking_id, client_id),
        ),
    )
    assert coupon.use is not None  # it is redeemed
    discount = Money(amount_minor=coupon.use.discount_minor, currency=coupon.use.currency)
    return RedeemedAnswer(discount=discount, coupon=coupon_answer(ask, coupon))


@post("/v1/coupons/{coupon_id}/void")
@endpoint(roles=OFFICE, body=VoidCouponRequest, answer=CouponAnswer)
def void(ask: Ask, coupon_id: str) -> CouponAnswer:
    """Makes a coupon void. A void coupon stays as it is."""
    return coupon_answer(ask, void_coupon(ask.world, ask.access, coupon_id, ask.body.reason))
