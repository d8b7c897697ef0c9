"""Make and open the short links that clients are sent: unguessable, limited in time and to one purpose each.

A token is the id of a link item (8 characters, derived from what it opens) and a signature over purpose and
id (8 more). That is 80 bits in all. Only the holder of the secret can sign, so that the token of one purpose
opens no other. One item serves all purposes of a booking.

Two links may have the same first id: the one that is saved later takes its next id. The ids of a link follow
from a number, so that a repetition finds the same one again.
"""

import hmac
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.errors import missing
from chalicelib.domain.shared.ids import encoded
from chalicelib.domain.shared.links import Link, LinkPurpose
from chalicelib.services.shared.ports import SaveConflict, Store

_ID, _SIGNATURE = 8, 8
MAX_IDS = 8
"""How many ids of a link are tried. Among three million links an id is taken once in 370,000 times, so that
the second is hardly ever needed."""
KEPT = timedelta(days=180)


class Links(Struct, frozen=True):
    """secret: at least 32 bytes. base_url: the public address that links begin with, without a slash at its
    end."""

    secret: bytes
    base_url: str

    def link(
        self,
        network_id: str,
        client_id: str,
        booking_id: str | None,
        useful_from: datetime,
        number: int = 0,
    ) -> Link:
        """The link item of a client and one of the client's bookings, or of the client alone; the same
        whenever it is made. number: under which of its ids the link is kept."""
        unnumbered = f"item|{network_id}|{client_id}|{booking_id or ''}"
        return Link(
            id=self._signed(f"{unnumbered}|{number}" if number else unnumbered, _ID),
            network_id=network_id,
            client_id=client_id,
            booking_id=booking_id,
            expires_at=useful_from + KEPT,
            number=number,
        )

    def token(self, link: Link, purpose: LinkPurpose) -> str:
        return link.id + self._signed(f"{purpose}|{link.id}", _SIGNATURE)

    def url(self, link: Link, purpose: LinkPurpose) -> str:
        return f"{self.base_url}/{purpose}/{self.token(link, purpose)}"

    def opened(self, store: Store, token: str, purpose: LinkPurpose, now: datetime) -> Link:
        """What a token opens. Raises NOT_FOUND for a token that is wrong, has another purpose, or is past its
        time. A token with a wrong signature costs no read."""
        link_id, signature = token[:_ID], token[_ID:]
        expected = self._signed(f"{purpose}|{link_id}", _SIGNATURE)
        if not hmac.compare_digest(signature.encode(), expected.encode()):
            raise missing("link", "")
        link = store.get(Link, id=link_id)
        if link is None or link.expires_at <= now:
            raise missing("link", "")
        return link

    def leading_nowhere(self) -> "Links":
        """A maker of links that look like ours and open nothing, for texts that are only tried."""
        return Links(hmac.new(self.secret, b"nowhere", sha256).digest(), self.base_url)

    def keep(self, store: Store, link: Link, now: datetime, *, sure: bool | None) -> Link:
        """Saves the link item before an address leads to it. Returns the link with the id under which the
        link is kept: its next one where another link has that id. A link of another owner is never
        overwritten.

        sure: whether an earlier message has saved it. None where that is unknown: then the item is read
        first, since a read costs a tenth of a write. Raises SaveConflict where all ids are taken.
        """
        if sure:
            return link
        for _ in range(MAX_IDS):
            existing = store.get(Link, id=link.id, fresh=False) if sure is None else None
            if existing is None or existing.owner == link.owner:
                if existing is not None and existing.expires_at > now + KEPT / 2:
                    return link
                with suppress(SaveConflict):  # the id is another link's
                    return store.save(link)[0]
            link = self._with_next_id(link)
        raise SaveConflict(link)

    def _with_next_id(self, link: Link) -> Link:
        next_one = self.link(
            link.network_id, link.client_id, link.booking_id, link.expires_at, link.number + 1
        )
        return replace(next_one, expires_at=link.expires_at)

    def derived(self, cause: str, characters: int) -> str:
        """Up to 51 characters that look random to everybody without the secret. They are always the same for
        a cause."""
        return self._signed(f"derived|{cause}", characters)

    def _signed(self, text: str, characters: int) -> str:
        mac = hmac.new(self.secret, text.encode(), sha256).digest()
        return encoded(int.from_bytes(mac, "big"), characters)
