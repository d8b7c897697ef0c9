"""Rewards of one client who comes often: a gift for months running, and coupons for a number of visits within
a window. Visits are passed one by one, in the order of their local dates.

The results are those of visit_rewards.py, without an account. A test compares the two."""

from datetime import date

from chalicelib.domain.loyalty.visit_rewards import window_start
from chalicelib.domain.networks.bonus_rules import BonusRules, CouponTerms, Gift
from chalicelib.domain.shared.months import month_number


class ComingOften:
    """One client's progress towards streak gifts and visit rewards. Months and visits that have earned a
    reward are used up."""

    def __init__(self, rules: BonusRules) -> None:
        self._streak, self._rewards = rules.streak, rules.visit_rewards
        self._months_running, self._last_month = 0, 0
        self._unused: list[list[date]] = [[] for _ in self._rewards]

    def visit(self, on: date, *, gives: bool = True) -> tuple[Gift | None, list[CouponTerms]]:
        """The streak gift and the coupons of a visit. gives: whether the salon's programme is on; the visit
        counts in any case. A visit that follows one of a later month counts for that month."""
        return self._streak_gift(month_number(on), gives), self._coupons(on, gives)

    def _streak_gift(self, month: int, gives: bool) -> Gift | None:
        if month > self._last_month:
            running = self._months_running if month == self._last_month + 1 else 0
            self._months_running, self._last_month = running + 1, month
        if self._streak is None or not gives or self._months_running < self._streak.months:
            return None
        self._months_running = 0
        return self._streak.gift

    def _coupons(self, on: date, gives: bool) -> list[CouponTerms]:
        found = []
        for place, reward in enumerate(self._rewards):
            first = window_start(reward, on)
            unused = [day for day in self._unused[place] if day >= first] + [on]
            if gives and len(unused) >= reward.visits:
                found.append(reward.coupon)
                unused = unused[reward.visits :]
            self._unused[place] = unused
        return found
