"""Aliases: other names that lead to a client or a booking, unique in a network."""

from msgspec import Struct

from chalicelib.domain.shared.ids import digest

PHONE = "phone"
EMAIL = "email"
REFERRAL = "referral"
"""Kind of alias by which a referral code leads to the client who hands it on."""
REPLY = "reply"
"""Kind of alias by which the provider's id of what a client wrote leads to the task that was made of it."""


def site_client(connection_id: str) -> str:
    """Kind of alias by which a booking site's own id of a client leads to ours."""
    return f"client@{connection_id}"


def site_booking(connection_id: str) -> str:
    """Kind of alias by which one of a site's ids of a moved booking leads to another, under which it is
    kept."""
    return f"booking@{connection_id}"


def site_series(connection_id: str) -> str:
    """Kind of alias by which a site's id of a booking leads to the id of the series of which it is one
    date."""
    return f"series@{connection_id}"


def brought_by(site: str) -> str:
    """Kind of alias by which a site's id of a booking leads to the connection that brought it first, where
    several connections may bring the same bookings."""
    return f"brought@{site}"


def site_card(connection_id: str) -> str:
    """Kind of alias by which what a site said of a client leads to the client: the desk was asked before."""
    return f"card@{connection_id}"


def of_partner(kind: str, source: str) -> str:
    """Kind of alias by which a phone or an e-mail leads to the record of the partner of that source, where
    another client of the network has it."""
    return f"{kind}@{digest(source, length=10)}"


class Alias(Struct, frozen=True, kw_only=True):
    """value: an E.164 phone, a lower-case e-mail, a referral code, or a site's id. leads_to: the id of the
    client, or another id of the site's. moved: the alias led to another client before."""

    network_id: str
    kind: str
    value: str
    leads_to: str
    moved: bool = False


class InboundNumber(Struct, frozen=True, kw_only=True):
    """The networks that send as an identity (a phone number, a WhatsApp phone number's id, an address). What
    clients write to it is for these networks."""

    number: str
    network_ids: tuple[str, ...]
    version: int = 0
