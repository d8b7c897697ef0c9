"""Check the fields of a network, its salons, staff and services, and bring them into the form that is
kept."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from chalicelib.domain.messages.phone_numbers import country_of_zone
from chalicelib.domain.networks.network import Directory, Salon
from chalicelib.domain.shared.currencies import CURRENCIES
from chalicelib.domain.shared.errors import missing, refused
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.domain.shared.zones import is_zone
from chalicelib.services.shared.contact_details import name_normal, phone_e164

MAX_MINUTES = 24 * 60
MAX_MINOR = 10**12
MAX_REPEAT_DAYS = 730


def checked(directory: Directory, fields: Mapping[str, Any], salon: Salon | None = None) -> dict[str, Any]:
    """The fields in the form in which they are kept, without `version`. salon: the one that they change.
    Raises what the check of a field raises."""
    checks: dict[str, Callable[[Any], Any]] = {
        "name": name_normal,
        "country": lambda code: None if code is None else country_code(code),
        "language": lambda code: None if code is None else language_code(code),
        "timezone": _timezone,
        "currency": currency_code,
        "phone": lambda text: phone_e164(text, *_countries(directory, fields, salon)) if text else None,
        "map_url": _web_url,
        "booking_url": _web_url,
        "tip_url": _web_url,
        "review_links": _review_links,
        "salon_ids": lambda salon_ids: _salon_ids(directory, salon_ids),
        "minutes": lambda number: within("minutes", number, 1, MAX_MINUTES),
        "price_minor": lambda number: within("price", number, 0, MAX_MINOR),
        "repeat_after_days": lambda number: within("repeat_after_days", number, 1, MAX_REPEAT_DAYS),
    }
    plain = {name: value for name, value in fields.items() if name != "version"}
    return {name: checks[name](value) if name in checks else value for name, value in plain.items()}


def _countries(
    directory: Directory, fields: Mapping[str, Any], salon: Salon | None
) -> tuple[str | None, ...]:
    """Where a salon's phone without a country's code may be: in the salon's country, as it will be after the
    change, then in the network's."""
    named = fields.get("country", salon.country if salon else None)
    zone = fields.get("timezone", salon.timezone if salon else None)
    return (named or country_of_zone(str(zone)), directory.network.country)


def checked_place(salon: Salon) -> Salon:
    """The salon, whose place is whole. Raises INVALID_PLACE for a latitude without a longitude, and the other
    way round."""
    if (salon.latitude is None) != (salon.longitude is None):
        raise refused("INVALID_PLACE", "A place is a latitude and a longitude, or neither.")
    return salon


def country_code(code: str) -> str:
    import phonenumbers

    if code not in phonenumbers.SUPPORTED_REGIONS:
        raise refused("UNKNOWN_COUNTRY", "Name a country by its two letters, such as MD.", country=code)
    return code


def language_code(code: str) -> str:
    if code not in LANGUAGES:
        raise refused("UNKNOWN_LANGUAGE", "Languages are ru, ro and en.", language=code)
    return code


def _timezone(name: str | None) -> str | None:
    """The name of a zone. None for a network that follows the zone of its first salon. Raises
    UNKNOWN_TIMEZONE."""
    if name is not None and not is_zone(name):
        raise refused("UNKNOWN_TIMEZONE", "Name an IANA time zone, such as Europe/Chisinau.", timezone=name)
    return name


def currency_code(code: str | None) -> str | None:
    """Raises INVALID_CURRENCY."""
    if code is not None and code not in CURRENCIES:
        raise refused("INVALID_CURRENCY", "Name a currency by its three letters, such as MDL.", currency=code)
    return code


def _web_url(url: str | None) -> str | None:
    """A link that clients are shown: https and nothing else. Raises INVALID_URL."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.username is None
    except ValueError:
        good = False
    if not good or not url.isprintable() or " " in url:
        raise refused("INVALID_URL", "A link is an address that begins with https://.", url=url[:100])
    return url


def _review_links(links: tuple[Any, ...]) -> tuple[Any, ...]:
    for link in links:
        name_normal(link.site)
        _web_url(link.url)
    return links


def _salon_ids(directory: Directory, salon_ids: tuple[str, ...]) -> tuple[str, ...]:
    for salon_id in salon_ids:
        if salon_id not in directory.salons:
            raise missing("salon", salon_id)
    return tuple(dict.fromkeys(salon_ids))


def within(field: str, number: int | None, least: int, most: int) -> int | None:
    """Raises OUT_OF_RANGE."""
    if number is not None and not least <= number <= most:
        raise refused(
            "OUT_OF_RANGE", f"{field} lies between {least} and {most}.", field=field, least=least, most=most
        )
    return number
