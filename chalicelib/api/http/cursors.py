"""Cursors of lists as they are handed out: sealed, so that each leads on in its own list only and tells
nobody what it points at.

The store's cursor names the last item that was read, which the caller may not be allowed to see. So it is
encrypted. The seal is made over the list, too: its network, its route, its filters. A cursor that comes back
to another list does not open. The seal is the nonce at the same time (as in SIV, RFC 5297), so that no
randomness is needed.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from itertools import count

import msgspec
from msgspec import Struct

from chalicelib.domain.shared.errors import malformed

_SEAL = 10
_NOT_OF_THE_LIST = frozenset({"limit", "cursor"})
"""Parameters that may change from one page of a list to the next."""


class ListCursors(Struct, frozen=True):
    """The cursors of one list. secret: of this deployment. name: what tells this list from all others."""

    secret: bytes
    name: bytes

    def sealed(self, cursor: str) -> str:
        """The cursor as the caller gets it."""
        plain = cursor.encode()
        seal = self._seal(plain)
        return urlsafe_b64encode(seal + self._encrypted(plain, seal)).decode().rstrip("=")

    def opened(self, sealed: str) -> str:
        """The cursor that was sealed. Raises INVALID_CURSOR unless it was handed out for this very list."""
        try:
            raw = urlsafe_b64decode(sealed.encode("ascii") + b"=" * (-len(sealed) % 4))
        except ValueError as error:
            raise _invalid() from error
        seal = raw[:_SEAL]
        plain = self._encrypted(raw[_SEAL:], seal)
        if not hmac.compare_digest(seal, self._seal(plain)):
            raise _invalid()
        return plain.decode()

    def _seal(self, plain: bytes) -> bytes:
        return self._mac(b"seal", self.name, plain)[:_SEAL]

    def _encrypted(self, text: bytes, nonce: bytes) -> bytes:
        """The text, or what is encrypted, combined with as many bytes as only the holder of the secret can
        make."""
        stream = b""
        for number in count():
            if len(stream) >= len(text):
                break
            stream += self._mac(b"stream", nonce, number.to_bytes(4, "big"))
        return bytes(one ^ other for one, other in zip(text, stream, strict=False))

    def _mac(self, *parts: bytes) -> bytes:
        told_apart = b"".join(len(part).to_bytes(4, "big") + part for part in (b"cursor", *parts))
        return hmac.new(self.secret, told_apart, sha256).digest()


def _invalid() -> Exception:
    return malformed(
        "INVALID_CURSOR",
        "This cursor belongs to another list, or to other filters: begin without a cursor.",
    )


def name_of_list(network_id: str, route: str, path: Mapping[str, str], params: Mapping[str, str]) -> bytes:
    """What tells a list from all others: whose it is, its route, and its filters."""
    filters = sorted((name, text) for name, text in params.items() if name not in _NOT_OF_THE_LIST)
    return msgspec.json.encode([network_id, route, sorted(path.items()), filters])
