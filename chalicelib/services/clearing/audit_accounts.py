"""Audit accounts: recompute every figure of each from its entries, and tell whoever has to know where they
differ."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clearing.audit import FAULTS_KEPT, AccountCheck, AuditSums, with_account, with_accounts
from chalicelib.domain.loyalty.account import Account, Entry
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import CLIENTS, DONE, Walk, WalkKind
from chalicelib.services.clearing.read_accounts import (
    CLIENTS_BATCH_SIZE,
    AccountsRead,
    begin_walk,
    read_accounts,
    running_walk,
)
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

log = logging.getLogger(__name__)

NOTHING_YET = AuditSums()
METRIC = "LedgerDifferences"
MAX_TASKS = 20
"""How many accounts a walk, or a night, puts before the salon one by one; all are in the log."""

_TRIES = 5
_MAX_WORDS = 300

CountMetric = Callable[[str], None]


def count_nowhere(metric: str) -> None:
    """Where there are no metrics."""


# --- one account


def check_account(world: World, account: Account, entries: list[Entry] | None = None) -> AccountCheck:
    """An account against its entries, if those were read already, these. What two cheap reads agree on is
    right; only where they do not is it read again so that nothing posted meanwhile can pass for a difference.
    A difference is an error in the log, whoever asked."""
    if entries is None:
        entries = world.store.entries(account.network_id, account.client_id, fresh=False)
    found = faults(account, entries)
    for _ in world.tries(_TRIES):
        if not found:
            break
        entries, found = _read_consistently(world, account.network_id, account.client_id)
    if found:
        log.error(
            "an account is not what its entries say",
            extra={
                "network": account.network_id,
                "client_id": account.client_id,
                "faults": found[:FAULTS_KEPT],
            },
        )
    return AccountCheck(
        client_id=account.client_id,
        entries=len(entries),
        balance=sum(entry.points for entry in entries),
        debt=sum(entry.debt for entry in entries),
        held=sum(entry.held for entry in entries),
        faults=tuple(found),
    )


def _read_consistently(world: World, network_id: str, client_id: str) -> tuple[list[Entry], list[str]]:
    """The account first, its entries after it: those with later numbers came after it, and are left out, if
    the account, read once more, knows of them. So an account that is posted to without a pause is checked,
    too."""
    account = world.store.account(network_id, client_id)
    entries = world.store.entries(network_id, client_id)
    known = [entry for entry in entries if entry.number < account.entries]
    found = faults(account, known)
    if len(known) < len(entries):
        later = world.store.account(network_id, client_id)
        last = max(entry.number for entry in entries)
        if last >= later.entries:
            found.append(f"entry {last} is not counted by the account, which has {later.entries}")
    return known, found


# --- many


class AuditPage(Struct, frozen=True):
    """sums: those that were given, and of the accounts that were come by. differing: those that differ."""

    sums: AuditSums
    differing: list[AccountCheck]
    visited: AccountsRead


def audit_page(
    world: World,
    network_id: str,
    *,
    cursor: str | None,
    clients: int = CLIENTS_BATCH_SIZE,
    sums: AuditSums = NOTHING_YET,
) -> AuditPage:
    """The next clients' accounts."""
    differing: list[AccountCheck] = []

    def take(account: Account) -> int:
        nonlocal sums
        found = check_account(world, account)
        sums = with_account(sums, found)
        if found.faults:
            differing.append(found)
        return found.entries

    visited = read_accounts(world, network_id, take, cursor=cursor, clients=clients)
    return AuditPage(sums, differing, visited)


def start_audit(world: World, network_id: str) -> Walk:
    """A walk over all accounts; the one that is under way, if one is."""
    stands = running_walk(world, network_id, WalkKind.AUDIT)
    if stands is not None:
        return stands
    now = world.now()
    walk = Walk(
        network_id=network_id,
        id=world.new_id("wlk"),
        kind=WalkKind.AUDIT,
        begun_at=now,
        wake=Wake(now, WalkKind.AUDIT.value),
    )
    return begin_walk(world, walk)


def audit_some(world: World, walk: Walk, count: CountMetric = count_nowhere) -> Walk:
    """The walk after its next slice."""
    stands = walk.audit or NOTHING_YET
    found = audit_page(world, walk.network_id, cursor=walk.cursor, sums=stands)
    report_differences(world, walk, found.differing, walk.begun_at, count, told=stands.differing)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.visited.cursor,
        seen=walk.seen + found.visited.clients,
        changed=found.sums.differing,
        audit=found.sums,
    )
    return walk if walk.cursor is not None else replace(walk, stage=DONE, finished_at=world.now())


def check_accounts(world: World, accounts: Sequence[Account]) -> tuple[AuditSums, list[AccountCheck]]:
    """The sums of these accounts, and those that differ."""
    all_checked = [check_account(world, account) for account in accounts]
    return with_accounts(NOTHING_YET, all_checked), [each for each in all_checked if each.faults]


# --- what is told of differences


def report_differences(
    world: World,
    walk: Walk,
    differing: Sequence[AccountCheck],
    at: datetime,
    count: CountMetric,
    *,
    told: int = 0,
) -> None:
    """Each difference is counted in the metric that rings the alarm; the first are tasks of the salon. at:
    names the tasks, so that those of a slice that is done again are made once. told: how many the walk has
    found before."""
    for _ in differing:
        count(METRIC)
    for each in differing[: max(MAX_TASKS - told, 0)]:
        task = Task(
            network_id=walk.network_id,
            id=time_ordered("tsk", at, digest(walk.network_id, walk.id, each.client_id, length=10)),
            kind=TaskKind.LEDGER_DIFFERS,
            at=at,
            client_id=each.client_id,
            words="; ".join(each.faults)[:_MAX_WORDS],
        )
        with suppress(SaveConflict):  # it was made before a crash
            world.store.save(task)
