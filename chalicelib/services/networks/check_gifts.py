"""Check what a network gives apart from the points of bills: gifts, coupons, surprises, gifts by hand."""

from chalicelib.domain.clients.client_visits import RECENT_VISITS_KEPT
from chalicelib.domain.networks.bonus_rules import BonusRules, CouponTerms, Gift, VisitReward
from chalicelib.domain.networks.network import Directory, Role
from chalicelib.services.networks.rule_errors import check_name, invalid_rule, within

MAX_REWARDS = 20
LIMITED = (Role.SPECIALIST, Role.RECEPTION, Role.MANAGER)
"""The roles whose limit by hand the rules set; the owner's limit is fixed."""
_GIFT_POINTS, _GIFT_DAYS = (1, 1_000_000), (0, 3650)
_VISITS, _MONTHS, _DAYS = (2, RECENT_VISITS_KEPT), (1, 12), (1, 366)
_STREAK_MONTHS = (2, 6)
_COUPON_PERCENT, _COUPON_MINOR, _COUPON_DAYS = (1, 100), (1, 10**9), (1, 3650)
_MAX_BUDGET = 1_000_000_000
_HOLDOUT = (0, 50)
_LIMIT_POINTS, _LIMIT_TIMES, _LIMIT_SUM = (0, 1_000_000), (0, 1000), (0, 10_000_000)


def check_gifts(bonuses: BonusRules, directory: Directory) -> None:
    """Raises INVALID_RULE, naming the first field that is wrong, and why."""
    _check_gift("bonuses.birthday", bonuses.birthday)
    if bonuses.referral is not None:
        _check_gift("bonuses.referral.referrer", bonuses.referral.referrer)
        _check_gift("bonuses.referral.friend", bonuses.referral.friend)
    if len(bonuses.visit_rewards) > MAX_REWARDS:
        raise invalid_rule("bonuses.visit_rewards", f"There are at most {MAX_REWARDS} rewards.")
    for number, reward in enumerate(bonuses.visit_rewards):
        path = f"bonuses.visit_rewards[{number}]"
        check_name(f"{path}.id", reward.id, {each.id for each in bonuses.visit_rewards[:number]})
        _check_reward(path, reward, directory)
    if bonuses.streak is not None:
        within("bonuses.streak.months", bonuses.streak.months, _STREAK_MONTHS)
        _check_gift("bonuses.streak.gift", bonuses.streak.gift)
    _check_surprise(bonuses)
    _check_limits_by_hand(bonuses)


def _check_gift(path: str, gift: Gift | None) -> None:
    if gift is not None:
        within(f"{path}.points", gift.points, _GIFT_POINTS)
        within(f"{path}.valid_days", gift.valid_days, _GIFT_DAYS)


def _check_reward(path: str, reward: VisitReward, directory: Directory) -> None:
    """Checks a reward. Only a client's latest visits are kept, so that a reward for more visits would never
    be given."""
    within(f"{path}.visits", reward.visits, _VISITS)
    if (reward.months == 0) == (reward.days == 0):
        raise invalid_rule(f"{path}.months", "Visits are counted within months or within days: give one.")
    name, bounds = ("days", _DAYS) if reward.months == 0 else ("months", _MONTHS)
    within(f"{path}.{name}", getattr(reward, name), bounds)
    _check_coupon(f"{path}.coupon", reward.coupon, directory)


def _check_coupon(path: str, coupon: CouponTerms, directory: Directory) -> None:
    check_name(f"{path}.name", coupon.name)
    if (coupon.percent == 0) == (coupon.amount_minor == 0):
        raise invalid_rule(f"{path}.percent", "A coupon takes off a percentage or an amount: give one.")
    if coupon.percent:
        within(f"{path}.percent", coupon.percent, _COUPON_PERCENT)
    else:
        within(f"{path}.amount_minor", coupon.amount_minor, _COUPON_MINOR)
        currencies = {salon.currency for salon in directory.salons.values()}
        if len(currencies) > 1:
            paid_in = ", ".join(sorted(currencies))
            raise invalid_rule(
                f"{path}.amount_minor",
                f"Salons are paid in {paid_in}: no amount is the same in all. Give percent.",
            )
    if coupon.service_id is not None and coupon.service_id not in directory.services:
        raise invalid_rule(f"{path}.service_id", "There is no such service.")
    within(f"{path}.valid_days", coupon.valid_days, _COUPON_DAYS)


def _check_surprise(bonuses: BonusRules) -> None:
    surprise = bonuses.surprise
    if surprise is None:
        return
    _check_gift("bonuses.surprise.gift", surprise.gift)
    budget = (surprise.gift.points, _MAX_BUDGET)
    within("bonuses.surprise.monthly_budget_points", surprise.monthly_budget_points, budget)
    within("bonuses.surprise.holdout_percent", surprise.holdout_percent, _HOLDOUT)


def _check_limits_by_hand(bonuses: BonusRules) -> None:
    for role, limit in bonuses.compensation.items():
        field = f"bonuses.compensation.{role}"
        if role not in LIMITED:
            raise invalid_rule(field, f"Limits are for {', '.join(LIMITED)}.")
        within(f"{field}.points", limit.points, _LIMIT_POINTS)
        within(f"{field}.times_a_day", limit.times_a_day, _LIMIT_TIMES)
        within(f"{field}.times_a_client_a_month", limit.times_a_client_a_month, _LIMIT_TIMES)
        for name in ("points_a_day", "points_a_client_a_month"):
            if getattr(limit, name) is not None:
                within(f"{field}.{name}", getattr(limit, name), _LIMIT_SUM)
