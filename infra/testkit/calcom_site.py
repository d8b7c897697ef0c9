"""Cal.com, as its bodies look, and a salon that takes them in with the real adapter."""

import json
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.ids import derived
from chalicelib.services.intake.ingest import Intake, ingest
from infra.testkit.builders import NOW
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import stamp

START = NOW + timedelta(days=3)


def a_person(name: str, phone: str) -> dict[str, Any]:
    email = f"{name.lower()}@example.com"
    return {"name": name, "email": email, "phoneNumber": phone, "language": {"locale": "ru"}}


def of_calcom(uid: str, *people: dict[str, Any], at: datetime = START, **more: Any) -> dict[str, Any]:
    """The payload about a booking of 45 minutes; the form was filled in by the last of the people."""
    form = {"email": {"value": people[-1]["email"]}} if people else {}
    given: dict[str, Any] = {
        "uid": uid,
        "type": "haircut",
        "eventTypeId": 12,
        "eventTitle": "Haircut",
        "length": 45,
        "price": 0,
        "currency": "mdl",
        "status": "ACCEPTED",
        "startTime": stamp(at),
        "endTime": stamp(at + timedelta(minutes=45)),
        "organizer": {"id": 3, "name": "Ion"},
        "attendees": list(people),
        "responses": form,
    }
    return {**given, **more}


class CalcomSite(Struct):
    """Cal.com as it is connected to a salon; each delivery is a second later than the one before."""

    driver: SalonDriver
    connection: Connection
    told: int = 0

    def tell(self, trigger: str, payload: dict[str, Any], at: datetime | None = None) -> InboxItem:
        """The inbox item of a webhook that was received and taken in. at: the event's own instant."""
        self.told += 1
        occurred = at or NOW + timedelta(seconds=self.told)
        head = {"triggerEvent": f"BOOKING_{trigger}", "createdAt": stamp(occurred)}
        return self.take_in({**head, "payload": payload})

    def take_in(self, body: Any) -> InboxItem:
        driver, network_id = self.driver, self.connection.network_id
        item = InboxItem(
            network_id=network_id,
            id=derived("inb", self.connection.id, str(self.told), json.dumps(body)),
            connection_id=self.connection.id,
            site="calcom",
            raw=json.dumps(body).encode(),
            received_at=driver.world.now(),
        )
        driver.store.save(item)
        return self.ingest(item)

    def ingest(self, item: InboxItem) -> InboxItem:
        driver = self.driver
        ingest(Intake(driver.world, ADAPTERS, lambda: driver.base_url), item.network_id, item.id)
        found: InboxItem = driver.store.get(InboxItem, network_id=item.network_id, id=item.id)
        return found

    def bookings_of(self, phone: str) -> list[Booking]:
        """The client's bookings by their start; none of a client who is not known."""
        store, network_id = self.driver.store, self.connection.network_id
        client_id = store.alias(network_id, "phone", phone)
        found = store.bookings_of_client(network_id, client_id).items if client_id else []
        return sorted(found, key=lambda booking: booking.starts_at)

    def status_of(self, phone: str) -> list[str]:
        return [booking.status.value for booking in self.bookings_of(phone)]
