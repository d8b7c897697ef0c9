"""Each save of a message first marks the day on which data teams and reports count it. Every use case saves
through here, so that none can forget to mark."""

from collections.abc import Iterable
from typing import Any

from chalicelib.domain.facts.fact_pages import TOUCHES
from chalicelib.domain.facts.recorded_visits import zone_of_salon
from chalicelib.domain.facts.touch_facts import day_counted
from chalicelib.domain.messages.messages import Message
from chalicelib.services.facts.mark_days import DayMarks, MarkedDay
from chalicelib.services.shared.world import World


def mark_touches(world: World, marks: DayMarks, values: Iterable[Any]) -> None:
    """Marks the days of the messages among these values. Raises TRY_AGAIN."""
    for value in values:
        if not isinstance(value, Message) or value.salon_id is None:
            continue
        day, directory = day_counted(value), world.directories(value.network_id)
        if day is not None and directory is not None:
            wanted = MarkedDay(TOUCHES, value.network_id, value.salon_id, day)
            marks.mark(wanted, zone_of_salon(directory, value.salon_id))
