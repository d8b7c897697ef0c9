"""What every use case works with: the store, the present instant, randomness, and the queue that wakes things
at once."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Protocol, TypeVar

from msgspec import Struct

from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing
from chalicelib.domain.shared.ids import fraction, time_ordered
from chalicelib.services.shared.ports import Clock, Randomness, SaveConflict, Store, WakeQueue, Woken

T = TypeVar("T")

CONFLICT_TRIES = 8
"""How often a use case starts over when another writer changed what it had read. Each failure means that
another writer succeeded, so that many writers on one item all get through."""

_PAUSE_SECONDS, _DOUBLED = 0.01, 4
"""The longest first pause before starting over, and how often it doubles."""


class Directories(Protocol):
    """Networks' set-up, kept for a minute."""

    def __call__(self, network_id: str) -> Directory | None: ...
    def forget(self, network_id: str) -> None: ...


class World(Struct, frozen=True):
    """pause: waits for a number of seconds."""

    store: Store
    directories: Directories
    clock: Clock
    randomness: Randomness
    wake_queue: WakeQueue
    pause: Callable[[float], None]

    def now(self) -> datetime:
        return self.clock()

    def directory(self, network_id: str, has: Callable[[Directory], bool] = lambda _: True) -> Directory:
        """The network's set-up. Raises NOT_FOUND.

        has: whether the set-up has what the caller needs. If not, another process may have added it a moment
        ago, so the set-up is read again.
        """
        found = self.directories(network_id)
        if found is not None and not has(found):
            self.directories.forget(network_id)
            found = self.directories(network_id)
        if found is None:
            raise missing("network", network_id)
        return found

    def fresh_directory(self, network_id: str) -> Directory:
        """The network's set-up as the table has it now, past what this process keeps. Raises NOT_FOUND."""
        self.directories.forget(network_id)
        return self.directory(network_id)

    def tries(self, most: int = CONFLICT_TRIES) -> Iterator[int]:
        """The numbers of the tries, from 0 on, of work that starts over after a conflict.

        Between two tries there is a pause of random length, whose maximum doubles ("full jitter", Amazon
        Builders' Library). Without it, two writers that met once would meet again, and each meeting is a
        write that is paid for and lost.
        """
        for number in range(most):
            if number:
                self.pause(_PAUSE_SECONDS * 2 ** min(number - 1, _DOUBLED) * fraction(self.randomness(2)))
            yield number

    def retrying(self, attempt: Callable[[], T], most: int = CONFLICT_TRIES) -> T:
        """The result of an attempt that reads, works out and saves. It starts over while another writer is
        quicker (`SaveConflict`). Raises TRY_AGAIN after the last try."""
        for _ in self.tries(most):
            with suppress(SaveConflict):
                return attempt()
        raise conflict("TRY_AGAIN", "Somebody else changed this at the same moment; try again.")

    def new_id(self, prefix: str) -> str:
        return time_ordered(prefix, self.clock(), self.randomness(7))

    def wake_if_due(self, value: Woken) -> None:
        """Wakes an item at once if it is due already."""
        if value.wake is not None and value.wake.at <= self.clock():
            self.wake_queue.wake_item(value)
