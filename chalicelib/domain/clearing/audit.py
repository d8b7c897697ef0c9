"""What an audit of accounts has come to: sums of their entries, and where an account says otherwise."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

DIFFERENCES_KEPT = 50
FAULTS_KEPT = 10
"""Of an account: whatever else is wrong with it is told by reading it."""


class Difference(Struct, frozen=True):
    """An account that is not what its entries say, and how so."""

    client_id: str
    faults: tuple[str, ...]


class AccountCheck(Struct, frozen=True, kw_only=True):
    """One account, recomputed. balance, debt, held: what its entries sum to."""

    client_id: str
    entries: int
    balance: int
    debt: int
    held: int
    faults: tuple[str, ...] = ()


class AuditSums(Struct, frozen=True, kw_only=True):
    """accounts: how many were recomputed. differing: how many of them differ; differences: the first of
    those."""

    accounts: int = 0
    entries: int = 0
    balance: int = 0
    debt: int = 0
    held: int = 0
    differing: int = 0
    differences: tuple[Difference, ...] = ()


def with_account(sums: AuditSums, checked: AccountCheck) -> AuditSums:
    """With one account more; one that never had an entry counts as none."""
    differences = sums.differences
    if checked.faults and len(differences) < DIFFERENCES_KEPT:
        differences = (*differences, Difference(checked.client_id, checked.faults[:FAULTS_KEPT]))
    return replace(
        sums,
        accounts=sums.accounts + bool(checked.entries or checked.faults),
        entries=sums.entries + checked.entries,
        balance=sums.balance + checked.balance,
        debt=sums.debt + checked.debt,
        held=sums.held + checked.held,
        differing=sums.differing + bool(checked.faults),
        differences=differences,
    )


def with_accounts(sums: AuditSums, more: Iterable[AccountCheck]) -> AuditSums:
    for checked in more:
        sums = with_account(sums, checked)
    return sums


def drawn_instants(
    network_id: str, night: date, since: datetime, until: datetime, count: int
) -> list[datetime]:
    """So many instants of a span, by a draw that the network and the night decide: whoever draws again draws
    the same."""
    span = max((until - since) // timedelta(milliseconds=1), 1)
    drawn = (
        int.from_bytes(sha256(f"{network_id} {night} {number}".encode()).digest(), "big") % span
        for number in range(count)
    )
    return [since + timedelta(milliseconds=at) for at in drawn]
