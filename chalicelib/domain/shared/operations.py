"""Small records that keep the service honest: given answers, parked items, and counts of uses."""

from datetime import datetime

from msgspec import Struct


class GivenAnswer(Struct, frozen=True, kw_only=True):
    """The answer to a request with an Idempotency-Key. request_hash: the hash of the request's content, by
    which other content under the same key is found. status 0: the request has begun and has no answer yet."""

    network_id: str
    key_hash: str
    request_hash: str
    status: int
    body: str
    expires_at: datetime
    version: int = 0


class Parked(Struct, frozen=True, kw_only=True):
    """An item that failed so often that it is not woken any more. item: kind and id, such as `booking
    bkg_...`."""

    network_id: str
    item: str
    error: str
    at: datetime


class Tally(Struct, frozen=True, kw_only=True):
    """The uses of something that is limited. name: what is used, and in which hour, day or month. done: an id
    for each use. times, points: uses that need no id, and what they came to."""

    network_id: str
    name: str
    done: tuple[str, ...] = ()
    expires_at: datetime
    times: int = 0
    points: int = 0
    version: int = 0

    @property
    def uses(self) -> int:
        return len(self.done) + self.times
