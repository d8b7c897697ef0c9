"""A phone without its country's code is one of the salon's country, at the desk and from a booking site."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import DomainError
from chalicelib.services.clients.register_client import NewClient, change_client, register_client
from infra.testkit.builders import NETWORK, NOW, a_connection, a_salon, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import client_reported, reported

START = NOW + timedelta(days=3)
IN_MOSCOW, IN_NEW_YORK = "8 (916) 123-45-67", "(212) 555-0123"
BRANCHES = [
    ("Europe/Moscow", IN_MOSCOW, "+79161234567"),
    ("America/New_York", IN_NEW_YORK, "+12125550123"),
    ("Europe/Moscow", "069 777 111", "+37369777111"),
    ("UTC", "069 777 111", "+37369777111"),
]


def a_branch(driver: SalonDriver, timezone: str) -> None:
    """Another salon of the network, which is of Moldova."""
    driver.store.save(a_salon("sal_abroad", timezone=timezone, phone=None))


@pytest.mark.parametrize(("timezone", "written", "phone"), BRANCHES)
def test_a_client_of_a_site_has_a_number_of_the_salons_country(
    driver: SalonDriver, timezone: str, written: str, phone: str
) -> None:
    a_branch(driver, timezone)
    (site,) = driver.store.save(a_connection(salon_id="sal_abroad"))
    driver.hear(site, reported("b-1", 1, START, client=SiteClient("c-9", "Vera", written)))
    (booking,) = driver.bookings("sal_abroad")
    assert driver.client(booking.client_id).phone == phone  # type: ignore[arg-type]


def test_a_card_of_a_site_is_read_by_the_salons_that_its_connection_names(driver: SalonDriver) -> None:
    a_branch(driver, "America/New_York")
    settings = {"salon:LNY": "sal_abroad"}
    (site,) = driver.store.save(a_connection("square", salon_id=None, settings=settings))
    driver.hear(site, client_reported("c-9", 1, SiteClient("c-9", "Vera", IN_NEW_YORK)))
    assert driver.store.alias(site.network_id, "phone", "+12125550123") is not None


def test_a_site_in_chisinau_takes_no_number_of_another_branch(driver: SalonDriver, site: Any) -> None:
    a_branch(driver, "America/New_York")
    driver.hear(site, reported("b-1", 1, START, client=SiteClient("c-9", "Vera", IN_NEW_YORK)))
    client_id = driver.only_booking().client_id
    assert client_id is not None
    assert driver.client(client_id).phone is None


@pytest.mark.parametrize(("timezone", "written", "phone"), BRANCHES)
def test_the_desk_books_by_a_number_of_the_salons_country(
    driver: SalonDriver, timezone: str, written: str, phone: str
) -> None:
    a_branch(driver, timezone)
    new = NewClient(name="Vera", phone=written)
    driver.store.save(replace(driver.world.directory(NETWORK).staff["stf_anna"], salon_ids=()))
    driver.world.directories.forget(NETWORK)
    first = driver.book(START, salon_id="sal_abroad", client=new)
    again = driver.book(START + timedelta(days=1), salon_id="sal_abroad", client=new)
    assert driver.client(first.client_id).phone == phone  # type: ignore[arg-type]
    assert again.client_id == first.client_id


def test_reception_of_a_branch_writes_numbers_of_its_country(driver: SalonDriver) -> None:
    a_branch(driver, "Europe/Moscow")
    desk = access(Role.RECEPTION, salon_ids=("sal_abroad",))
    client = register_client(driver.world, desk, NewClient(name="Vera", phone=IN_MOSCOW))
    assert client.phone == "+79161234567"
    changed = change_client(driver.world, desk, client.id, {"phone": "8 (916) 765-43-21"})
    assert changed.phone == "+79167654321"


def test_an_owner_who_names_no_salon_may_write_a_number_of_any_branch(driver: SalonDriver) -> None:
    a_branch(driver, "Europe/Moscow")
    client = register_client(driver.world, access(), NewClient(name="Vera", phone=IN_MOSCOW))
    assert client.phone == "+79161234567"


def test_a_number_of_no_branch_is_refused_with_words(driver: SalonDriver) -> None:
    with pytest.raises(DomainError) as refused:
        register_client(driver.world, access(), NewClient(name="Vera", phone=IN_MOSCOW))
    assert refused.value.code == "INVALID_PHONE"
    assert "country code" in refused.value.message
