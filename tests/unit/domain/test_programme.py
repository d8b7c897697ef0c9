"""What a bill earns and how much of it points may pay for: integers only, rounded down."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.ledger import Account, EntryKind, Lot
from chalicelib.domain.programme import available_from, cap_points, cashback_points, quote
from chalicelib.domain.rules import BonusRules
from tests.builders import NETWORK, NOW

RULES = BonusRules()
bills = st.integers(0, 10**12)
rules = st.builds(
    BonusRules,
    cashback_percent=st.integers(0, 100),
    point_value_minor=st.integers(1, 10_000),
    redeem_cap_percent=st.integers(0, 100),
    redeem_minimum_points=st.integers(0, 1000),
)


def account(points: int, *, pending: bool = False) -> Account:
    from_then = NOW + timedelta(days=1) if pending else NOW
    lot = Lot(0, NOW, from_then, None, points, EntryKind.GRANT)
    return Account(
        network_id=NETWORK, client_id="cli_1", balance=points, entries=1, lots=(lot,) if points else ()
    )


def test_a_bill_earns_its_percentage_rounded_down() -> None:
    assert cashback_points(41_999, 0, RULES) == 20
    assert cashback_points(1_999, 0, RULES) == 0


def test_what_is_paid_with_points_earns_nothing() -> None:
    assert cashback_points(40_000, 100, RULES) == 15
    assert cashback_points(10_000, 1_000, RULES) == 0


def test_a_programme_that_is_off_earns_nothing_and_quotes_nothing() -> None:
    off = BonusRules(enabled=False)
    assert cashback_points(40_000, 0, off) == 0
    assert quote(account(500), 40_000, off, NOW).limited_by == "disabled"


@pytest.mark.parametrize(
    ("points", "minimum", "expected"),
    [
        (500, 1, (100, "cap")),
        (60, 1, (60, "balance")),
        (100, 1, (100, "cap")),
        (40, 50, (0, "minimum")),
        (0, 1, (0, "minimum")),
    ],
)
def test_a_quote_says_what_limits_it(points: int, minimum: int, expected: tuple[int, str]) -> None:
    found = quote(account(points), 40_000, BonusRules(redeem_minimum_points=minimum), NOW)
    assert (found.points, found.limited_by) == expected
    assert found.value_minor == found.points * RULES.point_value_minor


def test_pending_points_cannot_be_redeemed() -> None:
    assert quote(account(500, pending=True), 40_000, RULES, NOW).points == 0


@given(bills, rules)
def test_the_cap_is_never_passed(bill: int, rules: BonusRules) -> None:
    assert cap_points(bill, rules) * rules.point_value_minor * 100 <= bill * rules.redeem_cap_percent
    assert 0 <= cashback_points(bill, cap_points(bill, rules), rules) * rules.point_value_minor <= bill


@pytest.mark.parametrize("zone", ["Europe/Chisinau", "Europe/Moscow", "America/New_York"])
def test_points_are_available_from_the_next_local_midnight(zone: str) -> None:
    for month, day in ((3, 28), (10, 24), (11, 23), (12, 31)):
        earned = datetime(2026, month, day, 12, tzinfo=UTC)
        local = available_from(earned, RULES, zone).astimezone(ZoneInfo(zone))
        assert (local.hour, local.minute) == (0, 0)
        assert (local.date() - earned.astimezone(ZoneInfo(zone)).date()).days == 1


def test_points_that_need_no_waiting_are_available_at_once() -> None:
    assert available_from(NOW, BonusRules(pending_days=0), "Europe/Chisinau") == NOW
