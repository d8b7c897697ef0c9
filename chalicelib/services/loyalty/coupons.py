"""A client's coupons: issue one by hand, redeem it at a desk, make it void, list the open ones."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty import coupons
from chalicelib.domain.loyalty.coupons import Coupon, CouponUse, client_of_coupon, coupon_id, discount_minor
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import CouponOn, CouponTerms
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.loyalty.limit_by_hand import counted_by_hand
from chalicelib.services.networks.go_live import ensure_live
from chalicelib.services.shared.world import World

MAX_VALID_DAYS = 3660
MAX_AMOUNT = 10**9


def open_coupons(world: World, network_id: str, client_id: str) -> list[Coupon]:
    """The coupons that the client can use now, in the order of their expiry. One query."""
    now = world.now()
    usable = (each for each in world.store.coupons(network_id, client_id) if each.is_usable(now))
    return sorted(usable, key=lambda each: (each.expires_at, each.id))


def issue_coupon(
    world: World,
    access: Access,
    client: Client,
    terms: CouponTerms,
    reason: str,
    *,
    currency: str | None = None,
    request_id: str | None = None,
) -> Coupon:
    """Gives a client a coupon by hand. The same request_id gives one coupon; other terms under it are
    refused. currency: of the terms' amount, if they have one.

    Raises CLIENT_MERGED, INVALID_COUPON, NOT_FOUND (the service), COUPON_EXISTS, OVER_LIMIT, TRY_AGAIN,
    NOT_LIVE.
    """
    ensure_live(world, access.network_id)
    ensure_not_merged(client)
    directory = world.directory(access.network_id)
    _check(terms, directory)
    cause = ("request", request_id) if request_id else ("random", world.randomness(16))
    coupon = issued_coupon(
        directory,
        client,
        terms,
        currency,
        id=coupon_id(client.id, access.network_id, *cause),
        reason=reason,
        actor=access.actor,
        now=world.now(),
    )
    return world.retrying(partial(_issue, world, access, coupon))


def _issue(world: World, access: Access, coupon: Coupon) -> Coupon:
    network_id, client_id = coupon.network_id, coupon.client_id
    existing = world.store.get(Coupon, network_id=network_id, client_id=client_id, id=coupon.id)
    if existing is not None:
        if existing.terms != coupon.terms:
            message = "Another coupon was issued under this id."
            raise conflict("COUPON_EXISTS", message, coupon_id=coupon.id)
        return existing
    account = world.store.account(network_id, client_id)
    counted = counted_by_hand(world, access, account, _worth(coupon, world.directory(network_id)))
    saved: Coupon = world.store.save(coupon, *counted)[0]
    return saved


def _worth(coupon: Coupon, directory: Directory) -> int:
    """What the coupon counts for among gifts by hand, in points."""
    service = directory.services.get(str(coupon.terms.service_id))
    price_minor = service.price_minor if service is not None else None
    currency = coupon.currency or (service.currency if service is not None else None)
    value_minor = directory.rules.bonuses.point_value(currency or "")
    return coupons.worth_points(coupon.terms, price_minor, value_minor)


def _check(terms: CouponTerms, directory: Directory) -> None:
    if (terms.percent == 0) == (terms.amount_minor == 0):
        raise refused("INVALID_COUPON", "A coupon is of a percentage or of an amount.", field="percent")
    if not (0 <= terms.percent <= 100):
        raise refused("INVALID_COUPON", "A coupon is of 1 to 100 %.", field="percent")
    if not 0 <= terms.amount_minor <= MAX_AMOUNT:
        raise refused("INVALID_COUPON", "No coupon is worth that much.", field="amount_minor")
    if not 1 <= terms.valid_days <= MAX_VALID_DAYS:
        message = f"A coupon is valid for 1 to {MAX_VALID_DAYS} days."
        raise refused("INVALID_COUPON", message, field="valid_days")
    if terms.service_id is not None and terms.service_id not in directory.services:
        raise missing("service", terms.service_id)


class CouponBill(Struct, frozen=True, kw_only=True):
    """The bill that a coupon is shown for, without the coupon's discount, in minor units of the salon's
    currency. booking: the booking of the bill, if there is one. Its lines tell whether the coupon's service
    is on the bill, and at what price."""

    salon: Salon
    bill_minor: int
    goods_minor: int = 0
    booking: Booking | None = None


def redeem_coupon(world: World, access: Access, coupon_id: str, bill: CouponBill) -> Coupon:
    """Redeems a coupon on a bill. `use` of the returned coupon has the discount. A coupon that was redeemed
    on the same bill stays as it is.

    Raises NOT_FOUND, INVALID_AMOUNT, OTHER_CLIENT, OTHER_SALON, COUPON_USED, COUPON_VOID, COUPON_EXPIRED,
    CURRENCY_MISMATCH, NOTHING_TO_DISCOUNT, TRY_AGAIN.
    """
    if not 0 <= bill.goods_minor <= bill.bill_minor:
        raise refused("INVALID_AMOUNT", "A bill is not negative, and goods are a part of it.", field="bill")
    booking = bill.booking
    if booking is not None and booking.client_id != client_of_coupon(coupon_id):
        raise refused("OTHER_CLIENT", "That booking is another client's.", booking_id=booking.id)
    if booking is not None and booking.salon_id != bill.salon.id:
        raise refused("OTHER_SALON", "That booking is another salon's.", salon_id=booking.salon_id)
    return world.retrying(partial(_redeem, world, access, coupon_id, bill))


def _redeem(world: World, access: Access, coupon_id: str, bill: CouponBill) -> Coupon:
    coupon = _coupon(world, access, coupon_id)
    redeemed = coupons.redeemed(coupon, _use(world, access, coupon, bill, world.now()))
    return coupon if redeemed is coupon else world.store.save(redeemed)[0]


def _use(world: World, access: Access, coupon: Coupon, bill: CouponBill, now: datetime) -> CouponUse:
    service = _service_minor(coupon.terms, bill, world.directory(access.network_id))
    part = coupons.discounted_part_minor(coupon.terms, bill.bill_minor, bill.goods_minor, service)
    return CouponUse(
        salon_id=bill.salon.id,
        bill_minor=bill.bill_minor,
        goods_minor=bill.goods_minor,
        discount_minor=discount_minor(coupon.terms, part),
        currency=bill.salon.currency,
        at=now,
        actor=access.actor,
        booking_id=bill.booking.id if bill.booking else None,
    )


def _service_minor(terms: CouponTerms, bill: CouponBill, directory: Directory) -> int:
    """What the coupon's service costs on the bill: its booked price, else its list price. Where the list
    price is in another currency, or there is none, the whole bill is the limit."""
    if terms.on is CouponOn.GOODS:
        return 0
    service = directory.services.get(str(terms.service_id))
    known = service is not None and service.currency in (None, bill.salon.currency)
    price = service.price_minor if service is not None and known else None
    list_price = bill.bill_minor if price is None else price
    if bill.booking is None:
        return list_price
    lines = [line for line in bill.booking.lines if line.service_id == terms.service_id]
    return sum(list_price if line.price_minor is None else line.price_minor for line in lines)


def void_coupon(world: World, access: Access, coupon_id: str, reason: str) -> Coupon:
    """Makes a coupon void. A void coupon stays as it is. Raises NOT_FOUND, COUPON_USED, TRY_AGAIN."""
    return world.retrying(partial(_void, world, access, coupon_id, reason))


def _void(world: World, access: Access, coupon_id: str, reason: str) -> Coupon:
    coupon = _coupon(world, access, coupon_id)
    voided = coupons.voided(coupon, reason, access.actor, world.now())
    return coupon if voided is coupon else world.store.save(voided)[0]


def _coupon(world: World, access: Access, coupon_id: str) -> Coupon:
    client_id = client_of_coupon(coupon_id)
    coupon = world.store.get(Coupon, network_id=access.network_id, client_id=client_id, id=coupon_id)
    if coupon is None:
        raise missing("coupon", coupon_id)
    return coupon


def issued_coupon(
    directory: Directory,
    client: Client,
    terms: CouponTerms,
    currency: str | None,
    *,
    now: datetime,
    **fields: Any,
) -> Coupon:
    """A coupon that can be used from now to the end of its last local day in the network's zone. currency: of
    the terms' amount. fields: the other fields of the coupon."""
    last_day = local_date(now, directory.zone) + timedelta(days=terms.valid_days)
    return Coupon(
        network_id=client.network_id,
        client_id=client.id,
        terms=terms,
        currency=currency if terms.amount_minor else None,
        issued_at=now,
        expires_at=day_end(last_day, directory.zone),
        **fields,
    )
