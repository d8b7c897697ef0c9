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
    """An item that is not woken any more, or cannot be read. item: kind and id, such as `booking bkg_...`.

    pk, sk      the key of an item that was set aside without being read; "" where its wakes failed.
    removed_at  when it was removed from the list; it is kept as a record until `expires_at`.
    removed_by  the actor.
    content     what an item that could not be read held, as JSON; kept where the item was removed, if it is
                not too long.
    """

    network_id: str
    item: str
    error: str
    at: datetime
    pk: str = ""
    sk: str = ""
    removed_at: datetime | None = None
    removed_by: str | None = None
    content: bytes | None = None
    expires_at: datetime | None = None

    @property
    def id(self) -> str:
        """Names the item among those that are parked."""
        return self.item.split()[-1]

    @property
    def kind(self) -> str:
        """The kind of item, such as `booking` or `template`."""
        return self.item.split()[0].partition("#")[0].lower()


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
