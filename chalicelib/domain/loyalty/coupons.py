"""Coupons: a discount on goods or on one service, for one client, once. Amounts are integers in minor
units."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.bonus_rules import CouponOn, CouponTerms
from chalicelib.domain.shared.errors import conflict, refused
from chalicelib.domain.shared.ids import digest

BY_HAND = "hand"
"""The cause of a coupon that a person issued."""
NOMINAL_BILL_POINTS = 1000
"""A bill that a coupon of a percentage is taken to be for, where no price is known."""


class CouponState(StrEnum):
    OPEN = "open"
    REDEEMED = "redeemed"
    VOID = "void"


class CouponUse(Struct, frozen=True):
    """The bill that a coupon was redeemed on, in minor units of the salon's currency. discount_minor: the
    amount that the coupon took off."""

    salon_id: str
    bill_minor: int
    goods_minor: int
    discount_minor: int
    currency: str
    at: datetime
    actor: str
    booking_id: str | None = None


class Coupon(Struct, frozen=True, kw_only=True):
    """A client's coupon.

    terms        the terms at its issue. No rule changes them later.
    currency     of the terms' amount: the currency of the salon where the coupon was earned. None: the coupon
                 is of a percentage.
    expires_at   a local midnight in the network's zone. The coupon cannot be redeemed from then on.
    cause        the reward that gave it, or `hand`. booking_id: the visit that earned it.
    void_reason  why it is void. closed_at: when it was redeemed or made void.
    """

    network_id: str
    client_id: str
    id: str
    terms: CouponTerms
    issued_at: datetime
    expires_at: datetime
    actor: str
    currency: str | None = None
    cause: str = BY_HAND
    reason: str | None = None
    booking_id: str | None = None
    state: CouponState = CouponState.OPEN
    use: CouponUse | None = None
    void_reason: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    version: int = 0

    def is_usable(self, now: datetime) -> bool:
        return self.state is CouponState.OPEN and now < self.expires_at


def coupon_id(client_id: str, *cause: str) -> str:
    """The id of a client's coupon. It contains the client's id, so that a coupon is found by its id alone."""
    return f"cpn_{client_id.removeprefix('cli_')}{digest(*cause)}"


def client_of_coupon(coupon_id: str) -> str:
    """The client whose id a coupon's id contains, whether or not there is such a coupon."""
    return f"cli_{coupon_id.removeprefix('cpn_')[:16]}"


def discount_minor(terms: CouponTerms, part_minor: int) -> int:
    """The discount on the part of a bill that the coupon is on: rounded down, and at most that part."""
    if terms.percent:
        return part_minor * terms.percent // 100
    return min(terms.amount_minor, part_minor)


def worth_points(terms: CouponTerms, price_minor: int | None, value_minor: int) -> int:
    """What a coupon counts for where gifts are counted in points, rounded up. price_minor: of its service;
    None: unknown, or it is on goods. value_minor: of one point. A percentage of an unknown price counts as
    that part of a bill of NOMINAL_BILL_POINTS."""
    if terms.amount_minor:
        return -(-terms.amount_minor // value_minor)
    bill_minor = NOMINAL_BILL_POINTS * value_minor if price_minor is None else price_minor
    return max(1, -(-bill_minor * terms.percent // (100 * value_minor)))


def discounted_part_minor(terms: CouponTerms, bill_minor: int, goods_minor: int, service_minor: int) -> int:
    """The part of a bill that the coupon is on. service_minor: the price of the coupon's service on the
    bill."""
    if terms.on is CouponOn.GOODS:
        return goods_minor
    return min(service_minor, bill_minor - goods_minor)


def redeemed(coupon: Coupon, use: CouponUse) -> Coupon:
    """The redeemed coupon. A coupon that was redeemed on the same bill is returned as it is (compare by
    identity).

    Raises COUPON_USED, COUPON_VOID, COUPON_EXPIRED, CURRENCY_MISMATCH, NOTHING_TO_DISCOUNT.
    """
    if coupon.use is not None:
        if _same_bill(coupon.use, use):
            return coupon
        raise conflict(
            "COUPON_USED",
            "This coupon was redeemed on another bill; it is good for one.",
            salon_id=coupon.use.salon_id,
            booking_id=coupon.use.booking_id,
            at=_text(coupon.use.at),
        )
    if coupon.state is CouponState.VOID:
        raise conflict("COUPON_VOID", f"This coupon was made void: {coupon.void_reason}.")
    if use.at >= coupon.expires_at:
        message = "This coupon is past its validity. A manager may issue another."
        raise refused("COUPON_EXPIRED", message, expired_at=_text(coupon.expires_at))
    if coupon.currency not in (None, use.currency):
        message = f"This coupon is in {coupon.currency}, the salon counts in {use.currency}."
        raise refused("CURRENCY_MISMATCH", message, field="salon_id")
    if use.discount_minor <= 0:
        raise refused(
            "NOTHING_TO_DISCOUNT",
            f"Nothing on this bill is what the coupon is on: {coupon.terms.on.value}.",
            on=coupon.terms.on.value,
            service_id=coupon.terms.service_id,
        )
    return replace(coupon, state=CouponState.REDEEMED, use=use, closed_at=use.at, closed_by=use.actor)


def _same_bill(one: CouponUse, other: CouponUse) -> bool:
    same = ("salon_id", "bill_minor", "goods_minor", "currency", "booking_id")
    return all(getattr(one, name) == getattr(other, name) for name in same)


def voided(coupon: Coupon, reason: str, actor: str, now: datetime) -> Coupon:
    """The void coupon. A coupon that is void already is returned as it is (compare by identity). Raises
    COUPON_USED."""
    if coupon.state is CouponState.VOID:
        return coupon
    if coupon.use is not None:
        raise conflict("COUPON_USED", "This coupon was redeemed: it is history.", at=_text(coupon.use.at))
    return replace(coupon, state=CouponState.VOID, void_reason=reason, closed_at=now, closed_by=actor)


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def reopened(coupon: Coupon) -> Coupon:
    """The open coupon again, for a coupon that a merge has made void and an unmerge opens."""
    return replace(coupon, state=CouponState.OPEN, void_reason=None, closed_at=None, closed_by=None)
