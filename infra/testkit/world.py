"""The world of use cases, whose maker holds the clock, randomness and the queues."""

from collections.abc import Callable
from typing import Any

from chalicelib.services.facts.record_facts import FactRecorder
from chalicelib.services.shared.ports import Randomness, WakeQueue
from chalicelib.services.shared.world import Directories, World
from infra.testkit.doubles import (
    FreshDirectories,
    RecordingWakeQueue,
    SeededRandomness,
    SettableClock,
    no_pause,
)


def a_world(
    store: Any,
    clock: SettableClock | None = None,
    *,
    directories: Directories | None = None,
    randomness: Randomness | None = None,
    wake_queue: WakeQueue | None = None,
    pause: Callable[[float], None] = no_pause,
) -> World:
    """On that store. What is not given is settable, seeded or recording; the set-up is read each time. Saves
    of a table record visits for reports, as in a process that has just begun."""
    made = World(
        store=store,
        directories=directories or FreshDirectories(store.directory),
        clock=clock or SettableClock(),
        randomness=randomness or SeededRandomness(),
        wake_queue=wake_queue or RecordingWakeQueue(),
        pause=pause,
    )
    if hasattr(store, "prepared_by"):
        store.prepared_by(FactRecorder(made))
    return made
