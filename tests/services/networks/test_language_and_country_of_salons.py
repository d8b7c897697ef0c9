"""A salon abroad speaks its own language to clients whose language nobody knows, and reads phones as people
there write them."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import VisitDay
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Salon
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.waking.walks import Walk, WalkKind
from chalicelib.services.bookings import book
from chalicelib.services.clients.register_client import NewClient
from chalicelib.services.marketing import campaigns, run_campaign
from chalicelib.services.networks import set_up
from infra.testkit.builders import (
    NETWORK,
    NOW,
    a_client,
    a_connection,
    a_consent,
    a_salon,
    access,
    save_client,
)
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import reported

START = NOW + timedelta(days=3)
YORK = "sal_york"
IN_BUCHAREST, BUCHAREST = "0721 234 567", "+40721234567"
NEW_SALON = {
    "name": "Lotos Bucuresti",
    "timezone": "Europe/Bucharest",
    "currency": "RON",
    "address": "Lipscani 3",
}


def change(driver: SalonDriver, salon_id: str = YORK, **changes: Any) -> Salon:
    """What the owner changes of a salon. The network is of Moldova and speaks Russian."""
    return set_up.change_salon(driver.world, access(), salon_id, changes)


def languages_sent(driver: SalonDriver) -> list[str]:
    driver.drain()
    return [outgoing.language for outgoing in driver.sender.sent]


def replans(driver: SalonDriver) -> int:
    walks = driver.store.get_page(Walk, network_id=NETWORK, limit=50).items
    return sum(walk.kind is WalkKind.REPLAN for walk in walks)


# --- language


@pytest.mark.parametrize(
    ("salons", "own", "language"),
    [(None, None, "ru"), ("en", None, "en"), ("en", "ro", "ro"), (None, "ro", "ro")],
)
def test_a_notice_speaks_the_clients_language_else_the_salons_else_the_networks(
    salons: str | None, own: str | None, language: str, driver: SalonDriver
) -> None:
    change(driver, "sal_centru", language=salons)
    driver.store.save(replace(driver.client(), language=own))
    driver.book(START)
    assert languages_sent(driver) == [language]


def test_one_client_is_written_to_by_each_salon_in_its_language(driver: SalonDriver) -> None:
    change(driver, language="en")
    with_vera = book.WantedLine(service_id="srv_cut", staff_id="stf_vera")
    driver.book(START)
    driver.drain()
    driver.clock.forward(minutes=2)
    driver.book(START + timedelta(days=1), salon_id=YORK, lines=[with_vera])
    assert languages_sent(driver) == ["ru", "en"]


def test_a_new_client_of_a_site_is_written_to_in_the_language_of_the_salon(driver: SalonDriver) -> None:
    change(driver, language="en")
    (site,) = driver.store.save(a_connection(salon_id=YORK))
    driver.hear(site, reported("b-1", 1, START, client=SiteClient("c-9", "Vera", "(212) 555-0123")))
    assert languages_sent(driver) == ["en"]
    (booking,) = driver.bookings(YORK)
    assert driver.client(str(booking.client_id)).language is None, "nobody has told it"


def test_apart_from_bookings_the_salon_that_was_visited_last_speaks(driver: SalonDriver) -> None:
    change(driver, language="en")
    visit = VisitDay(NOW.date() - timedelta(days=40), YORK)
    maria = replace(driver.client(), recent_visits=(visit,), visits_count=1, consents=(a_consent(),))
    driver.store.save(maria)
    texts = {"ru": "Скидка", "en": "Twenty off", "ro": "Reducere"}
    drafted = campaigns.make_campaign(
        driver.world,
        access(),
        {
            "name": "Spring",
            "texts": texts,
            "segment": Segment(),
            "starts_at": NOW,
            "ends_at": NOW + timedelta(days=7),
        },
    )
    run_campaign.start(driver.world, access(), drafted.id)
    driver.run_until(NOW + timedelta(hours=8))
    assert [(sent.kind, sent.language) for sent in driver.sender.sent] == [("campaign", "en")]


def test_a_change_of_the_salons_language_holds_for_the_next_message_and_plans_nothing_again(
    driver: SalonDriver,
) -> None:
    driver.book(START)
    assert languages_sent(driver) == ["ru"]
    change(driver, "sal_centru", language="ro")
    driver.run_until(START)
    assert [sent.language for sent in driver.sender.sent] == ["ru", "ro", "ro"]
    assert replans(driver) == 0


# --- phones


@pytest.mark.parametrize(
    ("zone", "country", "phone"),
    [
        ("Europe/Chisinau", "RO", BUCHAREST),
        ("UTC", "RO", BUCHAREST),
        ("Europe/Bucharest", None, BUCHAREST),
        ("Europe/Bucharest", "MD", None),
    ],
)
def test_a_phone_of_a_site_is_read_by_the_country_that_the_salon_names(
    zone: str, country: str | None, phone: str | None, driver: SalonDriver
) -> None:
    (site, *_) = driver.store.save(
        a_connection(salon_id="sal_near"), a_salon("sal_near", timezone=zone, country=country, phone=None)
    )
    driver.hear(site, reported("b-1", 1, START, client=SiteClient("c-9", "Vera", IN_BUCHAREST)))
    (booking,) = driver.bookings("sal_near")
    assert driver.client(str(booking.client_id)).phone == phone


def test_the_desk_writes_a_phone_by_the_country_that_the_salon_names(driver: SalonDriver) -> None:
    change(driver, "sal_centru", country="RO")
    booking = driver.book(START, client=NewClient(name="Vera", phone=IN_BUCHAREST))
    assert driver.client(str(booking.client_id)).phone == BUCHAREST


@pytest.mark.parametrize(
    ("before", "changes", "phone"),
    [
        ({}, {"phone": "(212) 555-0123"}, "+12125550123"),
        ({"country": "RO"}, {"phone": IN_BUCHAREST}, BUCHAREST),
        ({}, {"country": "RO", "phone": IN_BUCHAREST}, BUCHAREST),
        ({"country": "RO"}, {"country": None, "phone": "(212) 555-0123"}, "+12125550123"),
    ],
)
def test_the_salons_own_phone_is_read_by_its_country_also_where_the_change_does_not_name_it(
    before: dict[str, Any], changes: dict[str, Any], phone: str, driver: SalonDriver
) -> None:
    change(driver, **before)
    assert change(driver, **changes).phone == phone


# --- where SMS may go


def abroad(driver: SalonDriver) -> None:
    """A client with a number of Romania has booked. The notice waits for that country."""
    client = a_client("cli_elena0000000001", phone=BUCHAREST, email=None, birth_date=None)
    driver.book(START, client=save_client(driver.store, client).id)
    driver.drain()
    (booking,) = driver.bookings()
    assert booking.touches[TouchKind.NOTICE].reason == "country_not_allowed"


@pytest.mark.parametrize(
    "allow",
    [
        lambda driver: change(driver, "sal_centru", country="RO"),
        lambda driver: change(driver, "sal_centru", phone="+40212345678"),
        lambda driver: set_up.add_salon(driver.world, access(), NEW_SALON),
        lambda driver: set_up.change_network(driver.world, access(), {"country": "RO"}),
    ],
    ids=[
        "a salon names the country",
        "a salon has a phone there",
        "a salon opens there",
        "the network moves",
    ],
)
def test_what_waits_for_a_country_goes_out_minutes_after_the_set_up_allows_it(
    allow: Any, driver: SalonDriver
) -> None:
    abroad(driver)
    allow(driver)
    assert replans(driver) == 1
    driver.run_until(driver.clock() + timedelta(minutes=5))
    assert [(sent.kind, sent.to) for sent in driver.sender.sent] == [("notice", BUCHAREST)]


def test_a_change_that_allows_no_other_country_plans_nothing_again(driver: SalonDriver) -> None:
    for changes in (
        {"country": "MD"},
        {"name": "Lotos"},
        {"language": "ro"},
        {"country": "US"},
        {"country": None},
    ):
        change(driver, "sal_centru", **changes)
    set_up.add_salon(driver.world, access(), {**NEW_SALON, "timezone": "Europe/Chisinau"})
    assert replans(driver) == 0


def test_a_salon_that_names_its_country_is_not_of_the_country_of_its_zone(driver: SalonDriver) -> None:
    """A salon in Tiraspol, say, that keeps its clock by Bucharest."""
    change(driver, "sal_centru", timezone="Europe/Bucharest", country="MD")
    abroad(driver)


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [("country", "XX", "UNKNOWN_COUNTRY"), ("country", "", "UNKNOWN_COUNTRY"),
     ("country", "md", "UNKNOWN_COUNTRY"), ("language", "fr", "UNKNOWN_LANGUAGE"),
     ("language", "", "UNKNOWN_LANGUAGE")],
)  # fmt: skip
def test_what_is_no_country_and_no_language_of_ours_is_refused(
    field: str, value: str, code: str, driver: SalonDriver
) -> None:
    with pytest.raises(DomainError) as refused:
        change(driver, **{field: value})
    assert refused.value.code == code
    with pytest.raises(DomainError) as refused:
        set_up.add_salon(driver.world, access(), {**NEW_SALON, field: value})
    assert refused.value.code == code
