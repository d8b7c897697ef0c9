"""What tests share: how much is tried, a table on moto, and a world whose time, randomness, queues and
senders the test holds.

No table or world is made at import, so that tests of the pure rooms pay for none of it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

import tests.profile  # noqa: F401  (sets the profile of Hypothesis before any test is read)
from infra.testkit.doubles import (
    RecordingIntake,
    RecordingSender,
    RecordingWakeQueue,
    SettableClock,
)

if TYPE_CHECKING:
    from chalicelib.services.shared.world import World
    from chalicelib.store.table import Table

SHARDS = 8
SLOWEST_FIRST = ("cloud", "house", "crash")
"""Rooms that take long, so that neither of two workers is left with one at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {room: place for place, room in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: places.get(item.nodeid.split("/")[1], len(places)))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With several workers a file stays with one, and all that needs the deployed stack with one: there is a
    single one of it."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.split("::")[0]
            return "cloud" if file.startswith("tests/cloud/") else file

    return ByFile(config, log)


@pytest.fixture(scope="module")
def moto_table() -> Iterator["Table"]:
    """The table on moto, for one module of tests; `store` empties it before each test."""
    from moto import mock_aws

    with mock_aws():
        from chalicelib.store.table import Table

        yield Table("perennial-test", "us-east-1", shards=SHARDS)


@pytest.fixture
def store(moto_table: "Table") -> "Table":
    """An empty table. moto is neither safe under threads nor true in its figures: see tests/cloud."""
    if moto_table.item.exists():
        moto_table.item.delete_table()
    moto_table.item.create_table(billing_mode="PAY_PER_REQUEST")
    moto_table.take_unreadable()  # of the test before
    return moto_table


@pytest.fixture
def clock() -> SettableClock:
    """Stands at Monday, 23 November 2026, 10:00 in Chisinau, until the test moves it."""
    return SettableClock()


@pytest.fixture
def wake_queue() -> RecordingWakeQueue:
    return RecordingWakeQueue()


@pytest.fixture
def intake_queue() -> RecordingIntake:
    return RecordingIntake()


@pytest.fixture
def sender() -> RecordingSender:
    return RecordingSender()


@pytest.fixture
def world(store: "Table", clock: SettableClock, wake_queue: RecordingWakeQueue) -> "World":
    """The world of the use cases, on moto."""
    from infra.testkit.world import a_world

    return a_world(store, clock, wake_queue=wake_queue)
