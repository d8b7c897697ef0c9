"""Many bookings at once, written in batches: the base that a sweep must not feel, and what is due in it."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zlib import crc32

from bench.salon import SALON, SERVICE, STAFF, Salon
from chalicelib.domain.bookings import Booking, Line
from chalicelib.domain.ids import digest
from chalicelib.domain.touches import Touch, TouchKind, TouchState
from chalicelib.services.plan_booking import with_wake
from tests.builders import a_booking, a_client


def lay_out(salon: Salon, bookings: Iterable[Booking]) -> int:
    """Writes bookings, each with its client, as they stand: 25 items a call. How many bookings it was."""
    done = 0
    chunks = iter(bookings)
    client = salon.ground.client("dynamodb")
    name = salon.table.item.Meta.table_name
    while chunk := list(islice(chunks, 12)):
        items = [_raw(salon, value) for booking in chunk for value in (booking, _client_of(booking))]
        left = {name: [{"PutRequest": {"Item": item}} for item in items]}
        while left:
            left = client.batch_write_item(RequestItems=left).get("UnprocessedItems") or {}
        done += len(chunk)
    return done


def _raw(salon: Salon, value: Any) -> dict[str, Any]:
    raw: dict[str, Any] = salon.table._item_of(value).to_dynamodb_dict()
    return raw


def _client_of(booking: Booking) -> Any:
    phone = f"+3736{crc32(booking.id.encode()) % 10**7:07d}"
    return a_client(str(booking.client_id), phone=phone, email=None, created_at=booking.made_at)


def future(salon: Salon, number: int) -> Iterator[Booking]:
    """Bookings of the next weeks, noticed already; each wakes for its confirm request, none of them soon."""
    for place in range(number):
        starts_at = salon.clock.now + timedelta(days=3, minutes=place % 40_000)
        yield _planned(salon, f"f{place}", starts_at)


def due(salon: Salon, number: int) -> Iterator[Booking]:
    """Bookings whose confirm request is due now."""
    for place in range(number):
        starts_at = salon.clock.now + timedelta(hours=24) - timedelta(milliseconds=place % 50_000)
        yield _planned(salon, f"d{place}", starts_at)


def just_made(salon: Salon) -> Booking:
    """One booking whose notice is due, at whatever hour it is."""
    booking = replace(_planned(salon, "j", salon.clock.now + timedelta(days=3)), made_at=salon.clock.now)
    booking = replace(booking, touches={})
    return with_wake(booking, salon.world.directory(salon.network_id), None, salon.clock.now)


def _planned(salon: Salon, cause: str, starts_at: datetime) -> Booking:
    id = digest("bench", cause)
    made_at = salon.clock.now - timedelta(days=1)
    booking = a_booking(
        f"bkg_{id}",
        client_id=f"cli_{id}",
        salon_id=SALON,
        starts_at=starts_at,
        made_at=made_at,
        lines=(Line(SERVICE, 60, STAFF, 50_000),),
    )
    booking = booking.with_touches(Touch(TouchKind.NOTICE, TouchState.SENT, made_at))
    directory = salon.world.directory(salon.network_id)
    return with_wake(booking, directory, None, made_at)
