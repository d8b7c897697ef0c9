"""Answer once: a request sent again with its Idempotency-Key gets the same answer, and does nothing twice.

No key is reserved before the work is done: the key and what was said seed the ids of whatever the request
makes, so that two of the same at once, or one again after a crash between doing and keeping, come to the same
things. Only successes are kept: what was refused has changed nothing, and may be right later.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from chalicelib.domain.errors import conflict, malformed
from chalicelib.domain.operations import GivenAnswer
from chalicelib.services.ports import SaveConflict
from chalicelib.services.world import World

KEPT = timedelta(hours=48)
KEY_MOST = 200


@dataclass(frozen=True, slots=True)
class Given:
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
    if not 1 <= len(key) <= KEY_MOST or not (key.isascii() and key.isprintable()):
        raise malformed(
            "INVALID_IDEMPOTENCY_KEY", f"An Idempotency-Key has 1 to {KEY_MOST} printable characters."
        )
    key_hash = _digest(network_id, *scope, key)
    request_hash = _digest(said.hex())
    request_id = _digest(key_hash, request_hash)
    stands = _standing(world, network_id, key_hash, request_hash)
    if stands is not None and keep:
        return Given(stands.status, stands.body), True
    given = do(request_id)
    if stands is None and given.status < 300:
        answer = GivenAnswer(
            network_id=network_id,
            key_hash=key_hash,
            request_hash=request_hash,
            status=given.status,
            body=given.body if keep else "",
            expires_at=world.now() + KEPT,
        )
        try:
            world.store.save(answer)
        except SaveConflict:
            _standing(world, network_id, key_hash, request_hash)  # two at once: were they the same?
    return given, stands is not None


def _standing(world: World, network_id: str, key_hash: str, request_hash: str) -> GivenAnswer | None:
    stands = world.store.given_answer(network_id, key_hash)
    if stands is None or stands.expires_at <= world.now():
        return None
    if stands.request_hash != request_hash:
        raise conflict("IDEMPOTENCY_MISMATCH", "This Idempotency-Key came with another request before.")
    return stands


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:40]
