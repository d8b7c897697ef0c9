"""The bill of a visit, as the desk or a booking site reports it."""

from msgspec import Struct

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.currencies import Amount, ensure_currency, in_minor, largest_visit
from chalicelib.domain.shared.errors import refused
from chalicelib.services.shared.day_sums import DaySums
from chalicelib.services.shared.world import World

MAX_MINOR = 10**12
TIMES_THE_LARGEST_VISIT = {Role.RECEPTION: 1, Role.MANAGER: 10, Role.OWNER: 100}
"""How many times the largest usual visit in the currency a role's bills may come to."""

BILLS_OF_DAY = 50
"""How many of a role's largest bills the bills of one key may come to in a day (UTC)."""


class VisitBill(Struct, frozen=True, kw_only=True):
    """The bill of a visit, in the currency of its booking.

    paid   the whole bill, goods and the part paid with points included, tips not.
    goods  the part of it that is goods.
    """

    paid: Amount
    goods: Amount | None = None
    tip: Amount | None = None
    redeem_points: int = 0

    @property
    def paid_minor(self) -> int:
        return self.paid.minor

    @property
    def goods_minor(self) -> int:
        return self.goods.minor if self.goods else 0

    @property
    def tip_minor(self) -> int:
        return self.tip.minor if self.tip else 0

    def ensure_sound(self) -> None:
        """Raises INVALID_AMOUNT, INVALID_POINTS."""
        if min(self.paid_minor, self.goods_minor, self.tip_minor) < 0 or self.goods_minor > self.paid_minor:
            raise refused(
                "INVALID_AMOUNT", "Amounts are not negative, and goods are a part of what was paid."
            )
        if max(self.paid_minor, self.tip_minor) > MAX_MINOR:
            raise refused("INVALID_AMOUNT", "No visit costs that much.", amount_minor=self.paid_minor)
        if self.redeem_points < 0:
            raise refused("INVALID_POINTS", "Redeemed points are positive.", points=self.redeem_points)

    def ensure_usual(self, role: Role) -> None:
        """Checks that the bill is not larger than this role reports, since a bill makes points. Raises
        OVER_LIMIT."""
        limits = largest_bills(self.paid.currency)
        limit = limits.get(role, 0)
        if self.paid_minor <= limit:
            return
        may = [each.value for each, most in limits.items() if self.paid_minor <= most]
        ask = f"Ask: {', '.join(may)}." if may else "Report it as several visits."
        raise refused(
            "OVER_LIMIT",
            f"This role reports bills of at most {limit} minor units. {ask}",
            which="bill",
            limit=limit,
            left=limit,
            role=role.value,
            may=may,
        )

    def ensure_in(self, currency: str) -> None:
        """Raises CURRENCY_MISMATCH, naming the first amount that is in another currency."""
        for field, amount in (("paid", self.paid), ("goods", self.goods), ("tip", self.tip)):
            ensure_currency(amount, currency, field)


def largest_bills(currency: str) -> dict[Role, int]:
    """The largest bill that each role reports, in minor units."""
    largest = in_minor(largest_visit(currency), currency)
    return {role: times * largest for role, times in TIMES_THE_LARGEST_VISIT.items()}


def ensure_day_allows(
    world: World, access: Access, booking: Booking, bill: VisitBill, sums: DaySums | None
) -> None:
    """Counts a bill for the day of the key that reports it: once for each completion of the booking, however
    often it is tried. sums: what this process has counted; None: nothing counts. Raises OVER_LIMIT."""
    if sums is None:
        return
    paid, event = bill.paid, (booking.id, str(booking.reopened))
    most = BILLS_OF_DAY * largest_bills(paid.currency).get(access.role, 0)
    counted_as = f"bills of {access.actor} {paid.currency}"
    if sums.fits(world, access.network_id, counted_as, event, paid.minor, most):
        return
    may = [each.value for each in _MAY_REPORT_MORE.get(access.role, ())]
    ask = f"Ask: {', '.join(may)}; or go on" if may else "Go on"
    raise refused(
        "OVER_LIMIT",
        f"This key reports bills of at most {most} minor units a day (UTC). {ask} tomorrow.",
        which="bills_a_day",
        limit=most,
        left=0,
        role=access.role.value,
        may=may,
    )


_MAY_REPORT_MORE = {Role.RECEPTION: (Role.MANAGER, Role.OWNER), Role.MANAGER: (Role.OWNER,)}
