"""A manager sets gifts by rules up to what a manager gives by hand at once; larger ones are the owner's."""

from typing import Any

import pytest

from chalicelib.domain.networks.bonus_rules import (
    BonusRules,
    CouponTerms,
    Gift,
    Referral,
    Streak,
    Surprise,
    VisitReward,
)
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.networks.limit_of_gifts import ensure_gifts_allowed
from chalicelib.services.networks.set_rules import set_rules
from infra.testkit.builders import NETWORK, access
from infra.testkit.salon_driver import SalonDriver

MOST, MOST_A_DAY = 3_000, 150_000
A_POINT_MINOR = 100


def changed(driver: SalonDriver, role: Role, **bonuses: Any) -> Network:
    version = driver.store.get(Network, network_id=NETWORK).rules_version
    return set_rules(driver.world, access(role), version, messages={}, bonuses=bonuses)


def surprise(points: int, budget: int) -> Surprise:
    return Surprise(gift=Gift(points), monthly_budget_points=budget)


def gifts(points: int) -> dict[str, Any]:
    return {
        "bonuses.birthday.points": {"birthday": Gift(points)},
        "bonuses.referral.referrer.points": {"referral": Referral(Gift(points), Gift(1))},
        "bonuses.referral.friend.points": {"referral": Referral(Gift(1), Gift(points))},
        "bonuses.streak.gift.points": {"streak": Streak(3, Gift(points))},
        "bonuses.surprise.gift.points": {"surprise": surprise(points, MOST_A_DAY)},
    }


@pytest.mark.parametrize("field", gifts(1))
def test_a_large_gift_by_a_rule_is_the_owners(driver: SalonDriver, field: str) -> None:
    with pytest.raises(DomainError, match="OVER_LIMIT") as refused:
        changed(driver, Role.MANAGER, **gifts(MOST + 1)[field])
    details = refused.value.details
    assert (details["which"], details["field"], details["limit"], details["may"]) == (
        "gift_of_rules", field, MOST, ["owner"]
    )  # fmt: skip
    assert changed(driver, Role.MANAGER, **gifts(MOST)[field]).rules_version == 2
    assert changed(driver, Role.OWNER, **gifts(1_000_000 if "surprise" not in field else MOST_A_DAY)[field])


def test_the_months_budget_of_surprises_is_bounded_like_a_day_by_hand(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        changed(driver, Role.MANAGER, surprise=surprise(100, MOST_A_DAY + 1))
    assert changed(driver, Role.MANAGER, surprise=surprise(100, MOST_A_DAY)).rules_version == 2


def test_a_manager_keeps_lowers_and_ends_what_the_owner_has_set(driver: SalonDriver) -> None:
    changed(driver, Role.OWNER, birthday=Gift(50_000))
    changed(driver, Role.MANAGER, birthday=Gift(50_000), streak=Streak(3, Gift(10)))
    changed(driver, Role.MANAGER, birthday=Gift(20_000))
    with pytest.raises(DomainError, match="OVER_LIMIT"):
        changed(driver, Role.MANAGER, birthday=Gift(20_001))
    assert changed(driver, Role.MANAGER, birthday=None).rules.bonuses.birthday is None


def test_a_coupon_of_an_amount_counts_as_the_points_that_it_is_worth() -> None:
    def giving(minor: int) -> BonusRules:
        terms = CouponTerms("Gift", amount_minor=minor)
        return BonusRules(visit_rewards=(VisitReward(id="five", visits=5, months=3, coupon=terms),))

    ensure_gifts_allowed(Role.MANAGER, BonusRules(), giving(MOST * A_POINT_MINOR))
    with pytest.raises(DomainError, match="OVER_LIMIT") as refused:
        ensure_gifts_allowed(Role.MANAGER, BonusRules(), giving(MOST * A_POINT_MINOR + 1))
    assert refused.value.details["field"] == "bonuses.visit_rewards.five.coupon.amount_minor"
