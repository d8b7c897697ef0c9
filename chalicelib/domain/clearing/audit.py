"""The result of an audit: sums of the entries of accounts, and the accounts that differ from their
entries."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

DIFFERENCES_KEPT = 50
FAULTS_KEPT = 10
"""How many faults of one account are kept. Its other faults are found by checking the account again."""


class Difference(Struct, frozen=True):
    """An account that differs from its entries, with what is wrong."""

    client_id: str
    faults: tuple[str, ...]


class AccountCheck(Struct, frozen=True, kw_only=True):
    """One account, recomputed. balance, debt, held: the sums of its entries, in points. faults: empty where
    the account is right."""

    client_id: str
    entries: int
    balance: int
    debt: int
    held: int
    faults: tuple[str, ...] = ()


class AuditSums(Struct, frozen=True, kw_only=True):
    """Sums over accounts. accounts: number of accounts with entries. balance, debt, held: in points.
    differing: number of accounts that differ; differences: the first of them."""

    accounts: int = 0
    entries: int = 0
    balance: int = 0
    debt: int = 0
    held: int = 0
    differing: int = 0
    differences: tuple[Difference, ...] = ()


def with_account(sums: AuditSums, checked: AccountCheck) -> AuditSums:
    """The sums with one more account. An account without entries and faults is not counted."""
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


def with_accounts(sums: AuditSums, checks: Iterable[AccountCheck]) -> AuditSums:
    for checked in checks:
        sums = with_account(sums, checked)
    return sums


def drawn_instants(
    network_id: str, night: date, since: datetime, until: datetime, count: int
) -> list[datetime]:
    """Instants of a span, drawn by a digest of network and night, so that a repeated draw has the same
    result."""
    span = max((until - since) // timedelta(milliseconds=1), 1)
    drawn = (
        int.from_bytes(sha256(f"{network_id} {night} {number}".encode()).digest(), "big") % span
        for number in range(count)
    )
    return [since + timedelta(milliseconds=at) for at in drawn]
