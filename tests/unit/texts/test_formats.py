"""Times, money and lengths as each language writes them."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.shared.zones import zone
from chalicelib.texts.formats import clock, minutes, money, offset_name
from chalicelib.texts.languages import catalogue


def spaced(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("hour", "english"),
    [(0, "12:05 am"), (9, "9:05 am"), (12, "12:05 pm"), (13, "1:05 pm"), (23, "11:05 pm")],
)
def test_english_tells_noon_from_midnight(hour, english):
    moment = datetime(2026, 11, 24, hour, 5, tzinfo=UTC)
    assert spaced(clock(moment, catalogue("en"))) == english
    assert clock(moment, catalogue("ru")) == f"{hour:02d}:05"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "ru", "ro", "en"),
    [
        (150000, "MDL", "1 500 MDL", "1.500 MDL", "1,500 MDL"),
        (150005, "USD", "1 500,05 $", "1.500,05 $", "$1,500.05"),
        (99, "RUB", "0,99 ₽", "0,99 ₽", "0.99 ₽"),
        (123456789, "JPY", "123 456 789 JPY", "123.456.789 JPY", "123,456,789 JPY"),
        (1500, "KWD", "1,500 KWD", "1,500 KWD", "1.500 KWD"),
        (0, "EUR", "0 €", "0 €", "€0"),
    ],
)
def test_money(amount_minor, currency, ru, ro, en):
    assert [
        spaced(money(amount_minor, currency, catalogue(language))) for language in ("ru", "ro", "en")
    ] == [ru, ro, en]


@pytest.mark.parametrize(
    ("number", "ru", "ro", "en"),
    [
        (1, "1 минута", "1 minut", "1 minute"),
        (45, "45 минут", "45 de minute", "45 minutes"),
        (21, "21 минута", "21 de minute", "21 minutes"),
        (102, "102 минуты", "102 minute", "102 minutes"),
    ],
)
def test_minutes(number, ru, ro, en):
    assert [spaced(minutes(number, catalogue(language))) for language in ("ru", "ro", "en")] == [ru, ro, en]


@pytest.mark.parametrize(
    ("zone_name", "name"), [("Europe/Chisinau", "UTC+2"), ("America/St_Johns", "UTC-3:30"), ("UTC", "UTC+0")]
)
def test_offsets(zone_name, name):
    assert offset_name(datetime(2026, 11, 24, 12, tzinfo=UTC).astimezone(zone(zone_name))) == name
