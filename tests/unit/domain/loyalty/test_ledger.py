"""The ledger: posted in any order, balance = sum of lots = sum of entries, and nothing is below zero."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import Account, Entry, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import Posted, ensure_same, post
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.reversal import ReversalTerms, reverse
from chalicelib.domain.shared.errors import DomainError
from infra.testkit.builders import NETWORK, NOW

EMPTY = Account(network_id=NETWORK, client_id="cli_maria00000000001")


def posting(points: int, kind: EntryKind = EntryKind.GRANT, **said: object) -> Posting:
    return replace(Posting(id="ent_1", kind=kind, points=points, reason="test", actor="key:test"), **said)


def granted(
    account: Account, points: int, *, days: int | None = None, pending: int = 0
) -> tuple[Account, Entry]:
    expires = NOW + timedelta(days=days) if days is not None else None
    wanted = posting(points, expires_at=expires, available_at=NOW + timedelta(days=pending))
    return both(post(account, wanted, NOW))


def both(done: Posted) -> tuple[Account, Entry]:
    assert done.expirations == ()
    return done.account, done.entry


def spent(account: Account, points: int) -> tuple[Account, Entry]:
    return both(post(account, posting(-points, EntryKind.REDEEM), NOW))


def undone(account: Account, entry: Entry) -> tuple[Account, Entry]:
    request = ReversalTerms(id=f"{entry.id}r", reason="mistake", actor="key:test")
    done = reverse(account, entry, request, NOW)
    return both(done)


def test_the_lot_that_expires_soonest_is_spent_first_and_of_equals_the_oldest() -> None:
    account, _ = granted(EMPTY, 10)
    account, _ = granted(account, 10, days=90)
    account, _ = granted(account, 10, days=30)
    account, _ = granted(account, 10, days=30)
    account, entry = spent(account, 25)
    assert [(change.number, change.points) for change in entry.lots] == [(2, -10), (3, -10), (1, -5)]
    assert account.balance == 15


@pytest.mark.parametrize("points", [0, 10**9 + 1, -(10**9) - 1])
def test_points_are_whole_and_within_bounds(points: int) -> None:
    with pytest.raises(DomainError, match="INVALID_POINTS"):
        post(EMPTY, posting(points), NOW)


def test_redeeming_more_than_there_is_is_refused_and_says_how_much_there_is() -> None:
    account, _ = granted(EMPTY, 10)
    with pytest.raises(DomainError) as refusal:
        spent(account, 11)
    assert (refusal.value.code, refusal.value.details["available"]) == ("INSUFFICIENT_POINTS", 10)


def test_pending_and_expired_points_cannot_be_spent() -> None:
    account, _ = granted(EMPTY, 10, pending=1)
    account, _ = granted(account, 10, days=1)
    assert (account.balance, account.available(NOW), account.pending(NOW)) == (20, 10, 10)
    tomorrow = NOW + timedelta(days=1)
    assert (account.available(tomorrow), account.pending(tomorrow)) == (10, 0)


def test_spent_points_return_to_their_own_lots_with_their_own_dates() -> None:
    account, _ = granted(EMPTY, 10, days=30)
    before, _ = granted(account, 10)
    after, entry = spent(before, 12)
    back, reversal = undone(after, entry)
    assert sorted(back.lots, key=lambda lot: lot.number) == sorted(before.lots, key=lambda lot: lot.number)
    assert (reversal.points, reversal.reverses, back.balance) == (12, entry.id, 20)


def test_a_grant_reversed_after_it_was_spent_leaves_a_debt_and_no_negative_balance() -> None:
    account, gift = granted(EMPTY, 10)
    account, _ = spent(account, 7)
    account, reversal = undone(account, gift)
    assert (account.balance, account.debt, reversal.points, reversal.debt) == (0, 7, -3, 7)


def test_a_later_grant_pays_the_debt_first() -> None:
    account, gift = granted(EMPTY, 10)
    account, _ = spent(account, 10)
    account, _ = undone(account, gift)
    account, entry = granted(account, 4)
    assert (account.balance, account.debt, entry.points, entry.debt) == (0, 6, 0, -4)
    account, entry = granted(account, 10)
    assert (account.balance, account.debt, entry.points) == (4, 0, 4)


def test_a_grant_that_paid_a_debt_is_reversed_whole() -> None:
    account, gift = granted(EMPTY, 10)
    account, _ = spent(account, 10)
    account, _ = undone(account, gift)
    account, second = granted(account, 25)
    account, _ = undone(account, second)
    assert account.balance - account.debt == -10


def test_a_reversal_cannot_be_reversed() -> None:
    account, gift = granted(EMPTY, 10)
    account, reversal = undone(account, gift)
    with pytest.raises(DomainError, match="CANNOT_REVERSE"):
        undone(account, reversal)


def test_a_replay_is_accepted_and_another_input_is_named() -> None:
    _, entry = granted(EMPTY, 10)
    ensure_same(posting(10), entry)
    with pytest.raises(DomainError) as clash:
        ensure_same(posting(11, reason="other"), entry)
    assert clash.value.code == "ENTRY_EXISTS"
    assert set(clash.value.details["differs"]) == {"points", "reason"}


def test_a_rule_change_never_shortens_a_lot_already_granted() -> None:
    """A lot keeps its own dates: a later posting cannot change them."""
    account, _ = granted(EMPTY, 10, days=365)
    later, _ = granted(account, 10, days=1)
    assert later.lots[0] == account.lots[0]


@pytest.mark.parametrize("spoilt", ["balance", "debt", "entries", "lots"])
def test_faults_are_found_in_a_ledger_that_is_wrong(spoilt: str) -> None:
    account, one = granted(EMPTY, 10)
    account, two = spent(account, 3)
    assert faults(account, [one, two]) == []
    values = {"balance": 8, "debt": 1, "entries": 3, "lots": ()}
    assert faults(replace(account, **{spoilt: values[spoilt]}), [one, two]) != []
    assert faults(account, [one]) != []
    assert faults(account, [one, replace(two, points=-4)]) != []


@given(st.lists(st.integers(1, 100), min_size=1, max_size=12), st.data())
def test_all_that_was_granted_can_be_spent_to_the_last_point(grants: list[int], data: st.DataObject) -> None:
    account, left = EMPTY, sum(grants)
    for points in grants:
        account, _ = granted(account, points)
    while left:
        spend = data.draw(st.integers(1, left))
        account, _ = spent(account, spend)
        left -= spend
    assert (account.balance, account.lots) == (0, ())
