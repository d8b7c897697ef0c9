"""Ids: a prefix for people, then lower-case Crockford base 32. Pure: instants and randomness are passed in.

Time-ordered ids begin with nine characters of milliseconds. Derived ids are a digest of their cause: the same
cause has the same id each time.
"""

import hashlib
from datetime import UTC, datetime, timedelta

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME_CHARS = 9


def encoded(number: int, length: int) -> str:
    """The lowest `5 * length` bits of a number."""
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def _decoded(text: str) -> int:
    return sum(ALPHABET.index(char) << 5 * place for place, char in enumerate(reversed(text)))


def fraction(text: str) -> float:
    """A number from 0 to just below 1, evenly spread, from characters that were drawn at random."""
    return _decoded(text) / (1 << 5 * len(text))


def digest(*parts: str, length: int = 16) -> str:
    """`5 * length` bits of SHA-256 over the parts, which cannot run into each other."""
    text = "\x1f".join(parts).encode()
    return encoded(int.from_bytes(hashlib.sha256(text).digest(), "big"), length)


def time_part(at: datetime) -> str:
    return encoded((at - _EPOCH) // timedelta(milliseconds=1), _TIME_CHARS)


def time_ordered(prefix: str, at: datetime, tail: str) -> str:
    """`prefix_` + time + tail. The tail makes ids of one millisecond differ."""
    return f"{prefix}_{time_part(at)}{tail}"


def instant_of(item_id: str) -> datetime | None:
    """The instant that a time-ordered id begins with; None for what is no such id."""
    part = item_id.partition("_")[2][:_TIME_CHARS]
    if len(part) < _TIME_CHARS or not set(part) <= set(ALPHABET):
        return None
    return _EPOCH + timedelta(milliseconds=_decoded(part))


def derived(prefix: str, *parts: str) -> str:
    return f"{prefix}_{digest(*parts)}"


def entry_id(client_id: str, *cause: str) -> str:
    """The id of a ledger entry: it names its client, so that an entry is found by its id alone."""
    return f"ent_{client_id.removeprefix('cli_')}{digest(*cause)}"


def client_of_entry(entry_id: str) -> str:
    """The client whose ledger would hold an entry with this id."""
    return f"cli_{entry_id.removeprefix('ent_')[:16]}"


def network_of(secret: str) -> str:
    """The network that a key or a webhook's token names: the part before the first dot. Any other text gives
    an id that leads to no network."""
    return f"net_{secret.partition('.')[0][-10:]}"
