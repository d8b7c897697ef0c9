"""What the demo's network consists of, and the people who come to it. Invented, seeded, pure.

The set-up is in the shape of the API's own requests, since it is made over HTTP. Prices are invented too;
those of other currencies follow from the ones in lei by a rough level of prices (November 2026).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

from chalicelib.domain.clients.clients import Client, Consent
from chalicelib.domain.networks.network import Service
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.touches import Purpose
from infra.demo.year.names import MEN, SURNAMES, WOMEN

SEED = 20261122
CLIENTS = 2000
NETWORK = {"name": "Magnolia", "country": "MD", "language": "ru"}
PARTNER_SOURCE = "beautymap"

PRICE_LEVELS = {"MDL": (1, 500), "RUB": (5, 5000), "USD": (0.12, 500)}
"""Currency -> (prices beside those in lei, the step they are rounded to in minor units)."""


def _salon(name: str, timezone: str, currency: str, address: str, slug: str) -> dict[str, Any]:
    return {
        "name": name, "timezone": timezone, "currency": currency, "address": address,
        "map_url": f"https://maps.example/{slug}", "booking_url": f"https://magnolia.example/{slug}",
        "review_links": [{"site": "Google", "url": f"https://reviews.example/google/{slug}"},
                         {"site": "Facebook", "url": f"https://reviews.example/facebook/{slug}"}],
    }  # fmt: skip


SALONS = (
    _salon("Magnolia Botanica", "Europe/Chisinau", "MDL", "bd. Dacia 27", "botanica"),
    _salon("Magnolia Арбат", "Europe/Moscow", "RUB", "ул. Арбат, 12", "arbat"),
    _salon("Magnolia SoHo", "America/New_York", "USD", "112 Spring St", "soho"),
)

STAFF = (
    ("Ana Rusu", "Elena Moraru", "Наталья Ковальчук", "Ion Cebotari"),
    ("Ольга Смирнова", "Мария Лебедева", "Анна Волкова", "Дмитрий Орлов"),
    ("Emily Carter", "Sofia Alvarez", "Daniel Kim", "Irina Novak"),
)
"""By salon."""

SERVICES = (
    ("Women's haircut", "hair", 60, 450_00, 42),
    ("Men's haircut", "hair", 45, 300_00, 28),
    ("Fringe trim", "hair", 20, 120_00, 21),
    ("Root colouring", "hair", 120, 900_00, 35),
    ("Full colouring", "hair", 150, 1200_00, 60),
    ("Balayage", "hair", 210, 2200_00, 120),
    ("Keratin straightening", "hair", 180, 2000_00, 120),
    ("Blow-dry", "hair", 45, 250_00, None),
    ("Updo", "hair", 60, 500_00, None),
    ("Manicure", "nails", 45, 250_00, 21),
    ("Gel manicure", "nails", 75, 380_00, 21),
    ("Pedicure", "nails", 60, 400_00, 28),
    ("Gel removal", "nails", 20, 100_00, None),
    ("Brow shaping", "brows and lashes", 30, 180_00, 28),
    ("Brow lamination", "brows and lashes", 60, 400_00, 42),
    ("Lash extensions", "brows and lashes", 120, 800_00, 21),
    ("Facial cleansing", "face", 75, 700_00, 45),
    ("Peeling", "face", 45, 600_00, None),
    ("Make-up", "face", 60, 600_00, None),
    ("Back massage", "body", 60, 600_00, 14),
)
"""Name, category, minutes, price in bani, days after which it is wanted again."""


def staff_requests(salon_ids: list[str]) -> list[dict[str, Any]]:
    """Every second specialist takes tips by a link."""
    return [
        {"name": name, "salon_ids": [salon_ids[place]],
         **({"tip_url": f"https://tips.example/{place}-{number}"} if number % 2 == 0 else {})}
        for place, names in enumerate(STAFF)
        for number, name in enumerate(names)
    ]  # fmt: skip


def service_requests() -> list[dict[str, Any]]:
    return [
        {"name": name, "category": category, "minutes": minutes,
         "price": {"amount_minor": price, "currency": "MDL"},
         **({"repeat_after_days": again} if again else {})}
        for name, category, minutes, price, again in SERVICES
    ]  # fmt: skip


def price_in(currency: str, service: Service) -> int:
    """What a service costs where that currency is paid, in minor units."""
    level, step = PRICE_LEVELS[currency]
    return max(round((service.price_minor or 400_00) * level / step), 1) * step


# --- people

LANGUAGES_OF: Mapping[str, Mapping[str, int]] = {
    "Europe/Chisinau": {"ro": 55, "ru": 38, "en": 7},
    "Europe/Moscow": {"ru": 90, "en": 10},
    "America/New_York": {"en": 72, "ru": 22, "ro": 6},
}
"""Time zone of the salon -> how many of a hundred clients speak what."""

SOURCES = {"instagram": 30, "google": 22, "friend": 20, "walk-in": 18, PARTNER_SOURCE: 10}

NEW_YORK_AREAS = (
    201, 212, 315, 332, 347, 516, 518, 585, 607, 631, 646, 680, 716, 718, 838, 845, 914, 917, 929, 934,
)  # fmt: skip


def phone(zone: str, number: int) -> str:
    """A number that is formally valid and nobody's: in North America 555-01xx, kept for fiction; in Moldova
    and Russia the mobile codes 64 and 943, which no operator has."""
    if zone == "America/New_York":
        area, line = divmod(number, 100)
        return f"+1{NEW_YORK_AREAS[area]}55501{line:02d}"
    return f"+37364{number:06d}" if zone == "Europe/Chisinau" else f"+7943{number:07d}"


def client_id(network_id: str, number: int) -> str:
    return derived("cli", network_id, str(number))


@dataclass(frozen=True, slots=True)
class Person:
    """A client as they join, with their home salon and after how many days they come again; gap_days 0: they
    have not come yet."""

    client: Client
    salon_id: str
    gap_days: int


HABITS = (
    # of a hundred, gap in days from-to, registered at least so many days ago
    ("regular", 52, (21, 40), 150),
    ("occasional", 43, (45, 72), 3),
    ("potential", 5, (0, 0), 150),
)
"""Whether they come again at all follows from their visits: see true_effects.py."""


def person(network_id: str, number: int, salon_id: str, zone: str, now: datetime, rng: Random) -> Person:
    """The client of that number. The year in which they joined ends at `now`."""
    language = _one_of(LANGUAGES_OF[zone], rng)
    woman = rng.random() < 0.86
    first = rng.choice((WOMEN if woman else MEN)[language])
    surname = rng.choice(SURNAMES[language])[0 if woman else 1]
    _, _, gaps, at_least = rng.choices(HABITS, weights=[habit[1] for habit in HABITS])[0]
    registered = now - timedelta(days=rng.randint(at_least, 364), minutes=rng.randint(0, 1439))
    client = Client(
        network_id=network_id,
        id=client_id(network_id, number),
        name=f"{first} {surname}",
        created_at=registered.replace(second=0, microsecond=0),
        phone=phone(zone, number),
        email=f"client{number}@example.com" if rng.random() < 0.5 else None,
        birth_date=_birth_date(now, rng) if rng.random() < 0.6 else None,
        language=language,
        source=_one_of(SOURCES, rng),
        consents=_consents(registered, rng),
    )
    return Person(client, salon_id, rng.randint(*gaps))


def _one_of(weights: Mapping[str, int], rng: Random) -> str:
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def _birth_date(now: datetime, rng: Random) -> date:
    return (now - timedelta(days=rng.randint(18 * 365, 65 * 365))).date()


def _consents(registered: datetime, rng: Random) -> tuple[Consent, ...]:
    """Four of five let themselves be invited; of the rest some said no, some were never asked."""
    if (drawn := rng.random()) > 0.9:
        return ()
    return (Consent("sms", Purpose.MARKETING, drawn < 0.8, registered, "key:reception", "asked at the desk"),)
