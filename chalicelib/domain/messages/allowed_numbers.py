"""Which phone numbers a network's messages may go to. A stranger chooses the number, and the salon pays."""

from chalicelib.domain.messages.phone_numbers import country_of, country_of_zone, takes_messages
from chalicelib.domain.networks.network import Directory

PHONE_CHANNELS = frozenset({"sms", "whatsapp"})
NUMBER_TYPE, COUNTRY = "number_type", "country_not_allowed"


def refusal(directory: Directory, channel: str, phone: str) -> str | None:
    """Why a channel may not go to the number (E.164); None: it may.

    Types of numbers are refused for SMS and WhatsApp, countries for SMS.
    """
    if channel not in PHONE_CHANNELS:
        return None
    if not takes_messages(phone):
        return NUMBER_TYPE
    if channel == "sms" and not _is_allowed(directory, country_of(phone)):
        return COUNTRY
    return None


def allowed_countries(directory: Directory) -> frozenset[str]:
    """The countries (ISO 3166 alpha-2) that SMS may go to: those of the rules; without any, the network's own
    and those of its salons, by their time zones and phones."""
    named = directory.rules.messages.sms_countries
    if named:
        return frozenset(named)
    salons = directory.salons.values()
    zones = {country_of_zone(zone) for zone in {salon.timezone for salon in salons}}
    phones = {country_of(salon.phone) for salon in salons if salon.phone}
    return frozenset({directory.network.country, *zones, *phones} - {None})  # type: ignore[arg-type]


def _is_allowed(directory: Directory, country: str | None) -> bool:
    if country == directory.network.country and not directory.rules.messages.sms_countries:
        return True  # most are: the salons need not be looked at
    return country in allowed_countries(directory)
