"""Many rows are kept by their columns: nothing is lost, and accounts stay small."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.loyalty.account import (
    Account,
    Entry,
    EntryKind,
    HeldLot,
    Hold,
    Lot,
    LotChange,
    Posting,
    StreakUse,
)
from chalicelib.domain.loyalty.ledger import Posted, hold_points, post
from chalicelib.domain.shared.ids import derived, entry_id
from chalicelib.domain.shared.waking import Wake
from chalicelib.store.codec import LONG_BYTES, MANY_ROWS, decoded, deflated, encoded, inflated
from chalicelib.store.columns import by_columns, columns_of
from chalicelib.store.item import attributes_of, bound_to, value_of
from infra.testkit import full_account
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.capacity_units import WRITE_BYTES, size

CLIENT = derived("cli", "purse")
ITEM = bound_to("never-asked", "us-east-1")

numbers = st.integers(-(10**13), 10**13)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
instants = st.integers(0, 10**16).map(lambda number: EARLIEST + timedelta(microseconds=number)) | st.integers(
    -400, 400
).map(lambda days: datetime(2026, 1, 1, 22, tzinfo=UTC) + timedelta(days=days))
lots = st.builds(
    Lot, numbers, instants, instants, st.none() | instants, numbers, st.sampled_from(EntryKind),
    st.none() | texts, st.none() | numbers,
)  # fmt: skip
changes = st.builds(
    LotChange, numbers, numbers, instants, instants, st.none() | instants, st.sampled_from(EntryKind),
    st.none() | texts, st.none() | numbers, numbers,
)  # fmt: skip


def many(of_each: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(of_each, min_size=MANY_ROWS, max_size=2 * MANY_ROWS).map(tuple)


def an_account(**said: Any) -> Account:
    return Account(network_id=NETWORK, client_id=CLIENT, **said)


@given(many(lots), many(st.builds(HeldLot, numbers, numbers)))
def test_any_lots_come_back_as_they_were(of_account: Any, of_hold: Any) -> None:
    account = an_account(lots=of_account, holds=(Hold("ent_1", NOW, of_hold),))
    body = encoded(account, ())
    assert isinstance(json.loads(body)["lots"], dict)
    assert decoded(Account, body) == account


@given(many(changes))
def test_any_changes_of_lots_come_back_as_they_were(of_entry: Any) -> None:
    entry = replace(all_spent(full_account.full(NETWORK, CLIENT, NOW)).entry, lots=of_entry)
    assert value_of(Entry, ITEM(**attributes_of(entry, shards=8))) == entry


cells = st.none() | numbers | texts | instants
columns = st.sampled_from([st.none(), st.none() | numbers, st.none() | texts, st.none() | instants, cells])


@given(st.data(), st.integers(1, 5), st.integers(1, 9))
def test_rows_that_columns_can_say_are_said_exactly(data: Any, width: int, height: int) -> None:
    kinds = [data.draw(columns) for _ in range(width)]
    rows = [tuple(data.draw(kind) for kind in kinds) for _ in range(height)]
    said = by_columns(rows)
    if said is None:
        assert any(
            len({type(cell) for cell in column} - {type(None)}) > 1 for column in zip(*rows, strict=True)
        )
    else:
        assert list(zip(*columns_of(json.loads(json.dumps(said))), strict=True)) == rows


@pytest.mark.parametrize(
    "cells", [(True, False), (1, "1"), (1.5, 2.5), ([1], [2]), (1, True), (EntryKind.GRANT, 1)]
)
def test_what_columns_cannot_say_stays_rows(cells: tuple[Any, Any]) -> None:
    assert by_columns([(cell,) for cell in cells]) is None


def test_instants_of_any_zone_are_the_same_instants() -> None:
    there = datetime(2026, 11, 24, 15, tzinfo=timezone(timedelta(hours=2)))
    assert columns_of(by_columns([(there,), (NOW,)]) or {}) == [[there, NOW]]


def test_few_rows_are_rows_and_rows_of_old_are_read() -> None:
    account = full_account.full(NETWORK, CLIENT, NOW)
    few = replace(account, lots=account.lots[: MANY_ROWS - 1])
    rows = json.loads(encoded(few, ()))["lots"]
    assert isinstance(rows, list)
    old = json.loads(encoded(account, ())) | {"lots": rows + [rows[0]] * MANY_ROWS}
    assert decoded(Account, json.dumps(old)).lots == few.lots + few.lots[:1] * MANY_ROWS


@pytest.mark.parametrize("would_give", [0, 70])
def test_a_field_that_a_row_got_later_makes_a_column_only_where_some_row_needs_it(would_give: int) -> None:
    streaks = tuple(StreakUse(100 + each, 100 + each, f"ent_{each}") for each in range(MANY_ROWS))
    streaks = (*streaks, replace(streaks[0], would_give=would_give))
    account = Account(network_id=NETWORK, client_id=CLIENT, streaks=streaks)
    written = encoded(account, ())
    assert len(json.loads(written)["streaks"]["columns"]) == (4 if would_give else 3)
    assert decoded(Account, written).streaks == streaks


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
def test_a_long_body_is_deflated_and_read_again(text: str) -> None:
    long = json.dumps(text, ensure_ascii=False) + " " * LONG_BYTES
    assert inflated(deflated(long) or b"") == long
    assert deflated(text) is None


# --- sizes


def all_spent(account: Account) -> Posted:
    return post(account, a_posting(EntryKind.REDEEM, -account.available(NOW)), NOW)


def a_posting(kind: EntryKind, points: int) -> Posting:
    return Posting(
        id=entry_id(CLIENT, "request", "purse"),
        kind=kind,
        points=points,
        reason="paid at the desk",
        actor="key:" + derived("key", "purse"),
        booking_id=derived("bkg", "purse"),
        salon_id=derived("sal", "purse"),
    )


def size_of(value: Any) -> int:
    return size(ITEM(**attributes_of(value, shards=8)).serialize())


def test_an_account_of_fifty_lots_and_two_years_is_a_kilobyte() -> None:
    account = replace(full_account.full(NETWORK, CLIENT, NOW), wake=Wake(NOW, "bonus_expiry"), version=500)
    assert len(account.lots) == 50
    assert len(account.turnover) == 24
    assert size_of(account) <= WRITE_BYTES


def test_an_account_of_which_all_fifty_lots_are_held_is_two() -> None:
    account = full_account.full(NETWORK, CLIENT, NOW)
    done = hold_points(account, a_posting(EntryKind.HOLD, account.balance), NOW + timedelta(days=3), NOW)
    assert len(done.account.holds[0].lots) == 50
    assert size_of(done.account) <= 2 * WRITE_BYTES
    assert size_of(done.entry) <= WRITE_BYTES


def test_an_entry_that_touches_fifty_lots_is_one() -> None:
    done = all_spent(full_account.full(NETWORK, CLIENT, NOW))
    assert len(done.entry.lots) == 50
    assert size_of(done.entry) <= WRITE_BYTES
