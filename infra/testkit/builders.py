"""A small network with sensible defaults: whoever builds a value names what it is about."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chalicelib.domain.bookings.bookings import Booking, Line
from chalicelib.domain.clients.clients import Client, Consent
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import (
    Connection,
    Network,
    ReviewLink,
    Role,
    Salon,
    Service,
    Staff,
)
from chalicelib.domain.shared.aliases import EMAIL, PHONE, Alias
from chalicelib.domain.shared.currencies import Amount
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.visits.visit_bill import VisitBill

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, ten in the morning in Chisinau: no quiet hour anywhere near."""

NETWORK, OTHER_NETWORK = "net_lotos00001", "net_orchid0002"


# --- values


def a_network(network_id: str = NETWORK, **fields: Any) -> Network:
    given: dict[str, Any] = {
        "name": "Lotos",
        "country": "MD",
        "language": "ru",
        "created_at": NOW - timedelta(days=400),
    }
    return Network(network_id=network_id, **{**given, **fields})


def a_salon(id: str = "sal_centru", network_id: str = NETWORK, **fields: Any) -> Salon:
    given: dict[str, Any] = {
        "name": "Lotos Centru",
        "timezone": "Europe/Chisinau",
        "currency": "MDL",
        "address": "str. Columna 42",
        "phone": "+37322123456",
        "map_url": "https://maps.example/centru",
        "review_links": (ReviewLink("Google", "https://review.example/centru"),),
    }
    return Salon(network_id=network_id, id=id, **{**given, **fields})


def a_staff_member(id: str = "stf_anna", network_id: str = NETWORK, **fields: Any) -> Staff:
    given: dict[str, Any] = {
        "name": "Anna",
        "salon_ids": ("sal_centru",),
        "tip_url": "https://tips.example/anna",
    }
    return Staff(network_id=network_id, id=id, **{**given, **fields})


def a_service(id: str = "srv_cut", network_id: str = NETWORK, **fields: Any) -> Service:
    given: dict[str, Any] = {
        "name": "Haircut",
        "category": "hair",
        "minutes": 60,
        "price_minor": 50_000,
        "currency": "MDL",
        "repeat_after_days": 30,
    }
    return Service(network_id=network_id, id=id, **{**given, **fields})


def a_client(id: str = "cli_maria00000000001", network_id: str = NETWORK, **fields: Any) -> Client:
    given: dict[str, Any] = {
        "name": "Maria Popescu",
        "phone": "+37369123456",
        "email": "maria@example.com",
        "birth_date": date(1990, 5, 17),
        "created_at": NOW - timedelta(days=100),
    }
    return Client(network_id=network_id, id=id, **{**given, **fields})


def a_booking(id: str = "bkg_0000000000000001", network_id: str = NETWORK, **fields: Any) -> Booking:
    """Booked two days ahead at the salon for Maria with Anna, as if made just now."""
    given: dict[str, Any] = {
        "salon_id": "sal_centru",
        "client_id": "cli_maria00000000001",
        "starts_at": NOW + timedelta(days=2),
        "lines": (Line("srv_cut", 60, "stf_anna", 50_000),),
        "currency": "MDL",
        "made_at": NOW,
    }
    return Booking(network_id=network_id, id=id, **{**given, **fields})


def a_connection(
    site: str = "standard", id: str = "con_standard", network_id: str = NETWORK, **fields: Any
) -> Connection:
    given: dict[str, Any] = {
        "token": f"{network_id[-10:]}.{site}hook",
        "created_at": NOW - timedelta(days=30),
        "salon_id": "sal_centru",
        "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    }
    return Connection(network_id=network_id, id=id, site=site, **{**given, **fields})


def a_consent(purpose: Purpose = Purpose.MARKETING, *, granted: bool = True, channel: str = "sms") -> Consent:
    return Consent(channel, purpose, granted, NOW - timedelta(days=10), "key:test", "asked at the desk")


def access(role: Role = Role.OWNER, network_id: str = NETWORK, **fields: Any) -> Access:
    return Access(network_id=network_id, role=role, **{"actor": f"key:{role}", **fields})


def an_amount(minor: int, currency: str = "MDL") -> Amount:
    return Amount(minor, currency)


def a_visit_bill(
    currency: str = "MDL",
    *,
    paid_minor: int = 50_000,
    goods_minor: int = 0,
    tip_minor: int = 0,
    redeem_points: int = 0,
) -> VisitBill:
    return VisitBill(
        paid=an_amount(paid_minor, currency),
        goods=an_amount(goods_minor, currency),
        tip=an_amount(tip_minor, currency),
        redeem_points=redeem_points,
    )


# --- a network that stands


@dataclass(frozen=True)
class Town:
    """What `a_town` has put into the store."""

    network: Network
    salons: tuple[Salon, ...]
    staff: tuple[Staff, ...]
    services: tuple[Service, ...]
    client: Client


def a_town(store: Any, network_id: str = NETWORK, *, network: Network | None = None) -> Town:
    """Saves a network of two salons (Chisinau, New York), two specialists, two services and one client."""
    town = Town(
        network or a_network(network_id),
        (
            a_salon(network_id=network_id),
            a_salon(
                "sal_york", network_id, name="Lotos New York", timezone="America/New_York", currency="USD",
                address="12 Main St.", phone="+12125550142",
            ),
        ),
        (
            a_staff_member(network_id=network_id),
            a_staff_member(
                "stf_vera", network_id, name="Vera", salon_ids=("sal_centru", "sal_york"), tip_url=None
            ),
        ),
        (
            a_service(network_id=network_id),
            a_service(
                "srv_nails", network_id, name="Manicure", category="nails", minutes=45, price_minor=40_000
            ),
        ),
        a_client(network_id=network_id),
    )  # fmt: skip
    store.save(town.network, *town.salons, *town.staff, *town.services, town.client, *aliases_of(town.client))
    return town


def aliases_of(client: Client) -> list[Alias]:
    """Those by which the client is found."""
    pairs = ((PHONE, client.phone), (EMAIL, client.email))
    return [
        Alias(network_id=client.network_id, kind=kind, value=value, leads_to=client.id)
        for kind, value in pairs
        if value
    ]


def save_client(store: Any, client: Client) -> Client:
    """With their aliases."""
    saved: Client = store.save(client, *aliases_of(client))[0]
    return saved


def save_booking(store: Any, booking: Booking) -> Booking:
    saved: Booking = store.save(booking)[0]
    return saved
