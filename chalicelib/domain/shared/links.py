"""Short links for clients: what a token opens, and until when."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class LinkPurpose(StrEnum):
    """The letter in the address of the link."""

    BOOKING = "b"
    REVIEW = "r"
    STOP = "u"
    CARD = "w"


class Link(Struct, frozen=True, kw_only=True):
    """One link item serves all purposes of its booking or client; the token's signature limits each address
    to one."""

    id: str
    network_id: str
    client_id: str
    expires_at: datetime
    booking_id: str | None = None
