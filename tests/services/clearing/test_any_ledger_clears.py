"""Whatever happens to points, a month's report is the sum of its entries, and the audit finds nothing."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.clearing.clearing import COLUMNS, MonthSums, period_of, total_of
from chalicelib.domain.loyalty.account import Entry, EntryKind
from chalicelib.domain.loyalty.account_plan import last_day
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.clearing.audit_accounts import start_audit
from chalicelib.services.clearing.clear_month import clearing_of, start_clearing
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import NETWORK
from tests.ledgers import CLIENTS, KINDS, ZONE, Ledgers, Step, steps
from tests.profile import tries


def walked(ledgers: Ledgers, walk: Walk) -> Walk:
    while walk.finished_at is None:
        walk_on(ledgers.world, walk)
        walk = ledgers.store.get(Walk, network_id=NETWORK, id=walk.id)
    return walk


def cleared(ledgers: Ledgers, month: str) -> MonthSums:
    ledgers.clock.forward(minutes=2)  # a walk tells of the instant a minute before it began
    walked(ledgers, start_clearing(ledgers.world, NETWORK, month))
    return clearing_of(ledgers.world, NETWORK, month)[1]


def months_of(ledgers: Ledgers) -> list[str]:
    days = {entry.effective_at.date() for entry in ledgers.entries()} | {ledgers.clock().date()}
    first, last = min(days), max(days)
    count = (last - first).days + 1
    return sorted({month_name(first + timedelta(days=number)) for number in range(count)})


def is_before(entry: Entry, instant: datetime) -> bool:
    """Points that expire at a midnight were last usable in the month that it ends."""
    if entry.kind is EntryKind.EXPIRY:
        return entry.effective_at <= instant
    return entry.effective_at < instant


def balances(ledgers: Ledgers, instant: datetime) -> int:
    found = 0
    for each_id in CLIENTS:
        past = [each for each in ledgers.store.entries(NETWORK, each_id) if is_before(each, instant)]
        found += past[-1].balance_after if past else 0
    return found


@given(steps)
@tries(150, 3000)
def test_the_report_is_the_sum_of_the_entries(said: list[Step]) -> None:
    ledgers = Ledgers()
    ledgers.live(said)
    for month in months_of(ledgers):
        sums, period = cleared(ledgers, month), period_of(month, ZONE)
        month_s = [
            each
            for each in ledgers.entries()
            if is_before(each, period.until) and not is_before(each, period.since)
        ]
        total = total_of(sums.pairs)
        assert sums.entries == len(month_s)
        assert total.net == sum(entry.points for entry in month_s)
        assert total.net == balances(ledgers, period.until) - balances(ledgers, period.since)
        assert sums.debt == sum(entry.debt for entry in month_s)
        for column in COLUMNS:
            assert getattr(total, column) == sum(getattr(pair, column) for pair in sums.pairs)
        by_kind = {kind: [entry for entry in month_s if entry.kind is kind] for kind in EntryKind}
        assert total.granted == sum(entry.worth for kind in KINDS for entry in by_kind[kind])
        assert total.redeemed == sum(entry.worth for entry in by_kind[EntryKind.REDEEM])
        assert total.corrected == sum(entry.worth for entry in by_kind[EntryKind.CORRECTION])
        assert total.expired == sum(entry.points for entry in by_kind[EntryKind.EXPIRY])
        assert total.merged == sum(entry.points for entry in by_kind[EntryKind.MERGE])
        assert sum(sums.redemptions.values()) == len(by_kind[EntryKind.REDEEM])


@given(steps)
@tries(80, 2000)
def test_the_liability_is_what_is_open_and_never_below_zero(said: list[Step]) -> None:
    ledgers = Ledgers()
    ledgers.live(said)
    for month in months_of(ledgers):
        sums = cleared(ledgers, month)
        assert all(each.points > 0 for each in sums.owed)
        assert sum(each.points for each in sums.owed) == balances(ledgers, period_of(month, ZONE).until)
    open_now: dict[tuple[str, str], int] = {}
    for each_id in CLIENTS:
        for lot in ledgers.account(each_id).lots:
            if lot.idle_days is not None:
                expires = "inactivity"
            else:
                expires = month_name(last_day(lot.expires_at, ZONE)) if lot.expires_at else "never"
            key = (lot.salon_id or "", expires)
            open_now[key] = open_now.get(key, 0) + lot.remaining
    assert {(each.granting, each.expires): each.points for each in sums.owed} == open_now


@given(steps, st.integers(0, 3), st.integers(0, 3))
@tries(80, 2000)
def test_the_audit_finds_nothing_but_what_was_spoilt(said: list[Step], which: int, how: int) -> None:
    ledgers = Ledgers()
    ledgers.live(said)
    found = walked(ledgers, start_audit(ledgers.world, NETWORK)).state.audit
    assert found is not None
    assert (found.differing, found.differences) == (0, ())
    accounts = [ledgers.account(each_id) for each_id in CLIENTS]
    assert (found.balance, found.debt, found.held, found.entries) == (
        sum(each.balance for each in accounts),
        sum(each.debt for each in accounts),
        sum(each.held for each in accounts),
        len(ledgers.entries()),
    )
    spoilt = accounts[which]
    changes = [
        {"balance": spoilt.balance + 1},
        {"debt": spoilt.debt + 1},
        {"entries": spoilt.entries + 1},
        {"balance": spoilt.balance - 1},
    ]
    ledgers.store.save(replace(spoilt, **changes[how]))
    ledgers.clock.forward(seconds=1)
    again = walked(ledgers, start_audit(ledgers.world, NETWORK)).state.audit
    assert again is not None
    assert [each.client_id for each in again.differences] == [spoilt.client_id]


@pytest.mark.parametrize("day", [date(2026, 11, 30), date(2026, 12, 31), date(2028, 2, 29)])
def test_a_month_ends_at_the_midnight_of_the_network_s_zone(day: date) -> None:
    period = period_of(month_name(day), ZONE)
    local = period.until.isoformat()
    assert local == f"{day.isoformat()}T22:00:00+00:00"
