"""What the tests of bounds share: rules, bookings from outside, and what became of their messages."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Connection, Network, Role
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.bookings import book
from chalicelib.services.clients.register_client import NewClient
from infra.testkit.builders import NETWORK, NOW, a_client, a_connection, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

IN_THREE_DAYS = NOW + timedelta(days=3)


def set_rules(driver: SalonDriver, **fields: Any) -> None:
    network = driver.store.get(Network, network_id=NETWORK)
    driver.store.save(replace(network, rules=Rules(messages=MessageRules(**fields))))
    driver.world.directories.forget(NETWORK)


def unsigned(driver: SalonDriver, **fields: Any) -> Connection:
    connection = a_connection("yclients", "con_yclients", secret=None, **fields)
    saved: Connection = driver.store.save(connection)[0]
    driver.world.directories.forget(NETWORK)
    return saved


def phones(number: int) -> list[str]:
    return [f"+37369{each:06d}" for each in range(200_000, 200_000 + number)]


def report(driver: SalonDriver, connection: Connection, numbers: Sequence[str], **fields: Any) -> None:
    """One delivery that books for each of the numbers."""
    clients = [SiteClient(external_id=phone, name="X", phone=phone) for phone in numbers]
    events = (reported(f"b-{each.phone}", 1, IN_THREE_DAYS, client=each, **fields) for each in clients)
    driver.hear(connection, *events)


def book_as_partner(driver: SalonDriver, phone: str, hours: int = 0) -> Booking:
    partner = access(Role.PARTNER, actor="key:key_partner", source="aggregator")
    wanted = book.NewBooking(
        salon_id="sal_centru",
        client=NewClient(name="V", phone=phone),
        starts_at=IN_THREE_DAYS + timedelta(hours=hours),
        lines=[book.WantedLine(service_id="srv_cut")],
    )
    return book.book(driver.world, partner, wanted)


def notices(driver: SalonDriver) -> list[tuple[str, str | None]]:
    """State and reason of every booking's notice."""
    touches = [each.touches.get(TouchKind.NOTICE) for each in driver.bookings()]
    return [(touch.state.value, touch.reason) for touch in touches if touch is not None]


def tasks(driver: SalonDriver) -> list[tuple[TaskKind, str | None]]:
    found = driver.store.get_page(Task, network_id=NETWORK, limit=100).items
    return sorted((task.kind, task.words) for task in found)


def of_phone(phone: str, **fields: Any) -> Client:
    return a_client("cli_elena0000000001", phone=phone, email=None, birth_date=None, **fields)
