"""When a client's points call for a message: those about to expire are warned of, first in good time, then
shortly before. The account carries the pointer, since whatever changes the points writes it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from chalicelib.domain.ledger import Account
from chalicelib.domain.rules import MessageRules
from chalicelib.domain.touches import Plan, TouchKind, due_at, is_open, open_plans, timely, touch_of
from chalicelib.domain.waking import Wake, first_wake
from chalicelib.domain.zones import local_date, local_instant


def plans(account: Account, rules: MessageRules, zone: str, now: datetime) -> tuple[Plan, ...]:
    """The next warning: the first that is neither over nor made. zone: the client's, else the salon's.

    A warning is of use until the next one about the same points is due, the last until the points are gone.
    """
    made = account.touches.get(TouchKind.BONUS_EXPIRY)
    for plan in sorted(_warnings(account, rules, zone), key=lambda plan: plan.occurrence):
        if plan.until <= now or (made is not None and plan.occurrence < made.occurrence):
            continue
        touch = touch_of(account.touches, plan)
        if not is_open(touch, now, plan.until):
            continue
        if rules.is_off(plan.kind):
            return (replace(plan, reason="switched_off"),)
        return (timely(plan, touch, rules.quiet_hours, zone, made_at=plan.at, now=now),)
    return ()


def _warnings(account: Account, rules: MessageRules, zone: str) -> Iterator[Plan]:
    """All warnings of all lots. An occurrence names the day of the warning and how many days ahead it is of
    the expiry, so that later warnings have greater ones."""
    hour, offsets = time(rules.day_touch_hour), sorted(set(rules.bonus_expiry_days_before), reverse=True)
    for expires_at in {lot.expires_at for lot in account.lots if lot.expires_at and lot.remaining > 0}:
        days = [local_date(expires_at, zone) - timedelta(days=offset) for offset in offsets]
        starts = [local_instant(day, hour, zone) for day in days]
        ends = [*starts[1:], expires_at]
        for day, offset, at, until in zip(days, offsets, starts, ends, strict=True):
            yield Plan(TouchKind.BONUS_EXPIRY, at, until, occurrence=day.toordinal() * 1000 + offset)


def expiry_day(occurrence: int) -> date:
    """The local day on which the points expire that a warning is of."""
    day, offset = divmod(occurrence, 1000)
    return date.fromordinal(day + offset)


def expiring_points(account: Account, occurrence: int, zone: str, now: datetime) -> int:
    """How many points can be used now and not after the day that the warning is of."""
    day = expiry_day(occurrence)
    return sum(
        lot.remaining
        for lot in account.lots
        if lot.is_available(now) and lot.expires_at and local_date(lot.expires_at, zone) == day
    )


def next_wake(account: Account, rules: MessageRules, zone: str, now: datetime) -> Wake | None:
    open_now = open_plans(plans(account, rules, zone, now), account.touches, now)
    wakes = [Wake(due_at(plan, touch_of(account.touches, plan)), plan.kind.value) for plan in open_now]
    return first_wake(wakes, account.trouble)
