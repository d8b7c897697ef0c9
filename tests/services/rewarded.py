"""What the tests of gifts share: a programme of their own, and visits on the days they are about."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.loyalty.account import Entry
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Network
from chalicelib.services.visits.complete_visit import Completed
from infra.testkit.builders import NETWORK, a_booking, save_booking
from infra.testkit.interleaved_store import InterleavedStore
from infra.testkit.salon_driver import SalonDriver

MARIA = "cli_maria00000000001"


def with_rules(driver: SalonDriver, **said: Any) -> None:
    """Points earned by percentage are left out, so that a balance tells the gifts."""
    network = driver.store.get(Network, network_id=NETWORK)
    bonuses = BonusRules(**{"cashback_percent": 0, **said})
    driver.store.save(replace(network, rules=replace(network.rules, bonuses=bonuses)))
    driver.world.directories.forget(NETWORK)


def booked_on(driver: SalonDriver, day: date, client_id: str = MARIA, **said: Any) -> Booking:
    """At ten in the morning, UTC."""
    starts_at = datetime(day.year, day.month, day.day, 10, tzinfo=UTC)
    name = f"bkg_{client_id[4:9]}_{said.pop('name', '')}{day:%Y%m%d}"
    return save_booking(
        driver.store, a_booking(name, client_id=client_id, starts_at=starts_at, made_at=starts_at, **said)
    )


def visited_on(
    driver: SalonDriver, day: date, client_id: str = MARIA, *, paid_minor: int = 50_000, **said: Any
) -> Completed:
    """Booked, and completed two hours after the start, or now, if that is later."""
    booking = booked_on(driver, day, client_id, **said)
    clock: Any = driver.world.clock
    clock.now = max(clock.now, booking.starts_at.replace(hour=12))
    return driver.complete(booking, paid_minor=paid_minor)


def entries(driver: SalonDriver, kind: str, client_id: str = MARIA) -> list[Entry]:
    assert driver.ledger_faults(client_id) == []
    return [each for each in driver.store.entries(NETWORK, client_id) if each.kind == kind]


def balance(driver: SalonDriver, client_id: str = MARIA) -> int:
    assert driver.ledger_faults(client_id) == []
    return int(driver.store.account(NETWORK, client_id).balance)


def racing(driver: SalonDriver, meanwhile: Callable[[], object]) -> SalonDriver:
    """The same salon, where `meanwhile` is done just before its first write."""
    return driver.on(InterleavedStore(driver.store, meanwhile))
