"""Phones as people write them at the desk and on booking sites."""

import pytest

from chalicelib.services.shared.contact_details import phone_or_none, phones_in, unreadable_phone

IN_CHISINAU = "+37369123456"
IN_MOSCOW = "+79161234567"
IN_NEW_YORK = "+12125550123"


@pytest.mark.parametrize(
    "written",
    [
        "69123456",
        "069123456",
        "0 (69) 123-456",
        "069.123.456",
        "373 69 123456",
        "00373 69123456",
        "+373 0 69 123456",
        "(+373) 69 123 456",
        "+373 (0)69 123456",
        "tel: +373 (69) 123456",
        "WhatsApp +373 69 123456 (mama)",
        "069123456 Ana",
    ],
)
def test_a_number_is_read_in_any_form_that_is_usual_in_the_country(written: str):
    assert phone_or_none(written, "MD") == IN_CHISINAU


@pytest.mark.parametrize(
    "written",
    [
        "8 (916) 123-45-67",
        "89161234567",
        "916 123 45 67",
        "79161234567",
        "+7 8 916 1234567",
        "+8 916 1234567",
        "8 916 123 45 67 доб. 12",
        "8 916 123-45-67 вн. 4",
    ],
)
def test_a_number_of_the_salons_country_is_read_though_the_networks_is_another(written: str):
    assert phone_or_none(written, "RU", "MD") == IN_MOSCOW


@pytest.mark.parametrize("written", ["(212) 555-0123", "212-555-0123", "2125550123", "1 212 555 0123"])
def test_a_number_of_new_york_is_none_of_morocco(written: str):
    assert phone_or_none(written, "US", "MD") == IN_NEW_YORK


def test_a_number_that_is_valid_in_both_countries_is_the_salons():
    assert phone_or_none("022 123456", "MD", "UA") == "+37322123456"
    assert phone_or_none("0441234567", "UA", "MD") == "+380441234567"
    assert phone_or_none("0721 123456", "RO", "MD") == "+40721123456"


def test_a_number_of_the_networks_country_is_read_in_a_salon_abroad():
    assert phone_or_none("069 123456", "RU", "MD") == IN_CHISINAU
    assert phone_or_none("00373 69123456", "RU", "MD") == IN_CHISINAU


def test_an_unknown_country_is_passed_over():
    assert phone_or_none("069123456", None, "MD") == IN_CHISINAU
    assert phone_or_none("+373 69 123456") == IN_CHISINAU


@pytest.mark.parametrize(
    "written",
    [
        "\u200e+373 69 123456\u202c",
        "+373\u00a069\u00a0123456",
        "+373\u201369\u2013123456",
        "\ufeff+373\u200b69123456",
        "\uff0b\uff13\uff17\uff13\uff16\uff19\uff11\uff12\uff13\uff14\uff15\uff16",
        "\u0660\u0666\u0669\u0661\u0662\u0663\u0664\u0665\u0666",
    ],
)
def test_what_a_copied_number_brings_along_is_no_part_of_it(written: str):
    assert phone_or_none(written, "MD") == IN_CHISINAU


@pytest.mark.parametrize("written", ["O69123456", "о69 123456", "О69123456", "OO373 69 123456"])
def test_a_letter_that_looks_like_a_zero_is_one(written: str):
    assert phone_or_none(written, "MD") == IN_CHISINAU


@pytest.mark.parametrize(
    "written",
    [
        "+373 69123456, +373 79123456",
        "069123456/079123456",
        "069123456 / 079 123 456",
        "069123456; 079123456",
        "069123456 079123456",
        "+37369123456+37379123456",
        "069-123-456 (Ana), 079123456 (mama)",
        "069 123 456\n079 123 456",
    ],
)
def test_of_several_numbers_the_first_is_taken(written: str):
    assert list(phones_in(written, "MD")) == [IN_CHISINAU, "+37379123456"]


def test_a_number_that_cannot_be_called_gives_way_to_one_that_can():
    assert phone_or_none("0691234, 079123456", "MD") == "+37379123456"


def test_a_stroke_within_a_number_parts_nothing():
    assert phone_or_none("030/1234567", "DE") == "+49301234567"


@pytest.mark.parametrize("written", ["+37369123456 ext. 2", "+37369123456 x12", "069123456 int. 3"])
def test_an_extension_is_no_part_of_the_number(written: str):
    assert phone_or_none(written, "MD") == IN_CHISINAU


def test_numbers_abroad_keep_their_own_form():
    assert phone_or_none("+39 06 698 12345", "MD") == "+390669812345"
    assert phone_or_none("+54 9 11 2345-6789", "MD") == "+5491123456789"
    assert phone_or_none("+52 1 55 1234 5678", "MD") == "+525512345678"
    assert phone_or_none("+7 701 234 56 78", "MD") == "+77012345678"


@pytest.mark.parametrize(
    "written", ["+7 916 123 45 678", "+373 69 123 4567", "069 123 45", "8 701 123 45 67", "0721 123456"]
)
def test_a_number_with_a_digit_too_many_or_too_few_is_none_and_none_is_guessed(written: str):
    assert phone_or_none(written, "MD") is None
    assert unreadable_phone(written, "MD") == written


@pytest.mark.parametrize("written", [None, "", "-", "нет", "no phone", "0", "000 000", "+"])
def test_who_writes_that_there_is_no_phone_has_written_none(written: str | None):
    assert phone_or_none(written, "MD") is None
    assert unreadable_phone(written, "MD") is None


def test_an_unreadable_phone_is_shown_as_one_line():
    assert unreadable_phone(" 069\u200b12\n(mama) ", "MD") == "06912 (mama)"
    assert unreadable_phone("069123456", "MD") is None


def test_a_long_text_costs_no_more_than_a_short_one():
    assert phone_or_none("1 " * 100_000, "MD") is None
