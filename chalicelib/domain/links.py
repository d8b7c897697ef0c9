"""Short links for clients: what a token opens, and until when."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LinkPurpose(StrEnum):
    """The letter that stands in the address."""

    BOOKING = "b"
    REVIEW = "r"
    STOP = "u"
    CARD = "w"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One link item serves all purposes of its booking or client; the token's signature limits each address
    to one."""

    id: str
    network_id: str
    client_id: str
    expires_at: datetime
    booking_id: str | None = None
