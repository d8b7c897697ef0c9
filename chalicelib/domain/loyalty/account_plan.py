"""When a client's points need attention: they expire, a hold runs out, and, first in good time, then shortly
before, the client is warned. The account carries the pointer, since whatever changes the points writes it."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import salon_of, zone_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.loyalty.ledger import next_expiration
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, TouchKind, due_at, is_open, open_plans, timely, touch_of
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.domain.shared.zones import local_date, local_instant

EXPIRY = "expiry"
"""Why an account wakes whose points, or holds, come to their end."""
PASSES = "passes"
"""Why an account wakes whose card lies in a wallet that shows other points."""


def plans(
    account: Account, rules: MessageRules, zone: str, points_zone: str, now: datetime
) -> tuple[Plan, ...]:
    """The next warning that was not made. Of those that were missed only the last is there, to be skipped on
    record. zone: the client's, else the salon's: whose hours count. points_zone: the network's, at whose
    midnights points expire.

    A warning is of use until the next one about the same points is due, the last until the points are gone.
    """
    made = account.touches.get(TouchKind.BONUS_EXPIRY)
    warnings = _warnings(account, rules, zone, points_zone)
    later = (plan for plan in warnings if made is None or _is_later(plan.occurrence, made.occurrence))
    left = (plan for plan in later if is_open(touch_of(account.touches, plan), now, plan.until))
    for plan in _from_last_missed(left, now):
        if rules.is_off(plan.kind):
            return (replace(plan, reason="switched_off"),)
        touch = touch_of(account.touches, plan)
        plan = timely(plan, touch, rules.quiet_hours, zone, made_at=plan.at, now=now)
        if plan.reason is None:
            return (plan,)
    return ()


def _is_later(occurrence: int, made: int) -> bool:
    """Or that very warning. Another of the same day gave way to the one that was made, and is not made once
    the points of that one are gone."""
    return occurrence == made or occurrence // 1000 > made // 1000


def _from_last_missed(plans: Iterator[Plan], now: datetime) -> Iterator[Plan]:
    """Without those at the beginning that are of no use any more, but for the last of them."""
    missed = None
    for plan in plans:
        if plan.until <= now:
            missed = plan
            continue
        yield from (plan,) if missed is None else (missed, plan)
        yield from plans
        return
    if missed is not None:
        yield missed


def _warnings(account: Account, rules: MessageRules, zone: str, points_zone: str) -> Iterator[Plan]:
    """All warnings of all lots, in their order. Points that were granted later than a warning's time call for
    the next one only, and of two warnings on one day the more urgent is made.

    One after another, since mostly the first is all that is asked for. An occurrence names the day of the
    warning and how many days ahead it is of the expiry, so that later warnings have greater ones.
    """
    hour, offsets = time(rules.day_touch_hour), sorted(set(rules.bonus_expiry_days_before), reverse=True)
    found: dict[date, Plan] = {}
    for expiry, lots in sorted(_by_day(account, points_zone).items()):
        first = expiry - timedelta(days=offsets[0])
        for day in sorted(day for day in found if day < first):
            yield found.pop(day)
        days = [expiry - timedelta(days=offset) for offset in offsets]
        starts = [local_instant(day, hour, zone) for day in days]
        ends = [*starts[1:], max(expires_at for expires_at, _ in lots)]
        known = min(granted_at for _, granted_at in lots)
        for day, offset, at, until in zip(days, offsets, starts, ends, strict=True):
            if at >= known:
                plan = Plan(TouchKind.BONUS_EXPIRY, at, until, occurrence=day.toordinal() * 1000 + offset)
                found.setdefault(day, plan)
    yield from (found[day] for day in sorted(found))


def _by_day(account: Account, zone: str) -> dict[date, list[tuple[datetime, datetime]]]:
    """By the last local day of points: when exactly they expire, and when they were granted."""
    found: dict[date, list[tuple[datetime, datetime]]] = {}
    for lot in account.lots:
        if lot.expires_at is not None and lot.remaining > 0:
            day = last_day(lot.expires_at, zone)
            found.setdefault(day, []).append((lot.expires_at, lot.granted_at))
    return found


def last_day(expires_at: datetime, zone: str) -> date:
    """The last local day on which points can be used that expire then."""
    return local_date(expires_at - datetime.resolution, zone)


def expiry_day(occurrence: int) -> date:
    """The last local day of the points that a warning is of."""
    day, offset = divmod(occurrence, 1000)
    return date.fromordinal(day + offset)


def expiring_points(account: Account, occurrence: int, zone: str, now: datetime) -> int:
    """How many points can be used now and not after the day that the warning is of."""
    day, held = expiry_day(occurrence), account.held_by_lot()
    return sum(
        lot.remaining - held.get(lot.number, 0)
        for lot in account.lots
        if lot.is_available(now) and lot.expires_at and last_day(lot.expires_at, zone) == day
    )


def passes_are_stale(account: Account) -> bool:
    """Whether a wallet shows the client's points as they were before the last entries."""
    return account.shown is not None and account.shown.entries < account.entries


def _passes_due(account: Account, now: datetime) -> datetime | None:
    """When wallets are to be told: once something was posted, and when pending points can be used."""
    if account.shown is None:
        return None
    if passes_are_stale(account):
        return account.shown.again_at or now
    return min((lot.available_at for lot in account.lots if lot.available_at > now), default=None)


def next_wake(
    account: Account, rules: MessageRules | None, zone: str, points_zone: str, now: datetime
) -> Wake | None:
    """rules None: nobody can be warned, but points come to their end all the same."""
    wakes = []
    if (end := next_expiration(account)) is not None:
        wakes.append(Wake(end, EXPIRY))
    if (due := _passes_due(account, now)) is not None:
        wakes.append(Wake(due, PASSES))
    if rules is not None:
        open_now = open_plans(plans(account, rules, zone, points_zone, now), account.touches, now)
        wakes += [Wake(due_at(plan, touch_of(account.touches, plan)), plan.kind.value) for plan in open_now]
    return first_wake(wakes, account.trouble)


def with_wake(account: Account, directory: Directory, now: datetime, client: Client | None) -> Account:
    """client: whose account it is, and so whose hours count; None: nobody is to be told. Points that never
    expire leave an account asleep."""
    salon = salon_of(client, directory) if client is not None else None
    rules, zone = None, directory.zone
    if client is not None and salon is not None:
        rules, zone = directory.messages_for(salon.id), zone_of(client, directory)
    return replace(account, wake=next_wake(account, rules, zone, directory.zone, now))
