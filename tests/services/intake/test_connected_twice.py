"""Two connections with the same company of a site: nothing is applied twice, and a person is told."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.intake.inbox import InboxState
from chalicelib.domain.intake.site_events import SiteClient, SiteStatus
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.intake.connect_site import (
    SiteToConnect,
    change_connection,
    connect_site,
    disconnect_site,
)
from chalicelib.services.intake.receive_webhook import replay
from infra.testkit.builders import NETWORK, NOW, a_connection, access
from infra.testkit.delegating_store import DelegatingStore
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported, thin

IN_TWO_DAYS = NOW + timedelta(days=2)
SOON = NOW + timedelta(hours=1)
SITES = ("standard", "calcom", "square", "yclients", "altegio")
COMPANY = {"company_id": "9911"}


def connect(driver: SalonDriver, site: str = "yclients", settings: Any = None, **fields: Any) -> Connection:
    salon_id = fields.pop("salon_id", "sal_centru")
    wanted = SiteToConnect(site, salon_id, None, settings or {}, **fields)
    return connect_site(driver.world, access(), ADAPTERS, wanted)


def disconnect(driver: SalonDriver, connection: Connection) -> None:
    disconnect_site(driver.world, access(), connection.id)


def as_now(driver: SalonDriver, connection: Connection) -> Connection:
    return driver.world.fresh_directory(NETWORK).connections[connection.id]


def tasks(driver: SalonDriver) -> list[Task]:
    return driver.store.get_all(Task, network_id=NETWORK)


# --- named by the settings


@pytest.mark.parametrize(
    ("site", "first", "second", "account"),
    [
        ("yclients", COMPANY, {"company_id": "5, 9911"}, "company 9911"),
        ("altegio", {"salon:9911": "sal_york"}, COMPANY, "company 9911"),
        ("square", {"merchant_id": "M1"}, {"merchant_id": "M1"}, "merchant M1"),
        ("square", {"salon:L1": "sal_york"}, {"salon:L1": "sal_centru"}, "location L1"),
        ("standard", {"salon:main": "sal_york"}, {"salon:main": "sal_york"}, "location main"),
    ],
)
def test_the_same_company_is_refused_by_the_name_of_who_has_it(
    driver: SalonDriver, site: str, first: Any, second: Any, account: str
) -> None:
    existing = connect(driver, site, first)
    other = connect(driver, site, salon_id="sal_york")
    for ask in (
        lambda: connect(driver, site, second, salon_id="sal_york"),
        lambda: change_connection(driver.world, access(), ADAPTERS, other.id, second),
    ):
        with pytest.raises(DomainError) as refusal:
            ask()
        assert refusal.value.code == "ALREADY_CONNECTED"
        assert refusal.value.details == {"connection_id": existing.id, "account": account}
        assert f"Connection {existing.id} of salon Lotos Centru already has {account}" in str(refusal.value)


def test_two_companies_are_two_connections(driver: SalonDriver) -> None:
    one, other = connect(driver, settings=COMPANY), connect(driver, settings={"company_id": "9912"})
    assert one.id != other.id
    for site in (one, other):
        driver.hear(site, reported(f"of {site.id}", 1, IN_TWO_DAYS, salon_external_id=None))
    assert len(driver.bookings()) == 2
    assert as_now(driver, one).twins == ()


def test_two_connections_of_before_with_one_company_can_still_change_other_settings(
    driver: SalonDriver,
) -> None:
    for id_ in ("con_a", "con_b"):
        driver.store.save(a_connection("yclients", id_, token=f"lotos00001.{id_}", settings=COMPANY))
    changed = change_connection(driver.world, access(), ADAPTERS, "con_b", {"source": "Instagram"})
    assert changed.settings["source"] == "Instagram"


# --- known by what they bring


@pytest.mark.parametrize("site", SITES)
def test_what_two_connections_bring_counts_once(driver: SalonDriver, site: str) -> None:
    one, other = connect(driver, site), connect(driver, site)
    held = []
    for version, fields in enumerate([{}, {"status": SiteStatus.COMPLETED, "paid_minor": 40_000}], 1):
        for each in (one, other):
            held.append(driver.hear(each, reported("e-1", version, SOON, **fields)))
        driver.clock.now += timedelta(hours=3)
    assert [each.state for each in held] == [InboxState.APPLIED, InboxState.QUARANTINED] * 2
    assert {each.reason for each in held[1::2]} == {"ALREADY_CONNECTED"}
    assert f"Connection {one.id} of salon Lotos Centru already has booking e-1" in str(held[1].detail)
    assert driver.only_booking().paid_minor == 40_000
    assert dict(driver.client().spent_minor) == {"MDL": 40_000}
    asked = [task for task in tasks(driver) if task.kind is TaskKind.SITE_CONNECTED_TWICE]
    assert len(asked) == 1
    assert one.id in str(asked[0].words)
    assert other.id in str(asked[0].words)


@pytest.mark.parametrize("site", SITES)
def test_bookings_of_before_the_second_connection_stay_with_the_first(driver: SalonDriver, site: str) -> None:
    one = connect(driver, site)
    driver.hear(one, reported("e-1", 1, IN_TWO_DAYS))
    other = connect(driver, site)
    moved = reported("e-2", 2, IN_TWO_DAYS + timedelta(hours=1), moved_from="e-1")
    for event in (thin(reported("e-1", 2, None, status=SiteStatus.NO_SHOW)), moved):
        assert driver.hear(other, event).reason == "ALREADY_CONNECTED"
    assert driver.hear(one, moved).state is InboxState.APPLIED
    assert driver.hear(other, reported("e-2", 3, IN_TWO_DAYS)).reason == "ALREADY_CONNECTED"
    assert driver.only_booking().starts_at == IN_TWO_DAYS + timedelta(hours=1)


FAR = NOW + timedelta(days=3000)
EMPTY_WORDS = {
    "a booking of a year that nobody can mean": reported("e-1", 1, FAR),
    "a thin word of a booking that is not known": thin(reported("e-1", 1, None, status=SiteStatus.NO_SHOW)),
    "time that is no booking": reported("e-1", 1, IN_TWO_DAYS, not_booking="waiting_list"),
    "a move that is held back": reported("e-1", 1, FAR, moved_from="e-0"),
}


@pytest.mark.parametrize("word", EMPTY_WORDS)
def test_a_word_of_which_nothing_is_applied_takes_the_booking_from_nobody(
    driver: SalonDriver, word: str
) -> None:
    one, other = connect(driver, "calcom"), connect(driver, "calcom")
    assert driver.hear(one, EMPTY_WORDS[word]).state is not InboxState.APPLIED
    assert driver.hear(other, reported("e-1", 2, IN_TWO_DAYS)).state is InboxState.APPLIED
    assert driver.hear(one, reported("e-1", 3, IN_TWO_DAYS)).reason == "ALREADY_CONNECTED"
    driver.only_booking()


class QuickOther(DelegatingStore):
    """Where the other connection brings the booking just before the first one saves it."""

    meanwhile: Any = None

    def save(self, *values: Any, **more: Any) -> Any:
        if self.meanwhile is not None and any(isinstance(each, Booking) for each in values):
            self.meanwhile, first = None, self.meanwhile
            first()
        return self.store.save(*values, **more)


def test_of_two_that_bring_a_booking_at_one_moment_one_is_held_back(driver: SalonDriver) -> None:
    one, other = connect(driver, "calcom"), connect(driver, "calcom")
    store = QuickOther(driver.store)
    store.meanwhile = lambda: driver.hear(other, reported("e-1", 1, IN_TWO_DAYS))
    item = driver.on(store).hear(one, reported("e-1", 1, IN_TWO_DAYS))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "ALREADY_CONNECTED")
    assert driver.only_booking().connection_id == other.id


def test_each_person_of_a_shared_booking_comes_through_the_same_connection(driver: SalonDriver) -> None:
    one, other = connect(driver, "calcom"), connect(driver, "calcom")
    seats = [
        reported(f"e-1|{name}", 1, IN_TWO_DAYS, shared_id="e-1", client=SiteClient(name=name, phone=phone))
        for name, phone in (("ana", "069500501"), ("ion", "069500502"))
    ]
    assert driver.hear(one, *seats).state is InboxState.APPLIED
    assert {driver.hear(other, each).reason for each in seats} == {"ALREADY_CONNECTED"}
    assert len(driver.bookings()) == 2


def test_a_word_of_no_booking_teaches_no_company(driver: SalonDriver) -> None:
    site = connect(driver)
    block = reported("e-7", 1, IN_TWO_DAYS, salon_external_id="9911", not_booking="calendar_block")
    driver.hear(site, block)
    assert as_now(driver, site).settings["company_id"] == "first"
    driver.hear(site, reported("e-8", 1, IN_TWO_DAYS, salon_external_id="9912"))
    assert as_now(driver, site).settings["company_id"] == "9912"


def test_two_connections_of_an_earlier_version_bring_nothing_twice(driver: SalonDriver) -> None:
    one, other = (
        driver.store.save(a_connection("calcom", f"con_{name}", token=f"lotos00001.{name}"))[0]
        for name in ("one", "other")
    )
    driver.hear(one, reported("e-1", 1, IN_TWO_DAYS))
    assert driver.hear(other, reported("e-1", 1, IN_TWO_DAYS)).reason == "ALREADY_CONNECTED"
    driver.only_booking()


def test_a_company_learned_with_the_first_event_is_refused_where_the_salon_has_it(
    driver: SalonDriver,
) -> None:
    one, other = connect(driver, settings=COMPANY), connect(driver)
    item = driver.hear(other, reported("e-7", 1, IN_TWO_DAYS, salon_external_id="9911"))
    assert (item.state, item.reason) == (InboxState.QUARANTINED, "ALREADY_CONNECTED")
    assert f"Connection {one.id} of salon Lotos Centru already has company 9911" in str(item.detail)
    assert as_now(driver, other).settings["company_id"] == "first"
    assert [task.kind for task in tasks(driver)] == [TaskKind.SITE_CONNECTED_TWICE]
    assert driver.bookings() == []


def test_two_salons_that_share_a_company_are_told_apart_by_their_bookings(driver: SalonDriver) -> None:
    here, there = connect(driver), connect(driver, salon_id="sal_york")
    for site, name in ((here, "e-1"), (there, "e-2"), (there, "e-1")):
        driver.hear(site, reported(name, 1, IN_TWO_DAYS, salon_external_id="7"))
    assert [len(driver.bookings(salon)) for salon in ("sal_centru", "sal_york")] == [1, 1]


def test_two_bridges_of_one_salon_are_told_apart_by_their_names(driver: SalonDriver) -> None:
    bridges = [connect(driver, "standard", {"bridge": name}) for name in ("form", "till")]
    for site in bridges:
        assert driver.hear(site, reported("1", 1, IN_TWO_DAYS)).state is InboxState.APPLIED
    assert len(driver.bookings()) == 2


# --- deleted


@pytest.mark.parametrize("too_many", [0, 1])
def test_once_one_is_deleted_the_other_goes_on_with_its_bookings(driver: SalonDriver, too_many: int) -> None:
    pair = [connect(driver, "calcom"), connect(driver, "calcom")]
    item = [driver.hear(each, reported("e-1", 1, IN_TWO_DAYS)) for each in pair][1]
    disconnect(driver, pair.pop(too_many))
    (kept,) = pair
    if kept.id == item.connection_id:
        replay(driver.receiving(), NETWORK, item.id)
        driver.ingest(item)
    later = driver.hear(as_now(driver, kept), reported("e-1", 2, IN_TWO_DAYS, note="later"))
    assert later.state is InboxState.APPLIED
    assert driver.only_booking().note == "later"


@pytest.mark.parametrize("site", SITES)
def test_a_connection_made_anew_goes_on_with_the_deleted_ones_bookings(
    driver: SalonDriver, site: str
) -> None:
    former = connect(driver, site)
    driver.hear(former, reported("e-1", 1, IN_TWO_DAYS))
    disconnect(driver, former)
    anew = connect(driver, site)
    assert (anew.id, anew.token == former.token) == (former.id, False)
    driver.hear(anew, reported("e-1", 2, IN_TWO_DAYS, note="later"))
    assert driver.only_booking().note == "later"
    assert len(driver.store.get_all(Connection, network_id=NETWORK)) == 1


def test_a_connection_with_another_company_or_asked_for_anew_takes_nothing_over(driver: SalonDriver) -> None:
    former = connect(driver, settings=COMPANY)
    disconnect(driver, former)
    assert connect(driver, settings={"company_id": "5"}).id != former.id
    assert connect(driver, settings=COMPANY, anew=True).id != former.id


def test_the_company_decides_which_deleted_connection_is_taken_over(driver: SalonDriver) -> None:
    former = connect(driver, settings=COMPANY)
    disconnect(driver, former)
    driver.clock.now += timedelta(days=1)
    other = connect(driver, settings={"company_id": "5"}, salon_id="sal_york")
    disconnect(driver, other)
    assert connect(driver, settings=COMPANY, salon_id="sal_york").id == former.id


def test_a_key_of_another_salon_takes_nothing_over(driver: SalonDriver) -> None:
    former = connect(driver, settings=COMPANY)
    disconnect(driver, former)
    elsewhere = access(salon_ids=("sal_york",))
    wanted = SiteToConnect("yclients", "sal_york", None, COMPANY)
    assert connect_site(driver.world, elsewhere, ADAPTERS, wanted).id != former.id
