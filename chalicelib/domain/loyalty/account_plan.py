"""When an account needs attention: points expire, a hold ends, the client is warned of an expiry, or wallets
need an update. The pointer is in the account, since each change of points saves the account."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from msgspec.structs import replace

from chalicelib.domain.clients.client_plan import salon_of, zone_of
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import Account, expiry_day
from chalicelib.domain.loyalty.ledger import next_expiration
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.touches import Plan, TouchKind, due_at, is_open, open_plans, timely, touch_of
from chalicelib.domain.shared.waking import Wake, first_wake
from chalicelib.domain.shared.zones import local_date, local_instant

EXPIRY = "expiry"
"""The reason of a wake: points expire, or a hold ends."""
PASSES = "passes"
"""The reason of a wake: a wallet shows other points than the account has."""


def plans(
    account: Account, rules: MessageRules, zone: str, points_zone: str, now: datetime
) -> tuple[Plan, ...]:
    """The next warning of an expiry, if there is one. Of missed warnings only the last is planned, so that it
    is recorded as skipped.

    zone         whose local hours count: the client's, else the salon's.
    points_zone  at whose midnights points expire: the network's.

    A warning is useful until the next warning of the same points is due. The last one is useful until the
    points expire.
    """
    made = account.touches.get(TouchKind.BONUS_EXPIRY)
    warnings = _warnings(account, rules, zone, points_zone)
    later = (plan for plan in warnings if made is None or _is_later(plan.occurrence, made.occurrence))
    still_open = (plan for plan in later if is_open(touch_of(account.touches, plan), now, plan.until))
    for plan in _from_last_missed(still_open, now):
        if rules.is_off(plan.kind):
            return (replace(plan, reason="switched_off"),)
        touch = touch_of(account.touches, plan)
        plan = timely(plan, touch, rules.quiet_hours, zone, made_at=plan.at, now=now)
        if plan.reason is None:
            return (plan,)
    return ()


def _is_later(occurrence: int, made: int) -> bool:
    """Whether an occurrence is the warning that was made, or one of a later day. A second warning of the same
    day gave way to the made one. It is not made later either."""
    return occurrence == made or occurrence // 1000 > made // 1000


def _from_last_missed(plans: Iterator[Plan], now: datetime) -> Iterator[Plan]:
    """The plans without the missed ones at the beginning, except the last of these."""
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
    """All warnings of all lots, in the order of time. Points that were granted after a warning's time are in
    the next warning only. Of two warnings on one day the more urgent is made.

    Warnings are yielded one by one, since mostly only the first is used. An occurrence is the ordinal of the
    day of the warning, times 1000, plus the days until the expiry. So later warnings have greater
    occurrences.
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
    """Pairs of expiry and grant instants of lots, by the last local day on which the points can be used."""
    found: dict[date, list[tuple[datetime, datetime]]] = {}
    for lot in account.lots:
        if lot.expires_at is not None and lot.remaining > 0:
            day = last_day(lot.expires_at, zone)
            found.setdefault(day, []).append((lot.expires_at, lot.granted_at))
    return found


def last_day(expires_at: datetime, zone: str) -> date:
    """The last local day on which points with that expiry can be used."""
    return local_date(expires_at - datetime.resolution, zone)


def expiring_points(account: Account, occurrence: int, zone: str, now: datetime) -> int:
    """The points that can be used now, and not after the day that the warning is about."""
    day, held = expiry_day(occurrence), account.held_by_lot()
    return sum(
        lot.remaining - held.get(lot.number, 0)
        for lot in account.lots
        if lot.is_available(now) and lot.expires_at and last_day(lot.expires_at, zone) == day
    )


def passes_are_stale(account: Account) -> bool:
    """Whether entries were posted after the last update of the client's wallets."""
    return account.shown is not None and account.shown.entries < account.entries


def _passes_due(account: Account, now: datetime) -> datetime | None:
    """When wallets need an update: after a posting, and when pending points become available."""
    if account.shown is None:
        return None
    if passes_are_stale(account):
        return account.shown.again_at or now
    return min((lot.available_at for lot in account.lots if lot.available_at > now), default=None)


def next_wake(
    account: Account, rules: MessageRules | None, zone: str, points_zone: str, now: datetime
) -> Wake | None:
    """The account's next wake. rules None: nobody can be warned, but points expire all the same."""
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
    """The account with its pointer set. client: whose account it is; the client's local hours count. None:
    nobody is warned. An account without points that expire, without holds and without wallets has no
    pointer."""
    salon = salon_of(client, directory) if client is not None else None
    rules, zone = None, directory.zone
    if client is not None and salon is not None:
        rules, zone = directory.messages_for(salon.id), zone_of(client, directory)
    return replace(account, wake=next_wake(account, rules, zone, directory.zone, now))
