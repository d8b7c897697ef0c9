"""The loyalty programme as data: what a network decides about earning, spending and keeping points, and about
gifts. `domain/loyalty/programme.py` works with these values."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import replace


class EarnBase(StrEnum):
    """The amount of which the percentage is taken. The part that is paid with points earns nothing in either
    case."""

    PAID = "paid"
    """The bill, after discounts."""
    SOLD = "sold"
    """The services at their list prices, and the goods."""


class TiersBy(StrEnum):
    SPEND = "spend"
    VISITS = "visits"


class Tier(Struct, frozen=True):
    """A level of the programme: clients whose turnover in the window is `at_least` so much, and less than
    `below` (None: no limit), earn `percent`. In minor units of the salon's currency, or in visits."""

    name: str
    at_least: int
    below: int | None
    percent: int


class ExpiryModel(StrEnum):
    NEVER = "never"
    DAYS = "days"
    """N local days after the day of the grant."""
    MONTH_END = "month_end"
    """The end of the month that comes N months after the month of the grant."""
    INACTIVITY = "inactivity"
    """N local days after the client's last visit."""


class Expiry(Struct, frozen=True):
    model: ExpiryModel = ExpiryModel.NEVER
    after: int = 0


class Exclusions(Struct, frozen=True):
    """What does not count: services by id, by category, or all goods."""

    service_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    goods: bool = False


class Programme(Struct, frozen=True, kw_only=True):
    """How points are earned, spent and kept.

    cashback_percent  what a bill earns where there are no tiers.
    tiers             from 0 up, each where the last one ends. A client's tier follows from the turnover of
                      the last `tiers_months` months: with the present month, without the bill itself.
    pending_days      earned points can be spent from that local midnight on.
    redeem_...        points pay for at most a percentage of the bill, at least so many, in such steps.
    expiry            of earned points, counted from the day on which they were earned.
    """

    enabled: bool = True
    cashback_percent: int = 5
    tiers: tuple[Tier, ...] = ()
    tiers_by: TiersBy = TiersBy.SPEND
    tiers_months: int = 12
    earn_base: EarnBase = EarnBase.PAID
    earn_excludes: Exclusions = Exclusions()
    pending_days: int = 1
    redeem_cap_percent: int = 25
    redeem_minimum_points: int = 1
    redeem_step_points: int = 1
    redeem_excludes: Exclusions = Exclusions()
    expiry: Expiry = Expiry()


class GroupProgramme(Programme, frozen=True, kw_only=True):
    """A programme of some salons, or of a time, in place of the network's. salon_ids empty: of all.
    starts_on, ends_on: local dates of the visit, both included; None: no limit."""

    name: str
    salon_ids: tuple[str, ...] = ()
    starts_on: date | None = None
    ends_on: date | None = None


class Gift(Struct, frozen=True):
    """Points that are given. valid_days: local days after that of the grant; 0: for good."""

    points: int
    valid_days: int = 0


class Referral(Struct, frozen=True):
    """What both sides get after the friend's first paid visit."""

    referrer: Gift
    friend: Gift


class CouponOn(StrEnum):
    GOODS = "goods"
    SERVICE = "service"


class CouponTerms(Struct, frozen=True):
    """A discount, once: percent, or an amount in minor units of the salon's currency; one of them is 0.
    service_id: on that service, else on goods."""

    name: str
    percent: int = 0
    amount_minor: int = 0
    service_id: str | None = None
    valid_days: int = 60

    @property
    def on(self) -> CouponOn:
        return CouponOn.SERVICE if self.service_id else CouponOn.GOODS


class VisitReward(Struct, frozen=True, kw_only=True):
    """A coupon for `visits` visits within `months` calendar months (to the same day), or within `days` days.
    Exactly one of `months` and `days` is given; days count from the first visit to the last. The visits that
    earned the coupon are used up. id: the reward's name for good."""

    id: str
    visits: int
    months: int = 0
    days: int = 0
    coupon: CouponTerms


class Streak(Struct, frozen=True):
    """A gift for a visit in each of `months` calendar months running; they are used up."""

    months: int
    gift: Gift


class Surprise(Struct, frozen=True, kw_only=True):
    """Unannounced gifts to regulars, drawn once a month within a budget. `holdout_percent` of clients never
    get a gift, so that the effect can be measured. No client gets two gifts in a quarter."""

    gift: Gift
    monthly_budget_points: int
    holdout_percent: int = 10


class ByHandLimit(Struct, frozen=True):
    """What a role may give by hand.

    points                   at once.
    times_a_day              by one person on a local day; points_a_day: what these come to at most.
    times_a_client_a_month   to one client in a calendar month, whoever gives; points_a_client_a_month: what
                             these come to at most.
    None, as in limits of earlier versions: as many points as the times allow.
    """

    points: int
    times_a_day: int
    times_a_client_a_month: int
    points_a_day: int | None = None
    points_a_client_a_month: int | None = None

    @property
    def day_points(self) -> int:
        """The most points by one person on a local day."""
        return self.points * self.times_a_day if self.points_a_day is None else self.points_a_day

    @property
    def client_points(self) -> int:
        """The most points to one client in a calendar month."""
        if self.points_a_client_a_month is None:
            return self.points * self.times_a_client_a_month
        return self.points_a_client_a_month


_BY_ROLE: Mapping[str, ByHandLimit] = MappingProxyType(
    {
        "specialist": ByHandLimit(100, 2, 1),
        "reception": ByHandLimit(300, 5, 2),
        "manager": ByHandLimit(3000, 50, 5),
    }
)
OF_OWNER = ByHandLimit(1_000_000, 20_000, 1000, 10_000_000, 10_000_000)
"""No rule changes the owner's limit. It leaves room to bring the points of a whole network from another
system, and bounds what a leaked key gives."""
_NOTHING = ByHandLimit(0, 0, 0)


class BonusRules(Programme, frozen=True, kw_only=True):
    """The network's own programme, and the rules that all programmes share.

    point_value_minor     what one point is worth, in minor units of the salon's currency.
    point_values_minor    the value in currencies in which it differs.
    by_hand_limit_points  what others than the owner may post by hand at once: taken or given.
    grace_days            how long points last that return after their own lot has ended.
    hold_days             how long points stay on hold: after a booking's end, or, without one, from the hold.
    compensation          by role: the limit of all that the role gives by hand, see `limit_by_hand`. A role
                          that is not named gives nothing.
    """

    point_value_minor: int = 100
    point_values_minor: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    by_hand_limit_points: int = 100_000
    grace_days: int = 30
    hold_days: int = 3
    programmes: tuple[GroupProgramme, ...] = ()
    birthday: Gift | None = None
    referral: Referral | None = None
    visit_rewards: tuple[VisitReward, ...] = ()
    streak: Streak | None = None
    surprise: Surprise | None = None
    compensation: Mapping[str, ByHandLimit] = field(default_factory=lambda: _BY_ROLE)

    def point_value(self, currency: str) -> int:
        return self.point_values_minor.get(currency, self.point_value_minor)

    def limit_by_hand(self, role: str) -> ByHandLimit:
        """The one limit of what a role gives by hand: compensations, grants, corrections, coupons, and
        reversals that give points back. `by_hand_limit_points` is never exceeded at once."""
        if role == "owner":
            return OF_OWNER
        limit = self.compensation.get(role, _NOTHING)
        return replace(limit, points=min(limit.points, self.by_hand_limit_points))


TURNOVER_MONTHS = 24


def birthday_gift(rules: BonusRules) -> Gift | None:
    """What the programme gives for a birthday, if it gives anything."""
    return rules.birthday if rules.enabled and rules.birthday and rules.birthday.points else None
