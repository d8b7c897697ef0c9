"""Many items at once, written in batches: the base that a sweep must not feel, and what is due in it."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zlib import crc32

from msgspec.structs import replace

from bench.setting.metered_driver import SALON, SERVICE, STAFF, MeteredDriver
from chalicelib.domain.bookings.booking_plan import with_wake
from chalicelib.domain.bookings.bookings import Booking, Line
from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import Client, Due, VisitDay
from chalicelib.domain.shared.ids import digest
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState, with_touches
from infra.testkit.builders import a_booking, a_client, a_consent


def lay_out(driver: MeteredDriver, values: Iterable[Any]) -> None:
    """Writes values as they stand: 25 items a call."""
    left = iter(values)
    client = driver.environment.client("dynamodb")
    name = driver.table.item.Meta.table_name
    while chunk := list(islice(left, 25)):
        asked = {name: [{"PutRequest": {"Item": _raw(driver, value)}} for value in chunk]}
        while asked:
            asked = client.batch_write_item(RequestItems=asked).get("UnprocessedItems") or {}


def _raw(driver: MeteredDriver, value: Any) -> dict[str, Any]:
    raw: dict[str, Any] = driver.table._item_of(value).serialize()
    return raw


def with_client(booking: Booking) -> Iterator[Any]:
    """The booking, and the client it is for."""
    yield booking
    yield _client(str(booking.client_id), booking.made_at)


def future(driver: MeteredDriver, number: int) -> Iterator[Any]:
    """Bookings of the next weeks, noticed already; each wakes for its confirm request, none of them soon."""
    for place in range(number):
        starts_at = driver.clock.now + timedelta(days=3, minutes=place % 40_000)
        yield from with_client(planned(driver, f"f{place}", starts_at))


def due(driver: MeteredDriver, number: int) -> Iterator[Any]:
    """Bookings whose confirm request is due now."""
    for place in range(number):
        starts_at = driver.clock.now + timedelta(hours=24) - timedelta(milliseconds=place % 50_000)
        yield from with_client(planned(driver, f"d{place}", starts_at))


def invited(driver: MeteredDriver, number: int) -> Iterator[Client]:
    """Clients who are to be invited back now, and allow it."""
    came_at = driver.clock.now - timedelta(days=30)
    visit = VisitDay(came_at.date(), SALON)
    directory = driver.world.directory(driver.network_id)
    for place in range(number):
        item_id = digest("bench", f"i{place}")
        back_at = driver.clock.now - timedelta(milliseconds=place % 50_000)
        client = replace(
            _client(f"cli_{item_id}", came_at),
            consents=(a_consent(),),
            visits_count=1,
            first_visit_on=visit.on,
            recent_visits=(visit,),
            due=(Due(SERVICE, back_at, f"bkg_{item_id}"),),
        )
        yield client_plan.with_wake(client, directory, came_at)


def just_made(driver: MeteredDriver) -> Booking:
    """One booking whose notice is due, at whatever hour it is."""
    booking = replace(planned(driver, "j", driver.clock.now + timedelta(days=3)), made_at=driver.clock.now)
    booking = replace(booking, touches={})
    return with_wake(booking, driver.world.directory(driver.network_id), None, driver.clock.now)


def _client(client_id: str, created_at: datetime) -> Client:
    phone = f"+3736{crc32(client_id.encode()) % 10**7:07d}"
    return a_client(client_id, phone=phone, email=None, birth_date=None, created_at=created_at)


def planned(driver: MeteredDriver, cause: str, starts_at: datetime) -> Booking:
    """A booking made a day ago, noticed at once."""
    item_id = digest("bench", cause)
    made_at = driver.clock.now - timedelta(days=1)
    booking = a_booking(
        f"bkg_{item_id}",
        client_id=f"cli_{item_id}",
        salon_id=SALON,
        starts_at=starts_at,
        made_at=made_at,
        lines=(Line(SERVICE, 60, STAFF, 50_000),),
    )
    booking = with_touches(booking, Touch(TouchKind.NOTICE, TouchState.SENT, made_at))
    directory = driver.world.directory(driver.network_id)
    return with_wake(booking, directory, None, made_at)
