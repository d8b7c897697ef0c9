"""A site's id is who is meant. A name alone is believed only where it can mean one: staff in their salon."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import BookingReported, SiteLine, guard
from chalicelib.domain.intake.trust import MAX_RENAMED_OF_DAY
from chalicelib.domain.networks.network import Connection, Service, Staff
from chalicelib.domain.networks.site_names import is_named, no_service_id, shown_name
from chalicelib.services.networks import set_up
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_connection,
    a_service,
    a_staff_member,
    a_town,
    access,
)
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported
from infra.testkit.unsigned_site import UnsignedSender, a_record
from infra.testkit.world import a_world

CENTRU, YORK = "sal_centru", "sal_york"
_numbers = itertools.count(1)


@pytest.fixture
def driver() -> SalonDriver:
    """With the set-up kept for a minute, as in a function that is warm."""
    store, clock = MemoryStore(), SettableClock()
    a_town(store)
    return SalonDriver(a_world(store, clock, directories=CachedDirectories(store.directory, clock)))


@pytest.fixture
def site(driver: SalonDriver) -> Connection:
    """Of both salons."""
    settings = {f"salon:{salon_id}": salon_id for salon_id in (CENTRU, YORK)}
    connection = a_connection("square", "con_square", salon_id=None, settings=settings)
    return driver.store.save(connection)[0]  # type: ignore[no-any-return]


def booked(
    line: SiteLine | None, salon: str = CENTRU, at: datetime | None = None, **fields: Any
) -> BookingReported:
    """A new booking with that line. at: when the site says so."""
    lines = (line,) if line else ()
    event = reported(f"e-{next(_numbers)}", 1, NOW + timedelta(days=2), client=None, lines=lines)
    dated = {"guard": guard(occurred_at=at)} if at else {}
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    return BookingReported(**{**values, "salon_external_id": salon, "anonymous": True, **dated, **fields})


def with_staff(site_id: str | None, name: str | None) -> SiteLine:
    return SiteLine("s-1", "Haircut", site_id, name)


def of_service(site_id: str | None, name: str | None) -> SiteLine:
    return SiteLine(site_id, name, minutes=30)


def hear(driver: SalonDriver, site: Connection, *events: BookingReported) -> list[str]:
    """The ids of the bookings."""
    item = driver.hear(site, *events)
    assert item.state is InboxState.APPLIED, item
    return list(item.booking_ids)


def who(driver: SalonDriver, site: Connection, line: SiteLine, salon: str = CENTRU, **more: Any) -> Staff:
    """The specialist of a new booking with that line."""
    (booking_id,) = hear(driver, site, booked(line, salon, **more))
    staff_id = driver.booking(booking_id).lines[0].staff_id
    return driver.world.fresh_directory(NETWORK).staff[str(staff_id)]


def what(driver: SalonDriver, site: Connection, line: SiteLine | None, **more: Any) -> Service:
    (booking_id,) = hear(driver, site, booked(line, **more))
    service_id = driver.booking(booking_id).lines[0].service_id
    return driver.world.fresh_directory(NETWORK).services[service_id]


# --- an id is identity


def test_two_of_one_name_in_one_salon_with_two_ids_are_two(driver: SalonDriver, site: Connection) -> None:
    first, second = (who(driver, site, with_staff(each, "Olga")) for each in ("31", "32"))
    assert first.id != second.id
    assert (first.name, second.name) == ("Olga", "Olga")
    for site_id, olga in (("31", first), ("32", second)):
        assert who(driver, site, with_staff(site_id, "Olga")).id == olga.id
        assert who(driver, site, with_staff(site_id, None)).id == olga.id


def test_two_of_one_name_in_two_salons_are_two(driver: SalonDriver, site: Connection) -> None:
    for site_ids in (("41", "42"), (None, None)):
        name = f"Olga {site_ids[0]}"
        here = who(driver, site, with_staff(site_ids[0], name), CENTRU)
        there = who(driver, site, with_staff(site_ids[1], name), YORK)
        assert here.id != there.id
        assert (here.salon_ids, there.salon_ids) == ((CENTRU,), (YORK,))
        assert who(driver, site, with_staff(site_ids[0], name), CENTRU).id == here.id
        assert who(driver, site, with_staff(site_ids[1], name), YORK).id == there.id


def test_one_id_in_two_salons_is_one_person(driver: SalonDriver, site: Connection) -> None:
    assert who(driver, site, with_staff("31", "Olga")) == who(driver, site, with_staff("31", "Olga"), YORK)


def test_two_services_of_one_name_with_two_ids_are_two(driver: SalonDriver, site: Connection) -> None:
    first, second = (what(driver, site, of_service(each, "Peeling")) for each in ("901", "902"))
    assert first.id != second.id
    assert what(driver, site, of_service("902", None)).id == second.id


def test_whom_the_salon_typed_in_gets_the_sites_id_once(driver: SalonDriver, site: Connection) -> None:
    """Anna and the haircut are of the network; the first of their name is meant, and no second one."""
    assert who(driver, site, with_staff("31", "anna")).id == "stf_anna"
    assert what(driver, site, of_service("s-1", None)).id == "srv_cut"
    assert who(driver, site, with_staff("32", "Anna")).id not in ("stf_anna", "stf_vera")
    assert who(driver, site, with_staff("31", None)).id == "stf_anna"
    kept = driver.world.fresh_directory(NETWORK).staff["stf_anna"]
    assert (kept.name, kept.external_ids, kept.unreviewed) == ("Anna", ("con_square:31",), False)


def test_the_name_of_somebody_in_another_salon_means_somebody_else(
    driver: SalonDriver, site: Connection
) -> None:
    there = who(driver, site, with_staff(None, "Anna"), YORK)
    assert (there.id == "stf_anna", there.salon_ids) == (False, (YORK,))
    assert who(driver, site, with_staff(None, "Vera"), YORK).id == "stf_vera"


def test_a_name_alone_first_gets_its_id_later(driver: SalonDriver, site: Connection) -> None:
    olga = who(driver, site, with_staff(None, "Olga"))
    assert who(driver, site, with_staff("31", "Olga")).id == olga.id
    assert who(driver, site, with_staff(None, "Olga")).id == olga.id
    second = who(driver, site, with_staff("32", "Olga"))
    assert second.id != olga.id
    peeling = what(driver, site, of_service(None, "Peeling"))
    assert what(driver, site, of_service("901", "Peeling")).id == peeling.id


def test_a_name_that_two_have_is_no_guess(driver: SalonDriver, site: Connection) -> None:
    """A third one is made for it, once, and a person sees that it is unreviewed."""
    known = {who(driver, site, with_staff(each, "Olga")).id for each in ("31", "32")}
    third = who(driver, site, with_staff(None, "Olga"))
    assert third.id not in known
    assert third.unreviewed
    assert who(driver, site, with_staff(None, "Olga")).id == third.id


def test_another_connection_finds_the_only_one_of_a_name_and_keeps_its_own_id(
    driver: SalonDriver, site: Connection
) -> None:
    other = driver.store.save(a_connection("yclients", "con_yclients"))[0]
    olga = who(driver, site, with_staff("31", "Olga"))
    assert who(driver, other, with_staff("7", "Olga")).id == olga.id
    assert who(driver, other, with_staff("8", "Olga")).id != olga.id
    kept = driver.world.fresh_directory(NETWORK).staff[olga.id]
    assert kept.external_ids == ("con_square:31", "con_yclients:7")


def test_what_is_archived_is_still_meant(driver: SalonDriver, site: Connection) -> None:
    olga = who(driver, site, with_staff("31", "Olga"))
    for kept_id in ("stf_anna", olga.id):
        set_up.change_staff(driver.world, access(), kept_id, {"archived": True})
    set_up.change_service(driver.world, access(), "srv_nails", {"archived": True})
    assert who(driver, site, with_staff("31", "Olga")).id == olga.id
    assert who(driver, site, with_staff(None, "Anna")).id == "stf_anna"
    assert what(driver, site, of_service("s-9", "Manicure")).id == "srv_nails"
    driver.store.save(a_staff_member("stf_new", name="Anna"))
    driver.world.directories.forget(NETWORK)
    assert who(driver, site, with_staff(None, "Anna")).id == "stf_new"


def test_a_word_that_may_be_a_name_means_people_of_its_salon_only(driver: SalonDriver) -> None:
    """As `standard` sends them: each word is an id and a name."""
    settings = {f"salon:{salon_id}": salon_id for salon_id in (CENTRU, YORK)}
    site = driver.store.save(a_connection(salon_id=None, settings=settings))[0]
    here, there = (who(driver, site, with_staff("Olga", "Olga"), each) for each in (CENTRU, YORK))
    assert here.id != there.id
    for salon, olga in ((CENTRU, here), (YORK, there)):
        set_up.change_staff(driver.world, access(), olga.id, {"name": f"Olga of {salon}"})
        assert who(driver, site, with_staff("Olga", "Olga"), salon).name == f"Olga of {salon}"


def test_a_sender_of_words_may_tell_ids_later(driver: SalonDriver) -> None:
    site = driver.store.save(a_connection())[0]
    olga = who(driver, site, with_staff("Olga", "Olga"))
    assert who(driver, site, with_staff("31", "Olga")).id == olga.id
    assert who(driver, site, with_staff("32", "Olga")).id != olga.id
    assert who(driver, site, with_staff("31", "Olga Petrova")).name == "Olga Petrova"
    assert who(driver, site, with_staff("Olga", "Olga")).id == olga.id


# --- names are followed


def test_what_the_site_renames_is_renamed(driver: SalonDriver, site: Connection) -> None:
    olga = who(driver, site, with_staff("31", "Olga"))
    assert who(driver, site, with_staff("31", "Olga Petrova")) == who(driver, site, with_staff("31", None))
    assert who(driver, site, with_staff("31", None)).name == "Olga Petrova"
    assert who(driver, site, with_staff("31", None)).id == olga.id
    assert what(driver, site, of_service("s-1", "Haircut for men")).id == "srv_cut"
    assert what(driver, site, of_service("s-1", None)).name == "Haircut for men"


def test_what_a_person_renamed_keeps_that_name(driver: SalonDriver, site: Connection) -> None:
    olga = who(driver, site, with_staff("31", "Olga"))
    set_up.change_staff(driver.world, access(), olga.id, {"name": "Olga the Great"})
    for word in ("Olga", "Olga Petrova", "Olga Ivanova"):
        assert who(driver, site, with_staff("31", word)).name == "Olga the Great"
    kept = driver.world.fresh_directory(NETWORK).staff[olga.id]
    assert (kept.named_by, kept.called) == ("key:owner", {"con_square:31": "Olga Ivanova"})


def test_a_change_of_something_else_is_no_renaming(driver: SalonDriver, site: Connection) -> None:
    peeling = what(driver, site, of_service("901", "Peeling"))
    set_up.change_service(driver.world, access(), peeling.id, {"name": "Peeling", "minutes": 45})
    assert what(driver, site, of_service("901", "Deep peeling")).name == "Deep peeling"


def test_a_repeated_name_changes_nothing_and_reads_nothing(driver: SalonDriver, site: Connection) -> None:
    olga = who(driver, site, with_staff("31", "Olga"))
    set_up.change_staff(driver.world, access(), olga.id, {"name": "Olga the Great"})
    who(driver, site, with_staff("31", "Olga Petrova"))
    driver.world.directory(NETWORK)
    item = driver.received(site, booked(with_staff("31", "Olga Petrova")))
    with driver.store.calls(Calls()) as made:
        driver.ingest(item)
    assert "directory" not in made.made


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_the_name_told_last_stays(
    order: tuple[int, ...], driver: SalonDriver, site: Connection
) -> None:
    words = ["Olga", "Olga P.", "Olga Petrova"]
    for each in order:
        who(driver, site, with_staff("31", words[each]), at=NOW - timedelta(hours=3 - each))
    assert who(driver, site, with_staff("31", None)).name == "Olga Petrova"


def test_what_two_sites_call_differently_follows_who_renames(driver: SalonDriver, site: Connection) -> None:
    other = driver.store.save(a_connection("yclients", "con_yclients"))[0]
    who(driver, site, with_staff("31", "Olga"))
    who(driver, other, with_staff("7", "Olga"))
    assert who(driver, other, with_staff("7", "Olga Petrova")).name == "Olga Petrova"
    assert who(driver, site, with_staff("31", "Olga")).name == "Olga Petrova"  # it says nothing new
    assert who(driver, site, with_staff("31", "Olga I.")).name == "Olga I."


def test_an_earlier_versions_name_that_a_person_looked_at_stays(
    driver: SalonDriver, site: Connection
) -> None:
    """It did not keep who named it."""
    made = {"made_by": site.id, "made_at": NOW, "external_ids": ("con_square:31",)}
    driver.store.save(a_staff_member("stf_old", name="Olga Petrova", **made))
    driver.store.save(a_staff_member("stf_new", name="Ira", **{**made, "external_ids": ("con_square:32",)},
                                     unreviewed=True))  # fmt: skip
    for word in ("Olga", "Olga P."):
        assert who(driver, site, with_staff("31", word)).name == "Olga Petrova"
    assert who(driver, site, with_staff("32", "Irina")).name == "Irina"


def test_a_stranger_cannot_rename_for_ever(driver: SalonDriver) -> None:
    """Beyond the bound of a day the booking is taken in, and the name stays."""
    sender = UnsignedSender(driver, driver.store.save(a_connection("yclients", "con_unsigned"))[0])
    sender.send(a_record(services=[{"id": 31, "title": "Peeling", "cost": 500}]))
    driver.world.directories.forget(NETWORK)

    def renamed(number: int, days: int = 0) -> dict[str, Any]:
        services = [{"id": 31, "title": f"Peeling {number}", "cost": 500}]
        changed = NOW + timedelta(seconds=number, days=days)
        return a_record(1000 + number, services=services, changed=changed, client={"id": 1, "name": "Ion"})

    def name() -> list[str]:
        found = driver.world.fresh_directory(NETWORK).services.values()
        return [each.name for each in found if each.made_by == sender.connection.id]

    for number in range(1, MAX_RENAMED_OF_DAY + 5):
        assert sender.send(renamed(number)).state is InboxState.APPLIED
    assert name() == [f"Peeling {MAX_RENAMED_OF_DAY}"]
    driver.clock.forward(days=1)
    sender.send(renamed(901, days=1))
    assert name() == ["Peeling 901"]


# --- without a name


def test_a_site_that_tells_only_ids_is_shown_as_unnamed(driver: SalonDriver, site: Connection) -> None:
    peeling, olga = what(driver, site, of_service("88010", None)), who(driver, site, with_staff("TM8", None))
    connections = driver.world.directory(NETWORK).connections
    assert shown_name(peeling, connections) == "Unnamed service 88010"
    assert shown_name(olga, connections) == "Unnamed specialist TM8"
    assert (is_named(peeling, connections), olga.unreviewed) == (False, True)
    named = what(driver, site, of_service("88010", "Peeling"))
    assert (named.id, shown_name(named, connections)) == (peeling.id, "Peeling")
    set_up.change_staff(driver.world, access(), olga.id, {"name": "Olga"})
    assert who(driver, site, with_staff("TM8", "Olga I.")).name == "Olga"


def test_a_name_that_is_shown_for_want_of_one_is_no_name(driver: SalonDriver, site: Connection) -> None:
    peeling = what(driver, site, of_service("88010", None))
    same = {"name": "Unnamed service 88010", "minutes": 45}
    changed = set_up.change_service(driver.world, access(), peeling.id, same)
    assert (changed.name_known, changed.minutes) == (False, 45)


def test_a_booking_without_a_service_has_one_that_nobody_calls_by_a_name(
    driver: SalonDriver, site: Connection
) -> None:
    visit = what(driver, site, None)
    assert (visit.id, visit.name_known) == (no_service_id(site.id), False)
    assert what(driver, site, None).id == visit.id
    assert what(driver, site, of_service(None, "Visit")).id != visit.id


@pytest.mark.parametrize(
    ("service", "named"),
    [
        ({"name": "88010", "external_ids": ("con_square:88010",)}, False),
        ({"name": "88010", "external_ids": ("con_square:88010",), "unreviewed": True}, False),
        ({"name": "88010", "external_ids": ("con_gone:88010",), "unreviewed": True}, False),
        ({"name": "Peeling", "external_ids": ("con_gone:Peeling",)}, True),
        ({"name": "Peeling", "external_ids": ("con_standard:Peeling",), "unreviewed": True}, True),
        ({"name": "Peeling", "external_ids": ("con_square:88010",), "unreviewed": True}, True),
        ({"name": "Visit", "id": no_service_id("con_square")}, False),
        ({"name": "Visit"}, True),
    ],
)
def test_an_earlier_versions_name_is_none_where_it_is_the_sites_id(
    service: dict[str, Any], named: bool
) -> None:
    connections = {each.id: each for each in (a_connection("square", "con_square"), a_connection())}
    assert is_named(a_service(made_by="con_square", **service), connections) is named


# --- two workers at once


def test_of_two_workers_with_an_old_set_up_one_makes_the_specialist(
    driver: SalonDriver, site: Connection
) -> None:
    """Each has read the set-up before the other one wrote."""
    clock = driver.clock
    second = SalonDriver(
        a_world(driver.store, clock, directories=CachedDirectories(driver.store.directory, clock)),
        site=driver.site,
    )
    for each in (driver, second):
        each.world.directory(NETWORK)
    olga = who(driver, site, with_staff(None, "Olga"))
    assert who(second, site, with_staff("31", "Olga")).id == olga.id
    assert who(driver, site, with_staff("31", "Olga P.")).id == olga.id
    assert who(second, site, with_staff("31", "Olga P.")).name == "Olga P."
