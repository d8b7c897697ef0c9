"""The machine on the real table: moto's, where a call of ours may be several of AWS's, and each of them
fails."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from infra.testkit.failing_calls import Calls, calls
from tests.ledger.machine import AnyShop
from tests.profile import LONG, stateful


@pytest.fixture(scope="module")
def open_table() -> Iterator[Callable[[], Any]]:
    """Empties the table, of one shard, and hands it over."""
    from moto import mock_aws

    with mock_aws():
        from chalicelib.store.table import Table

        table = Table("shop", "us-east-1", shards=1)

        def emptied() -> Table:
            if table.item.exists():
                table.item.delete_table()
            table.item.create_table(billing_mode="PAY_PER_REQUEST")
            return table

        yield emptied


def any_call(store: Any) -> Callable[[Calls], AbstractContextManager[Calls]]:
    return calls


@pytest.mark.parametrize("part", range(5 if LONG else 1))
def test_whatever_happens_the_ledger_is_right_on_the_table(open_table: Callable[[], Any], part: int) -> None:
    """In parts, since all of them take long."""

    class OnTheTable(AnyShop):
        open_store = staticmethod(open_table)
        calls_of = staticmethod(any_call)

    run_state_machine_as_test(OnTheTable, settings=stateful(few=10, steps=40, many=100, many_steps=50))
