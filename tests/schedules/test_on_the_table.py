"""The same days on the real table: the promises are kept, and the store in memory says the same of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from infra.testkit.failing_calls import calls
from infra.testkit.memory_store import MemoryStore
from tests.profile import tries
from tests.schedules.days import Days
from tests.schedules.promises import broken
from tests.schedules.steps import Schedule, schedules

if TYPE_CHECKING:
    from chalicelib.store.table import Table

WEEK_AND_MORE = 9


@pytest.fixture(scope="module")
def table() -> Iterator["Table"]:
    """A table with one shard, so that a sweep asks once."""
    from moto import mock_aws

    with mock_aws():
        from chalicelib.store.table import Table

        yield Table("schedules", "us-east-1", shards=1)


@given(schedule=schedules(10))
@tries(few=8, many=100)
def test_whatever_happens_every_promise_is_kept_on_the_table(table: "Table", schedule: Schedule) -> None:
    assert broken(_lived(table, schedule)) == []


@given(schedule=schedules(10, crashes=False))
@tries(few=8, many=100)
def test_the_store_in_memory_is_as_good_as_the_table(table: "Table", schedule: Schedule) -> None:
    """Without crashes: one call to the store may be several to the table."""
    store = MemoryStore()
    in_memory = schedule.lived(Days(store, store.calls, schedule.begin), WEEK_AND_MORE)
    assert _log_lines(_lived(table, schedule)) == _log_lines(in_memory)


def _lived(table: "Table", schedule: Schedule) -> Days:
    if table.item.exists():
        table.item.delete_table()
    table.item.create_table(billing_mode="PAY_PER_REQUEST")
    return schedule.lived(Days(table, calls, schedule.begin), WEEK_AND_MORE)


def _log_lines(days: Days) -> list[tuple[str, ...]]:
    return sorted((m.id, m.kind, m.channel, m.state, m.reason or "", m.text) for m in days.log.values())
