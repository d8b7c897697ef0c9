"""The proof that a network's owner reads an e-mail address: a code that is mailed there and entered. The
address is the network's identity only from then on."""

import hashlib
import hmac
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

CODE_CHARACTERS = 12
"""A character is one of 32 letters and digits, so that a code has 60 bits."""
VALID = timedelta(hours=24)
MAX_TRIES = 5
"""Wrong codes, after which a code is good for nothing."""
MAX_MAILS = 5
MAILS_WITHIN = timedelta(hours=24)
_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


class EmailProof(Struct, frozen=True, kw_only=True):
    """How far the proof of an address has come.

    address    the address that the owner asked for; None: none.
    code_hash  of the code that was mailed last. expires_at: when that code ends. tries: wrong codes so far.
    mailed     when codes were mailed within MAILS_WITHIN, whatever the address.
    proven     the code was entered: the address is the network's identity.
    """

    address: str | None = None
    code_hash: str | None = None
    expires_at: datetime | None = None
    tries: int = 0
    mailed: tuple[datetime, ...] = ()
    proven: bool = False

    @property
    def is_pending(self) -> bool:
        return self.address is not None and not self.proven

    @property
    def tries_left(self) -> int:
        return max(0, MAX_TRIES - self.tries)

    def is_open(self, now: datetime) -> bool:
        """Whether the code that was mailed last may still be entered."""
        if self.code_hash is None or self.expires_at is None:
            return False
        return now < self.expires_at and self.tries_left > 0

    def is_code(self, network_id: str, code: str) -> bool:
        """Whether this is the code that was mailed last. The time it takes tells nothing of the code."""
        given = _hash(network_id, self.address or "", code)
        return hmac.compare_digest(given, self.code_hash or "")


def asked(proof: EmailProof | None, address: str | None) -> EmailProof | None:
    """The proof once the owner asks for an address, or, with None, for none. An address that is pending
    already keeps its code. How much was mailed stays known."""
    if proof is None:
        return EmailProof(address=address) if address is not None else None
    if proof.is_pending and proof.address == address:
        return proof
    return EmailProof(address=address, mailed=proof.mailed)


def mails_recently(proof: EmailProof, now: datetime) -> tuple[datetime, ...]:
    """When codes were mailed so recently that they count."""
    return tuple(each for each in proof.mailed if each > now - MAILS_WITHIN)


def with_code(proof: EmailProof, network_id: str, code: str, now: datetime) -> EmailProof:
    """The proof with a new code, which makes the former one void."""
    return replace(
        proof,
        code_hash=_hash(network_id, proof.address or "", code),
        expires_at=now + VALID,
        tries=0,
        mailed=(*mails_recently(proof, now), now),
    )


def shown_code(code: str) -> str:
    """The code as a person reads it: in capitals, by fours."""
    return "-".join(code.upper()[begin : begin + 4] for begin in range(0, len(code), 4))


def _hash(network_id: str, address: str, code: str) -> str:
    """The hash of a code as a person may write it: in any case, with or without dashes, with O for 0 and I or
    L for 1."""
    plain = code.lower().translate(_READ_AS)
    return hashlib.sha256(f"{network_id} {address} {plain}".encode()).hexdigest()
