"""What a client who comes often gets: a gift for months running, a coupon for so many visits within a time.
Told visit by visit, in the order of their local dates."""

from calendar import monthrange
from datetime import date, timedelta

from chalicelib.domain.bonus_rules import BonusRules, CouponTerms, Gift, VisitReward
from chalicelib.domain.programme import month_of


class ComingOften:
    """One client's way towards what a programme gives. What has earned something is used up."""

    def __init__(self, rules: BonusRules) -> None:
        self._streak, self._rewards = rules.streak, rules.visit_rewards
        self._months_running, self._last_month = 0, 0
        self._unused: list[list[date]] = [[] for _ in self._rewards]

    def visit(self, on: date) -> tuple[Gift | None, list[CouponTerms]]:
        """What this visit brings. One that is told late, after a visit of a later month, counts as of that
        month."""
        return self._streak_gift(on), self._coupons(on)

    def _streak_gift(self, on: date) -> Gift | None:
        month = max(month_of(on), self._last_month)
        if self._streak is None or month == self._last_month:
            return None
        self._months_running = self._months_running + 1 if month == self._last_month + 1 else 1
        self._last_month = month
        if self._months_running < self._streak.months:
            return None
        self._months_running = 0
        return self._streak.gift

    def _coupons(self, on: date) -> list[CouponTerms]:
        found = []
        for place, reward in enumerate(self._rewards):
            unused = [day for day in self._unused[place] if on <= last_day_for(reward, day)] + [on]
            if len(unused) >= reward.visits:
                found.append(reward.coupon)
                unused = []
            self._unused[place] = unused
        return found


def last_day_for(reward: VisitReward, first: date) -> date:
    """Until which day the visits must have been made of which that is the first: the same day so many months
    later, or the last that there is in that month."""
    if reward.days:
        return first + timedelta(days=reward.days)
    year, month = divmod(month_of(first) + reward.months, 12)
    return date(year, month + 1, min(first.day, monthrange(year, month + 1)[1]))
