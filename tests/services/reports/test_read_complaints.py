"""Low ratings whose tasks are open, as reports of leaving read them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.domain.shared.ids import time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.reports.read_complaints import COMPLAINTS_BEFORE, open_complaints
from chalicelib.services.shared.world import World
from infra.testkit.builders import NETWORK

FIRST = date(2026, 9, 1)
BEGIN = datetime(2026, 9, 1, tzinfo=UTC) - COMPLAINTS_BEFORE
AN_HOUR = timedelta(hours=1)


def tell(world: World, number: int, at: datetime, kind: TaskKind = TaskKind.LOW_RATING, **more: Any) -> None:
    task_id = time_ordered("tsk", at, f"{number:010d}")
    task = Task(network_id=NETWORK, id=task_id, kind=kind, at=at, client_id=f"cli_{number}", **more)
    world.store.save(task)


def test_open_low_ratings_since_before_the_period_are_found(world: World) -> None:
    tell(world, 1, BEGIN)
    tell(world, 2, BEGIN - AN_HOUR)
    tell(world, 3, BEGIN + AN_HOUR, done_at=BEGIN + AN_HOUR, actor="key_1")
    tell(world, 4, BEGIN + AN_HOUR, TaskKind.MOVE_WISH)
    tell(world, 5, BEGIN + 2 * AN_HOUR)
    found = open_complaints(world, NETWORK, FIRST)
    assert (found.client_ids, found.since) == ({"cli_1", "cli_5"}, BEGIN)


def test_a_network_without_tasks_has_no_complaints(world: World) -> None:
    found = open_complaints(world, NETWORK, FIRST)
    assert (found.client_ids, found.since) == (frozenset(), BEGIN)


def test_of_too_many_tasks_the_latest_are_read_and_it_is_said_since_when(world: World) -> None:
    for number in range(5):
        tell(world, number, BEGIN + number * AN_HOUR)
    found = open_complaints(world, NETWORK, FIRST, most=3, at_once=2)
    assert (found.client_ids, found.since) == ({"cli_1", "cli_2", "cli_3", "cli_4"}, BEGIN + AN_HOUR)
