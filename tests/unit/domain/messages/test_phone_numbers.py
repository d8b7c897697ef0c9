"""Our own tables say of a number what the library says that they were made from."""

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from chalicelib.domain.messages.phone_numbers import country_of, country_of_zone, takes_messages
from infra.number_plan import NUMBERS, ZONES, number_plan, zone_countries

COSTLY = {
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.PAGER,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


def examples(*types: int) -> list[str]:
    found = [
        phonenumbers.example_number_for_type(region, type_)
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
        for type_ in types
    ]
    return [phonenumbers.format_number(each, PhoneNumberFormat.E164) for each in found if each]


def test_the_tables_are_those_of_the_pinned_packages() -> None:
    assert number_plan() == NUMBERS.read_text()
    assert zone_countries() == ZONES.read_text()


def test_mobile_and_fixed_numbers_of_every_country_take_messages() -> None:
    numbers = examples(PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP)
    types = {number: phonenumbers.number_type(phonenumbers.parse(number)) for number in numbers}
    assert [n for n in numbers if takes_messages(n) != (types[n] not in COSTLY)] == []


def test_costly_types_of_every_country_take_none() -> None:
    assert [number for number in examples(*COSTLY) if takes_messages(number)] == []


@pytest.mark.parametrize(
    "number",
    ["+870773111632", "+881612345678", "+88216123456", "+883510012345", "+979123456100", "+80012345678",
     "+19005551000", "+449098790100", "+447012345678", "+37390012345", "+999123456", ""],
)  # fmt: skip
def test_satellites_premium_rates_and_unknown_codes_take_none(number: str) -> None:
    assert not takes_messages(number)


def test_the_country_of_a_mobile_number_is_the_librarys() -> None:
    numbers = examples(PhoneNumberType.MOBILE)
    expected = {n: phonenumbers.region_code_for_number(phonenumbers.parse(n)) for n in numbers}
    assert {n: country_of(n) for n in numbers} == expected


@pytest.mark.parametrize(
    ("zone", "country"),
    [("Europe/Chisinau", "MD"), ("Europe/Kiev", "UA"), ("Europe/Kyiv", "UA"), ("UTC", None)],
)
def test_the_country_of_a_time_zone_is_known_by_old_and_new_names(zone: str, country: str | None) -> None:
    assert country_of_zone(zone) == country
