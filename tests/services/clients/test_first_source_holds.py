"""A client's first source holds against every later word; the desk corrects it on record; and a partner sees
by it neither more nor less."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Role
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.networks.sources import SourceType
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.bookings.book import NewBooking, WantedLine, book
from chalicelib.services.clients.partner_clients import find_record, register_for_partner
from chalicelib.services.clients.register_client import NewClient, change_client, get_client, register_client
from chalicelib.services.clients.segments import is_member
from chalicelib.services.networks.manage_sources import add_source
from infra.testkit.builders import NETWORK, NOW, a_client, a_connection, a_town, access, save_client
from infra.testkit.doubles import SettableClock
from infra.testkit.memory_store import MemoryStore
from infra.testkit.salon_driver import MARIA_ID, SalonDriver
from infra.testkit.site_events import MARIA, client_reported, reported
from infra.testkit.world import a_world

PHONE, OTHER_PHONE = "+37369123456", "+37369000002"
MASHA = "cli_masha00000000002"
TOMORROW = NOW + timedelta(days=1)
PARTNER = access(Role.PARTNER, source="blog")


@pytest.fixture
def driver() -> SalonDriver:
    store: Any = MemoryStore()
    a_town(store)
    return SalonDriver(a_world(store, SettableClock(NOW)))


@pytest.fixture
def maria(driver: SalonDriver) -> Client:
    """She came by Instagram, a hundred days ago."""
    saved: Client = driver.store.save(replace(driver.client(), source="Instagram"))[0]
    return saved


def masha(driver: SalonDriver, days_ago: int, source: str | None) -> None:
    at = NOW - timedelta(days=days_ago)
    client = a_client(MASHA, name="Masha", phone=OTHER_PHONE, email=None, source=source, created_at=at)
    save_client(driver.store, client)


def corrected(driver: SalonDriver, source: str | None, client_id: str = MARIA_ID) -> Client:
    return change_client(driver.world, access(), client_id, {"source": source})


def booked(driver: SalonDriver, client: str | NewClient, source: str | None, by: Any = None) -> str | None:
    lines = [WantedLine(service_id="srv_cut", staff_id="stf_anna")]
    new = NewBooking(salon_id="sal_centru", client=client, starts_at=TOMORROW, lines=lines, source=source)
    return book(driver.world, by or access(), new).client_id


def site_books(driver: SalonDriver, client: SiteClient = MARIA, source: str | None = "google") -> None:
    site = a_connection(version=1)
    driver.hear(site, reported(f"b-{client.external_id}", 1, TOMORROW, client=client, source=source))


def site_sends_a_card(driver: SalonDriver) -> None:
    driver.hear(a_connection(version=1, settings={"source": "google"}), client_reported("c-1", 2, MARIA))


def registers_again(driver: SalonDriver) -> None:
    with pytest.raises(DomainError, match="already"):
        register_client(driver.world, access(), NewClient(name="Maria", phone=PHONE, source="google"))


LATER: dict[str, Callable[[SalonDriver], Any]] = {
    "a booking by id": lambda driver: booked(driver, MARIA_ID, "google"),
    "a booking by phone": lambda driver: booked(
        driver, NewClient(name="Maria", phone=PHONE, source="google"), "google"
    ),
    "a site's booking": site_books,
    "a site's card": site_sends_a_card,
    "a registration": registers_again,
    "a partner's client": lambda driver: register_for_partner(
        driver.world, PARTNER, NewClient(name="Maria", phone=PHONE)
    ),
    "a partner's booking": lambda driver: booked(driver, NewClient(name="M", phone=PHONE), None, PARTNER),
    "a change of something else": lambda driver: change_client(
        driver.world, access(), MARIA_ID, {"note": "coffee"}
    ),
    "another word for the same": lambda driver: corrected(driver, "INSTAGRAM?utm_medium=bio"),
}


@pytest.fixture
def site(driver: SalonDriver) -> None:
    driver.store.save(a_connection())


@pytest.mark.usefixtures("site", "maria")
@pytest.mark.parametrize("later", LATER)
def test_no_later_word_changes_the_source(later: str, driver: SalonDriver) -> None:
    LATER[later](driver)
    assert (driver.client().source, driver.client().source_record) == ("Instagram", None)


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize("later", [name for name in LATER if name != "another word for the same"])
def test_nor_does_it_give_one_to_a_known_client_without(later: str, driver: SalonDriver) -> None:
    LATER[later](driver)
    assert driver.client().source is None


# --- the first word of a new client


def the_other(driver: SalonDriver) -> Client:
    (found,) = [each for each in driver.store.clients(NETWORK).items if each.id != MARIA_ID]
    return found


@pytest.mark.usefixtures("site")
@pytest.mark.parametrize(("said", "source"), [("google", "google"), (None, "standard"), ("  ", "standard")])
def test_a_new_client_whom_a_sites_booking_names_comes_from_where_the_booking_does(
    said: str | None, source: str, driver: SalonDriver
) -> None:
    for _ in range(2):
        site_books(driver, SiteClient("c-9", "Ion", "069000009"), said)
    assert the_other(driver).source == source


@pytest.mark.parametrize(("of_client", "source"), [(None, "google"), ("friend", "friend")])
def test_so_does_one_whom_the_desk_books(of_client: str | None, source: str, driver: SalonDriver) -> None:
    booked(driver, NewClient(name="Ion", phone=OTHER_PHONE, source=of_client), "google")
    assert the_other(driver).source == source


def test_a_clients_word_is_one_line_that_can_be_seen(driver: SalonDriver) -> None:
    for source, kept in (("  Google\n Maps\u200b ", "Google Maps"), (" \u200b", None)):
        new = NewClient(name="Ion", phone=f"+3736911000{bool(kept):d}", source=source)
        assert register_client(driver.world, access(), new).source == kept


# --- corrections


@pytest.mark.usefixtures("maria")
def test_the_desk_corrects_on_record(driver: SalonDriver) -> None:
    desk = access(Role.RECEPTION, actor="key:key_desk")
    for _ in range(2):
        client = change_client(driver.world, desk, MARIA_ID, {"source": "friend"})
    assert client.source == "friend"
    assert client.source_record is not None
    (correction,) = client.source_record.corrected
    assert (correction.word, correction.at, correction.actor) == ("friend", NOW, "key:key_desk")
    assert client.source_record.first == "Instagram"


@pytest.mark.usefixtures("maria")
def test_a_later_word_does_not_undo_a_correction(driver: SalonDriver) -> None:
    corrected(driver, None)
    booked(driver, MARIA_ID, "google")
    assert driver.client().source is None


# --- merges


@pytest.mark.usefixtures("maria")
@pytest.mark.parametrize(
    ("days_ago", "word", "holds"),
    [(200, "walk-in", "walk-in"), (50, "walk-in", "Instagram"), (200, None, "Instagram")],
)
def test_after_a_merge_the_earlier_clients_source_holds_and_unmerging_gives_each_their_own(
    days_ago: int, word: str | None, holds: str, driver: SalonDriver
) -> None:
    masha(driver, days_ago, word)
    for source, target in ((MASHA, MARIA_ID), (MARIA_ID, MASHA)):
        driver.merge(source, target)
        assert driver.client(target).source == holds
        driver.unmerge(source)
        assert (driver.client().source, driver.client(MASHA).source) == ("Instagram", word)
        assert (driver.client().source_record, driver.client(MASHA).source_record) == (None, None)


@pytest.mark.usefixtures("maria")
def test_a_correction_since_the_merge_stays_with_the_target(driver: SalonDriver) -> None:
    masha(driver, 200, "walk-in")
    driver.merge(MASHA, MARIA_ID)
    corrected(driver, "friend")
    driver.unmerge(MASHA)
    assert (driver.client().source, driver.client(MASHA).source) == ("friend", "walk-in")


# --- what partners see


def seen(driver: SalonDriver, client_id: str) -> bool:
    try:
        return get_client(driver.world, PARTNER, client_id).id == client_id
    except DomainError:
        return False


@pytest.mark.usefixtures("maria")
def test_no_merge_shows_a_partner_a_client_or_takes_one_away(driver: SalonDriver) -> None:
    record = register_for_partner(driver.world, PARTNER, NewClient(name="Masha", phone=OTHER_PHONE))
    old = replace(record, created_at=NOW - timedelta(days=300))
    driver.store.save(old)
    driver.merge(record.id, MARIA_ID)
    assert driver.client().source == "blog"
    assert not seen(driver, MARIA_ID)
    assert find_record(driver.world, PARTNER, phone=PHONE, email=None) is None
    driver.unmerge(record.id)
    driver.merge(MARIA_ID, record.id)
    assert seen(driver, record.id)


@pytest.mark.usefixtures("maria")
def test_no_correction_shows_a_partner_a_client_or_takes_one_away(driver: SalonDriver) -> None:
    record = register_for_partner(driver.world, PARTNER, NewClient(name="Masha", phone=OTHER_PHONE))
    corrected(driver, "blog")
    corrected(driver, "friend", record.id)
    assert (seen(driver, MARIA_ID), seen(driver, record.id)) == (False, True)
    assert find_record(driver.world, PARTNER, phone=OTHER_PHONE, email=None) is not None


@pytest.mark.usefixtures("site")
def test_no_word_of_a_sites_booking_shows_a_partner_its_client(driver: SalonDriver) -> None:
    site_books(driver, SiteClient("c-9", "Ion", "069000009"), "blog")
    client = the_other(driver)
    assert (client.source, seen(driver, client.id)) == ("blog", False)


def test_the_client_beside_a_shared_email_came_by_the_partner_who_does_not_see_them(
    driver: SalonDriver,
) -> None:
    person = NewClient(name="Ion", phone=OTHER_PHONE, email="maria@example.com")
    record = register_for_partner(driver.world, PARTNER, person)
    assert record.merged is not None
    client = driver.client(record.merged.into)
    assert (client.source, seen(driver, client.id)) == ("blog", False)


# --- the list of sources


@pytest.mark.usefixtures("maria")
def test_a_segment_means_a_source_by_whatever_word(driver: SalonDriver) -> None:
    fields = {"name": "Insta", "type": SourceType.SOCIAL, "aliases": ("instagram",)}
    source = add_source(driver.world, access(), fields)
    directory = driver.world.fresh_directory(NETWORK)

    def is_in(*words: str) -> bool:
        return is_member(driver.world, Segment(sources=words), driver.client(), directory, NOW)

    assert all(is_in(word) for word in ("Instagram", "insta", source.id))
    assert not is_in("google")
