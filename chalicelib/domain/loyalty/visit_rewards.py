"""Which visits a reward is given for: so many within a window, or one in each of some months running. Pure;
days are local dates of the salons."""

from collections.abc import Collection
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.categories import months_later
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty.account import Account, StreakUse
from chalicelib.domain.networks.bonus_rules import TURNOVER_MONTHS, Streak, VisitReward
from chalicelib.domain.shared.months import month_number


def window_start(reward: VisitReward, last: date) -> date:
    """The first day of the window that ends on `last`; both belong to it. Months go back to the same day, or
    to the month's last where it has no such day."""
    if reward.months:
        return months_later(last, -reward.months)
    return last - timedelta(days=reward.days)


def visits_rewarded(
    reward: VisitReward, account: Account, visits: Collection[VisitDay], visit: VisitDay
) -> tuple[VisitDay, ...]:
    """The visits that the reward is given for now that `visit` has come to the others: the oldest of a window
    in which it lies and in which there are enough; none: not yet. Those that were rewarded before do not
    count again.

    Where a visit is told late, the window may end with a later one.
    """
    used = {each for use in account.reward_uses if use.reward_id == reward.id for each in use.visits}
    unused = sorted((each for each in visits if each not in used), key=_by_day)
    if visit not in unused:
        return ()
    for last in sorted({each.on for each in unused if each.on >= visit.on}):
        first = window_start(reward, last)
        within = [each for each in unused if first <= each.on <= last]
        if visit.on >= first and len(within) >= reward.visits:
            return tuple(within[: reward.visits])
    return ()


def _by_day(visit: VisitDay) -> tuple[date, str]:
    return visit.on, visit.salon_id


def visited_months(account: Account) -> set[int]:
    return {each.month for each in account.turnover if each.visits > 0}


def months_rewarded(streak: Streak, account: Account, month: int) -> tuple[int, int] | None:
    """The first and last of the months running for which the gift is given now that there is a visit in
    `month`; None: not yet."""
    used = {each for use in account.streaks for each in range(use.first, use.last + 1)}
    unused = visited_months(account) - used
    for first in range(month - streak.months + 1, month + 1):
        if unused.issuperset(range(first, first + streak.months)):
            return first, first + streak.months - 1
    return None


def without_old_uses(account: Account, visits: Collection[VisitDay], day: date) -> Account:
    """Forgets what can matter no more: uses of visits older than all that are remembered, and of months
    before those of the turnover."""
    oldest = min((each.on for each in visits), default=day)
    uses = tuple(use for use in account.reward_uses if any(each.on >= oldest for each in use.visits))
    streaks = tuple(use for use in account.streaks if use.last > month_number(day) - TURNOVER_MONTHS)
    return replace(account, reward_uses=uses, streaks=streaks)


def streaks_broken(account: Account, month: int) -> tuple[StreakUse, ...]:
    """Gifts for months running of which one, that month, has no visit any more."""
    if month in visited_months(account):
        return ()
    return tuple(use for use in account.streaks if use.first <= month <= use.last)
