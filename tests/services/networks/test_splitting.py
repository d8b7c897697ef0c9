"""Two people, or two services, that were taken for one are seen in a report and separated."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.intake.site_events import SiteClient, SiteLine
from chalicelib.domain.networks.network import Role, Staff
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.waking.walks import Walk
from chalicelib.services.bookings.book import WantedLine
from chalicelib.services.bookings.change_booking import change_booking
from chalicelib.services.networks import split
from chalicelib.services.waking.walk_on import walk_on
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_booking,
    a_connection,
    a_service,
    a_staff_member,
    a_town,
    access,
)
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from infra.testkit.world import a_world

OLD, NEW = "con_old:31", "con_new:7"
IN_TWO_DAYS = NOW + timedelta(days=2)


@pytest.fixture
def driver() -> SalonDriver:
    """Olga is led to by an id of each of two connections."""
    store = MemoryStore()
    a_town(store)
    store.save(a_connection("yclients", "con_old"), a_connection("square", "con_new"))
    store.save(a_staff_member("stf_olga", name="Olga", external_ids=(OLD, NEW), made_by="con_old"))
    return SalonDriver(a_world(store))


def staff(driver: SalonDriver) -> dict[str, Staff]:
    return dict(driver.world.fresh_directory(NETWORK).staff)


def hears(driver: SalonDriver, connection_id: str, booking: str, line: SiteLine) -> Booking:
    connection = driver.world.directory(NETWORK).connections[connection_id]
    client = SiteClient(f"c-{booking}", f"Client {booking}", None, f"{booking}@client.example")
    item = driver.hear(connection, reported(booking, 1, IN_TWO_DAYS, client=client, lines=(line,)))
    return driver.booking(item.booking_ids[0])


def walked(driver: SalonDriver, done: split.Split[Any]) -> Walk[Any]:
    """The walk at its end."""
    assert done.walk is not None
    for _ in range(20):
        walk: Walk[Any] = driver.store.get(Walk, network_id=NETWORK, id=done.walk.id)
        if walk.finished_at is not None:
            return walk
        walk_on(driver.world, walk)
    raise AssertionError("it never ends")


# --- the report


def test_the_report_lists_whom_several_ids_lead_to_and_what_each_site_calls_them(driver: SalonDriver) -> None:
    olga = staff(driver)["stf_olga"]
    driver.hear(
        driver.world.directory(NETWORK).connections["con_new"],
        reported("e-1", 1, IN_TWO_DAYS, lines=(SiteLine("s-1", "Haircut", "7", "Olga Petrova"),)),
    )
    (found,) = split.mixed_staff(driver.world, access())
    assert (found.value.id, found.namesakes) == (olga.id, [])
    assert [(each.external_id, each.site, each.id, each.called) for each in found.ids] == [
        (OLD, "yclients", "31", "Olga"),
        (NEW, "square", "7", "Olga Petrova"),
    ]


def test_the_report_lists_those_of_one_name_in_one_salon_where_a_site_named_one(driver: SalonDriver) -> None:
    driver.store.save(
        a_staff_member("stf_ira_1", name="Ira", external_ids=("con_old:8",)),
        a_staff_member("stf_ira_2", name="ira"),
        a_staff_member("stf_ira_3", name="Ira", salon_ids=("sal_york",)),
        a_staff_member("stf_ira_4", name="Ira", archived=True),
        a_staff_member("stf_lia_1", name="Lia"),
        a_staff_member("stf_lia_2", name="Lia"),
        a_service("srv_peel_1", name="Peeling", external_ids=("con_old:1",)),
        a_service("srv_peel_2", name="Peeling", external_ids=("con_old:2",)),
    )
    found = {each.value.id: each.namesakes for each in split.mixed_staff(driver.world, access())}
    assert found == {"stf_ira_1": ["stf_ira_2"], "stf_ira_2": ["stf_ira_1"], "stf_olga": []}
    services = {each.value.id: each.namesakes for each in split.mixed_services(driver.world, access())}
    assert services == {"srv_peel_1": ["srv_peel_2"], "srv_peel_2": ["srv_peel_1"]}


# --- the split


def test_the_ids_lead_to_the_new_one_and_upcoming_bookings_follow(driver: SalonDriver) -> None:
    ours = hears(driver, "con_old", "e-1", SiteLine("s-1", "Haircut", "31", "Olga"))
    theirs = hears(driver, "con_new", "e-2", SiteLine("s-1", "Haircut", "7", "Olga"))
    desk = driver.book(IN_TWO_DAYS, lines=[WantedLine(service_id="srv_cut", staff_id="stf_olga")])
    over = a_booking("bkg_over", status=Status.COMPLETED, connection_id="con_new", lines=theirs.lines,
                     starts_at=NOW - timedelta(days=3))  # fmt: skip
    driver.store.save(over)
    assert {ours.lines[0].staff_id, theirs.lines[0].staff_id} == {"stf_olga"}

    done = split.split_staff(driver.world, access(), "stf_olga", [NEW])
    new = done.separated
    assert (new.name, new.external_ids, new.unreviewed, new.tip_url) == ("Olga", (NEW,), True, None)
    assert staff(driver)["stf_olga"].external_ids == (OLD,)
    later = hears(driver, "con_new", "e-3", SiteLine("s-1", "Haircut", "7", "Olga"))
    assert later.lines[0].staff_id == new.id
    as_before = hears(driver, "con_old", "e-4", SiteLine("s-1", "Haircut", "31", "Olga"))
    assert as_before.lines[0].staff_id == "stf_olga"

    walk = walked(driver, done)
    assert walk.changed == 1
    staff_of = {each.id: each.lines[0].staff_id for each in driver.bookings()}
    assert staff_of[theirs.id] == new.id
    assert {staff_of[each.id] for each in (ours, desk, over)} == {"stf_olga"}
    assert driver.booking(theirs.id).wake == theirs.wake


def test_a_service_is_separated_as_well(driver: SalonDriver) -> None:
    driver.store.save(a_service("srv_peel", name="Peeling", external_ids=("con_old:1", "con_new:2")))
    booked = hears(driver, "con_new", "e-1", SiteLine("2", "Peeling"))
    done = split.split_service(driver.world, access(), "srv_peel", ["con_new:2"], "Peeling for men")
    assert (done.separated.name, done.separated.named_by, done.separated.minutes) == (
        "Peeling for men", "key:owner", 60,
    )  # fmt: skip
    walked(driver, done)
    assert driver.booking(booked.id).lines[0].service_id == done.separated.id


def test_of_two_ids_of_one_connection_new_words_alone_are_told_apart(driver: SalonDriver) -> None:
    """A booking keeps its connection, and not by which of its ids it came."""
    driver.store.save(a_staff_member("stf_ira", name="Ira", external_ids=("con_old:1", "con_old:2")))
    before = hears(driver, "con_old", "e-1", SiteLine("s-1", "Haircut", "2", "Ira"))
    done = split.split_staff(driver.world, access(), "stf_ira", ["con_old:2"])
    assert walked(driver, done).changed == 0
    assert driver.booking(before.id).lines[0].staff_id == "stf_ira"
    again = hears(driver, "con_old", "e-2", SiteLine("s-1", "Haircut", "2", "Ira"))
    assert again.lines[0].staff_id == done.separated.id


def test_each_is_called_as_its_own_site_calls_it(driver: SalonDriver) -> None:
    named = {"name": "Olga Petrova", "called": {OLD: "Olga"}, "unreviewed": True, "version": 1}
    driver.store.save(a_staff_member("stf_olga", external_ids=(OLD, NEW), made_by="con_old", **named))
    done = split.split_staff(driver.world, access(), "stf_olga", [NEW])
    assert (done.source.name, done.source.called) == ("Olga", {})
    assert (done.separated.name, done.separated.called) == ("Olga Petrova", {})


def test_the_same_split_again_makes_no_other_one(driver: SalonDriver) -> None:
    first = split.split_staff(driver.world, access(), "stf_olga", [NEW])
    again = split.split_staff(driver.world, access(), "stf_olga", [NEW])
    assert (again.separated, again.walk) == (first.separated, None)
    assert len(staff(driver)) == 4


@pytest.mark.parametrize(
    ("moved", "code"),
    [(["con_new:8"], "INVALID_SPLIT"), ([NEW, "con_new:8"], "INVALID_SPLIT"), ([OLD, NEW], "INVALID_SPLIT")],
)
def test_a_split_of_ids_that_lead_elsewhere_or_of_all_is_refused(
    moved: list[str], code: str, driver: SalonDriver
) -> None:
    with pytest.raises(DomainError) as refusal:
        split.split_staff(driver.world, access(), "stf_olga", moved)
    assert refusal.value.code == code


def test_whom_a_person_entered_may_lose_the_only_id(driver: SalonDriver) -> None:
    driver.store.save(a_staff_member("stf_ira", name="Ira", external_ids=("con_old:1",)))
    done = split.split_staff(driver.world, access(), "stf_ira", ["con_old:1"])
    assert (done.source.external_ids, done.separated.external_ids) == ((), ("con_old:1",))


def test_a_key_of_chosen_salons_sees_no_report_and_splits_nothing(driver: SalonDriver) -> None:
    manager = access(Role.MANAGER, salon_ids=("sal_centru",))
    for forbidden in (
        lambda: split.mixed_staff(driver.world, manager),
        lambda: split.mixed_services(driver.world, manager),
        lambda: split.split_staff(driver.world, manager, "stf_olga", [NEW]),
        lambda: split.split_service(driver.world, manager, "srv_cut", [NEW]),
    ):
        with pytest.raises(DomainError) as refusal:
            forbidden()
        assert refusal.value.code == "FORBIDDEN"


# --- two ids of one connection


def again(driver: SalonDriver, version: int, line: SiteLine, **fields: Any) -> Booking:
    connection = driver.world.directory(NETWORK).connections["con_old"]
    driver.hear(connection, reported("e-9", version, IN_TWO_DAYS, client=None, lines=(line,), **fields))
    (found,) = [each for each in driver.bookings() if each.external_id == "e-9"]
    return found


def test_of_two_ids_of_one_connection_a_booking_follows_with_the_sites_next_word(
    driver: SalonDriver,
) -> None:
    olga = staff(driver)["stf_olga"]
    driver.store.save(replace(olga, external_ids=(OLD, "con_old:32")))
    line = SiteLine("s-1", "Haircut", "32", "Olga", 60, 50_000)
    assert again(driver, 1, line).lines[0].staff_id == "stf_olga"
    done = split.split_staff(driver.world, access(), "stf_olga", ["con_old:32"])
    walked(driver, done)
    assert again(driver, 1, line).lines[0].staff_id == "stf_olga"
    after = again(driver, 2, line, note="a note").lines[0]
    assert (after.staff_id, after.minutes, after.price_minor) == (done.separated.id, 60, 50_000)
    other = SiteLine("s-1", "Haircut", "31", "Olga", 60, 50_000)
    assert again(driver, 3, other).lines[0].staff_id == "stf_olga"
    assert again(driver, 4, other, note="more").lines[0].staff_id == "stf_olga"


def test_a_booking_that_the_desk_gave_to_somebody_stays_though_its_id_was_split(driver: SalonDriver) -> None:
    olga = staff(driver)["stf_olga"]
    driver.store.save(replace(olga, external_ids=(OLD, "con_old:32")))
    line = SiteLine("s-1", "Haircut", "32", "Olga", 60, 50_000)
    booking = again(driver, 1, line)
    wanted = WantedLine(service_id=booking.lines[0].service_id, staff_id="stf_vera")
    change_booking(driver.world, access(), booking.id, {"lines": [wanted]})
    split.split_staff(driver.world, access(), "stf_olga", ["con_old:32"])
    assert again(driver, 2, line, note="a note").lines[0].staff_id == "stf_vera"
