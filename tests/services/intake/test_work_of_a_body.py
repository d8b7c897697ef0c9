"""The work for a stranger's body is in proportion to the body, and bounded; the rest waits for a person."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteEvent, SiteLine
from chalicelib.domain.intake.trust import MAX_EVENTS, MAX_LINES, MAX_NEW_OF_BODY, MAX_NEW_OF_DAY
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.connect_site import change_connection
from chalicelib.services.intake.receive_webhook import replay
from chalicelib.services.intake.site_catalogue import SAVED_AT_ONCE
from chalicelib.services.networks import set_up
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NETWORK, NOW, a_connection, a_town, access
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls, calls
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from infra.testkit.unsigned_site import COMPANY, UnsignedSender, a_record
from infra.testkit.world import a_world


def connected(driver: SalonDriver, site: str = "yclients") -> UnsignedSender:
    connection = a_connection(site, "con_unsigned", settings={"company_id": str(COMPANY)})
    return UnsignedSender(driver, driver.store.save(connection)[0])


@pytest.fixture(params=["yclients", "altegio"])
def sender(request: Any) -> UnsignedSender:
    return connected(in_memory(), request.param)


def in_memory() -> SalonDriver:
    """With the set-up kept for a minute, as in a function that is warm."""
    store, clock = MemoryStore(), SettableClock()
    a_town(store)
    return SalonDriver(a_world(store, clock, directories=CachedDirectories(store.directory, clock)))


def new_services(count: int, first: int = 1000) -> list[dict[str, Any]]:
    return [{"id": first + n, "title": f"Service {first + n}", "cost": 300} for n in range(count)]


def bookings_of(count: int) -> list[SiteEvent]:
    """Each of a client, a service and a specialist of its own."""
    return [
        reported(
            f"e-{n}",
            1,
            NOW + timedelta(days=2),
            client=SiteClient(f"c-{n}", f"Client {n}", f"373690{n:05d}"),
            lines=(SiteLine(f"s-{n}", f"Service {n}", f"p-{n}", f"Person {n}"),),
        )
        for n in range(count)
    ]


def services_of(sender: UnsignedSender) -> int:
    found = sender.driver.world.fresh_directory(NETWORK).services.values()
    return sum(each.made_by == sender.connection.id for each in found)


def held_tasks(sender: UnsignedSender) -> list[Task]:
    found: list[Task] = sender.driver.store.get_all(Task, network_id=NETWORK)
    return [task for task in found if task.kind is TaskKind.SITE_HELD_BACK]


# --- linear


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_booking_costs_as_many_calls_whatever_else_its_body_says(count: int) -> None:
    """Bookings of new clients, each with a new service and a new specialist, once a person agreed."""
    driver = in_memory()
    connection = connected(driver).connection
    item = driver.received(connection, *bookings_of(count), body=f"{count}".encode())
    driver.store.save(replace(item, released=True))
    with driver.store.calls(Calls()) as made:
        assert driver.ingest(item) is InboxState.APPLIED
    # The set-up as it is kept; afresh, before anything is added to it; with what was added.
    assert made.made.count("directory") == 3
    assert 6 * count < len(made.made) <= 7 * count + 2 * count // SAVED_AT_ONCE + 10
    assert len(driver.world.fresh_directory(NETWORK).services) == count + 2


def test_fifty_new_services_are_saved_in_one_call(driver: SalonDriver) -> None:
    sender = connected(driver)
    inbox_id = sender.deliver(a_record(services=new_services(MAX_NEW_OF_BODY))).inbox_id
    with calls(Calls()) as made:
        assert sender.take_in(inbox_id).state is InboxState.APPLIED
    assert services_of(sender) == MAX_NEW_OF_BODY
    assert len(made.made) < 20


def test_what_the_set_up_has_already_is_read_for_no_line(driver: SalonDriver) -> None:
    sender = connected(driver)
    sender.send(a_record(services=new_services(40)))
    inbox_id = sender.deliver(a_record(2, services=new_services(40))).inbox_id
    with calls(Calls()) as made:
        sender.take_in(inbox_id)
    assert len(made.made) < 12


# --- bounded


def test_more_new_services_than_a_body_may_add_wait_for_a_person(sender: UnsignedSender) -> None:
    too_many = [a_record(number, services=new_services(30, first=1000 * number)) for number in (1, 2)]
    item = sender.send(too_many)
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "TOO_MUCH_AT_ONCE")
    assert str(MAX_NEW_OF_BODY) in str(item.detail)
    assert (services_of(sender), sender.driver.bookings()) == (0, [])
    assert [task.salon_id for task in held_tasks(sender)] == ["sal_centru"]
    replay(sender.receiving(), NETWORK, item.id)
    assert sender.take_in(item.id).state is InboxState.APPLIED
    assert (services_of(sender), len(sender.driver.bookings())) == (60, 2)


def test_a_connection_adds_two_hundred_a_day_and_goes_on_the_next(sender: UnsignedSender) -> None:
    bodies = [a_record(number, services=new_services(40, first=1000 * number)) for number in range(1, 7)]
    states = [sender.send(body).state for body in bodies]
    assert states == [InboxState.APPLIED] * 5 + [InboxState.QUARANTINED]
    assert services_of(sender) == MAX_NEW_OF_DAY
    known = a_record(90, services=new_services(40, first=1000))
    assert sender.send(known).state is InboxState.APPLIED  # what is known is no addition
    sender.driver.clock.forward(days=1)
    assert sender.send(a_record(7, services=new_services(40, first=7000))).state is InboxState.APPLIED


def test_a_network_may_give_its_connection_another_bound(sender: UnsignedSender) -> None:
    change_connection(sender.driver.world, access(), ADAPTERS, "con_unsigned", {"new_a_day": "3"})
    assert sender.send(a_record(services=new_services(4))).reason == "TOO_MUCH_AT_ONCE"
    assert sender.send(a_record(services=new_services(3))).state is InboxState.APPLIED


@pytest.mark.parametrize(
    ("body", "taken_in"),
    [
        ([a_record(n) for n in range(1, MAX_EVENTS + 1)], True),
        ([a_record(n) for n in range(1, MAX_EVENTS + 2)], False),
        (a_record(services=new_services(1) * MAX_LINES), True),
        (a_record(services=new_services(1) * (MAX_LINES + 1)), False),
    ],
)
def test_bookings_of_a_body_and_lines_of_a_booking_are_bounded(
    body: Any, taken_in: bool, sender: UnsignedSender
) -> None:
    item = sender.send(body)
    assert item.state is (InboxState.APPLIED if taken_in else InboxState.QUARANTINED)
    assert taken_in or (item.reason, len(held_tasks(sender))) == ("TOO_MUCH_AT_ONCE", 1)


def test_many_bodies_that_are_held_back_make_one_task_a_day(sender: UnsignedSender) -> None:
    for number in range(1, 4):
        sender.send(a_record(number, services=new_services(60, first=1000 * number)))
    assert len(held_tasks(sender)) == 1
    sender.driver.clock.forward(days=1)
    sender.send(a_record(5, services=new_services(60, first=9000)))
    assert len(held_tasks(sender)) == 2


def test_what_a_person_renamed_is_found_again_and_not_made_anew(sender: UnsignedSender) -> None:
    """Services that the site names by no id are known by what they were made of."""
    sender.send(a_record(services=[{"title": "Peeling", "cost": 300}]))
    services = sender.driver.world.fresh_directory(NETWORK).services.values()
    (peeling,) = [each for each in services if each.name == "Peeling"]
    set_up.change_service(sender.driver.world, access(), peeling.id, {"name": "Deep peeling"})
    item = sender.send(a_record(2, services=[{"title": "Peeling", "cost": 300}]))
    assert item.state is InboxState.APPLIED
    assert {line.service_id for each in sender.driver.bookings() for line in each.lines} == {peeling.id}


def test_one_service_that_is_named_twice_in_a_body_is_made_once(sender: UnsignedSender) -> None:
    twice = [{"id": 99, "title": "Peeling", "cost": 300}, {"title": "PEELING", "cost": 300}]
    bodies = [a_record(1, services=twice), a_record(2, services=twice, changed=NOW + timedelta(seconds=1))]
    assert sender.send(bodies).state is InboxState.APPLIED
    assert services_of(sender) == 1
