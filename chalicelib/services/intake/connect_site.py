"""Connect a booking site: an address for its webhooks, whose last part is a secret, and the secret that the
site signs with."""

import base64
import binascii
from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.errors import forbidden, missing, refused
from chalicelib.domain.shared.ids import derived
from chalicelib.services.networks.set_up import get_salon
from chalicelib.services.shared.ports import Randomness, SaveConflict
from chalicelib.services.shared.world import World

TOKEN_CHARACTERS = 26
SECRET_CHARACTERS = 40
MAX_SECRET = 500
MAX_SETTINGS = 200
_STANDARD_KEYS = {"whsec_": (16, 64), "whpk_": (32, 32), "whsk_": (64, 64)}
"""Prefix of a Standard Webhooks secret -> the least and the most bytes of the key that it encodes."""


class SiteToConnect(Struct, frozen=True):
    """site: the name of its adapter. salon_id: None for a connection of the whole network. secret: None where
    one is to be made."""

    site: str
    salon_id: str | None
    secret: str | None
    settings: Mapping[str, str]


def connect_site(
    world: World,
    access: Access,
    sites: Mapping[str, object],
    wanted: SiteToConnect,
    randomness: Randomness | None = None,
) -> Connection:
    """Makes a connection. sites: the adapters by name. randomness: the source of its secrets, for a request
    that may be repeated. Raises UNKNOWN_SITE, INVALID_SECRET, INVALID_SETTINGS, NOT_FOUND."""
    site = wanted.site
    if site not in sites:
        raise refused("UNKNOWN_SITE", f"Sites are {', '.join(sorted(sites))}.", site=site)
    _ensure_reached(world, access, wanted.salon_id)
    _check(world, access, wanted.settings)
    randomness = randomness or world.randomness
    tail, made = randomness(TOKEN_CHARACTERS), randomness(SECRET_CHARACTERS)
    token = f"{access.network_id[-10:]}.{tail}"
    connection = Connection(
        network_id=access.network_id,
        id=derived("con", token),
        site=site,
        token=token,
        created_at=world.now(),
        salon_id=wanted.salon_id,
        secret=_secret(site, wanted.secret, made),
        settings=MappingProxyType(dict(wanted.settings)),
    )
    try:
        (connection,) = world.store.save(connection)
    except SaveConflict:
        connection = world.store.get(Connection, network_id=access.network_id, token=token) or connection
    world.directories.forget(access.network_id)
    return connection


def _ensure_reached(world: World, access: Access, salon_id: str | None) -> None:
    if salon_id is not None:
        get_salon(world, access, salon_id)
    elif not access.sees_whole_network:
        raise forbidden("Name the salon: this key opens some of the network's salons.")


def _check(world: World, access: Access, settings: Mapping[str, str]) -> None:
    """Checks that the settings `salon:<the site's location>` name salons of the network."""
    if len(settings) > MAX_SETTINGS:
        raise refused("INVALID_SETTINGS", f"At most {MAX_SETTINGS} settings.")
    for name, value in settings.items():
        if name.startswith("salon:"):
            get_salon(world, access, value)


def _secret(site: str, secret: str | None, made: str) -> str:
    if secret is None:
        return f"whsec_{base64.b64encode(made.encode()).decode()}" if site == "standard" else made
    if not 8 <= len(secret) <= MAX_SECRET or not (secret.isascii() and secret.isprintable()):
        raise refused("INVALID_SECRET", f"A secret has 8 to {MAX_SECRET} printable characters.")
    if site == "standard" and not _is_standard_key(secret):
        raise refused(
            "INVALID_SECRET", "A secret of Standard Webhooks is whsec_ and base64 of 16 to 64 bytes."
        )
    return secret


def _is_standard_key(secret: str) -> bool:
    prefix = next((prefix for prefix in _STANDARD_KEYS if secret.startswith(prefix)), "")
    least, most = _STANDARD_KEYS[prefix or "whsec_"]
    text = secret.removeprefix(prefix)
    try:
        return least <= len(base64.b64decode(text + "=" * (-len(text) % 4), validate=True)) <= most
    except (binascii.Error, ValueError):
        return False


def list_connections(world: World, access: Access) -> list[Connection]:
    """The connections that the key reaches, the newest first."""
    connections = world.fresh_directory(access.network_id).connections.values()
    reached = (each for each in connections if reaches(access, each))
    return sorted(reached, key=lambda each: each.created_at, reverse=True)


def reaches(access: Access, connection: Connection) -> bool:
    if connection.salon_id is None:
        return access.sees_whole_network
    return access.reaches_salon(connection.salon_id)


def get_connection(world: World, access: Access, connection_id: str) -> Connection:
    connection = world.fresh_directory(access.network_id).connections.get(connection_id)
    if connection is None:
        raise missing("connection", connection_id)
    if not reaches(access, connection):
        raise forbidden("This key does not reach that connection.", connection_id=connection_id)
    return connection


def disconnect_site(world: World, access: Access, connection_id: str) -> None:
    """Deletes the connection. From now on its address is unknown; what came through it stays. Raises
    NOT_FOUND."""
    connection = get_connection(world, access, connection_id)
    try:
        world.store.save(remove=[connection])
    except SaveConflict:
        raise missing("connection", connection_id) from None
    world.directories.forget(access.network_id)
