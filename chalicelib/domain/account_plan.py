"""When a client's points call for a message: those about to expire are warned of, first in good time, then
shortly before. The account carries the pointer, since whatever changes the points writes it."""

from dataclasses import replace
from datetime import datetime, time, timedelta

from chalicelib.domain.ledger import Account
from chalicelib.domain.rules import MessageRules
from chalicelib.domain.touches import Plan, TouchKind, due_at, is_open, open_plans, timely, touch_of
from chalicelib.domain.waking import Wake, first_wake
from chalicelib.domain.zones import local_date, local_instant


def plans(account: Account, rules: MessageRules, zone: str, now: datetime) -> tuple[Plan, ...]:
    """The next warning: the first that is neither over nor made. Its occurrence names the day of the expiry
    and which of the warnings it is. zone: the client's, else the salon's.

    A warning is of use until the next one is due, the last until the points are gone.
    """
    ends = sorted({lot.expires_at for lot in account.lots if lot.expires_at and lot.remaining > 0})
    for expires_at in ends:
        day = local_date(expires_at, zone)
        hour = time(rules.day_touch_hour)
        offsets = sorted(set(rules.bonus_expiry_days_before), reverse=True)
        starts = [local_instant(day - timedelta(days=days), hour, zone) for days in offsets]
        for days, at, until in zip(offsets, starts, [*starts[1:], expires_at], strict=True):
            plan = Plan(TouchKind.BONUS_EXPIRY, at, until, occurrence=day.toordinal() * 1000 + days)
            touch = touch_of(account.touches, plan)
            if until <= now or not is_open(touch, now, until):
                continue
            if rules.is_off(plan.kind):
                return (replace(plan, reason="switched_off"),)
            return (timely(plan, touch, rules.quiet_hours, zone, made_at=at, now=now),)
    return ()


def expiring_points(account: Account, occurrence: int, zone: str, now: datetime) -> int:
    """How many points can be used now and not after the day that the warning is of."""
    day = occurrence // 1000
    return sum(
        lot.remaining
        for lot in account.lots
        if lot.is_available(now) and lot.expires_at and local_date(lot.expires_at, zone).toordinal() == day
    )


def next_wake(account: Account, rules: MessageRules, zone: str, now: datetime) -> Wake | None:
    open_now = open_plans(plans(account, rules, zone, now), account.touches, now)
    wakes = [Wake(due_at(plan, touch_of(account.touches, plan)), plan.kind.value) for plan in open_now]
    return first_wake(wakes, account.trouble)
