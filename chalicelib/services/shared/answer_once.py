"""Answer once: a request sent again with its Idempotency-Key gets the same answer, and does nothing twice.

The key is claimed before the work is done, so that the same key with another request is refused at once. The
key and the request seed the ids of whatever the work makes. So two equal requests at once make the same
things, and so does a request repeated after a crash between the work and the keeping of its answer. Only
successes are kept: a refused request has changed nothing, gives up its claim, and may be right later.
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
    """What was answered. body: JSON text."""

    status: int
    body: str


def answer_once(
    world: World,
    network_id: str,
    scope: Sequence[str],
    key: str,
    said: bytes,
    do: Callable[[str], Given],
    *,
    keep: bool = True,
) -> tuple[Given, bool]:
    """The answer, and whether it is that of an earlier request.

    scope  who asks for what: keys of different scopes have nothing to do with each other.
    said   everything that the request says. Raises IDEMPOTENCY_MISMATCH where the key came with something
    else before.
    do     does the work, given the seed of the ids that it makes.
    keep   False where the answer holds a secret: the work, seeded alike, is done again instead.
    """
    if not 1 <= len(key) <= MAX_KEY or not (key.isascii() and key.isprintable()):
        raise malformed(
            "INVALID_IDEMPOTENCY_KEY", f"An Idempotency-Key has 1 to {MAX_KEY} printable characters."
        )
    key_hash = _digest(network_id, *scope, key)
    request_hash = _digest(said.hex())
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
        if ours:  # nothing was done: the key is as if it had never come
            with suppress(SaveConflict):
                world.store.save(remove=[claim])
        raise
    if not claim.status and given.status < 300:
        with suppress(SaveConflict):  # another of the same was quicker to answer
            world.store.save(replace(claim, status=given.status, body=given.body if keep else ""))
    return given, claim.status != 0


def _claimed(world: World, begun: GivenAnswer) -> tuple[GivenAnswer, bool]:
    """The claim on the key, ours or that of an earlier request that said the same; and whether it is ours."""
    try:
        return world.store.save(begun)[0], True
    except SaveConflict:
        stands = world.store.get(GivenAnswer, network_id=begun.network_id, key_hash=begun.key_hash)
    if stands is None:
        return begun, False  # given up in this very moment: the ids keep us from doing anything twice
    if stands.expires_at <= world.now():
        with suppress(SaveConflict):
            return world.store.save(replace(begun, version=stands.version))[0], True
    if stands.request_hash != begun.request_hash:
        raise conflict("IDEMPOTENCY_MISMATCH", "This Idempotency-Key came with another request before.")
    return stands, False


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
