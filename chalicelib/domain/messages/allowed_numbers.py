"""Which phone numbers a network's messages may go to. A stranger chooses the number, and the salon pays."""

from collections.abc import Mapping

from chalicelib.domain.messages.phone_numbers import country_of, country_of_salon, takes_messages
from chalicelib.domain.networks.network import Directory

PHONE_CHANNELS = frozenset({"sms", "whatsapp"})
NUMBERS_OF: Mapping[str, str] = {
    **dict.fromkeys(("BL", "MF"), "GP"),
    **dict.fromkeys(("CC", "CX"), "AU"),
    **dict.fromkeys(("AQ", "PN"), "NZ"),
    **{"AX": "FI", "EH": "MA", "GS": "FK", "IM": "GB", "SJ": "NO", "TF": "RE", "UM": "US", "VA": "IT"},
}
"""Territory -> the country whose numbers its own cannot be told from: they are one in the numbering plan."""
USUAL_AS_WELL: Mapping[str, str] = {
    **dict.fromkeys(("BL", "GF", "GP", "MF", "MQ", "PM", "RE", "YT"), "FR"),
    **dict.fromkeys(("GG", "JE"), "GB"),
    **dict.fromkeys(("AS", "GU", "MP", "PR", "VI"), "US"),
}
"""Territory -> the country whose numbers many of its people have. SMS go there, too, unless the rules name
countries."""
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
    and those of its salons, as they name them or by their time zones, and by their phones."""
    named = directory.rules.messages.sms_countries
    if named:
        return frozenset(named) | {NUMBERS_OF[each] for each in named if each in NUMBERS_OF}
    salons = directory.salons.values()
    places = {country_of_salon(salon) for salon in salons}
    phones = {country_of(salon.phone) for salon in salons if salon.phone}
    found = {each for each in (directory.network.country, *places, *phones) if each is not None}
    usual = {main for each in found for main in (NUMBERS_OF.get(each), USUAL_AS_WELL.get(each)) if main}
    return frozenset(found | usual)


def _is_allowed(directory: Directory, country: str | None) -> bool:
    if country == directory.network.country and not directory.rules.messages.sms_countries:
        return True  # most are: the salons need not be looked at
    return country in allowed_countries(directory)
