"""A card of a site's client is compared with what the same site said before. What it repeats says nothing;
what it takes away goes, unless somebody else said it."""

from datetime import date, timedelta
from types import MappingProxyType
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.site_events import SiteClient
from chalicelib.services.clients.register_client import change_client
from infra.testkit.builders import NETWORK, NOW, access
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import client_reported, reported

E164, OTHER = "+37369500500", "+37369600600"
OLGA = SiteClient("o-1", "Olga Rusu", E164, "olga@example.com", birth_date=date(1990, 5, 17))
VALUES = {"phone": E164, "email": "olga@example.com", "birth_date": date(1990, 5, 17)}
BY_DESK = {"phone": OTHER, "email": "desk@example.com", "birth_date": date(1991, 1, 2), "name": "Olga Popa"}


def told(driver: SalonDriver, site: Any, version: int, **fields: Any) -> Client:
    driver.hear(site, client_reported("o-1", version, replace(OLGA, **fields)))
    return olga(driver, site)


def olga(driver: SalonDriver, site: Any) -> Client:
    return driver.client(driver.store.alias(NETWORK, f"client@{site.id}", "o-1"))


def without(field: str) -> dict[str, Any]:
    return {field: None, "cleared": frozenset({field})}


def by_desk(driver: SalonDriver, client: Client, **fields: Any) -> None:
    change_client(driver.world, access(), client.id, fields)


@pytest.mark.parametrize("field", VALUES)
def test_what_a_site_takes_away_is_gone_here(field: str, driver: SalonDriver, site: Any) -> None:
    assert getattr(told(driver, site, 1), field) == VALUES[field]
    after = told(driver, site, 2, **without(field))
    assert {name: getattr(after, name) for name in VALUES} == {**VALUES, field: None}
    assert getattr(told(driver, site, 3), field) == VALUES[field]


def test_a_phone_that_was_taken_away_leads_to_nobody_and_is_free(driver: SalonDriver, site: Any) -> None:
    told(driver, site, 1)
    told(driver, site, 2, **without("phone"))
    assert driver.store.alias(NETWORK, "phone", E164) is None
    driver.hear(site, client_reported("i-1", 1, SiteClient("i-1", "Ion Ciobanu", E164)))
    assert driver.client(driver.store.alias(NETWORK, "phone", E164)).name == "Ion Ciobanu"


@pytest.mark.parametrize("field", VALUES)
def test_what_the_desk_told_stays_though_the_site_takes_its_own_away(
    field: str, driver: SalonDriver, site: Any
) -> None:
    by_desk(driver, told(driver, site, 1), **{field: BY_DESK[field]})
    assert getattr(told(driver, site, 2, **without(field)), field) == BY_DESK[field]


@pytest.mark.parametrize("field", BY_DESK)
def test_a_card_that_is_repeated_undoes_nothing_that_the_desk_put_right(
    field: str, driver: SalonDriver, site: Any
) -> None:
    by_desk(driver, told(driver, site, 1), **{field: BY_DESK[field]})
    assert getattr(told(driver, site, 2, language="ro"), field) == BY_DESK[field]


def test_another_word_of_the_site_is_taken_over_after_the_desks(driver: SalonDriver, site: Any) -> None:
    by_desk(driver, told(driver, site, 1), phone=OTHER, name="Olga Popa")
    after = told(driver, site, 2, phone="+37369700700", name="Olga Munteanu")
    assert (after.phone, after.name) == ("+37369700700", "Olga Munteanu")


def test_what_another_site_told_stays(driver: SalonDriver, site: Any) -> None:
    driver.hear(site, client_reported("o-1", 1, replace(OLGA, email=None)))
    by_desk(driver, olga(driver, site), email="olga@example.com")
    assert told(driver, site, 2, **without("email")).email == "olga@example.com"


def test_a_card_of_before_takes_nothing_away_and_is_known_from_then_on(
    driver: SalonDriver, site: Any
) -> None:
    of_before = replace(told(driver, site, 1), site_words=MappingProxyType({}))
    driver.store.save(of_before)
    assert told(driver, site, 2, **without("phone")).phone == E164
    assert told(driver, site, 3).phone == E164
    assert told(driver, site, 4, **without("phone")).phone is None


def test_an_older_card_takes_nothing_away(driver: SalonDriver, site: Any) -> None:
    told(driver, site, 5)
    assert told(driver, site, 4, **without("phone")).phone == E164


def test_a_card_without_a_phone_takes_away_no_phone_that_a_loyalty_account_told(
    driver: SalonDriver, site: Any
) -> None:
    driver.hear(site, client_reported("o-1", 1, SiteClient("o-1", phone=E164)))
    assert told(driver, site, 2, **without("phone")).phone == E164


def test_nobody_gets_a_message_at_a_phone_that_was_taken_away(driver: SalonDriver, site: Any) -> None:
    told(driver, site, 1)
    driver.hear(site, reported("b-1", 1, NOW + timedelta(days=2), client=OLGA))
    told(driver, site, 2, **without("phone"))
    driver.run_until(NOW + timedelta(days=2))
    assert E164 not in {each.to for each in driver.sender.sent}
