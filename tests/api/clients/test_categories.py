"""Categories over HTTP: the client's own, its changes, lists of a category, and other definitions tried."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.networks.network import Network
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, a_client
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.doubles import RecordingIntake, RecordingSender
from infra.testkit.salon_driver import SalonDriver

TODAY = date(2026, 11, 23)


def came(number: int, category: str, since: date, *days_ago: int, **fields: Any) -> Client:
    visits = tuple(VisitDay(TODAY - timedelta(days=ago), "sal_centru") for ago in days_ago)
    return a_client(
        f"cli_00000000000000{number:02d}",
        name=f"Client {number}",
        phone=None,
        email=None,
        visits_count=len(visits),
        first_visit_on=visits[-1].on,
        recent_visits=visits,
        category=category,
        category_since=since,
        **fields,
    )


@pytest.fixture
def listing(world: Any, town: Any) -> None:
    """A network whose clients are in the lists of their categories."""
    network = world.store.get(Network, network_id=NETWORK)
    world.store.save(replace(network, lists_categories=True))
    world.directories.forget(NETWORK)


@pytest.fixture
def driver(world: Any, town: Any, sender: RecordingSender, intake_queue: RecordingIntake) -> SalonDriver:
    return SalonDriver(world, sender, intake_queue)


def names(http: Http, query: str) -> list[str]:
    return [each["name"] for each in http.get(f"/v1/clients?{query}").json["items"]]


def test_a_list_of_a_category_begins_with_those_who_came_to_it_last(
    http: Http, world: Any, listing: None
) -> None:
    for number, days in ((1, 3), (2, 1), (3, 2)):
        since = TODAY - timedelta(days=days)
        source = "even" if number % 2 == 0 else "odd"
        world.store.save(came(number, "lost", since, 61 + 10 * days, source=source))
    world.store.save(came(4, "new", TODAY, 0))
    assert names(http, "category=lost") == ["Client 2", "Client 3", "Client 1"]
    assert names(http, "category=lost&source=odd") == ["Client 3", "Client 1"]
    first = http.get("/v1/clients?category=lost&limit=2").json
    rest = http.get(f"/v1/clients?category=lost&limit=2&cursor={first['next_cursor']}").json
    assert [each["name"] for each in rest["items"]] == ["Client 1"]


def test_a_list_of_a_category_reads_one_page_of_its_index_and_no_booking(
    http: Http, world: Any, listing: None, given_container: Any
) -> None:
    for number in range(5):
        world.store.save(came(number, "lost", TODAY, 90))
    read = list[str]()

    class Counting(DelegatingStore):
        def __getattr__(self, name: str) -> Any:
            read.append(name)
            return super().__getattr__(name)

    given_container.the_world = replace(world, store=Counting(world.store))
    assert len(names(http, "category=lost")) == 5
    assert read.count("clients_of_category") == 1
    assert {"clients", "bookings_of_client"}.isdisjoint(read)


def test_who_left_a_category_today_is_no_longer_in_its_list(http: Http, world: Any, listing: None) -> None:
    """The record follows at the hour of the day's touches; the answer is right from midnight on."""
    client = came(1, "new", TODAY - timedelta(days=62), 62)
    world.store.save(client)
    assert names(http, "category=new") == []
    found = http.get(f"/v1/clients/{client.id}").json
    assert (found["category"], found["category_since"]) == ("lost", str(TODAY))


def test_a_client_tells_rhythm_and_the_dates_of_a_lapse(http: Http, world: Any) -> None:
    days = {"srv_nails": (TODAY, TODAY - timedelta(days=20))}
    client = came(1, "developing", date(2026, 10, 14), 0, 20, 40, service_days=days)
    world.store.save(client)
    found = http.get(f"/v1/clients/{client.id}").json
    told = ("category", "category_since", "usual_gap_days", "expected_on", "at_risk_on", "lost_on")
    assert [found[name] for name in told] == [
        "developing", "2026-10-14", 20, "2026-12-13", "2026-12-21", "2027-01-24"
    ]  # fmt: skip
    assert found["rhythms"] == [
        {
            "category": "nails",
            "service_id": None,
            "last_on": str(TODAY),
            "usual_gap_days": 20,
            "expected_on": "2026-12-13",
        }
    ]


def test_the_changes_of_a_category_are_listed_newest_first(
    http: Http, driver: SalonDriver, clock: Any
) -> None:
    for _ in range(2):
        driver.complete(driver.book(clock.now + timedelta(hours=1)))
        clock.now += timedelta(days=10)
    path = "/v1/clients/cli_maria00000000001/categories"
    assert http.get(path).json["items"] == [
        {"from": "new", "to": "developing", "on": "2026-12-03", "cause": "visit"},
        {"from": "potential", "to": "new", "on": "2026-11-23", "cause": "visit"},
    ]
    first = http.get(f"{path}?limit=1").json
    assert first["items"][0]["to"] == "developing"
    assert http.get(f"{path}?limit=1&cursor={first['next_cursor']}").json["items"][0]["to"] == "new"
    assert http.get("/v1/clients/cli_nobody0000000001/categories").code == "NOT_FOUND"


def test_other_definitions_are_tried_then_saved(http: Http, world: Any, driver: SalonDriver) -> None:
    world.store.save(came(1, "new", NOW.date() - timedelta(days=40), 40))
    begun = http.post("/v1/rules/categories/check", {"lost_months": 1})
    assert (begun.status, begun.json["finished_at"], begun.json["definitions"]["version"]) == (202, None, 2)
    driver.drain()
    done = http.get(f"/v1/rules/categories/check/{begun.json['id']}").json
    assert (done["seen"], done["moving"]) == (2, 1)
    assert done["moves"] == [{"from": "new", "to": "lost", "clients": 1}]
    rules = http.get("/v1/rules").json
    assert rules["categories"]["lost_months"] == 2
    saved = http.put("/v1/rules", rules | {"categories": rules["categories"] | {"lost_months": 1}})
    assert (saved.json["categories"]["version"], saved.json["categories"]["lost_months"]) == (2, 1)
    newest = http.get("/v1/rules/changes").json["items"][0]["changes"]
    assert {"field": "categories.lost_months", "before": 2, "after": 1} in newest
    refused = http.post("/v1/rules/categories/check", {"lost_months": 99})
    assert (refused.code, refused.json["details"]["field"]) == ("INVALID_RULE", "categories.lost_months")
    assert http.get("/v1/rules/categories/check/wlk_nothing0000000").code == "NOT_FOUND"
