"""What each save does first, for reports."""

from collections.abc import Sequence
from typing import Any

from chalicelib.services.facts.mark_days import DayMarks
from chalicelib.services.facts.record_touches import mark_touches
from chalicelib.services.facts.record_visits import VisitRecorder
from chalicelib.services.shared.world import World


class FactRecorder:
    """Prepares the saves of one process, which remembers the days that it knows to be marked."""

    def __init__(self, world: World) -> None:
        self._world, self._marks = world, DayMarks(world)
        self._visits = VisitRecorder(world, self._marks)

    def __call__(self, values: tuple[Any, ...], remove: Sequence[Any]) -> tuple[Any, ...]:
        """The values of a save, the bookings among them with their records. Marks the days of all visits and
        messages that the save changes. Raises TRY_AGAIN where other processes mark the same page again and
        again."""
        mark_touches(self._world, self._marks, values)
        return self._visits(values, remove)
