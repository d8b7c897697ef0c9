"""A network of two salons, one client and one connection, on moto; and its life."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Connection
from chalicelib.services.shared.world import World
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import RecordingIntake, RecordingSender, SettableClock, a_connection, a_town
from infra.testkit.salon_driver import Life


@pytest.fixture
def world(world: World, clock: SettableClock) -> World:
    """With the set-up kept for a minute, as in a function that is warm."""
    store: Any = world.store
    return replace(world, directories=CachedDirectories(store.directory, clock))


@pytest.fixture
def life(world: World, sender: RecordingSender, intake_queue: RecordingIntake) -> Life:
    store: Any = world.store
    a_town(store)
    return Life(world, sender, intake_queue)


@pytest.fixture
def site(life: Life) -> Connection:
    """A booking site's connection to the salon in Chisinau."""
    (saved,) = life.store.save(a_connection())
    return saved  # type: ignore[no-any-return]
