"""SMS go to the numbers that people have where the salons are, also in territories without numbers of their
own."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from chalicelib.domain.messages.allowed_numbers import COUNTRY, refusal
from chalicelib.domain.messages.phone_numbers import is_country
from chalicelib.domain.messages.zone_countries import ZONES
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.rules import MessageRules, Rules
from infra.testkit.builders import a_network, a_salon

GUADELOUPE, PARIS, LONDON, JERSEY, PRISTINA = (
    "+590690001234", "+33612345678", "+447400123456", "+447797712345", "+38343201234",
)  # fmt: skip


def a_directory(country: str, timezone: str = "UTC", *, sms_countries: tuple[str, ...] = ()) -> Directory:
    rules = Rules(messages=MessageRules(sms_countries=sms_countries))
    network, salon = a_network(country=country, rules=rules), a_salon(timezone=timezone, phone=None)
    return Directory(network=network, salons={salon.id: salon}, services={}, staff={})


def mobile_number(country: str) -> str | None:
    found = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    return phonenumbers.format_number(found, PhoneNumberFormat.E164) if found else None


def test_a_network_of_any_country_or_territory_writes_to_the_mobile_numbers_of_its_people() -> None:
    numbers = {country: mobile_number(country) for country in sorted(phonenumbers.SUPPORTED_REGIONS)}
    refused = [
        country for country, phone in numbers.items() if phone and refusal(a_directory(country), "sms", phone)
    ]
    assert refused == []


def test_a_salon_in_any_time_zone_writes_to_the_mobile_numbers_of_its_people() -> None:
    refused = [
        zone
        for country, zones in ZONES.items()
        for zone in zones.split()
        if (phone := mobile_number(country)) and refusal(a_directory("MD", zone), "sms", phone)
    ]
    assert refused == []


@pytest.mark.parametrize(
    ("country", "phone"),
    [("GP", PARIS), ("RE", PARIS), ("JE", LONDON), ("GG", LONDON), ("PR", "+12015550123"),
     ("IM", LONDON), ("AX", "+358412345678"), ("MF", GUADELOUPE), ("XK", PRISTINA)],
)  # fmt: skip
def test_people_of_a_territory_often_have_numbers_of_the_main_country(country: str, phone: str) -> None:
    assert refusal(a_directory(country), "sms", phone) is None


@pytest.mark.parametrize(
    ("country", "phone"),
    [("FR", GUADELOUPE), ("GB", JERSEY), ("RS", PRISTINA), ("GP", LONDON), ("US", "+17872345678")],
)
def test_the_main_country_writes_to_no_territory_that_it_does_not_name(country: str, phone: str) -> None:
    assert refusal(a_directory(country), "sms", phone) == COUNTRY


def test_the_rules_may_name_every_country_and_territory() -> None:
    assert [each for each in {*ZONES, "XK"} if not is_country(each)] == []
    assert not is_country("ZZ")
    assert refusal(a_directory("MD", sms_countries=("XK",)), "sms", PRISTINA) is None
    assert refusal(a_directory("MD", sms_countries=("IM",)), "sms", LONDON) is None
    assert refusal(a_directory("GP", sms_countries=("GP",)), "sms", PARIS) == COUNTRY
