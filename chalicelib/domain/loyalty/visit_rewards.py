"""The visits for which a reward is given: so many within a window, or one in each of some months running.
Pure; days are local dates of the salons."""

from collections.abc import Collection
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.categories import months_later
from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.loyalty.account import Account, StreakUse
from chalicelib.domain.networks.bonus_rules import TURNOVER_MONTHS, Streak, VisitReward
from chalicelib.domain.shared.months import month_number


def window_start(reward: VisitReward, last: date) -> date:
    """The first day of the window that ends on `last`; both days belong to it. A window of months begins on
    the same day of an earlier month, or on that month's last day where it has no such day."""
    if reward.months:
        return months_later(last, -reward.months)
    return last - timedelta(days=reward.days)


def visits_rewarded(
    reward: VisitReward, account: Account, visits: Collection[VisitDay], visit: VisitDay
) -> tuple[VisitDay, ...]:
    """The visits for which the reward is given now that `visit` was added to `visits`; empty: not yet.

    They are the oldest visits of a window that has enough of them and includes `visit`. Visits that were
    rewarded before do not count again. If `visit` was reported late, the window may end with a later visit.
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
    """The first and the last of the months running for which the gift is given, now that `month` has a visit;
    None: not yet."""
    used = {each for use in account.streaks for each in range(use.first, use.last + 1)}
    unused = visited_months(account) - used
    for first in range(month - streak.months + 1, month + 1):
        if unused.issuperset(range(first, first + streak.months)):
            return first, first + streak.months - 1
    return None


def without_old_uses(account: Account, visits: Collection[VisitDay], day: date) -> Account:
    """The account without uses that no longer matter: of visits older than all remembered visits, and of
    months before the turnover's months."""
    oldest = min((each.on for each in visits), default=day)
    uses = tuple(use for use in account.reward_uses if any(each.on >= oldest for each in use.visits))
    streaks = tuple(use for use in account.streaks if use.last > month_number(day) - TURNOVER_MONTHS)
    return replace(account, reward_uses=uses, streaks=streaks)


def streaks_broken(account: Account, month: int) -> tuple[StreakUse, ...]:
    """The gifts for months running that include this month, if the month has no visit any more."""
    if month in visited_months(account):
        return ()
    return tuple(use for use in account.streaks if use.first <= month <= use.last)
