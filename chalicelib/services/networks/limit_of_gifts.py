"""The limit of what the rules give by the word of others than the owner: no gift is larger than what the role
gives by hand at once. Otherwise a manager would give by a rule what the manager's limit by hand refuses."""

from collections.abc import Iterator

from chalicelib.domain.networks.bonus_rules import BonusRules, Gift
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import refused


def ensure_gifts_allowed(role: Role, current: BonusRules, wanted: BonusRules) -> None:
    """Checks the gifts that a role changes. A gift that is not larger than it was passes. Raises OVER_LIMIT,
    naming the field."""
    limit, before = current.limit_by_hand(role), dict(_points_given(current))
    for field, points in _points_given(wanted):
        _ensure_within(role, field, points, limit.points, before.get(field, 0))
    budget = "bonuses.surprise.monthly_budget_points"
    budgets = [each.surprise.monthly_budget_points if each.surprise else 0 for each in (current, wanted)]
    _ensure_within(role, budget, budgets[1], limit.day_points, budgets[0])


def _points_given(rules: BonusRules) -> Iterator[tuple[str, int]]:
    """Each gift's field and points. A coupon of an amount counts as the points that it is worth."""
    referral, streak, surprise = rules.referral, rules.streak, rules.surprise
    gifts: dict[str, Gift | None] = {
        "bonuses.birthday": rules.birthday,
        "bonuses.referral.referrer": referral.referrer if referral else None,
        "bonuses.referral.friend": referral.friend if referral else None,
        "bonuses.streak.gift": streak.gift if streak else None,
        "bonuses.surprise.gift": surprise.gift if surprise else None,
    }
    for field, gift in gifts.items():
        if gift is not None:
            yield f"{field}.points", gift.points
    for reward in rules.visit_rewards:
        worth = -(-reward.coupon.amount_minor // rules.point_value_minor)
        yield f"bonuses.visit_rewards.{reward.id}.coupon.amount_minor", worth


def _ensure_within(role: Role, field: str, points: int, most: int, before: int) -> None:
    if points <= max(most, before):
        return
    raise refused(
        "OVER_LIMIT",
        f"`{field}`: a rule that this role sets gives at most {most} points, or their worth. Ask: owner.",
        which="gift_of_rules",
        field=field,
        limit=most,
        left=most,
        role=role.value,
        may=[Role.OWNER.value],
    )
