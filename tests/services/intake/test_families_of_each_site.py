"""A mother and her child under one phone, as each booking site really tells of them."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import Struct

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.ids import derived
from chalicelib.services.intake.ingest import Intake, ingest
from infra.testkit.builders import NETWORK, NOW, a_connection
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.unsigned_site import COMPANY, a_card, a_record, stamp

PHONE, OWN = "+37369500500", "+37369600600"
MOTHER, CHILD = ("11", "Мария", "Русу"), ("22", "Катя", "Русу")
Person = tuple[str, str, str]


def altegio_card(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    return a_card(int(person[0]), name=f"{person[1]} {person[2]}", phone=phone, changed=at)


def altegio_booking(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    client = {"id": int(person[0]), "name": f"{person[1]} {person[2]}", "phone": phone}
    return a_record(int(person[0]), client=client, changed=at)


def square_card(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    customer = {"id": person[0], "version": version, "given_name": person[1], "family_name": person[2]}
    return _square("customer.updated", "customer", {**customer, "phone_number": phone}, at)


def square_booking(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    segments = [{"duration_minutes": 45, "service_variation_id": "CUT", "team_member_id": "TM"}]
    booking = {
        "id": f"b-{person[0]}",
        "version": version,
        "status": "ACCEPTED",
        "start_at": stamp(NOW + timedelta(days=2)),
        "customer_id": person[0],
        "appointment_segments": segments,
    }
    return _square("booking.updated", "booking", booking, at)


def _square(kind: str, name: str, value: dict[str, Any], at: datetime) -> dict[str, Any]:
    ids = {"merchant_id": "M", "event_id": f"{kind}{value['id']}{value['version']}"}
    return {**ids, "type": kind, "created_at": stamp(at), "data": {"type": name, "object": {name: value}}}


def standard_card(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    data = {"external_id": person[0], "version": version, "name": f"{person[1]} {person[2]}", "phone": phone}
    return {"type": "client.upserted", "timestamp": stamp(at), "data": data}


def standard_booking(person: Person, phone: str, at: datetime, version: int) -> dict[str, Any]:
    client = {"external_id": person[0], "name": f"{person[1]} {person[2]}", "phone": phone}
    data = {
        "external_id": f"b-{person[0]}",
        "version": version,
        "status": "booked",
        "starts_at": stamp(NOW + timedelta(days=2)),
        "client": client,
        "lines": [{"service": "Haircut"}],
    }
    return {"type": "booking.upserted", "timestamp": stamp(at), "data": data}


def calcom_booking(name: str, at: datetime, uid: str, **who: Any) -> dict[str, Any]:
    payload = {
        "uid": uid,
        "startTime": stamp(NOW + timedelta(days=2)),
        "endTime": stamp(NOW + timedelta(days=2, hours=1)),
        "title": "Haircut",
        "type": "haircut",
        "eventTypeId": 7,
        "organizer": {"id": 3, "name": "Anna"},
        "attendees": [{"name": name, "email": f"{uid}@example.com", **who}],
        "status": "ACCEPTED",
    }
    return {"triggerEvent": "BOOKING_CREATED", "createdAt": stamp(at), "payload": payload}


class RealSite(Struct):
    """A connection whose bodies are read by the site's own adapter."""

    driver: SalonDriver
    connection: Connection

    def hear(self, body: Mapping[str, Any]) -> InboxItem:
        raw, network_id = json.dumps(body).encode(), self.connection.network_id
        item = InboxItem(
            network_id=network_id,
            id=derived("inb", raw.decode()),
            connection_id=self.connection.id,
            site=self.connection.site,
            raw=raw,
            received_at=self.driver.world.now(),
        )
        self.driver.store.save(item)
        ingest(Intake(self.driver.world, ADAPTERS, lambda: self.driver.base_url), network_id, item.id)
        found: InboxItem = self.driver.store.get(InboxItem, network_id=network_id, id=item.id)
        return found

    def client(self, person: Person) -> Client:
        kind = f"client@{self.connection.id}"
        return self.driver.client(self.driver.store.alias(NETWORK, kind, person[0]))


Told = Callable[[Person, str, datetime, int], dict[str, Any]]
SITES: dict[str, tuple[Told, Told]] = {
    "altegio": (altegio_card, altegio_booking),
    "yclients": (altegio_card, altegio_booking),
    "square": (square_card, square_booking),
    "standard": (standard_card, standard_booking),
}


def connected(driver: SalonDriver, site: str) -> RealSite:
    settings = {"company_id": str(COMPANY)} if site in ("altegio", "yclients") else {}
    return RealSite(driver, driver.store.save(a_connection(site, f"con_{site}", settings=settings))[0])


@pytest.mark.parametrize("site", SITES)
def test_a_family_under_one_phone_is_edited_and_booked_for_apart(driver: SalonDriver, site: str) -> None:
    real, (card, booked) = connected(driver, site), SITES[site]
    told = [
        card(MOTHER, PHONE, NOW, 0),
        card(CHILD, PHONE, NOW + timedelta(seconds=1), 0),
        card(CHILD, PHONE, NOW + timedelta(seconds=2), 1),
        card(("11", "Мария", "Русу-Попа"), PHONE, NOW + timedelta(seconds=3), 1),
        booked(MOTHER, PHONE, NOW + timedelta(seconds=4), 0),
        booked(CHILD, PHONE, NOW + timedelta(seconds=5), 0),
    ]
    assert {real.hear(body).state for body in told} == {InboxState.APPLIED}
    mother, child = real.client(MOTHER), real.client(CHILD)
    assert (mother.name, mother.phone) == ("Мария Русу-Попа", PHONE)
    assert (child.name, child.phone, child.contact_id) == ("Катя Русу", None, mother.id)
    assert {each.client_id for each in driver.bookings()} == {mother.id, child.id}
    driver.drain()
    assert [each.to for each in driver.sender.sent] == [PHONE, PHONE]
    real.hear(card(CHILD, OWN, NOW + timedelta(seconds=6), 2))
    assert (real.client(CHILD).phone, real.client(MOTHER).phone) == (OWN, PHONE)
    assert real.client(MOTHER).name == "Мария Русу-Попа"


def test_a_mother_who_books_for_her_child_by_calcom_is_not_renamed(driver: SalonDriver) -> None:
    real = connected(driver, "calcom")
    for at, (name, uid) in enumerate([("Maria Rusu", "u1"), ("Katia Rusu", "u2"), ("Maria Rusu", "u3")]):
        real.hear(calcom_booking(name, NOW + timedelta(seconds=at), uid, phoneNumber=PHONE))
    found = {each.external_id: each for each in driver.bookings()}
    assert len({each.client_id for each in found.values()}) == 1
    client = driver.client(str(found["u1"].client_id))
    assert (client.name, client.phone, client.email) == ("Maria Rusu", PHONE, "u1@example.com")
    assert [found[uid].booked_for for uid in ("u1", "u2", "u3")] == [None, "Katia Rusu", None]


def test_square_merges_two_customers_and_so_do_we(driver: SalonDriver) -> None:
    real = connected(driver, "square")
    for person, phone in ((MOTHER, PHONE), (CHILD, OWN)):
        real.hear(square_card(person, phone, NOW, 0))
        real.hear(square_booking(person, phone, NOW, 0))
    before = real.client(CHILD)
    merged = square_card(MOTHER, PHONE, NOW + timedelta(seconds=9), 3)
    merged["data"]["object"]["event_context"] = {
        "merge": {"from_customer_ids": [CHILD[0]], "to_customer_id": MOTHER[0]}
    }
    assert real.hear(merged).state is InboxState.APPLIED
    mark = driver.client(before.id).merged
    assert mark is not None
    assert mark.into == real.client(MOTHER).id
    assert {each.client_id for each in driver.bookings()} == {mark.into}
    assert mark.actor == "connection:con_square"
