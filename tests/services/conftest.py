"""A network of two salons, one client and one connection, on moto; and the driver of its services."""

from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Connection
from chalicelib.services.shared.world import World
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import a_connection, a_town
from infra.testkit.doubles import RecordingIntake, RecordingSender, SettableClock
from infra.testkit.salon_driver import SalonDriver


@pytest.fixture
def world(world: World, clock: SettableClock) -> World:
    """With the set-up kept for a minute, as in a function that is warm."""
    store: Any = world.store
    return replace(world, directories=CachedDirectories(store.directory, clock))


@pytest.fixture
def driver(world: World, sender: RecordingSender, intake_queue: RecordingIntake) -> SalonDriver:
    store: Any = world.store
    a_town(store)
    return SalonDriver(world, sender, intake_queue)


@pytest.fixture
def site(driver: SalonDriver) -> Connection:
    """A booking site's connection to the salon in Chisinau."""
    saved: Connection = driver.store.save(a_connection())[0]
    return saved
