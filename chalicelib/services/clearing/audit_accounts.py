"""Audit accounts: recompute every figure of an account from its entries, and report the accounts that
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
from chalicelib.domain.shared.errors import Unreadable
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.waking.walks import CLIENTS, DONE, AnyWalk, Auditing, Walk, WalkKind
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
"""How many differing accounts of a walk, or of a night, become tasks of the salon. All of them are in the
log."""

_TRIES = 5
_MAX_WORDS = 300

CountMetric = Callable[[str], None]


def count_nowhere(metric: str) -> None:
    """For callers without metrics."""


# --- one account


def check_account(world: World, account: Account, entries: list[Entry] | None = None) -> AccountCheck:
    """Compares an account with its entries. entries: where they were read already. A difference is logged as
    an error.

    An account that agrees with its entries in two eventually consistent reads is right. Otherwise both are
    read consistently, so that an entry posted between the reads does not count as a difference. An account
    of which something cannot be read differs.
    """
    try:
        entries, found = _compared(world, account, entries)
    except Unreadable as error:
        entries, found = [], [str(error)]
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


def _compared(world: World, account: Account, entries: list[Entry] | None) -> tuple[list[Entry], list[str]]:
    """The account's entries, and its faults. Raises Unreadable."""
    if entries is None:
        entries = world.store.entries(account.network_id, account.client_id, fresh=False)
    found = faults(account, entries)
    for _ in world.tries(_TRIES):
        if not found:
            break
        entries, found = _read_consistently(world, account.network_id, account.client_id)
    return entries, found


def _read_consistently(world: World, network_id: str, client_id: str) -> tuple[list[Entry], list[str]]:
    """The entries that the account knows, and its faults. The account is read before its entries. Entries
    with later numbers were posted after that read. They are left out if the account, read again, knows them.
    So accounts with postings all the time are checked, too."""
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
    """A page of audited accounts. sums: with those of earlier pages. differing: the accounts of this page
    that differ."""

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
    """Audits the accounts of the next clients. sums: of the earlier pages."""
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


def start_audit(world: World, network_id: str) -> AnyWalk:
    """Begins a walk that audits all accounts. Returns the walk that is under way, if there is one."""
    existing = running_walk(world, network_id, lambda state: isinstance(state, Auditing))
    if existing is not None:
        return existing
    now = world.now()
    walk = Walk(
        network_id=network_id,
        id=world.new_id("wlk"),
        state=Auditing(),
        begun_at=now,
        wake=Wake(now, WalkKind.AUDIT.value),
    )
    return begin_walk(world, walk)


def audit_some(world: World, walk: Walk[Auditing], count: CountMetric = count_nowhere) -> Walk[Auditing]:
    """The walk after its next slice."""
    sums_before = walk.state.audit or NOTHING_YET
    found = audit_page(world, walk.network_id, cursor=walk.cursor, sums=sums_before)
    report_differences(world, walk, found.differing, walk.begun_at, count, reported=sums_before.differing)
    walk = replace(
        walk,
        stage=CLIENTS,
        cursor=found.visited.cursor,
        seen=walk.seen + found.visited.clients,
        changed=found.sums.differing,
        state=Auditing(found.sums),
    )
    return walk if walk.cursor is not None else replace(walk, stage=DONE, finished_at=world.now())


def check_accounts(world: World, accounts: Sequence[Account]) -> tuple[AuditSums, list[AccountCheck]]:
    """The sums of these accounts, and the accounts that differ."""
    all_checked = [check_account(world, account) for account in accounts]
    return with_accounts(NOTHING_YET, all_checked), [each for each in all_checked if each.faults]


# --- reports of differences


def report_differences(
    world: World,
    walk: AnyWalk,
    differing: Sequence[AccountCheck],
    at: datetime,
    count: CountMetric,
    *,
    reported: int = 0,
) -> None:
    """Counts each differing account in the metric of the alarm. The first ones become tasks of the salon.

    at        part of the tasks' ids, so that a repeated slice makes each task once.
    reported  how many differing accounts the walk has reported before.
    """
    for _ in differing:
        count(METRIC)
    for each in differing[: max(MAX_TASKS - reported, 0)]:
        task = Task(
            network_id=walk.network_id,
            id=time_ordered("tsk", at, digest(walk.network_id, walk.id, each.client_id, length=10)),
            kind=TaskKind.LEDGER_DIFFERS,
            at=at,
            client_id=each.client_id,
            words="; ".join(each.faults)[:_MAX_WORDS],
        )
        with suppress(SaveConflict):  # the task was made before a crash
            world.store.save(task)
