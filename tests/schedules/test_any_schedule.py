"""Whatever happens on a salon's days, it keeps its promises."""

from hypothesis import given, settings

from tests.memory_store import MemoryStore
from tests.schedules.days import Days
from tests.schedules.promises import broken
from tests.schedules.steps import Schedule, schedules


@given(schedule=schedules(25))
@settings(max_examples=300, deadline=None)
def test_whatever_happens_every_promise_is_kept(schedule: Schedule) -> None:
    store = MemoryStore()
    days = schedule.lived(Days(store, store.calls, schedule.begin))
    assert broken(days) == []
