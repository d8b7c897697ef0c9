"""The same days on the real table: what the store in memory promises, DynamoDB keeps."""

from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings

from tests.crash.failing_calls import calls
from tests.schedules.days import Days
from tests.schedules.promises import broken
from tests.schedules.steps import Schedule, schedules

if TYPE_CHECKING:
    from chalicelib.store.table import Table


@given(schedule=schedules(8))
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_every_promise_is_kept_on_the_table(moto_table: "Table", schedule: Schedule) -> None:
    if moto_table.item.exists():
        moto_table.item.delete_table()
    moto_table.item.create_table(billing_mode="PAY_PER_REQUEST")
    days = schedule.lived(Days(moto_table, calls, schedule.begin))
    assert broken(days) == []
