"""What a phone number tells by itself: its country, and whether it is of a type that takes messages."""

import re
from collections.abc import Iterable
from functools import cache

from chalicelib.domain.messages.number_plan import CODES, GLOBAL_CODES, REFUSED, SHARED
from chalicelib.domain.messages.zone_countries import ZONES
from chalicelib.domain.networks.network import Directory, Salon

_COUNTRY_OF_CODE = {code: country for country, code in CODES.items()}
_SHARED = {code for code, _, _ in (key.partition(" ") for key in SHARED)}
_LONGEST_CODE = 3


def takes_messages(phone: str) -> bool:
    """Whether messages may go to a number (E.164). Numbers of premium rate, shared cost, universal access,
    voicemail and pagers, personal numbers, satellites and other codes of no country may not."""
    code, national = _split(phone)
    return code in _COUNTRY_OF_CODE and not _is(REFUSED.get(code), national)


def country_of(phone: str) -> str | None:
    """The country (ISO 3166 alpha-2) of a number in E.164; None for a code of no country."""
    code, national = _split(phone)
    if code in _SHARED:
        for key, pattern in SHARED.items():
            shared_code, _, country = key.partition(" ")
            if shared_code == code and _is(pattern, national):
                return country
    return _COUNTRY_OF_CODE.get(code)


def country_of_zone(zone: str) -> str | None:
    """The country (ISO 3166 alpha-2) of a time zone (IANA); None for a zone of no country, such as UTC."""
    return _countries_of_zones().get(zone)


def country_of_salon(salon: Salon) -> str | None:
    """The country (ISO 3166 alpha-2) of the salon's own, else that of its time zone; None: neither tells."""
    return salon.country or country_of_zone(salon.timezone)


def phone_countries(directory: Directory, salon_ids: Iterable[str | None]) -> tuple[str, ...]:
    """The countries (ISO 3166 alpha-2) in which a phone without a country's code is looked for: those of the
    salons where it was given, then the network's own."""
    salons = (directory.salons.get(salon_id) for salon_id in salon_ids if salon_id)
    own = (country_of_salon(salon) for salon in salons if salon)
    return tuple(dict.fromkeys((*(country for country in own if country), directory.network.country)))


def is_country(code: str) -> bool:
    """Whether two letters name a country, or a territory, that has time zones or numbers of its own, such as
    XK (Kosovo)."""
    return code in ZONES or code in CODES


@cache
def _countries_of_zones() -> dict[str, str]:
    return {zone: country for country, zones in ZONES.items() for zone in zones.split()}


def _split(phone: str) -> tuple[str, str]:
    """The calling code, "" where it is unknown, and the national number."""
    digits = phone.removeprefix("+")
    for length in range(1, _LONGEST_CODE + 1):
        code = digits[:length]
        if code in _COUNTRY_OF_CODE or code in GLOBAL_CODES:
            return code, digits[length:]
    return "", digits


def _is(pattern: str | None, national: str) -> bool:
    return pattern is not None and re.fullmatch(pattern, national) is not None
