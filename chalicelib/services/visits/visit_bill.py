"""The bill of a visit, as the desk or a booking site reports it."""

from msgspec import Struct

from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.currencies import Amount, ensure_currency, in_minor, largest_visit
from chalicelib.domain.shared.errors import refused

MAX_MINOR = 10**12
TIMES_THE_LARGEST_VISIT = {Role.RECEPTION: 1, Role.MANAGER: 10, Role.OWNER: 100}
"""How many times the largest usual visit in the currency a role's bills may come to."""


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
        largest = in_minor(largest_visit(self.paid.currency), self.paid.currency)
        limits = {each: times * largest for each, times in TIMES_THE_LARGEST_VISIT.items()}
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
