"""Answer once: a request sent again with its Idempotency-Key gets the same answer, and does nothing twice.

The key is claimed before the work is done, so that the same key with another request is refused at once. The
key and the request seed the ids of all that the work makes. So an equal request makes the same things, at the
same time or after a crash between the work and the keeping of its answer.

Only successes are kept. A refused request has changed nothing, gives up its claim, and may be right later.
"""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.shared.errors import DomainError, conflict, malformed
from chalicelib.domain.shared.operations import GivenAnswer
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

KEPT = timedelta(hours=48)
MAX_KEY = 200


class Given(Struct, frozen=True):
    """The answer to a request. body: JSON text."""

    status: int
    body: str


def answer_once(
    world: World,
    network_id: str,
    scope: Sequence[str],
    key: str,
    content: bytes,
    do: Callable[[str], Given],
    *,
    keep: bool = True,
) -> tuple[Given, bool]:
    """The answer, and whether it is that of an earlier request.

    scope    who asks for what: equal keys of different scopes have nothing to do with each other.
    content  the whole request, as bytes.
    do       does the work, given the seed of the ids that it makes.
    keep     False where the answer holds a secret: the work is done again with the same seed instead.

    Raises IDEMPOTENCY_MISMATCH where the key came with other content before, INVALID_IDEMPOTENCY_KEY.
    """
    if not 1 <= len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise malformed(
            "INVALID_IDEMPOTENCY_KEY", f"An Idempotency-Key has 1 to {MAX_KEY} printable characters."
        )
    key_hash = _digest(network_id, *scope, key)
    request_hash = _digest(content.hex())
    request_id = _digest(key_hash, request_hash)
    begun = GivenAnswer(
        network_id=network_id,
        key_hash=key_hash,
        request_hash=request_hash,
        status=0,
        body="",
        expires_at=world.now() + KEPT,
    )
    claim, ours = _claimed(world, begun)
    if claim.status and keep:
        return Given(claim.status, claim.body), True
    try:
        given = do(request_id)
    except DomainError:
        if ours:  # nothing was done: the key is free again
            with suppress(SaveConflict):
                world.store.save(remove=[claim])
        raise
    if not claim.status and given.status < 300:
        with suppress(SaveConflict):  # an equal request was quicker to answer
            world.store.save(replace(claim, status=given.status, body=given.body if keep else ""))
    return given, claim.status != 0


def _claimed(world: World, begun: GivenAnswer) -> tuple[GivenAnswer, bool]:
    """The claim on the key, and whether this request made it. Otherwise an earlier request with the same
    content did. Raises IDEMPOTENCY_MISMATCH."""
    try:
        return world.store.save(begun)[0], True
    except SaveConflict:
        existing = world.store.get(GivenAnswer, network_id=begun.network_id, key_hash=begun.key_hash)
    if existing is None:
        return begun, False  # given up a moment ago; equal seeds keep the work from being done twice
    if existing.expires_at <= world.now():
        with suppress(SaveConflict):
            return world.store.save(replace(begun, version=existing.version))[0], True
    if existing.request_hash != begun.request_hash:
        raise conflict("IDEMPOTENCY_MISMATCH", "This Idempotency-Key came with another request before.")
    return existing, False


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
