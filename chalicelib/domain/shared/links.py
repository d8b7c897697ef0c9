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
    to one.

    number  which of its possible ids the link has: 0, unless another link had that id first.
    """

    id: str
    network_id: str
    client_id: str
    expires_at: datetime
    booking_id: str | None = None
    number: int = 0

    @property
    def owner(self) -> tuple[str, str, str | None]:
        """Whose link it is: the network, the client, and the booking if it is about one."""
        return self.network_id, self.client_id, self.booking_id
