"""Sample facts with usual and with long names, from which a text is shown, and the warnings about a text."""

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.prices import billed_parts
from chalicelib.domain.networks.network import Directory, Template
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.sms import alphabet
from chalicelib.domain.shared.templates import SOMETIMES, pieces_of, placeholders, placeholders_of
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.shared.zones import local_date, local_instant
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.ports import Texts

LONG = 30
"""Letters of a long name."""

GSM7_LANGUAGES = frozenset({"ro", "en"})
_USUAL = {
    "ru": ("Мария", "Маникюр", "Анна"),
    "ro": ("Maria", "Manichiura", "Ana"),
    "en": ("Maria", "Manicure", "Anna"),
}
_LONG = {
    "ru": (
        "Анастасия Рождественская-Белых",
        "Окрашивание и укладка на выход",
        "Александра Константинопольская",
    ),
    "ro": (
        "Alexandra Constantinescu-Popov",
        "Tratament integral cu keratina",
        "Ecaterina-Ioana Constantinescu",
    ),
    "en": (
        "Alexandra Wellington-Fairbanks",
        "Full colour, cuts and blow-dry",
        "Christina-Anne Featherstonehau",
    ),
}
"""A client, a service, a specialist."""


class TextWarning(Struct, frozen=True):
    """A warning about a text, which may be saved all the same. code: stable, see docs/messages.md."""

    code: str
    message: str
    details: Mapping[str, Any]


def sample_facts(
    directory: Directory, links: Links, kind: TouchKind, language: str, now: datetime
) -> MessageFacts:
    """The facts of a client with a usual name, who comes tomorrow at half past two to the network's first
    salon. The links are as long as real ones and lead nowhere."""
    salon = next(iter(directory.salons.values()), None)
    zone = salon.timezone if salon else "UTC"
    client, service, staff = _USUAL[language]
    link = links.link(directory.network.network_id, "sample", "sample", now)
    tomorrow = local_date(now, zone) + timedelta(days=1)
    return MessageFacts(
        salon_name=salon.name if salon else directory.network.name,
        client_name=client,
        now=now,
        zone=zone,
        starts_at=local_instant(tomorrow, time(14, 30), zone),
        address=salon.address if salon else None,
        map_url=salon.map_url if salon else None,
        services=(service,),
        staff=staff,
        link=links.url(link, LinkPurpose.BOOKING),
        stop_link=links.url(link, LinkPurpose.STOP) if "stop" in placeholders_of(kind) else None,
        points_earned=25,
        points_balance=125,
        points_until=tomorrow + timedelta(days=90),
        points_expiring=50,
        gift_points=100,
        birthday=tomorrow + timedelta(days=6),
    )


def warnings_of(
    texts: Texts, directory: Directory, template: Template, facts: MessageFacts
) -> Sequence[TextWarning]:
    """The warnings about an own text of the network."""
    found = []
    if template.channel == "sms":
        found += [*_ucs2(template), *_grows(texts, directory, template, facts)]
    wanting = sorted(_names(template) & SOMETIMES.get(template.kind, frozenset()))
    if wanting:
        found.append(
            TextWarning(
                "SOMETIMES_UNKNOWN",
                "Where this is not known, the built-in words are sent instead.",
                {"placeholders": wanting},
            )
        )
    return found


def _names(template: Template) -> set[str]:
    return {each.name for each in placeholders(pieces_of(template.text))}


def _ucs2(template: Template) -> list[TextWarning]:
    """Warns of characters that make an SMS UCS-2, where the language itself fits GSM-7."""
    if template.language not in GSM7_LANGUAGES:
        return []
    dear = [char for char in dict.fromkeys(template.text) if alphabet(char) == "ucs2"]
    if not dear:
        return []
    return [
        TextWarning(
            "UCS2_BY",
            f"Because of {' '.join(dear)} a part has 70 characters in place of 160.",
            {"characters": dear},
        )
    ]


def _grows(texts: Texts, directory: Directory, template: Template, facts: MessageFacts) -> list[TextWarning]:
    named = sorted(_names(template) & {"client", "services", "staff", "salon"})
    usual, longer = (
        billed_parts("sms", texts(template.kind.value, "sms", template.language, each, template).text)
        for each in (facts, _with_long_names(directory, template.language, facts))
    )
    if longer <= usual:
        return []
    return [
        TextWarning(
            "GROWS_A_PART",
            f"With long names this is {longer} parts in place of {usual}.",
            {"parts": longer, "usual_parts": usual, "letters": LONG, "placeholders": named},
        )
    ]


def _with_long_names(directory: Directory, language: str, facts: MessageFacts) -> MessageFacts:
    """The facts with the longest salon name of the network, and with long names of client, service and
    specialist."""
    client, service, staff = _LONG[language]
    salons = [salon.name for salon in directory.salons.values()]
    longest = max([facts.salon_name, *salons], key=len)
    return replace(facts, client_name=client, services=(service,), staff=staff, salon_name=longest)
