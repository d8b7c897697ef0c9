"""What the largest request of each caller writes, as docs/security.md says."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.networks.network import Role
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.shared.world import World
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, a_connection
from tests.api.conftest import BASE_URL, TestContainer
from tests.house.subfolders import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


class CountingStore:
    """A store that counts the items written."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.items = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def save(self, *values: Any, **more: Any) -> Any:
        self.items += len(values)
        return self._store.save(*values, **more)


@pytest.fixture
def counting(world: World) -> CountingStore:
    return CountingStore(world.store)


@pytest.fixture
def counted(counting: CountingStore, world: World, given_container: TestContainer) -> World:
    """The world of the app, whose writes are counted."""
    given_container.the_world = replace(world, store=counting)
    return given_container.the_world


def most_items(caller: str) -> int:
    """The number of items of a caller's largest request, as the page says."""
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| {caller} |"))
    return int(row.split("|")[3].strip().replace(",", ""))


def a_record(number: int) -> dict[str, Any]:
    """A new client's booking of two new services with a new specialist."""
    return {
        "company_id": 1,
        "resource": "record",
        "resource_id": number,
        "status": "create",
        "data": {
            "id": number,
            "company_id": 1,
            "date": "2026-11-25 10:00:00",
            "datetime": "2026-11-25T10:00:00+02:00",
            "seance_length": 3600,
            "create_date": "2026-11-23T09:00:00+0200",
            "last_change_date": "2026-11-23T09:00:00+0200",
            "attendance": 0,
            "client": {"id": number, "name": "N", "phone": f"+37369{number:06d}", "email": f"n{number}@x.md"},
            "staff": {"id": number, "name": f"Staff {number}"},
            "services": [{"id": number, "title": f"Service {number}", "cost": 100}],
        },
    }


def test_a_body_of_an_unsigned_site_writes_no_more_than_the_page_says(
    http: Http, world: Any, town: Any, counted: World, counting: CountingStore, given_container: TestContainer
) -> None:
    connection = a_connection("yclients", "con_y", settings={"company_id": "1"})
    world.store.save(connection)
    body = json.dumps([a_record(number) for number in range(1, 21)])
    answer = http.with_key(None).post(f"/hooks/yclients/{connection.token}", body)
    assert answer.json["status"] == "accepted", http.get("/v1/inbox").text
    intake = Intake(counted, given_container.receiving().sites, lambda: BASE_URL)
    assert ingest(intake, NETWORK, answer.json["inbox_id"]) == "applied"
    assert 100 < counting.items <= most_items("an unsigned site's address")


def test_a_partners_booking_writes_no_more_than_the_page_says(
    http: Http, keys: dict[str, str], world: Any, town: Any, counted: World, counting: CountingStore
) -> None:
    client = {"name": "New", "phone": "+37369777666", "email": "new@example.com"}
    booking = {
        "salon_id": "sal_centru",
        "client": client,
        "starts_at": "2026-11-26T10:00:00+02:00",
        "lines": [{"service_id": "srv_cut", "staff_id": "stf_anna"}],
    }
    partner = http.with_key(keys[Role.PARTNER.value])
    answer = partner.ask("POST", "/v1/bookings", json.dumps(booking), Idempotency_Key="one",
                         Content_Type="application/json")  # fmt: skip
    assert answer.status == 201, answer.text
    assert 3 < counting.items <= most_items("a partner's key")
