"""Whatever happens on a salon's days, it keeps its promises: any schedule of bookings, moves, cancellations,
late completions, rule edits, answers of providers, receipts, outages and crashes, when clocks change too."""

from hypothesis import given

from infra.testkit.memory_store import MemoryStore
from tests.profile import tries
from tests.schedules.days import Days
from tests.schedules.promises import broken
from tests.schedules.steps import Schedule, schedules


@given(schedule=schedules(30))
@tries(few=500, many=20_000)
def test_whatever_happens_every_promise_is_kept(schedule: Schedule) -> None:
    store = MemoryStore()
    days = schedule.lived(Days(store, store.calls, schedule.begin))
    assert broken(days) == []
