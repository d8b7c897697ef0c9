"""Clear a month between salons. A walk reads every entry of the ledger once and adds up those of the month.
Each slice saves a part; the parts together are the report. The walk also audits every account."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.clearing.audit import AccountCheck, with_account
from chalicelib.domain.clearing.clearing import (
    LATE,
    Clearing,
    ClearingPart,
    MonthAccumulator,
    MonthSums,
    Period,
    period_of,
    sum_of_parts,
)
from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import DomainError, ErrorKind, refused
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.months import month_before, month_name
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.shared.zones import local_date
from chalicelib.domain.waking.walks import CLIENTS, DONE, AnyWalk, ClearingMonth, Walk, WalkKind
from chalicelib.services.clearing.audit_accounts import (
    NOTHING_YET,
    CountMetric,
    check_account,
    count_nowhere,
    report_differences,
)
from chalicelib.services.clearing.read_accounts import begin_walk, read_accounts, running_walk
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

SETTLED = timedelta(minutes=1)
"""A walk reports the instant that long before its begin. Postings of that time are complete by now."""

CLOSED_AFTER = LATE + timedelta(hours=1)
BOOKINGS = "completed_bookings"
_SALONS_BATCH_SIZE = 50


# --- beginning


def start_clearing(world: World, network_id: str, month: str) -> AnyWalk:
    """Begins a walk that counts a month, which may not be over yet. Returns the walk of that month that is
    under way, if there is one. Raises MONTH_NOT_BEGUN."""
    directory, now = world.directory(network_id), world.now()
    period = _period(world, directory, month)
    if period.since > now:
        raise refused("MONTH_NOT_BEGUN", "That month has not begun yet.", month=month)
    existing = running_walk(
        world, network_id, lambda state: isinstance(state, ClearingMonth) and state.period.month == month
    )
    if existing is not None:
        return existing
    return begin_walk(world, _walk(directory, world.new_id("wlk"), period, now))


def closing_walk(world: World, directory: Directory, now: datetime) -> Walk[ClearingMonth] | None:
    """The walk that counts the last month finally, not saved yet. None: the books of the month are open, or
    it was counted finally already. The walk's id follows from the month, so that it is begun once."""
    network_id = directory.network.network_id
    first = local_date(now, directory.zone).replace(day=1)
    month = month_name(first - timedelta(days=1))
    period = _period(world, directory, month)
    closed_at = period.until + CLOSED_AFTER
    if now < closed_at or period.until <= directory.network.created_at:
        return None
    existing = world.store.get(Clearing, network_id=network_id, month=month)
    if existing is not None and existing.is_final:
        return None
    walk_id = time_ordered("wlk", closed_at, digest(network_id, "clearing", month, length=7))
    return _walk(directory, walk_id, period, now)


def _period(world: World, directory: Directory, month: str) -> Period:
    """The span of a month. A month begins at the end of the counted month before, even if the network has
    another zone since."""
    network_id = directory.network.network_id
    existing = world.store.get(Clearing, network_id=network_id, month=month)
    if existing is not None and existing.is_final:
        return existing.period
    period = period_of(month, directory.zone)
    before = world.store.get(Clearing, network_id=network_id, month=month_before(month))
    return replace(period, since=before.period.until) if before is not None and before.is_final else period


def _walk(directory: Directory, walk_id: str, period: Period, now: datetime) -> Walk[ClearingMonth]:
    return Walk(
        network_id=directory.network.network_id,
        id=walk_id,
        state=ClearingMonth(period),
        begun_at=now,
        wake=Wake(now, WalkKind.CLEARING.value),
    )


# --- counting


def clear_some(
    world: World, walk: Walk[ClearingMonth], count: CountMetric = count_nowhere
) -> Walk[ClearingMonth]:
    """The walk after its next slice. A slice that is repeated after a crash saves the same part."""
    if walk.stage == BOOKINGS:
        return _count_bookings(world, walk)
    return _add_entries(world, walk, count)


def _add_entries(world: World, walk: Walk[ClearingMonth], count: CountMetric) -> Walk[ClearingMonth]:
    period, audit = walk.state.period, walk.state.audit or NOTHING_YET
    month_sums = MonthAccumulator(period, _as_of(walk))
    reported, differing = audit.differing, list[AccountCheck]()

    def take(account: Account) -> int:
        nonlocal audit
        entries = world.store.entries(walk.network_id, account.client_id, fresh=False)
        for entry in entries:
            month_sums.add(entry)
        found = check_account(world, account, entries)
        audit = with_account(audit, found)
        if found.faults:
            differing.append(found)
        return len(entries)

    visited = read_accounts(world, walk.network_id, take, cursor=walk.cursor)
    sums = month_sums.sums()
    _save_part(world, walk, sums)
    report_differences(world, walk, differing, walk.begun_at, count, reported=reported)
    return replace(
        walk,
        stage=CLIENTS if visited.cursor is not None else BOOKINGS,
        cursor=visited.cursor,
        seen=walk.seen + visited.clients,
        changed=walk.changed + sums.entries,
        state=replace(walk.state, audit=audit),
    )


def _count_bookings(world: World, walk: Walk[ClearingMonth]) -> Walk[ClearingMonth]:
    """Counts the completed bookings of the month, by salon."""
    period = walk.state.period
    directory = world.directory(walk.network_id)
    remaining = sorted(each for each in directory.salons if each > (walk.cursor or ""))
    salons = remaining[:_SALONS_BATCH_SIZE]
    completed = {
        each: world.store.completed_of_salon(walk.network_id, each, period.since, period.until)
        for each in salons
    }
    _save_part(
        world,
        walk,
        MonthSums(bookings={salon_id: number for salon_id, number in completed.items() if number}),
    )
    walk = replace(walk, seen=walk.seen + len(salons))
    if len(remaining) > len(salons):
        return replace(walk, cursor=salons[-1])
    _conclude(world, walk, directory)
    return replace(walk, stage=DONE, cursor=None, finished_at=world.now())


def _save_part(world: World, walk: AnyWalk, sums: MonthSums) -> None:
    """Saves a part. An empty part is saved, too, since a crash may have left another one in its place."""
    number = f"{walk.stage == BOOKINGS:d}{walk.seen:09d}"
    world.store.save(ClearingPart(network_id=walk.network_id, walk_id=walk.id, number=number, sums=sums))


def _as_of(walk: AnyWalk) -> datetime:
    return walk.begun_at - SETTLED


def _conclude(world: World, walk: Walk[ClearingMonth], directory: Directory) -> None:
    """Makes this walk's sums the report on the month, unless a later walk was faster. Raises SaveConflict
    after the last try, so that the walk is woken again and no failure is counted."""
    period = walk.state.period
    for _ in world.tries():
        existing = world.store.get(Clearing, network_id=walk.network_id, month=period.month)
        if existing is not None and existing.as_of > _as_of(walk):
            return
        report = Clearing(
            network_id=walk.network_id,
            month=period.month,
            period=period,
            walk_id=walk.id,
            as_of=_as_of(walk),
            point_values=_point_values(directory),
            version=existing.version if existing is not None else 0,
        )
        with suppress(SaveConflict):
            world.store.save(report)
            return
    raise SaveConflict(report)


def _point_values(directory: Directory) -> Mapping[str, int]:
    currencies = {salon.currency for salon in directory.salons.values()}
    return {each: directory.rules.bonuses.point_value(each) for each in sorted(currencies)}


# --- the report


def clearing_of(world: World, network_id: str, month: str) -> tuple[Clearing, MonthSums]:
    """The newest report on a month, with its sums. Raises NOT_COUNTED."""
    clearing = world.store.get(Clearing, network_id=network_id, month=month)
    if clearing is None:
        raise DomainError(
            ErrorKind.MISSING,
            "NOT_COUNTED",
            "This month was not counted yet: POST /v1/reports/bonus/clearing has it counted.",
            month=month,
        )
    parts = world.store.clearing_parts(network_id, clearing.walk_id)
    return clearing, sum_of_parts(part.sums for part in parts)
