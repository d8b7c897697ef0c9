"""Small records that keep the machinery honest: answers already given, and items that were given up on."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """The answer to a request with an Idempotency-Key. request_hash tells another body under the same key.

    status 0: the request was begun, and not answered yet.
    """

    network_id: str
    key_hash: str
    request_hash: str
    status: int
    body: str
    expires_at: datetime
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An item that failed so often that it is woken no more. item: kind and id, such as `booking bkg_...`."""

    network_id: str
    item: str
    error: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What was done of something that may be done only so often. name: what, and in which hour. done: an id
    for each."""

    network_id: str
    name: str
    done: tuple[str, ...] = ()
    expires_at: datetime
    version: int = 0
