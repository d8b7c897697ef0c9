"""Manage API keys: make, list and revoke them, and find what a key opens. Only a key's hash is kept."""

import hashlib
import hmac
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Key, Role
from chalicelib.domain.shared.errors import DomainError, ErrorKind, conflict, missing, refused
from chalicelib.domain.shared.ids import derived, network_of
from chalicelib.services.shared.contact_details import name_normal
from chalicelib.services.shared.ports import Randomness, SaveConflict
from chalicelib.services.shared.world import World

SECRET_CHARACTERS = 32
MAX_SOURCE = 60
_FORM = re.compile(r"pk_[0-9a-z]{10}\.[0-9a-z]{32}")

REMEMBERED = timedelta(seconds=60)
MAX_REMEMBERED = 1000


def key_hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


class KeyScope(Struct, frozen=True):
    """What a key may reach. salon_ids: none is all. staff_id: for a specialist. source: for a partner."""

    salon_ids: Sequence[str] = ()
    staff_id: str | None = None
    source: str | None = None


WHOLE_NETWORK = KeyScope()


def make_key(
    world: World,
    network_id: str,
    role: Role,
    scope: KeyScope = WHOLE_NETWORK,
    *,
    name: str,
    randomness: Randomness | None = None,
) -> tuple[Key, str]:
    """The key and its secret, which is shown once. The secret is `pk_<network>.<random>`, so it names its
    network.

    randomness: the source of the secret, for a request that may be repeated. Raises INVALID_KEY, NOT_FOUND.
    """
    _check(world.fresh_directory(network_id), role, scope)
    secret = f"pk_{network_id[-10:]}.{(randomness or world.randomness)(SECRET_CHARACTERS)}"
    hashed = key_hash(secret)
    key = Key(
        network_id=network_id,
        id=derived("key", hashed),
        hash=hashed,
        role=role,
        name=name_normal(name),
        created_at=world.now(),
        salon_ids=tuple(dict.fromkeys(scope.salon_ids)),
        staff_id=scope.staff_id,
        source=scope.source,
    )
    try:
        (key,) = world.store.save(key)
    except SaveConflict:
        key = world.store.get(Key, network_id=network_id, hash=hashed) or key
    return key, secret


def _check(directory: Directory, role: Role, scope: KeyScope) -> None:
    """Raises INVALID_KEY, NOT_FOUND."""
    salon_ids, staff_id, source = scope.salon_ids, scope.staff_id, scope.source
    for salon_id in salon_ids:
        if salon_id not in directory.salons:
            raise missing("salon", salon_id)
    if staff_id is not None and staff_id not in directory.staff:
        raise missing("staff", staff_id)
    wrong = None
    if role is Role.OWNER and salon_ids:
        wrong = "An owner's key opens all salons."
    if (role is Role.SPECIALIST) != (staff_id is not None):
        wrong = "A specialist's key, and no other, names its staff member."
    if (role is Role.PARTNER) != (source is not None):
        wrong = "A partner's key, and no other, names its source."
    if source is not None and not 1 <= len(source) <= MAX_SOURCE:
        wrong = f"A source has 1 to {MAX_SOURCE} characters."
    if wrong:
        raise refused("INVALID_KEY", wrong, role=role.value)


def authenticate(world: World, secret: str) -> Access:
    """What a key opens. Raises UNAUTHENTICATED, in the same words for a wrong, a revoked and a malformed
    key."""
    if _FORM.fullmatch(secret):
        hashed = key_hash(secret)
        key = world.store.get(Key, network_id=network_of(secret), hash=hashed)
        if key is not None and key.revoked_at is None and hmac.compare_digest(key.hash, hashed):
            return _access(key)
    raise DomainError(ErrorKind.UNAUTHENTICATED, "UNAUTHENTICATED", "This key opens nothing.")


def _access(key: Key) -> Access:
    return Access(
        network_id=key.network_id,
        role=key.role,
        actor=f"key:{key.id}",
        salon_ids=key.salon_ids,
        staff_id=key.staff_id,
        source=key.source,
    )


class KeyRing:
    """Remembers for a minute what a key opened, so that a revoked key is refused everywhere after that time.
    A key that opens nothing is never remembered."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._known: dict[str, tuple[datetime, Access]] = {}

    def access(self, secret: str) -> Access:
        hashed, now = key_hash(secret), self._world.now()
        until, access = self._known.get(hashed, (now, None))
        if access is not None and now < until:
            return access
        self._known.pop(hashed, None)
        access = authenticate(self._world, secret)
        while len(self._known) >= MAX_REMEMBERED:
            self._known.pop(next(iter(self._known)), None)
        self._known[hashed] = (now + REMEMBERED, access)
        return access


def list_keys(world: World, network_id: str) -> list[Key]:
    """All keys, the newest first, revoked ones too: it is never forgotten who had access."""
    return sorted(
        world.store.get_all(Key, network_id=network_id), key=lambda key: key.created_at, reverse=True
    )


def revoke_key(world: World, network_id: str, key_id: str) -> Key:
    """Revokes a key for good. A revoked key stays as it is. Raises NOT_FOUND, LAST_OWNER_KEY, TRY_AGAIN."""
    return world.retrying(partial(_revoke_once, world, network_id, key_id))


def _revoke_once(world: World, network_id: str, key_id: str) -> Key:
    """An owner's key is revoked in one transaction with a write of another owner's key, which is at the
    version that was read. So that key is not revoked at the same moment."""
    keys = world.store.get_all(Key, network_id=network_id)
    key = next((each for each in keys if each.id == key_id), None)
    if key is None:
        raise missing("key", key_id)
    if key.revoked_at is not None:
        return key
    revoked = replace(key, revoked_at=world.now())
    if key.role is not Role.OWNER:
        return world.store.save(revoked)[0]
    others = [each for each in keys if each.role is Role.OWNER and each.revoked_at is None and each != key]
    if not others:
        raise conflict("LAST_OWNER_KEY", "Make another owner's key before you revoke the last one.")
    return world.store.save(revoked, others[0])[0]
