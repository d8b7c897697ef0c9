"""Eight at once: threads that share nothing but the table, as Lambdas do."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib.domain.shared.errors import DomainError
from chalicelib.store.table import Table
from chalicelib.wiring import CachedDirectories, randomness
from infra.local_cloud import REGION
from infra.testkit.doubles import SettableClock
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.world import a_world

THREADS = 8
MARIA = "cli_maria00000000001"


def new_driver(store: Table, clock: SettableClock, sender: Any) -> SalonDriver:
    """One worker's driver, with its own table client as each Lambda has: threads share the table alone."""
    table = Table(store.item.Meta.table_name, REGION, shards=1, host=store.item.Meta.host)
    directories = CachedDirectories(table.directory, clock)
    return SalonDriver(
        a_world(table, clock, directories=directories, randomness=randomness, pause=time.sleep), sender
    )


def all_at_once(work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, range(THREADS)))


def until_it_is_done(step: Callable[[], Any]) -> Any:
    """As a person does who is told to try again."""
    for _ in range(50):
        try:
            return step()
        except DomainError as error:
            if error.code != "TRY_AGAIN":
                raise
    raise AssertionError("it never came to pass")
